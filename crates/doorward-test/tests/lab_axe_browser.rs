//! Every view of the lab, looked at by axe-core: wide and at 360 pixels, light and dark.

use doorward_browser::EngineId;
use doorward_lab::browsers::BrowserOptions;
use doorward_test::browser::{Browser, Outcome, RunningLab, within};
use serde_json::Value;
use std::path::PathBuf;

/// All rules of axe-core, best practices among them.
const LOOK: &str = "
    const found = await axe.run(document, { resultTypes: ['violations'] });
    const told = (node) => node.target.join(' ') + ' ' + (node.any[0]?.message ?? '');
    return found.violations.map((own) =>
        own.id + ': ' + own.help + ': ' + own.nodes.map(told).join(' | '));";

/// A view: what leads to it, and what stands in it then.
type View = (&'static str, &'static str, &'static str);

/// In order: each may rely on what was run before it.
const VIEWS: &[View] = &[
    ("the first view", "", ".answer"),
    ("an answer picked", "click('.answer')", "button.run:not(:disabled)"),
    ("money moved", "click('button.run')", ".witnesses"),
    ("stopped", "click('.next button')", ".witnesses ~ .witnesses"),
    ("why", "click('.next a')", ".wire .line.executed:not(.unshown)"),
    ("a story before it is run", "go('s/json-post')", "#question"),
    ("a story that was run", "click('button.run')", ".outcome .columns"),
    ("with the gate", "go('s/hidden-read?gate=on')", "input[name=gate]"),
    ("with the gate, run", "click('button.run')", ".outcome .columns"),
    ("what is not built", "go('s/script-clients?gate=on')", ".notice"),
    ("a price", "go('s/own-pass?gate=on&step=3')", "#question"),
    ("a price, run", "click('button.run')", ".outcome .columns .price"),
    ("no such story", "go('s/none-such')", "main h1"),
    ("the request builder", "go('builder')", ".lights"),
    ("a built request", "click('.actions button.run')", ".outcome"),
    ("and with the gate", "click('.actions button:not(.run)')", ".outcome ~ .outcome"),
    ("the desk", "go('desk')", "#line"),
    ("the desk, an answer", "click('button.run')", ".witnesses .log"),
    (
        "the desk, a line that is wrong",
        "type('#line', 'curl --frob x'); click('button.run')",
        "#fault",
    ),
    ("the room that explains", "go('explain')", "#asked"),
    ("a trouble, explained", "click('.samples button'); click('button.run')", ".witnesses"),
    ("a trouble that is unclear", "type('#asked', 'x'); click('button.run')", "#unclear"),
    ("the matrix", "go('matrix')", ".matrix tbody tr"),
    ("the table", "go('table')", ".closing tbody tr"),
    ("the keys", "press('?')", "dialog[open]"),
];

const WORDS: &str = "
    const click = (selector) => document.querySelector(selector).click();
    const go = (hash) => { location.hash = '#/' + hash; };
    const press = (key) =>
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    const type = (selector, text) => {
        const own = document.querySelector(selector);
        own.value = text;
        own.dispatchEvent(new Event('input', { bubbles: true }));
    };
";

fn axe() -> Outcome<String> {
    let packages = std::env::var_os("DOORWARD_WEB_PACKAGES").map(PathBuf::from);
    let packages =
        packages.ok_or("DOORWARD_WEB_PACKAGES names no folder: run `cargo xtask test`")?;
    Ok(std::fs::read_to_string(packages.join("axe-core/axe.min.js"))?)
}

async fn look(browser: &Browser, axe: &str, at: &str) -> Outcome<Vec<String>> {
    browser.client().execute(axe, vec![]).await?;
    let found = within(at, browser.run(LOOK, &[])).await?;
    let found = found.as_array().cloned().unwrap_or_default();
    Ok(found.iter().filter_map(Value::as_str).map(|own| format!("{at}: {own}")).collect())
}

async fn every_view(width: u32, dark: bool) -> Outcome<()> {
    let (lab, axe) = (RunningLab::start().await?, axe()?);
    let browser = Browser::open_engine(EngineId::Chromium, BrowserOptions::default()).await?;
    browser.set_size(width, 900).await?;
    browser.set_dark(dark).await?;
    browser.open_page(&lab.control.address()).await?;
    let mut found = Vec::new();
    for &(name, lead, there) in VIEWS {
        let at = format!("{name}, {width} wide, dark: {dark}");
        browser.wait_for("main h1").await?;
        browser.client().execute(&format!("{WORDS}{lead}"), vec![]).await?;
        browser
            .until(&format!("document.querySelector({there:?})"))
            .await
            .map_err(|e| format!("{at}: {e}"))?;
        found.extend(look(&browser, &axe, &at).await?);
        let wide = browser.value("document.documentElement.scrollWidth - innerWidth").await?;
        if wide.as_i64().is_none_or(|more| more > 0) {
            found.push(format!("{at}: the page is wider than its window by {wide}"));
        }
    }
    // A page without the run's token is told so.
    browser.client().execute("localStorage.clear()", vec![]).await?;
    browser.open_page(&format!("http://localhost:{}/", lab.port)).await?;
    browser.client().refresh().await?;
    browser.wait_for(".card h1").await?;
    found.extend(look(&browser, &axe, "without a token").await?);
    assert!(found.is_empty(), "{}", found.join("\n"));
    browser.close().await
}

#[tokio::test]
async fn wide_and_light() -> Outcome<()> {
    every_view(1280, false).await
}

#[tokio::test]
async fn wide_and_dark() -> Outcome<()> {
    every_view(1280, true).await
}

#[tokio::test]
async fn narrow_and_light() -> Outcome<()> {
    every_view(360, false).await
}

#[tokio::test]
async fn narrow_and_dark() -> Outcome<()> {
    every_view(360, true).await
}

#[tokio::test]
async fn what_is_wrong_is_found() -> Outcome<()> {
    let (lab, axe) = (RunningLab::start().await?, axe()?);
    let browser = Browser::open_engine(EngineId::Chromium, BrowserOptions::default()).await?;
    browser.open_page(&lab.control.address()).await?;
    browser.wait_for(".answer").await?;
    let bad = "const own = document.createElement('img'); own.src = 'data:,';
        document.querySelector('main').append(own);";
    browser.client().execute(bad, vec![]).await?;
    let found = look(&browser, &axe, "a picture without words").await?;
    assert!(found.iter().any(|own| own.contains("image-alt")), "{found:?}");
    browser.close().await
}
