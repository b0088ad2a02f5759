//! A page that loads `auto.js`, in each engine, on another origin than the gate: its first requests
//! of a first visit, JSON, uploads, event streams, WebSockets and images. And what of its key can
//! be carried away: nothing.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Browser, Outcome, Pages, Site, echo, within};
use doorward_test::running_gate::{GateOptions, RunningGate};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// What the backend executed: method and target, in order.
#[derive(Clone, Default)]
struct Executed(Arc<Mutex<Vec<String>>>);

impl Executed {
    fn note(&self, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn count(&self, begin: &str) -> usize {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|what| what.starts_with(begin)).count()
    }
}

/// A picture of one pixel.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\
    \x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

async fn backend(executed: Executed) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let executed = executed.clone();
            let serve = service_fn(move |request| answer(request, executed.clone()));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
            tokio::spawn(connection.with_upgrades());
        }
    });
    Ok(address)
}

async fn answer(
    request: Request<Incoming>,
    executed: Executed,
) -> Result<Response<Full<Bytes>>, Infallible> {
    executed.note(format!("{} {}", request.method(), request.uri()));
    if request.uri().path() == "/socket" {
        return Ok(echo(request));
    }
    let (parts, body) = request.into_parts();
    let (kind, bytes) = match parts.uri.path() {
        "/events" => ("text/event-stream", b"id: 1\ndata: one\n\n".to_vec()),
        path if path.starts_with("/img/") => ("image/gif", PICTURE.to_vec()),
        _ => {
            let length = body.collect().await.map_or(0, |body| body.to_bytes().len());
            let own = parts.headers.keys().filter(|name| {
                let name = name.as_str();
                name.starts_with("signature") || name == "doorward-pass"
            });
            let said = json!({ "length": length, "leaked": own.count() });
            ("application/json", said.to_string().into_bytes())
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(bytes)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // Careless, for the page that calls it without a gate; a gate says its own.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}

/// A gate, its page, and what the backend behind it executed.
struct Scene {
    pages: Pages,
    gate: RunningGate,
    address: String,
    executed: Executed,
}

const CONFIG: &str = "[layers.pass]\nmode = \"enforce\"\n[[route]]\npath = \"/img/**\"\n\
                      kind = \"page\"\nembed = \"same-site\"\n";

async fn scene() -> Outcome<Scene> {
    let executed = Executed::default();
    let backend = backend(executed.clone()).await?;
    let pages = Pages::start().await?;
    let own = pages.origin(Site::Shop);
    let upstream = format!("http://{backend}");
    let options = GateOptions {
        upstream: &upstream,
        origins: &[&own],
        config: CONFIG,
        ..GateOptions::default()
    };
    let gate = RunningGate::start(options).await?;
    let address = format!("http://api.shop.localhost:{}", gate.address().port());
    let script = format!("<script src='{address}/.doorward/auto.js'></script>");
    // Twenty requests, before the page has loaded.
    let early_at = |address: &str| {
        format!(
            "<script>window.begun = performance.now();
                window.early = Promise.all(Array.from({{ length: 20 }}, (_, number) =>
                fetch('{address}/early?' + number).then((answer) => {{
                    window.answered ??= performance.now();
                    return answer.status;
                }}, String)));</script>"
        )
    };
    let early = early_at(&address);
    pages.put("/app", &format!("{script}{early}<title>App</title>"));
    let careless = early_at(&format!("http://api.shop.localhost:{}", backend.port()));
    pages.put("/careless", &format!("{careless}<title>App</title>"));
    // Keeps whatever key signs, as a hostile script in the page would.
    let thief = "<script>window.kept = []; const sign = SubtleCrypto.prototype.sign;
        SubtleCrypto.prototype.sign = function (how, key, bytes) {
            window.kept.push(key); return sign.call(this, how, key, bytes); };</script>";
    pages.put("/thief", &format!("{thief}{script}{early}<title>Thief</title>"));
    Ok(Scene { pages, gate, address, executed })
}

/// Everything that a page does.
const WORKS: &str = r#"
    const [gate] = args;
    const early = await window.early;
    const type = { "Content-Type": "application/json" };
    const sent = await fetch(gate + "/json", { method: "POST", headers: type, body: '{"a":1}' });
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(100_000)]), "file.bin");
    const upload = await fetch(gate + "/upload", { method: "POST", body: form });
    const body = new Blob([new Uint8Array(3 << 20)]);
    const large = await fetch(gate + "/large", { method: "PUT", body });
    const xhr = await new Promise((done) => {
        const request = new XMLHttpRequest();
        request.open("POST", gate + "/xhr?a=1");
        request.onloadend = () => done([request.status, request.responseText]);
        request.send("text");
    });
    const event = await new Promise((done) => {
        const source = new EventSource(gate + "/events?room=1");
        source.onmessage = (message) => { source.close(); done(message.data); };
    });
    const socket = await new Promise((done) => {
        const one = new WebSocket(gate.replace("http", "ws") + "/socket?a=1");
        one.onopen = () => one.send("once more");
        one.onmessage = ({ data }) => { done([one.protocol, data]); one.close(); };
        one.onerror = () => done("error");
    });
    const load = (_, number) => new Promise((done) => {
        const image = new Image();
        image.onload = () => done(true);
        image.onerror = () => done(false);
        image.src = gate + "/img/" + number;
    });
    const images = await Promise.all(Array.from({ length: 30 }, load));
    return {
        early, event, socket, xhr,
        images: images.filter(Boolean).length,
        json: [sent.status, await sent.json()],
        upload: [upload.status, (await upload.json()).length > 100_000],
        large: [large.status, await large.json()],
    };
