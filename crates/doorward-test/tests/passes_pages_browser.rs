//! Pages that are harder than others, in each engine: a strict Content Security Policy, two windows
//! at once, storage that is refused, pictures by a ticket. And, in Chromium, plain http off
//! localhost, where there is no WebCrypto.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Browser, Outcome, Pages, Shop, Site};
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::json;

const CONFIG: &str = "\
[layers.pass]
mode = \"enforce\"
[[route]]
path = \"/pictures/**\"
embed = \"same-site\"
[[route]]
path = \"/own/**\"
kind = \"page\"
";

/// A gate by plain http, at the scheme's own port: the browser is told where that is.
const PLAIN_API: &str = "api.rebind.test";
/// What a page with a nonce calls its scripts.
const NONCE: &str = "bm9uY2U";

struct Scene {
    pages: Pages,
    shop: Shop,
    gate: RunningGate,
    /// The gate's origin.
    address: String,
}

async fn scene(site: Site, api: &str) -> Outcome<Scene> {
    let (pages, shop) = (Pages::start().await?, Shop::start().await?);
    let (upstream, own) = (shop.upstream(), pages.origin(site));
    let plain = format!("http://{PLAIN_API}");
    let options = GateOptions {
        upstream: &upstream,
        origins: &[&own],
        config: CONFIG,
        arguments: if api == PLAIN_API { &["--external", &plain] } else { &[] },
    };
    let gate = RunningGate::start(options).await?;
    let address = match api {
        PLAIN_API => plain,
        _ => format!("http://{api}:{}", gate.address().port()),
    };
    Ok(Scene { pages, shop, gate, address })
}

/// A page that wraps, and calls at once: twenty times, or as often as `calls` says.
fn wrapped(address: &str, calls: usize) -> String {
    format!(
        "<script nonce={NONCE} src='{address}/.doorward/auto.js'></script>
        <script nonce={NONCE}>
            const call = (_, number) => fetch('{address}/early?' + number, {{ method: 'POST' }})
                .then(({{ status }}) => status, String);
            window.early = Promise.all(Array.from({{ length: {calls} }}, call));
        </script><title>App</title>"
    )
}

/// A page that imports, as one must that has trusted types.
fn imported(address: &str) -> String {
    format!(
        "<script type=module nonce={NONCE}>
            import {{ connect }} from '{address}/.doorward/client.js';
            const calls = connect().then(({{ fetch }}) =>
                fetch('{address}/early', {{ method: 'POST' }}));
            window.early = Promise.all([calls.then(({{ status }}) => status, String)]);
        </script><title>App</title>"
    )
}

/// What came of a page's calls, and how often it loaded `work.js` by an element.
const EARLY: &str = "
    const early = await window.early;
    const loaded = performance.getEntriesByType('resource');
    const works = loaded.filter(({ name, initiatorType }) =>
        initiatorType === 'script' && name.endsWith('/.doorward/work.js'));
    return { early, works: works.length };";

/// A policy, the page that has it, how often that calls, and how often it loads `work.js`.
struct Strict {
    name: &'static str,
    policy: String,
    page: String,
    calls: usize,
    works: usize,
}

fn strict_pages(address: &str) -> Vec<Strict> {
    let nonce = format!("script-src 'nonce-{NONCE}'");
    let strict = |name, rest: &str, works| Strict {
        name,
        policy: format!("default-src 'none'; connect-src {address}; {nonce} {rest}"),
        page: wrapped(address, 2),
        calls: 2,
        works,
    };
    // An allowed origin needs no nonce.
    let own = format!("nonce={NONCE} ");
    let trusted = "; worker-src 'none'; require-trusted-types-for 'script'";
    vec![
        // The work is done on the page's thread, by a script with the nonce of the first.
        strict("no worker", "; worker-src 'none'", 1),
        strict("dynamic", "'strict-dynamic'; worker-src 'none'", 1),
        // What the client's own notes ask for: no second file is waited for.
        strict("worker", "; worker-src blob:", 0),
        // Without `worker-src`, `script-src` is for workers too, and has no `blob:`.
        Strict { page: wrapped(address, 2).replacen(&own, "", 1), ..strict("origin", address, 1) },
        Strict { page: imported(address), calls: 1, ..strict("import", trusted, 0) },
    ]
}

#[tokio::test]
async fn a_page_with_a_strict_policy_gets_its_pass() -> Outcome<()> {
    let scene = scene(Site::Shop, "api.shop.localhost").await?;
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        for Strict { name, policy, page, calls, works } in strict_pages(&scene.address) {
            scene.pages.put_with_policy("/strict", &page, &policy)?;
            browser.open_page(&format!("{}/strict", scene.pages.origin(Site::Shop))).await?;
            let found = browser.run(EARLY, &[]).await?;
            let want = json!({ "early": vec![200; calls], "works": works });
            assert_eq!(found, want, "{engine}, {name}");
        }
        browser.close().await?;
    }
    scene.gate.stop().await
}

