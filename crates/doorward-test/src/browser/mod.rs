//! A real Chromium, and what its tests need: pages on sites of their own, a stage with a backend
//! and a gate, and a name that changes its owner.
//!
//! A page must reach its victim by itself: by a script, a click or a form of its own. An address
//! that the driver opens counts as typed by a person, who is nobody's cross-site (`Sec-Fetch-Site:
//! none`), so [`Browser::open_page`] is only for the page that the story begins with.

mod bank;
mod console;
mod echo;
mod pages;
mod rebind;
mod running_lab;
mod shop;
mod stage;
mod turn;

pub use bank::Bank;
pub use echo::echo;
pub use pages::{Pages, Site};
pub use rebind::Rebinding;
pub use running_lab::RunningLab;
pub use shop::Shop;
pub use stage::{Gate, Setup, Stage};
pub use turn::Turn;

use doorward_browser::EngineId;
use doorward_lab::browsers::{self, BrowserOptions};
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use std::time::Duration;

/// What a test of the kit returns: any error is a failed test.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How long anything in a browser may take before its test fails.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where the page is, and how far it is loaded.
const AT: &str = "return { url: location.href, state: document.readyState }";

/// A headless browser with a fresh profile: its own cookies, caches and preflight cache.
///
/// One runs at a time on a machine: opening waits for the lock file that the other holds.
pub struct Browser {
    browser: browsers::Browser,
    _turn: Turn,
}

/// What a page saw of its own `fetch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The page may read the answer.
    Read {
        /// The HTTP status.
        status: u16,
        /// The body as text.
        body: String,
        /// The header `Doorward-Refusal`, where the page may see it.
        refusal: Option<String>,
    },
    /// An opaque answer (`no-cors`): something came back, the page cannot see what.
    Opaque,
    /// `fetch` threw, with this text: the browser hid the answer, or never sent the request.
    Threw(String),
}

impl Browser {
    /// Starts chromedriver and Chromium.
    ///
    /// `host_resolver_rules` is Chromium's `--host-resolver-rules`, such as
    /// `MAP rebind.test 127.0.0.1`. `*.localhost` needs none.
    ///
    /// # Errors
    ///
    /// When either program is missing or does not come up.
    pub async fn open(host_resolver_rules: Option<&str>) -> Outcome<Self> {
        Self::open_engine(
            EngineId::Chromium,
            BrowserOptions { host_resolver_rules, ..BrowserOptions::default() },
        )
        .await
    }

    /// Starts a browser of any engine.
    ///
    /// # Errors
    ///
    /// When a program is missing or does not come up.
    pub async fn open_engine(engine: EngineId, options: BrowserOptions<'_>) -> Outcome<Self> {
        let turn = Turn::take().await?;
        let browser = browsers::Browser::open(engine, options).await?;
        Ok(Self { browser, _turn: turn })
    }

    /// The WebDriver client, for what this kit has no words for.
    #[must_use]
    pub const fn client(&self) -> &Client {
        self.browser.client()
    }