"#;

/// A browser that has just come up opens a page: it, and when the first answer was there.
async fn first_visit(engine: EngineId, pages: &Pages, path: &str) -> Outcome<(Browser, String)> {
    const TIMES: &str = "await window.early;
        return [window.answered - window.begun, window.answered].map(Math.round).map(String);";
    let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
    browser.open_page(&format!("{}{path}", pages.origin(Site::Shop))).await?;
    let times = browser.run(TIMES, &[]).await?;
    let [call, page] = [&times[0], &times[1]].map(|time| time.as_str().unwrap_or("?"));
    Ok((browser, format!("{call} ms after the call, {page} ms after the navigation")))
}

#[tokio::test]
async fn a_first_visit_works_in_every_engine() -> Outcome<()> {
    let mut scene = scene().await?;
    for engine in EngineId::ALL {
        let (browser, bare) = first_visit(engine, &scene.pages, "/careless").await?;
        browser.close().await?;
        let before = scene.executed.count("GET /early");
        let (browser, gated) = first_visit(engine, &scene.pages, "/app").await?;
        println!("{engine}: the first answer of a first visit {gated}; without a gate {bare}");
        let found = browser.run(WORKS, &[json!(scene.address)]).await?;

        assert_eq!(found["early"], json!(vec![200; 20]), "{engine}: {found}");
        assert_eq!(scene.executed.count("GET /early") - before, 20, "{engine}");
        let plain = |length: u64| json!([200, { "length": length, "leaked": 0 }]);
        assert_eq!(found["json"], plain(7), "{engine}: {found}");
        assert_eq!(found["upload"], json!([200, true]), "{engine}: {found}");
        assert_eq!(found["large"], plain(3 << 20), "{engine}: {found}");
        assert_eq!(found["xhr"], json!([200, "{\"leaked\":0,\"length\":4}"]), "{engine}: {found}");
        assert_eq!(found["event"], "one", "{engine}: {found}");
        assert_eq!(found["socket"], json!(["", "once more"]), "{engine}: {found}");
        assert_eq!(found["images"], 30, "{engine}: {found}");
        browser.close().await?;
    }
    // A ticket is for the gate alone.
    assert_eq!(scene.executed.count("GET /socket?a=1"), EngineId::ALL.len());
    let leaked =
        scene.executed.count("GET /socket?a=1&") + scene.executed.count("GET /events?room=1&");
    assert_eq!(leaked, 0);
    let bare = scene.gate.address();
    let copied = format!("GET /copied HTTP/1.1\r\nHost: {bare}\r\nConnection: close\r\n\r\n");
    let answer = tokio::task::spawn_blocking(move || said(bare, &copied)).await??;
    assert!(answer.contains("doorward-refusal: pass/missing"), "{answer}");
    assert_eq!(scene.executed.count("GET /copied"), 0);
    let _ = scene.gate.logged("GET", "/copied").await?;
    // Between the script and the first answer stands one exchange, the asking for a pass, for which
    // no second file is waited for.
    let asked: Vec<&str> = scene.gate.passed_over().map(|line| line.path.as_str()).collect();
    let count = |path: &str| asked.iter().filter(|own| **own == path).count();
    assert_eq!(count("/.doorward/work.js"), 0, "{asked:?}");
    assert_eq!(count("/.doorward/pass"), EngineId::ALL.len(), "{asked:?}");
    Ok(())
}

