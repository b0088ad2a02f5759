//! The sample backend: a small shop with a ledger, and a witness of everything it executes.
//!
//! It is what the gate stands before in the demo and in the tests. It is as careless as most
//! backends: it trusts a session cookie, moves money on a GET, and takes any content type. What it
//! did is never guessed from what a client saw: it is read from its [`Witness`].
//!
//! # Routes
//!
//! | route | what it does |
//! | --- | --- |
//! | `GET /` | the shop's page, with a sign-in form and a transfer form |
//! | `POST /login` | signs `user` in (`ann` when not named): sets the cookie `session` |
//! | `GET /whoami` | 200 with the user's `id`, or 401 |
//! | `POST /cookies` | sets one cookie for each `SameSite`: `none`, `lax`, `strict`, `unset` |
//! | `GET /csrf-token` | a token of the session's; nothing asks for it |
//! | `GET /api/data` | three items as JSON |
//! | `GET /api/catalog` | three items that shared caches may keep for a minute |
//! | `GET /api/ledger` | the balances |
//! | `GET /api/token` | a token, for whoever asks |
//! | `POST /api/ask` | takes a question with a token in `X-Token`, once |
//! | `POST /hooks/payment` | takes an order for paid, whoever says so |
//! | `POST /hooks/code` | begins a build, whoever says so |
//! | `POST /transfer`, `POST /api/transfer` | moves `amount` to `to`, from the signed-in user |
//! | `GET /transfer?to=&amount=` | the same, as no GET should |
//! | `GET`, `PUT`, `PATCH`, `DELETE /api/items/{id}` | reads, sets, changes, removes an item |
//! | any method, `/api/echo` | method, target, headers and body length as they arrived |
//! | `POST /upload` | counts the body's bytes |
//! | `GET /download?bytes=N` | streams N bytes |
//! | `GET /events?count=N` | N server-sent events; with `key=K` one for each release of `K` |
//! | `GET /slow?key=K` | answers when `K` is released; `at=body` sends the head at once |
//! | `GET /status` | 200 |
//! | `GET /__witness?since=N` | the events after sequence N; is itself no event |
//!
//! Query parameters that a route does not know are left alone, so that tests can mark requests.

mod body;
mod cors;
mod expected;
mod form;
mod ledger;
mod routes;
mod server;
mod session;
mod shop;
mod streams;
mod tokens;
mod transfer;
mod valves;
mod witness;

pub use cors::CorsPolicy;
pub(crate) use expected::EXPECTED_SESSION;
pub use expected::{Expected, expected};
pub use ledger::Bank;
pub use session::SameSite;
pub use witness::{EVENTS_MAX, Effect, Event, Kind, Witness};

use shop::Shop;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Looks at the head of a request and says whether the gate's proof of admission is in it.
pub type Admission = Box<dyn Fn(&http::request::Parts) -> bool + Send + Sync>;

/// Is told of each event as it happens.
pub type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// Whose money a transfer moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The user's whose session cookie came along.
    #[default]
    Cookie,
    /// Ann's where nobody is signed in: the shop trusts whoever reaches it, as many a backend on a
    /// machine or a network of one's own does.
    Network,
}

/// How a sample backend is set up. The default listens on a free port of 127.0.0.1, sends no CORS
/// headers, sets `SameSite=Lax` and demands no proof of admission.
pub struct BackendOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Its own CORS, right or wrong.
    pub cors: CorsPolicy,
    /// The `SameSite` attribute of its session cookie.
    pub same_site: SameSite,
    /// Whose money moves.
    pub trust: Trust,
    /// Where the money lies; a new bank of its own unless one is lent.
    pub bank: Arc<Bank>,
    /// When set, a request for which this is false is answered 403 and not run.
    pub admission: Option<Admission>,
    /// When set, is called with each event, in order; it must not block.
    pub listener: Option<Listener>,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            cors: CorsPolicy::Off,
            same_site: SameSite::Lax,
            trust: Trust::Cookie,
            bank: Arc::default(),
            admission: None,
            listener: None,
        }
    }
}

/// A running sample backend. Dropping it stops it.
pub struct Backend {
    shop: Arc<Shop>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Backend {
    /// Binds `options.listen` and serves on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The system's, when the address cannot be bound.
    pub async fn start(options: BackendOptions) -> std::io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let shop = Arc::new(Shop::new(options));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(server::serve(listener, Arc::clone(&shop), stopped));
        Ok(Self { shop, address, stop, task: Some(task) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that reached it, oldest first; at most [`EVENTS_MAX`] of them.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.shop.witness.events()
    }

    /// The executions whose path is `path`, whatever their query.
    #[must_use]
    pub fn executed(&self, path: &str) -> Vec<Event> {
        self.shop.witness.executed(path)
    }

    /// The witness, to count, await or search events.
    #[must_use]
    pub fn witness(&self) -> &Witness {
        &self.shop.witness
    }

    /// Waits until at least `count` events have happened since the start, and returns them all.
    pub async fn wait_for(&self, count: u64) -> Vec<Event> {
        self.shop.witness.wait_for(count).await
    }

    /// Waits for the first event, past or coming, that `wanted` says yes to.
    pub async fn wait_until(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        self.shop.witness.wait_until(wanted).await
    }

    /// The balance of an account, in euros; `None` when there is no such account.
    #[must_use]
    pub fn balance(&self, account: &str) -> Option<i64> {
        self.shop.ledger().balance(account)
    }

    /// Signs a user in, as if in a browser of his own, and returns his session's name; none where
    /// there is no such account.
    #[must_use]
    pub fn sign_in(&self, user: &str) -> Option<String> {
        let user = self.shop.ledger().account(user)?;
        Some(self.shop.sessions().sign_in(user))
    }

    /// Says something else of CORS from the next request on.
    pub fn set_cors(&self, policy: CorsPolicy) {
        self.shop.set_cors(policy);
    }

    /// Lets `steps` waiting or coming steps of `key` go on: an answer of `/slow?key=`, or an event
    /// of `/events?key=`.
    pub fn release(&self, key: &str, steps: usize) {
        self.shop.valves.release(key, steps);
    }

    /// Closes the listener and every connection, and returns when both are closed.
    pub async fn stop(&mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // The task ends by itself; that it was cancelled with its runtime is an end too.
            let _ = task.await;
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
