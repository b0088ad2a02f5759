//! A whole site behind one gate of the profile `public`, in each engine: its document and all that
//! it loads are for everybody who follows a link, its interface is for its own pages alone, and a
//! service worker shows pictures of guarded addresses.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Browser, Outcome, Pages, Shop, Site};
use doorward_test::running_gate::{GateOptions, RunningGate};
use serde_json::json;

const CONFIG: &str = "\
[layers.pass]
mode = \"enforce\"
[[route]]
path = \"/\"
kind = \"page\"
[[route]]
path = \"/bare\"
kind = \"page\"
[[route]]
path = \"/album\"
kind = \"page\"
[[route]]
path = \"/assets/**\"
kind = \"page\"
";

/// The shop's page: every kind of asset, and a call of its interface before it has loaded.
const HOME: &str = "<!doctype html><meta charset=utf-8>
<script src=/.doorward/auto.js></script>
<script>window.early = fetch('/api/early').then((answer) => answer.status, String);</script>
<link rel=icon href=/assets/icon.gif>
<link rel=stylesheet href=/assets/style.css>
<link rel=preload as=fetch crossorigin href=/assets/ahead.json>
<script src=/assets/app.js></script>
<script type=module src=/assets/module.js></script>
<title>Shop</title><img id=picture src=/assets/picture.svg alt=''><p id=text>Text</p>";

const STYLE: &str = "@font-face { font-family: Own; src: url(/assets/own.woff2); }
    p { color: rgb(1, 2, 3); background: url(/assets/back.svg); }";
const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";

struct Scene {
    pages: Pages,
    shop: Shop,
    gate: RunningGate,
    /// The site's address, by its gate.
    site: String,
}

