//! A stage: a backend, a gate before it or not, pages, and a browser to look at them.

use super::{Browser, Fetched, Outcome, Pages, Site, within};
use crate::running_gate::{GateOptions, RunningGate};
use doorward_lab::backend::{Backend, BackendOptions, CorsPolicy, Event, Kind, SameSite};
use serde_json::json;
use std::net::SocketAddr;

/// Whether the gate stands before the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Pages call the backend itself, which has its CORS set up well.
    Off,
    /// Pages call the gate.
    On,
}

/// How a stage is set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The backend's own CORS; when `None`, right for [`Site::Shop`], with credentials.
    pub cors: Option<CorsPolicy>,
    /// The `SameSite` of the backend's session cookie.
    pub same_site: SameSite,
    /// Chromium's `--host-resolver-rules`.
    pub host_resolver_rules: Option<&'static str>,
}

/// The gate's configuration on every stage: cookies may come along, and `/transfer` moves money.
const CONFIG: &str = r#"
[layers.cors]
credentials = true
[[route]]
path = "/transfer"
effect = "write"
"#;

/// The name under which most pages call the API: the shop's own site, another origin.
const API_HOST: &str = "api.shop.localhost";

/// Everything one story needs.
pub struct Stage {
    /// The pages.
    pub pages: Pages,
    /// The backend, whose witness tells what was executed.
    pub backend: Backend,
    /// The gate, on a stage with [`Gate::On`].
    pub gate: Option<RunningGate>,
    /// The browser.
    pub browser: Browser,
    marks: u32,
}

impl Stage {
    /// Starts everything.
    ///
    /// # Errors
    ///
    /// When something does not start.
    pub async fn open(gate: Gate, setup: Setup) -> Outcome<Self> {
        let pages = Pages::start().await?;
        let own = pages.origin(Site::Shop);
        let right = CorsPolicy::Allow { origins: vec![own.clone()], credentials: true };
        let cors = setup.cors.unwrap_or(right);
        let options =
            BackendOptions { cors, same_site: setup.same_site, ..BackendOptions::default() };
        let backend = Backend::start(options).await?;
        let gate = match gate {
            Gate::Off => None,
            Gate::On => Some(gate_before(&backend, &own).await?),
        };
        let browser = Browser::open(setup.host_resolver_rules).await?;
        Ok(Self { pages, backend, gate, browser, marks: 0 })
    }

    /// Puts another backend with this CORS, and a gate if there was one, in place of the present.
    ///
    /// # Errors
    ///
    /// When one does not start.
    pub async fn replace_backend(&mut self, cors: CorsPolicy) -> Outcome<()> {
        let options = BackendOptions { cors, ..BackendOptions::default() };
        self.backend = Backend::start(options).await?;
        if self.gate.is_some() {
            let own = self.pages.origin(Site::Shop);
            self.gate = Some(gate_before(&self.backend, &own).await?);
        }
        Ok(())
    }

    /// Where pages send their requests: to the gate, or to the backend where there is none.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.gate.as_ref().map_or(self.backend.address(), RunningGate::address)
    }

    /// An address of the API under `api.shop.localhost`.
    #[must_use]
    pub fn api(&self, path: &str) -> String {
        self.at(API_HOST, path)
    }

    /// An address of the API under another name.
    #[must_use]
    pub fn at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address().port())
    }

    /// Signs ann in, as she does it herself: on the shop's own page under `host`.
    ///
    /// # Errors
    ///
    /// When she cannot.
    pub async fn sign_in(&mut self, host: &str) -> Outcome<()> {
        self.browser.open_page(&self.at(host, "/")).await?;
        self.browser.click("#login").await?;
        self.browser.wait_for("#greeting.signed-in").await?;
        self.allowed("POST", "/login").await
    }

    /// Signs ann in under the API's usual name.
    ///
    /// # Errors
    ///
    /// When she cannot.
    pub async fn sign_in_at_api(&mut self) -> Outcome<()> {
        self.sign_in(API_HOST).await
    }

    /// Opens a page of a site.
    ///
    /// # Errors
    ///
    /// When it does not load.
    pub async fn visit(&self, site: Site, path: &str) -> Outcome<()> {
        self.browser.open_page(&format!("{}{path}", self.pages.origin(site))).await
    }

    /// Where there is a gate: it logged the next request of this method and path as refused, with
    /// this code.
    ///
    /// # Errors
    ///
    /// When it did not, or said something else.
    pub async fn refused(&mut self, method: &str, path: &str, code: &str) -> Outcome<()> {
        self.logged(method, path, Some(code)).await
    }

    /// Where there is a gate: it logged the next request of this method and path as admitted.
    ///
    /// # Errors
    ///
    /// When it did not.
    pub async fn allowed(&mut self, method: &str, path: &str) -> Outcome<()> {
        self.logged(method, path, None).await
    }

    async fn logged(&mut self, method: &str, path: &str, code: Option<&str>) -> Outcome<()> {
        let Some(gate) = &mut self.gate else { return Ok(()) };
        let line = gate.logged(method, path).await?;
        if line.code.as_deref() != code {
            return Err(format!("{method} {path}: wanted {code:?}, got {line:?}").into());
        }
        Ok(())
    }

    /// Waits until the backend executed a request with this query.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn executed(&self, mark: &str) -> Outcome<Event> {
        let wanted = |event: &Event| event.kind == Kind::Executed && event.query.contains(mark);
        let event = self.backend.wait_until(wanted);
        within(&format!("the execution of {mark}"), async { Ok(event.await) }).await
    }

    /// What the backend has seen so far of requests with this in their query. To say that it saw
    /// nothing, call [`Stage::marker`] first.
    #[must_use]
    pub fn seen(&self, mark: &str) -> Vec<Event> {
        let events = self.backend.events().into_iter();
        events.filter(|event| event.query.contains(mark)).collect()
    }

    /// Sends a request that goes through, from the shop's own page, and waits for its execution:
    /// what the browser sent before it, and the backend has not seen by now, it does not see.
    ///
    /// # Errors
    ///
    /// When it does not go through.
    pub async fn marker(&mut self) -> Outcome<()> {
        self.marks += 1;
        let mark = format!("marker={}", self.marks);
        self.visit(Site::Shop, "/").await?;
        let fetched = self.browser.fetch(&self.api(&format!("/status?{mark}")), json!({})).await?;
        if fetched.status() != Some(200) {
            return Err(format!("the marker did not go through: {fetched:?}").into());
        }
        self.executed(&mark).await?;
        self.allowed("GET", "/status").await
    }

    /// What the attacker has.
    #[must_use]
    pub fn evils_money(&self) -> Option<i64> {
        self.backend.balance("evil")
    }

    /// Calls `fetch` in the page that is open, to the API.
    ///
    /// # Errors
    ///
    /// When the page goes away under it.
    pub async fn fetch(&self, path: &str, init: serde_json::Value) -> Outcome<Fetched> {
        self.browser.fetch(&self.api(path), init).await
    }

    /// Ends the browser and the gate in good order.
    ///
    /// # Errors
    ///
    /// When one does not end well.
    pub async fn close(self) -> Outcome<()> {
        self.browser.close().await?;
        match self.gate {
            Some(gate) => gate.stop().await,
            None => Ok(()),
        }
    }
}

async fn gate_before(backend: &Backend, origin: &str) -> Outcome<RunningGate> {
    let upstream = format!("http://{}", backend.address());
    let options = GateOptions {
        upstream: &upstream,
        origins: &[origin],
        config: CONFIG,
        ..GateOptions::default()
    };
    RunningGate::start(options).await
}