/// The same where the page is the gate's own: its worker may be a file of the same origin.
#[tokio::test]
async fn a_strict_page_behind_its_gate_works_in_a_worker() -> Outcome<()> {
    let mut scene = scene(Site::Shop, "shop.localhost").await?;
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{NONCE}'; connect-src 'self'; worker-src 'self'"
    );
    let page = format!(
        "<!doctype html><meta charset=utf-8>
        <meta http-equiv=Content-Security-Policy content=\"{policy}\">{}",
        wrapped(&scene.address, 2)
    );
    scene.shop.put("/own/strict", "text/html; charset=utf-8", &page);
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        browser.open_page(&format!("{}/own/strict", scene.address)).await?;
        let found = browser.run(EARLY, &[]).await?;
        assert_eq!(found, json!({ "early": [200, 200], "works": 0 }), "{engine}");
        // No element has loaded it.
        scene.gate.logged("GET", "/.doorward/work.js").await?;
        browser.close().await?;
    }
    scene.gate.stop().await
}

#[tokio::test]
async fn two_windows_have_a_pass_each() -> Outcome<()> {
    let mut scene = scene(Site::Shop, "api.shop.localhost").await?;
    let origin = scene.pages.origin(Site::Shop);
    scene.pages.put("/app", &wrapped(&scene.address, 20));
    let begin = "new BroadcastChannel('begin')";
    let begun = "location.replace('/app')";
    scene.pages.put("/waits", &format!("<script>{begin}.onmessage = () => {begun};</script>"));
    scene.pages.put("/begins", &format!("<script>{begin}.postMessage(1); {begun};</script>"));
    for (number, engine) in EngineId::ALL.into_iter().enumerate() {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        let client = browser.client();
        browser.open_page(&format!("{origin}/waits")).await?;
        let first = client.window().await?;
        let second = client.new_window(false).await?.handle;
        client.switch_to_window(second.clone()).await?;
        browser.open_page(&format!("{origin}/begins")).await?;
        for window in [second, first] {
            client.switch_to_window(window).await?;
            browser.wait_for_url(&format!("{origin}/app")).await?;
            let early = browser.run("return await window.early;", &[]).await?;
            assert_eq!(early, json!(vec![200; 20]), "{engine}");
        }
        assert_eq!(scene.shop.ran("POST /early?"), (number + 1) * 40, "{engine}");
        for _ in 0..2 {
            let line = scene.gate.logged("POST", "/.doorward/pass").await?;
            assert_eq!(line.code, None, "{engine}");
        }
        browser.close().await?;
    }
    // Two passes each, and nothing was refused and done again.
    let rest = scene.gate.passed_over();
    let rest = rest.filter(|line| line.code.is_some() || line.path == "/.doorward/pass");
    assert_eq!(rest.collect::<Vec<_>>(), Vec::<&_>::new());
    scene.gate.stop().await
}

/// As where cookies and all that a site keeps are blocked: whoever asks is thrown at.
const REFUSES: &str = "<script>
    const refuse = () => { throw new DOMException('no', 'SecurityError'); };
    for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore'])
        Object.defineProperty(window, name, { get: refuse });
    Object.defineProperty(Document.prototype, 'cookie', { get: refuse, set: refuse });
    </script>";

#[tokio::test]
async fn a_page_that_may_keep_nothing_gets_its_pass() -> Outcome<()> {
    const TRIED: &str = "
        const throws = (what) => { try { return !what(); } catch { return true; } };
        return [await window.early, throws(() => localStorage), throws(() => sessionStorage),
            throws(() => indexedDB), throws(() => [document.cookie])];";
    let scene = scene(Site::Shop, "api.shop.localhost").await?;
    scene.pages.put("/app", &format!("{REFUSES}{}", wrapped(&scene.address, 3)));
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        browser.open_page(&format!("{}/app", scene.pages.origin(Site::Shop))).await?;
        let found = browser.run(TRIED, &[]).await?;
        assert_eq!(found, json!([[200, 200, 200], true, true, true, true]), "{engine}");
        browser.close().await?;
    }
    scene.gate.stop().await
}

/// Whether a picture is shown, as its width.
const SHOWN: &str = "const shown = (address) => new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image.naturalWidth);
    image.onerror = () => done('not shown');
    image.src = address;
});";