async fn scene() -> Outcome<Scene> {
    let (pages, shop) = (Pages::start().await?, Shop::start().await?);
    let upstream = shop.upstream();
    let options = GateOptions { upstream: &upstream, config: CONFIG, ..GateOptions::default() };
    let gate = RunningGate::start(options).await?;
    let site = format!("http://shop.localhost:{}", gate.address().port());
    let html = "text/html; charset=utf-8";
    let script = "text/javascript; charset=utf-8";
    shop.put("/", html, HOME);
    shop.put("/bare", html, "<!doctype html><link rel=icon href=data:,><title>Bare</title>");
    shop.put(
        "/album",
        html,
        "<!doctype html><link rel=icon href=data:,><title>Album</title>
        <img id=first src=/pictures/first alt=''>",
    );
    shop.put("/assets/style.css", "text/css; charset=utf-8", STYLE);
    shop.put("/assets/app.js", script, "window.app = true;");
    shop.put(
        "/assets/module.js",
        script,
        "import { part } from '/assets/part.js';
        window.part = part;",
    );
    shop.put("/assets/part.js", script, "export const part = 1;");
    for name in ["picture", "back"] {
        shop.put(&format!("/assets/{name}.svg"), "image/svg+xml", SVG);
    }
    // No font that can be shown; that it is handed out is what counts.
    shop.put("/assets/own.woff2", "font/woff2", "none");
    for name in ["words", "ahead"] {
        shop.put(&format!("/assets/{name}.json"), "application/json", r#"{"word":"yes"}"#);
    }
    pages.put("/", &format!("<title>Elsewhere</title><a id=go href='{site}/'>A shop</a>"));
    Ok(Scene { pages, shop, gate, site })
}

/// What came of the page and all that it loads.
const LOOKS: &str = r#"
    const words = await (await fetch("/assets/words.json")).json();
    const ahead = await (await fetch("/assets/ahead.json")).json();
    await document.fonts.load("1em Own").catch(() => undefined);
    const sent = await fetch("/api/order", { method: "POST", body: "one" });
    return {
        early: await window.early, order: [sent.status, await sent.json()],
        words, ahead, app: window.app, part: window.part,
        picture: document.querySelector('#picture').naturalWidth,
        color: getComputedStyle(document.querySelector('#text')).color,
        wrapped: typeof doorward,
    };"#;

#[tokio::test]
async fn a_site_behind_its_gate_is_opened_by_a_link_from_anywhere() -> Outcome<()> {
    let mut scene = scene().await?;
    let order = format!("{}/api/order", scene.site);
    for (number, engine) in EngineId::ALL.into_iter().enumerate() {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        browser.open_page(&format!("{}/", scene.pages.origin(Site::Evil))).await?;
        // The page that has the link calls nothing of the shop's.
        let plain = json!({ "method": "POST", "body": "one" });
        assert!(browser.fetch(&order, plain.clone()).await?.is_hidden(), "{engine}");
        let line = scene.gate.logged("POST", "/api/order").await?;
        assert_eq!(line.code.as_deref(), Some("site/cross-site"), "{engine}");

        browser.click("#go").await?;
        browser.wait_for_url(&format!("{}/", scene.site)).await?;
        let found = browser.run(LOOKS, &[]).await?;
        let want = json!({
            "early": 200, "order": [200, { "ran": "POST /api/order" }],
            "words": { "word": "yes" }, "ahead": { "word": "yes" }, "app": true, "part": 1,
            "picture": 9, "color": "rgb(1, 2, 3)", "wrapped": "object",
        });
        assert_eq!(found, want, "{engine}");
        let line = scene.gate.logged("POST", "/api/order").await?;
        assert_eq!(line.code, None, "{engine}");
        let assets = [
            "style.css",
            "app.js",
            "module.js",
            "part.js",
            "picture.svg",
            "back.svg",
            "own.woff2",
            "words.json",
        ];
        for asset in assets {
            let ran = scene.shop.ran(&format!("GET /assets/{asset}"));
            assert_eq!(ran, number + 1, "{engine}: {asset}");
        }

        // The same address from a page of the shop's own that has no pass.
        browser.open_page(&format!("{}/bare", scene.site)).await?;
        let seen = browser.fetch("/api/order", plain).await?;
        assert_eq!(seen.status(), Some(403), "{engine}: {seen:?}");
        let line = scene.gate.logged("POST", "/api/order").await?;
        assert_eq!(line.code.as_deref(), Some("pass/missing"), "{engine}");
        assert_eq!(scene.shop.ran("POST /api/order"), number + 1, "{engine}");
        browser.close().await?;
    }
    // Nothing of the page's own was refused.
    let refused = scene.gate.passed_over().filter(|line| line.code.is_some());
    assert_eq!(refused.collect::<Vec<_>>(), Vec::<&_>::new());
    scene.gate.stop().await
}

/// Registers the worker, waits until it answers for this page, and shows pictures.
const ALBUM: &str = r#"
    const shown = (path) => new Promise((done) => {
        const image = new Image();
        image.onload = () => done(image.naturalWidth);
        image.onerror = () => done("not shown");
        image.src = path;
    });
    const before = await shown("/pictures/before");
    const worker = navigator.serviceWorker;
    const path = "/.doorward/worker.js?guard=/pictures/*";
    const taken = new Promise((done) => { worker.oncontrollerchange = done; });
    await worker.register(path, { scope: "/" });
    if (!worker.controller) await taken;
    const many = await Promise.all(Array.from({ length: 5 }, (_, at) => shown("/pictures/" + at)));
    return { before, many };"#;

#[tokio::test]
async fn a_service_worker_shows_guarded_pictures() -> Outcome<()> {
    let mut scene = scene().await?;
    for (number, engine) in EngineId::ALL.into_iter().enumerate() {
        let browser = Browser::open_engine(engine, BrowserOptions::default()).await?;
        let album = format!("{}/album", scene.site);
        browser.open_page(&album).await?;
        let width = "return document.querySelector('#first').naturalWidth;";
        assert_eq!(browser.run(width, &[]).await?, 0, "{engine}: nobody has signed it");
        let found = browser.run(ALBUM, &[]).await?;
        assert_eq!(found, json!({ "before": "not shown", "many": [1, 1, 1, 1, 1] }), "{engine}");
        assert_eq!(scene.shop.ran("GET /pictures/before"), 0, "{engine}");
        let ran = (0..5).map(|at| scene.shop.ran(&format!("GET /pictures/{at}")));
        assert!(ran.into_iter().all(|ran| ran == number + 1), "{engine}");

        // The next visit is the worker's from the beginning, what stands in the page too.
        browser.open_page(&album).await?;
        assert_eq!(browser.run(width, &[]).await?, 1, "{engine}: the worker has signed it");
        assert_eq!(scene.shop.ran("GET /pictures/first"), number + 1, "{engine}");
        browser.close().await?;
    }
    let line = scene.gate.logged("GET", "/pictures/before").await?;
    assert_eq!(line.code.as_deref(), Some("pass/missing"));
    scene.gate.stop().await
}
