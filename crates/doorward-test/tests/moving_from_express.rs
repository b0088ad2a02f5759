//! docs/moving-from-express.md, walked with a real Express application: what it does by itself,
//! what a gate that monitors tells, its own tokens through the gate, and the gate in the place of
//! its middlewares.

use doorward_test::express_app::ExpressApp;
use doorward_test::running_gate::{GateOptions, RunningGate, program};
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;
type Headers<'h> = &'h [(&'h str, &'h str)];

/// All that the document takes out of the application.
const ALL: &[&str] = &["cors", "csrf", "limit", "cookie"];
/// The key of the gate's proofs, as both are given it.
const KEY: &str = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";

/// What a browser says of a page of the shop that fetches.
const OWN: Headers<'_> = &[
    ("origin", "https://shop.example"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
];
/// The same of its form: helmet's `Referrer-Policy: no-referrer` makes the origin `null`.
const OWN_FORM: Headers<'_> = &[
    ("origin", "null"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];
const TYPED: Headers<'_> =
    &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
/// The page of another host that `origins` names.
const APP: Headers<'_> = &[
    ("origin", "https://app.shop.example"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
];
const EVIL: Headers<'_> = &[
    ("origin", "https://evil.test"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
];
const EVIL_FORM: Headers<'_> = &[
    ("origin", "https://evil.test"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];
const EVIL_IMAGE: Headers<'_> =
    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
const LINK: Headers<'_> = &[
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];
/// A sibling that `origins` does not name.
const SIBLING: Headers<'_> = &[
    ("origin", "https://blog.shop.example"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
];
/// What curl writes: an origin that is allowed, and nothing else.
const CURL: Headers<'_> = &[("origin", "https://app.shop.example")];

/// A browser or a program: an address and cookies of its own, and whom it speaks to.
struct Caller {
    to: SocketAddr,
    address: &'static str,
    cookies: BTreeMap<String, String>,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn text(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The status, and why the gate refused.
    fn said(&self) -> (u16, &str) {
        (self.status, self.text("doorward-refusal"))
    }

    fn json(&self) -> Outcome<Value> {
        Ok(serde_json::from_str(&self.body)?)
    }
}

impl Caller {
    fn new(to: SocketAddr, address: &'static str) -> Self {
        Self { to, address, cookies: BTreeMap::new() }
    }

    /// The same cookies, sent by somebody else's page, or stolen.
    fn with_cookies_of(to: SocketAddr, address: &'static str, other: &Self) -> Self {
        Self { to, address, cookies: other.cookies.clone() }
    }

    /// Sends as what ends TLS before the gate does, or before the application.
    async fn send(
        &mut self,
        (method, path): (&str, &str),
        headers: &[Headers<'_>],
        body: &str,
    ) -> Outcome<Answer> {
        let stream = TcpStream::connect(self.to).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender; what goes wrong shows in the answer.
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, "shop.example");
        request = request.header("x-forwarded-for", self.address);
        request = request.header("x-forwarded-proto", "https");
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let pairs = pairs.collect::<Vec<_>>().join("; ");
        if !pairs.is_empty() {
            request = request.header(header::COOKIE, pairs);
        }
        for (name, value) in headers.concat() {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned())))?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        for line in head.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str()?;
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').ok_or("a cookie without a value")?;
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    async fn get(&mut self, path: &str, headers: Headers<'_>) -> Outcome<Answer> {
        self.send(("GET", path), &[headers], "").await
    }

    async fn form(&mut self, path: &str, headers: Headers<'_>, body: &str) -> Outcome<Answer> {
        let form = &[("content-type", "application/x-www-form-urlencoded")];
        self.send(("POST", path), &[headers, form], body).await
    }

    /// Orders an apple.
    async fn order(&mut self, headers: Headers<'_>, token: Option<&str>) -> Outcome<Answer> {
        let token = token.map(|token| ("x-csrf-token", token));
        let json = &[("content-type", "application/json")];
        let body = r#"{"item":"apple"}"#;
        self.send(("POST", "/api/orders"), &[headers, json, token.as_slice()], body).await
    }

    /// What stands in the `token` of an answer.
    async fn token(&mut self, path: &str, headers: Headers<'_>) -> Outcome<String> {
        let said = self.get(path, headers).await?.json()?;
        Ok(said["token"].as_str().ok_or_else(|| format!("no token in {said}"))?.to_owned())
    }