/// A person types an address that needs a pass: the gate's page asks for one, and opens it.
#[tokio::test]
async fn a_person_opens_an_address() -> Outcome<()> {
    let scene = scene().await?;
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        let report = format!("{}/report?of={engine}", scene.address);
        let executed = || scene.executed.count("GET /report?of=");
        let before = executed();
        browser.open_page(&report).await?;
        browser.wait_for_url(&format!("{report}&doorward_ticket=")).await?;
        assert_eq!(executed() - before, 1, "{engine}");
        // The ticket is used: the gate does not go round in circles.
        let used = browser.url().await?;
        browser.open_page(&used).await?;
        browser.wait_for("#open a").await?;
        assert_eq!(executed() - before, 1, "{engine}");
        browser.click("#open a").await?;
        within("the address with another ticket", async {
            while executed() - before < 2 {
                browser.url().await?;
            }
            Ok(())
        })
        .await?;
        browser.close().await?;
    }
    assert_eq!(scene.executed.count("GET /report?of=chromium&"), 0, "the ticket is the gate's");
    Ok(())
}

/// What a program is answered.
fn said(address: SocketAddr, request: &str) -> std::io::Result<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut out = Vec::new();
    stream.read_to_end(&mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Every way in which WebCrypto gives a key away, tried on the key that signs.
const THEFT: &str = r#"
    await window.early;
    const key = window.kept.at(-1);
    const wrap = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true,
        ["wrapKey", "encrypt"]);
    const iv = new Uint8Array(12);
    const to = { name: "HMAC", hash: "SHA-256" };
    const ways = {
        raw: () => crypto.subtle.exportKey("raw", key),
        jwk: () => crypto.subtle.exportKey("jwk", key),
        pkcs8: () => crypto.subtle.exportKey("pkcs8", key),
        spki: () => crypto.subtle.exportKey("spki", key),
        wrapRaw: () => crypto.subtle.wrapKey("raw", key, wrap, { name: "AES-GCM", iv }),
        wrapJwk: () => crypto.subtle.wrapKey("jwk", key, wrap, { name: "AES-GCM", iv }),
        hkdf: () => crypto.subtle.deriveBits(
            { name: "HKDF", hash: "SHA-256", salt: iv, info: iv }, key, 256),
        ecdh: () => crypto.subtle.deriveKey({ name: "ECDH", public: key }, key, to, true, ["sign"]),
        imported: () => crypto.subtle.importKey("raw", key, to, true, ["sign"]),
        verified: () => crypto.subtle.verify("HMAC", key, iv, iv),
        cloned: () => crypto.subtle.exportKey("raw", structuredClone(key)),
    };
    const taken = [];
    for (const [name, way] of Object.entries(ways)) {
        try { await way(); taken.push(name); } catch { /* as it should be */ }
    }
    return { taken, type: key.type, extractable: key.extractable, usages: [...key.usages],
        algorithm: key.algorithm.name, tried: Object.keys(ways).length };
"#;

#[tokio::test]
async fn the_key_cannot_be_carried_away() -> Outcome<()> {
    let scene = scene().await?;
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        browser.open_page(&format!("{}/thief", scene.pages.origin(Site::Shop))).await?;
        let found: Value = browser.run(THEFT, &[]).await?;
        let want = json!({ "taken": [], "type": "secret", "extractable": false,
            "usages": ["sign"], "algorithm": "HMAC", "tried": 11 });
        assert_eq!(found, want, "{engine}");
        browser.close().await?;
    }
    Ok(())
}