#[tokio::test]
async fn a_picture_is_shown_by_its_ticket_once() -> Outcome<()> {
    let mut scene = scene(Site::Shop, "api.shop.localhost").await?;
    scene.pages.put("/app", &wrapped(&scene.address, 1));
    let own = format!("<!doctype html><meta charset=utf-8>{}", wrapped("", 1));
    scene.shop.put("/own/app", "text/html; charset=utf-8", &own);
    // From another origin of the same site, and from a page of the gate's own.
    let app = format!("{}/app", scene.pages.origin(Site::Shop));
    let pages = [(app, &*scene.address), (format!("{}/own/app", scene.address), "")];
    let shows = format!(
        "{SHOWN}
        const [gate] = args;
        const bare = await shown(gate + '/pictures/bare');
        const link = await doorward.link(gate + '/pictures/one?size=2');
        const other = await doorward.link(gate + '/pictures/other');
        const changed = await shown(other.replace('/other', '/changed'));
        return [bare, changed, await shown(other), await shown(link), link];"
    );
    let again = format!("{SHOWN} return await shown(args[0]);");
    for engine in EngineId::ALL {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        for (page, gate) in &pages {
            browser.open_page(page).await?;
            let found = browser.run(&shows, &[json!(gate)]).await?;
            let link = found[4].clone();
            assert_eq!(found, json!(["not shown", "not shown", 1, 1, link]), "{engine}, {page}");
            // Whoever copied the address, and a page that is opened again.
            browser.open_page(page).await?;
            assert_eq!(browser.run(&again, &[link]).await?, "not shown", "{engine}, {page}");
            let codes = [
                ("bare", Some("pass/missing")),
                ("changed", Some("pass/other-request")),
                ("other", None),
                ("one", None),
                ("one", Some("pass/used")),
            ];
            for (name, code) in codes {
                let line = scene.gate.logged("GET", &format!("/pictures/{name}")).await?;
                assert_eq!(line.code.as_deref(), code, "{engine}, {page}: {name}");
            }
        }
        browser.close().await?;
    }
    let ran = ["bare", "changed", "other", "one"]
        .map(|name| scene.shop.ran(&format!("GET /pictures/{name}")));
    assert_eq!(ran, [0, 0, 6, 6]);
    assert_eq!(scene.shop.ran("GET /pictures/one?size=2&"), 0, "the ticket is the gate's");
    scene.gate.stop().await
}

/// Keeps what a page's console is told.
const CONSOLE: &str = "<script>window.said = [];
    for (const level of ['warn', 'error'])
        console[level] = (...all) => void said.push(level + ' ' + all.join(' '));
    </script>";

/// Everything that needs a pass in a way of its own.
const PLAIN: &str = "
    const [gate] = args;
    const early = await window.early;
    const put = await fetch(gate + '/put', { method: 'PUT', body: new Blob(['one']) });
    const socket = await new Promise((done) => {
        const one = new WebSocket(gate.replace('http', 'ws') + '/socket');
        one.onopen = () => one.send('once more');
        one.onmessage = ({ data }) => { done(data); one.close(); };
        one.onerror = () => done('error');
    });
    const link = await shown(await doorward.link(gate + '/pictures/one'));
    return { isSecureContext, subtle: typeof crypto.subtle, early, put: put.status, socket, link,
        said };";

/// Plain http under a name that is no localhost: browsers have no WebCrypto there. A gate that is
/// being tried out sends the secret in clear, and the page's console is told so, once.
#[tokio::test]
async fn a_page_without_webcrypto_falls_back_and_says_so() -> Outcome<()> {
    let mut scene = scene(Site::Rebind, PLAIN_API).await?;
    let page = format!("{CONSOLE}{}", wrapped(&scene.address, 20));
    scene.pages.put("/app", &page);
    let own = format!("<!doctype html><meta charset=utf-8>{page}");
    scene.shop.put("/own/app", "text/html; charset=utf-8", &own);
    let rules = format!("MAP {PLAIN_API} {}, MAP rebind.test 127.0.0.1", scene.gate.address());
    let browser = Browser::open(Some(&rules)).await?;
    // Of another origin than the gate, and of its own, where a Worker may do the work.
    let app = format!("{}/app", scene.pages.origin(Site::Rebind));
    for page in [app, format!("{}/own/app", scene.address)] {
        browser.open_page(&page).await?;
        let found = browser.run(&format!("{SHOWN}{PLAIN}"), &[json!(scene.address)]).await?;
        let want = json!({
            "isSecureContext": false, "subtle": "undefined", "early": vec![200; 20], "put": 200,
            "socket": "once more", "link": 1,
            "said": ["warn Doorward: the key came in clear. Use https."],
        });
        assert_eq!(found, want, "{page}");
        let line = scene.gate.logged("POST", "/.doorward/pass").await?;
        assert_eq!(line.code, None, "{page}");
    }
    browser.close().await?;
    scene.gate.stop().await
}