    /// What the browser calls its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.browser.version
    }

    /// Opens an address as a person who typed it, and waits until the page is loaded.
    ///
    /// # Errors
    ///
    /// When the address does not answer.
    pub async fn open_page(&self, url: &str) -> Outcome<()> {
        within(&format!("opening {url}"), async { Ok(self.client().goto(url).await?) }).await
    }

    /// Clicks on the first element that `selector` names.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be clicked.
    pub async fn click(&self, selector: &str) -> Outcome<()> {
        within(&format!("a click on {selector}"), async {
            Ok(self.client().find(Locator::Css(selector)).await?.click().await?)
        })
        .await
    }

    /// The visible text of the first element that `selector` names.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn text(&self, selector: &str) -> Outcome<String> {
        within(&format!("the text of {selector}"), async {
            Ok(self.client().find(Locator::Css(selector)).await?.text().await?)
        })
        .await
    }

    /// The address of the page.
    ///
    /// # Errors
    ///
    /// When the browser is gone.
    pub async fn url(&self) -> Outcome<String> {
        within("the address", async { Ok(self.client().current_url().await?.to_string()) }).await
    }

    /// Waits until an element that `selector` names is in the page, through any navigation.
    ///
    /// # Errors
    ///
    /// When it does not come.
    pub async fn wait_for(&self, selector: &str) -> Outcome<()> {
        within(&format!("waiting for {selector}"), async {
            self.client().wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await?;
            Ok(())
        })
        .await
    }

    /// Waits until the page's address begins with `prefix` and it is loaded.
    ///
    /// # Errors
    ///
    /// When it does not come there.
    pub async fn wait_for_url(&self, prefix: &str) -> Outcome<()> {
        within(&format!("waiting to be at {prefix}"), async {
            loop {
                // The page itself says where it is: the driver's URL may already be that of the
                // next one. Between two pages Firefox has none in which a script could run.
                let page = self.client().execute(AT, vec![]).await.unwrap_or_default();
                let at = page["url"].as_str().unwrap_or_default();
                if at.starts_with(prefix) && page["state"] == "complete" {
                    return Ok(());
                }
            }
        })
        .await
    }

    /// Runs the body of an async function in the page; its arguments are `args`. Returns what it
    /// returns, or its exception as an error.
    ///
    /// # Errors
    ///
    /// When the script throws, or the page goes away under it.
    pub async fn run(&self, script: &str, args: &[Value]) -> Outcome<Value> {
        let whole = format!(
            "const [args, done] = arguments;
             (async (...args) => {{ {script} }})(...args)
                 .then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));"
        );
        within("a script", async {
            let mut result = self.client().execute_async(&whole, vec![json!(args)]).await?;
            match result.get("error") {
                Some(error) => Err(error.to_string().into()),
                None => Ok(result.get_mut("value").map(Value::take).unwrap_or_default()),
            }
        })
        .await
    }

    /// Calls `fetch(url, init)` in the page. `init.bytes`, a list of numbers, is sent as a typed
    /// array: a body without a content type.
    ///
    /// # Errors
    ///
    /// When the page goes away under it; that `fetch` throws is an outcome and no error.
    pub async fn fetch(&self, url: &str, init: Value) -> Outcome<Fetched> {
        const SCRIPT: &str = r#"
            const [url, init] = args;
            if (init.bytes) { init.body = new Uint8Array(init.bytes); delete init.bytes; }
            let answer;
            try { answer = await fetch(url, init); }
            catch (error) { return { threw: String(error) }; }
            return {
                type: answer.type, status: answer.status, body: await answer.text(),
                refusal: answer.headers.get("doorward-refusal"),
            };"#;
        let seen = self.run(SCRIPT, &[json!(url), init]).await?;
        let text = |name: &str| seen[name].as_str().map(str::to_owned);
        if let Some(threw) = text("threw") {
            return Ok(Fetched::Threw(threw));
        }
        if seen["type"] == "opaque" {
            return Ok(Fetched::Opaque);
        }
        let status = seen["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        Ok(Fetched::Read {
            status: status.ok_or("an answer without a status")?,
            body: text("body").unwrap_or_default(),
            refusal: text("refusal"),
        })
    }

    /// Ends Chromium and chromedriver in good order. Dropping kills them.
    ///
    /// # Errors
    ///
    /// When Chromium is gone already.
    pub async fn close(self) -> Outcome<()> {
        within("closing the browser", async { Ok(self.browser.close().await?) }).await
    }
}

impl Fetched {
    /// The status of an answer that the page may read.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Read { status, .. } => Some(*status),
            Self::Opaque | Self::Threw(_) => None,
        }
    }

    /// Whether the browser hid the answer from the page or never sent the request: to a page, both
    /// are the same error.
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        matches!(self, Self::Threw(_))
    }
}

/// Waits for `wanted`, and says what it was that did not come in time.
///
/// # Errors
///
/// The error of `wanted`, with what it was about, or that it took too long.
pub async fn within<T>(about: &str, wanted: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    match tokio::time::timeout(PATIENCE, wanted).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{about}: {error}").into()),
        Err(_) => Err(format!("{about}: nothing after {PATIENCE:?}").into()),
    }
}
