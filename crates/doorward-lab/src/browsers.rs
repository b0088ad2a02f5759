//! Real browsers, by WebDriver: Chromium, Firefox and WebKit, each with a fresh profile.

mod driver;
mod find;
mod screenless;

pub use find::{Missing, find};

use doorward_browser::{EngineId, ThirdParty};
use driver::Driver;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::time::Duration;
use thiserror::Error;

/// How long a browser may take to come up, or to do one thing.
const PATIENCE: Duration = Duration::from_secs(40);

/// What goes wrong with a browser or its driver. No verdict of a story is among them.
#[derive(Debug, Error)]
pub enum BrowserError {
    /// A program is not there.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A program does not do what it should.
    #[error("{0}")]
    Driver(String),
    /// The driver refuses a session.
    #[error("no session with {engine}")]
    Session {
        /// Which engine.
        engine: EngineId,
        /// What the driver says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A command failed.
    #[error("the driver: {0}")]
    Command(#[from] fantoccini::error::CmdError),
    /// It took too long.
    #[error("nothing came of {0} in time")]
    TooSlow(String),
}

/// How a browser is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserOptions<'a> {
    /// Chromium's `--host-resolver-rules`.
    pub host_resolver_rules: Option<&'a str>,
    /// Certificates of nobody's are accepted.
    pub accepts_any_certificate: bool,
    /// What the console says is kept, where the driver can (Chromium's).
    pub keeps_console: bool,
    /// Cookies of other sites; none leaves it as it is installed. WebKit has no such switch.
    pub third_party: Option<ThirdParty>,
}

/// A browser without a screen.
pub struct Browser {
    client: Client,
    driver: Driver,
    engine: EngineId,
    /// What it calls its version.
    pub version: String,
}

impl Browser {
    /// Starts a browser with a fresh profile.
    ///
    /// # Errors
    /// When a program is missing or does not come up.
    pub async fn open(engine: EngineId, options: BrowserOptions<'_>) -> Result<Self, BrowserError> {
        let programs = find(engine)?;
        let driver = Driver::start(&programs).await?;
        let started = async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities(engine, &programs, options));
            builder.connect(&driver.address()).await
        };
        let client = match tokio::time::timeout(PATIENCE, started).await {
            Ok(Ok(client)) => client,
            Ok(Err(source)) => {
                return Err(BrowserError::Session { engine, source: Box::new(source) });
            }
            Err(_) => return Err(BrowserError::TooSlow(format!("starting {engine}"))),
        };
        let version = version(&client);
        Ok(Self { client, driver, engine, version })
    }

    /// Its engine.
    #[must_use]
    pub const fn engine(&self) -> EngineId {
        self.engine
    }

    /// The WebDriver client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Ends the browser and its driver in good order. Dropping kills them.
    ///
    /// # Errors
    /// When the browser is gone already.
    pub async fn close(self) -> Result<(), BrowserError> {
        let closed = tokio::time::timeout(PATIENCE, self.client.close()).await;
        closed.map_err(|_| BrowserError::TooSlow("closing the browser".to_owned()))??;
        self.driver.stop().await
    }
}

fn version(client: &Client) -> String {
    let said = client.capabilities().and_then(|said| said.get("browserVersion"));
    said.and_then(|version| version.as_str()).unwrap_or("?").to_owned()
}

/// What Chromium needs to run without a screen and without a network beyond loopback.
const CHROMIUM_FLAGS: [&str; 8] = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Names that are not `*.localhost` would be tried by https first.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
];

fn capabilities(
    engine: EngineId,
    programs: &find::Programs,
    options: BrowserOptions<'_>,
) -> Capabilities {
    let mut own = Capabilities::new();
    let binary = programs.browser.as_ref().map(|path| path.display().to_string());
    match engine {
        EngineId::Chromium => {
            let mut flags: Vec<String> = CHROMIUM_FLAGS.map(str::to_owned).to_vec();
            if screenless::is_unguarded() {
                // Neither root nor a container may have the sandbox.
                flags.push("--no-sandbox".to_owned());
            }
            if let Some(rules) = options.host_resolver_rules {
                flags.push(format!("--host-resolver-rules={rules}"));
            }
            // Third-party cookies may travel, as in Chromium as Google ships it.
            let blocks = u8::from(options.third_party == Some(ThirdParty::Blocked));
            let preferences = json!({ "profile.cookie_controls_mode": blocks });
            let mut said = json!({ "args": flags, "prefs": preferences });
            if let Some(binary) = binary {
                said["binary"] = json!(binary);
            }
            own.insert("goog:chromeOptions".to_owned(), said);
            if options.keeps_console {
                own.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
            }
        }
        EngineId::Firefox => {
            let behaviour = options.third_party.map(|what| match what {
                ThirdParty::Allowed => 0,
                ThirdParty::Blocked => 1,
                ThirdParty::Partitioned => 5,
            });
            let mut said = json!({ "args": ["-headless"], "prefs": {} });
            if let Some(behaviour) = behaviour {
                said["prefs"]["network.cookie.cookieBehavior"] = json!(behaviour);
            }
            if let Some(binary) = binary {
                said["binary"] = json!(binary);
            }
            own.insert("moz:firefoxOptions".to_owned(), said);
        }
        EngineId::WebKit => {
            let mut said = json!({ "args": ["--automation"] });
            if let Some(binary) = binary {
                said["binary"] = json!(binary);
            }
            own.insert("webkitgtk:browserOptions".to_owned(), said);
        }
    }
    if options.accepts_any_certificate {
        own.insert("acceptInsecureCerts".to_owned(), json!(true));
    }
    // A page that keeps loading (an endless image, say) is not waited for.
    own.insert("timeouts".to_owned(), json!({ "pageLoad": 30_000, "script": 30_000 }));
    own
}