    /// Signs in by the application's own form, with the application's own token in it.
    async fn sign_in_with_csurf(&mut self) -> Outcome<()> {
        let page = self.get("/login", TYPED).await?;
        assert_eq!((page.said(), page.text("x-frame-options")), ((200, ""), "SAMEORIGIN"));
        let (_, rest) = page.body.split_once("value=\"").ok_or("no token in the form")?;
        let token = rest.split('"').next().unwrap_or_default();
        let form = format!("name=ann&password=correct+horse&_csrf={token}");
        let answer = self.form("/login", OWN_FORM, &form).await?;
        assert_eq!(answer.said(), (303, ""), "{}", answer.body);
        Ok(())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The document's blocks of one language, in their order.
fn blocks(language: &str) -> Outcome<Vec<String>> {
    let text = std::fs::read_to_string(root().join("docs/moving-from-express.md"))?;
    let fence = format!("```{language}\n");
    let blocks = text.split(&fence).skip(1);
    Ok(blocks.filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect())
}

fn configurations() -> Outcome<Vec<String>> {
    blocks("toml")
}

/// A gate before the application, as the document has it but for the application's port and where
/// its secrets stand.
async fn gate_before(app: &ExpressApp, config: &str) -> Outcome<RunningGate> {
    let upstream = format!("http://{}", app.address());
    let config = config
        .replace("http://127.0.0.1:3000", &upstream)
        .replace("env:DOORWARD_SECRET", "a secret of these tests, and of nobody else")
        .replace("env:DOORWARD_ADMISSION_KEY", KEY)
        .replace("[secrets]\n", "[secrets]\ninsecure_literal_secret = true\n");
    let options = GateOptions { upstream: &upstream, config: &config, ..GateOptions::default() };
    RunningGate::start(options).await
}

#[test]
fn every_configuration_of_the_document_is_a_golden_file() -> Outcome<()> {
    let whole = configurations()?;
    let golden = |name: &str| {
        std::fs::read_to_string(root().join("cases/config/good").join(format!("{name}.toml")))
    };
    assert_eq!(whole, [golden("express-monitor")?, golden("express")?]);
    Ok(())
}

#[test]
fn every_line_of_the_application_in_the_document_is_one_that_runs_here() -> Outcome<()> {
    let path = root().join("crates/doorward-test/scripts/express-app.mjs");
    let script = std::fs::read_to_string(path)?;
    let blocks = blocks("js")?;
    let of_the_application = blocks.iter().filter(|block| !block.starts_with("//"));
    let lines: Vec<_> = of_the_application.flat_map(|block| block.lines()).map(str::trim).collect();
    assert!(lines.len() > 10, "{lines:?}");
    for line in lines.into_iter().filter(|line| !line.contains('…')) {
        assert!(script.contains(line), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn before_the_application_runs_what_cors_and_tokens_do_not_stop() -> Outcome<()> {
    let mut app = ExpressApp::start(ALL, None).await?;
    let mut ann = Caller::new(app.address(), "192.0.2.1");
    ann.sign_in_with_csurf().await?;
    let token = ann.token("/csrf", OWN).await?;
    let answer = ann.order(OWN, Some(&token)).await?;
    assert_eq!(answer.status, 201, "{}", answer.body);
    // csurf does what it is for.
    let mut evil = Caller::with_cookies_of(app.address(), "192.0.2.1", &ann);
    let answer = evil.form("/api/orders", EVIL_FORM, "item=pear").await?;
    assert_eq!((answer.status, answer.json()?), (403, json!({ "error": "EBADCSRFTOKEN" })));
    // CORS hides an answer from a page. The application has run for it all the same.
    let answer = evil.get("/api/orders", EVIL).await?;
    assert_eq!((answer.status, answer.json()?[0]["item"].as_str()), (200, Some("apple")));
    assert_ne!(answer.text("access-control-allow-origin"), "https://evil.test");
    // And a program says of itself what it likes.
    let mut curl = Caller::new(app.address(), "192.0.2.66");
    assert_eq!(curl.get("/api/stock", CURL).await?.json()?, json!({ "apples": 40 }));
    // It counts what it has been sent already.
    let mut last = 200;
    for _ in 0..40 {
        last = curl.get("/api/stock", CURL).await?.status;
    }
    assert_eq!(last, 429);
    assert_eq!(app.reached().await?.orders, [json!({ "user": "ann", "item": "apple" })]);
    Ok(())
}

/// What `doorward report` says of a log.
fn report(log: &str) -> Outcome<Value> {
    let mut command = Command::new(program()?);
    command.args(["report", "-", "--format", "json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no stdin")?.write_all(log.as_bytes())?;
    Ok(serde_json::from_slice(&child.wait_with_output()?.stdout)?)
}

#[tokio::test]
async fn monitored_nothing_changes_and_the_report_tells_who_would_be_refused() -> Outcome<()> {
    let mut app = ExpressApp::start(ALL, None).await?;
    let mut gate = gate_before(&app, &configurations()?[0]).await?;
    let mut ann = Caller::new(gate.address(), "192.0.2.1");
    ann.sign_in_with_csurf().await?;
    let token = ann.token("/csrf", OWN).await?;
    let answer = ann.order(OWN, Some(&token)).await?;
    assert_eq!((answer.status, answer.text("doorward-would-refuse")), (201, ""));
    // The application's own CORS is left alone.
    let answer = ann.get("/api/orders", APP).await?;
    assert_eq!(answer.text("access-control-allow-origin"), "https://app.shop.example");
    // The hostile get what they got before.
    let mut evil = Caller::with_cookies_of(gate.address(), "192.0.2.1", &ann);
    assert_eq!(evil.get("/api/orders", EVIL).await?.said(), (200, ""));
    assert_eq!(evil.form("/api/orders", EVIL_FORM, "item=pear").await?.said(), (403, ""));
    let mut curl = Caller::new(gate.address(), "192.0.2.66");
    assert_eq!(curl.get("/api/stock", CURL).await?.said(), (200, ""));
    assert_eq!(app.reached().await?.orders.len(), 1);

    let mut log = String::new();
    for (method, path) in [
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/csrf"),
        ("POST", "/api/orders"),
        ("GET", "/api/orders"),
        ("GET", "/api/orders"),
        ("POST", "/api/orders"),
        ("GET", "/api/stock"),
    ] {
        log.push_str(&format!("{}\n", gate.logged(method, path).await?.whole));
    }
    gate.stop().await?;
    let report = report(&log)?;
    assert_eq!((&report["admitted"], &report["would_refuse"]), (&8.into(), &3.into()), "{report}");
    let told = report["groups"].as_array().into_iter().flatten();
    let mut told: Vec<_> = told.filter_map(|group| group["code"].as_str()).collect();
    told.sort_unstable();
    told.dedup();
    // The form is told of twice: where no page of one's own asks, a cookie alone changes nothing.
    let want = ["identity/cookie-alone", "identity/missing", "site/cross-site"];
    assert_eq!(told, want, "{report:#}");
    Ok(())
}

#[tokio::test]
async fn enforced_the_applications_own_tokens_still_work() -> Outcome<()> {
    let mut app = ExpressApp::start(ALL, None).await?;
    let config = configurations()?[0].replace("mode     = \"monitor\"\n", "");
    let gate = gate_before(&app, &config).await?;
    let mut ann = Caller::new(gate.address(), "192.0.2.1");
    ann.sign_in_with_csurf().await?;
    let token = ann.token("/csrf", OWN).await?;
    assert_eq!(ann.order(OWN, Some(&token)).await?.said(), (201, ""));
    let answer = ann.order(APP, Some(&token)).await?;
    let allowed = answer.headers.get_all("access-control-allow-origin").iter().count();
    assert_eq!((answer.said(), allowed), ((201, ""), 1), "the gate's CORS, not both");
    // It is the application that refuses: its tokens are its own business still.
    let answer = ann.order(OWN, Some("made-up")).await?;
    assert_eq!(
        (answer.said(), answer.json()?["error"].as_str()),
        ((403, ""), Some("EBADCSRFTOKEN"))
    );
    // Its limit counts visitors, not the gate: each address has its own share there.
    let other = Caller::new(gate.address(), "192.0.2.2").get("/", TYPED).await?;
    assert_eq!(other.text("x-ratelimit-remaining"), "39");

    let before = app.reached().await?;
    let mut evil = Caller::with_cookies_of(gate.address(), "192.0.2.1", &ann);
    let answer = evil.form("/api/orders", EVIL_FORM, "item=pear").await?;
    assert_eq!(answer.said(), (403, "site/cross-site"));
    assert_eq!(evil.get("/api/orders", EVIL).await?.said(), (403, "site/cross-site"));
    let mut curl = Caller::new(gate.address(), "192.0.2.66");
    assert_eq!(curl.get("/api/stock", CURL).await?.said(), (401, "identity/missing"));
    assert_eq!(app.reached().await?, before, "nothing of that came to it");
    gate.stop().await
}

/// Signs in by the form of the page, whose script has filled in the gate's token.
async fn sign_in(caller: &mut Caller) -> Outcome<()> {
    assert_eq!(caller.get("/login", TYPED).await?.said(), (200, ""));
    let token = caller.token("/.doorward/csrf", OWN).await?;
    let form = format!("name=ann&password=correct+horse&_csrf={token}");
    let answer = caller.form("/login", OWN_FORM, &form).await?;
    assert_eq!(answer.said(), (303, ""), "{}", answer.body);
    let set = answer.text("set-cookie").to_ascii_lowercase();
    for word in ["httponly", "secure", "samesite=lax"] {
        assert!(set.contains(word), "{word} in {set}");
    }
    Ok(())
}

#[tokio::test]
async fn the_gate_in_the_place_of_the_middlewares_serves_honest_pages() -> Outcome<()> {
    let mut app = ExpressApp::start(&[], Some(KEY)).await?;
    let mut gate = gate_before(&app, &configurations()?[1]).await?;
    let mut line = String::new();
    while !line.trim_start().starts_with("callers") {
        let next = timeout(Duration::from_secs(30), gate.talk.recv()).await?;
        line = next.ok_or("the gate has ended")?;
    }
    assert!(line.ends_with("sessions in the cookie connect.sid"), "{line}");
    let mut ann = Caller::new(gate.address(), "192.0.2.1");
    let page = ann.get("/", LINK).await?;
    assert_eq!((page.said(), page.text("x-frame-options")), ((200, ""), "SAMEORIGIN"), "helmet's");
    sign_in(&mut ann).await?;
    let token = ann.token("/.doorward/csrf", OWN).await?;
    assert_eq!(ann.order(OWN, Some(&token)).await?.said(), (201, ""));
    // The page of the other host: a preflight, a token, a change, all by the gate's CORS.
    let asked = &[
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-csrf-token"),
    ];
    let answer = ann.send(("OPTIONS", "/api/orders"), &[APP, asked], "").await?;
    assert_eq!((answer.status, answer.text("access-control-allow-credentials")), (204, "true"));
    let token = ann.token("/.doorward/csrf", APP).await?;
    let answer = ann.order(APP, Some(&token)).await?;
    assert_eq!(answer.said(), (201, ""), "{}", answer.body);
    assert_eq!(answer.text("access-control-allow-origin"), "https://app.shop.example");
    let answer = ann.get("/api/orders", APP).await?;
    assert_eq!(answer.json()?.as_array().map(Vec::len), Some(2));
    assert_eq!(ann.get("/api/stock", OWN).await?.said(), (200, ""));
    // A log-out is seen at once, although the session was remembered.
    let mut stolen = Caller::with_cookies_of(gate.address(), "192.0.2.9", &ann);
    let token = ann.token("/.doorward/csrf", OWN).await?;
    let logout = ("POST", "/logout");
    let answer = ann.send(logout, &[OWN, &[("x-csrf-token", &token)]], "").await?;
    assert_eq!(answer.said(), (303, ""), "{}", answer.body);
    assert_eq!(ann.get("/api/orders", OWN).await?.said(), (401, "identity/missing"));
    let answer = stolen.get("/api/orders", OWN).await?;
    assert_eq!(answer.said(), (401, "identity/session-unknown"));
    let line = gate.logged("POST", "/logout").await?;
    assert_eq!((line.status, line.code), (303, None));
    assert_eq!(app.reached().await?.orders.len(), 2);
    gate.stop().await
}

#[tokio::test]
async fn the_gate_in_the_place_of_the_middlewares_refuses_and_the_application_is_not_asked()
-> Outcome<()> {
    let mut app = ExpressApp::start(&[], Some(KEY)).await?;
    let gate = gate_before(&app, &configurations()?[1]).await?;
    let to = gate.address();
    let mut ann = Caller::new(to, "192.0.2.1");
    sign_in(&mut ann).await?;
    let token = ann.token("/.doorward/csrf", OWN).await?;
    // What the gate asks about the session it has asked by now.
    assert_eq!(ann.get("/api/orders", OWN).await?.said(), (200, ""));
    let mut stranger = Caller::new(to, "192.0.2.66");
    let foreign = stranger.token("/.doorward/csrf", OWN).await?;
    let before = app.reached().await?;

    let cross_site = (403, "site/cross-site");
    let mut evil = Caller::with_cookies_of(to, "192.0.2.1", &ann);
    let answer = evil.form("/api/orders", EVIL_FORM, "item=pear").await?;
    assert_eq!(answer.said(), cross_site);
    assert_eq!(evil.order(EVIL, Some(&token)).await?.said(), cross_site);
    assert_eq!(evil.get("/api/orders", EVIL).await?.said(), cross_site);
    assert_eq!(evil.get("/api/orders", EVIL_IMAGE).await?.said(), cross_site);
    assert_eq!(evil.get("/login", LINK).await?.said(), cross_site, "a page with a button");
    let form = "name=ben&password=battery+staple";
    assert_eq!(evil.form("/login", EVIL_FORM, form).await?.said(), cross_site);
    let asked = &[("access-control-request-method", "POST")];
    let answer = evil.send(("OPTIONS", "/api/orders"), &[EVIL, asked], "").await?;
    assert_eq!(
        (answer.said(), answer.text("access-control-allow-origin")),
        ((403, "cors/origin"), "")
    );
    assert_eq!(evil.get("/.doorward/csrf", EVIL).await?.said(), cross_site);
    assert_eq!(evil.order(SIBLING, Some(&token)).await?.said(), (403, "site/same-site"));
    // Programs that say they are pages.
    assert_eq!(stranger.get("/api/stock", CURL).await?.said(), (401, "identity/missing"));
    assert_eq!(evil.order(CURL, None).await?.said(), (403, "csrf/missing"));
    assert_eq!(evil.order(&[], None).await?.said(), (403, "csrf/missing"));
    assert_eq!(evil.order(OWN, Some("made-up")).await?.said(), (403, "csrf/missing"));
    assert_eq!(evil.order(OWN, Some(&foreign)).await?.said(), (403, "csrf/other-session"));
    assert_eq!(stranger.form("/login", OWN_FORM, form).await?.said(), (403, "csrf/missing"));
    // A session's name twice.
    let (_, session) = ann.cookies.iter().find(|(name, _)| *name == "connect.sid").ok_or("none")?;
    let two = &[("cookie", &*format!("connect.sid=planted; connect.sid={session}"))];
    let answer = Caller::new(to, "192.0.2.3").send(("GET", "/api/orders"), &[OWN, two], "").await?;
    assert_eq!(answer.said(), (400, "cookie/duplicate"));
    assert_eq!(app.reached().await?, before, "nothing of that came to it");
    gate.stop().await
}

#[tokio::test]
async fn guesses_of_passwords_are_counted_and_nobody_goes_around_the_gate() -> Outcome<()> {
    let mut app = ExpressApp::start(&[], Some(KEY)).await?;
    let gate = gate_before(&app, &configurations()?[1]).await?;
    let mut guesser = Caller::new(gate.address(), "192.0.2.66");
    let token = guesser.token("/.doorward/csrf", OWN).await?;
    let form = format!("name=ann&password=guess&_csrf={token}");
    let mut said = Vec::new();
    for _ in 0..12 {
        let answer = guesser.form("/login", OWN_FORM, &form).await?;
        said.push(answer.status);
        if answer.status == 429 {
            assert_eq!(answer.text("doorward-refusal"), "quota/share");
        }
    }
    let guesses = said.iter().filter(|status| **status == 401).count();
    assert!((10..12).contains(&guesses) && said.last() == Some(&429), "{said:?}");
    sign_in(&mut Caller::new(gate.address(), "192.0.2.1")).await?;
    // A session that was made up costs one question to the application, and no more.
    let mut made_up = Caller::new(gate.address(), "192.0.2.67");
    made_up.cookies.insert("connect.sid".to_owned(), "s%3Amade-up.signature".to_owned());
    let answer = made_up.get("/api/orders", OWN).await?;
    assert_eq!(answer.said(), (401, "identity/session-unknown"));
    let reached = app.reached().await?.requests;
    assert_eq!(reached.last().map(String::as_str), Some("GET /whoami"));

    let mut around = Caller::new(app.address(), "192.0.2.66");
    let answer = around.get("/api/stock", CURL).await?;
    let error = json!({ "error": "this request did not come through the gate" });
    assert_eq!((answer.status, answer.json()?), (403, error));
    gate.stop().await
}
