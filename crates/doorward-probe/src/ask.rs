//! Sends calls, one at a time and none twice, within the limits of good manners.

mod patience;
mod wire;

use crate::call::{Answered, Call};
use crate::operation::Operation;
use crate::scope::{Refused, Scope};
use crate::set_cookie::Cookies;
use crate::tap::{Arrival, MARK, Passed, Tap};
use aws_lc_rs::digest::{Context, SHA256};
use doorward_browser::Origin;
use patience::{Memory, Waits};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::Mutex as Turnstile;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use url::Url;
use wire::{broken, exchange};

/// Bytes of a body that are read, at most.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long an answer may take, its body included.
const PATIENCE: Duration = Duration::from_secs(10);
/// The least time between two requests to a machine that is not this one: 20 a second.
const PACE: Duration = Duration::from_millis(50);
/// How the probe calls itself; it never hides.
pub const USER_AGENT: &str = concat!("doorward-probe/", env!("CARGO_PKG_VERSION"));

/// Why there is no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Failed {
    /// The host may not be called.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It could change something, and nobody allowed that.
    #[error("{0} could change something: it is sent with `--allow-writes` only")]
    CouldWrite(String),
    /// It can be written on no wire.
    #[error("this cannot be sent: {0}")]
    NotARequest(String),
    /// The connection broke, or was never made.
    #[error("{0}")]
    Broken(String),
    /// It took too long.
    #[error("there was no whole answer within 10 s")]
    TooSlow,
    /// Its host kept the run waiting too long.
    #[error("{0} is not asked any more: the run waited for it for {1} s in all")]
    GivenUp(String, u64),
    /// The requests of this run are used up.
    #[error("the run's {0} requests are used up")]
    UsedUp(usize),
}

/// An answer that was asked for, or why there is none.
pub type Exchange = Result<Arc<Answered>, Failed>;

/// Who answers instead of a server, where a run is only planned.
pub type Pretended = fn(&Call) -> Answered;

/// Sends calls.
#[derive(Debug)]
pub struct Asker {
    scope: Scope,
    allow_writes: bool,
    requests_max: usize,
    sent: AtomicUsize,
    tls: Option<Arc<ClientConfig>>,
    pretended: Option<Pretended>,
    known: Mutex<Memory>,
    waits: Mutex<Waits>,
    tap: Option<Marking>,
    log: Mutex<Vec<Call>>,
    cookies: Cookies,
    harmless: Mutex<HashSet<(String, String, String)>>,
    next: Turnstile<Instant>,
}

/// How requests are marked for a tap.
#[derive(Debug)]
struct Marking {
    tap: Arc<dyn Tap>,
    /// What the marks of this run begin with.
    begin: u32,
    next: AtomicUsize,
    /// Requests that arrived.
    passed: AtomicUsize,
    /// What arrived of each call when it was last sent.
    arrived: Mutex<HashMap<[u8; 32], Vec<Passed>>>,
}

/// How an asker is to behave.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Requests that could change something are sent too.
    pub allow_writes: bool,
    /// Requests of the whole run, at most.
    pub requests_max: usize,
    /// TLS; none: https cannot be called.
    pub tls: Option<Arc<ClientConfig>>,
    /// Nothing is sent; this answers.
    pub pretended: Option<Pretended>,
}

impl Asker {
    /// Calls the hosts of `scope`.
    #[must_use]
    pub fn new(scope: Scope, manners: Manners) -> Self {
        let Manners { allow_writes, requests_max, tls, pretended } = manners;
        Self {
            scope,
            allow_writes,
            requests_max,
            sent: AtomicUsize::new(0),
            tls,
            pretended,
            known: Mutex::default(),
            tap: None,
            waits: Mutex::default(),
            log: Mutex::default(),
            cookies: Cookies::default(),
            harmless: Mutex::default(),
            next: Turnstile::new(Instant::now()),
        }
    }

    /// The same, with a tap before the backend: each request is marked for it. The marks begin with
    /// `begin`, so that those of another run are not taken for ours.
    #[must_use]
    pub fn with_tap(mut self, tap: Arc<dyn Tap>, begin: u32) -> Self {
        let (next, passed) = (AtomicUsize::new(1), AtomicUsize::new(0));
        self.tap = Some(Marking { tap, begin, next, passed, arrived: Mutex::default() });
        self
    }

    /// Whether a tap stands before the backend.
    #[must_use]
    pub const fn has_tap(&self) -> bool {
        self.tap.is_some()
    }

    /// How many requests the tap saw go to the backend.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.tap.as_ref().map_or(0, |marking| marking.passed.load(Ordering::Relaxed))
    }

    /// Where a call came to when it was last sent. What got no answer may still be on its way.
    #[must_use]
    pub fn arrival(&self, call: &Call) -> Arrival {
        let Some(marking) = &self.tap else { return Arrival::Unwatched };
        let arrived = marking.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        match arrived.get(&key(call)) {
            Some(passed) if !passed.is_empty() => Arrival::Passed(passed.clone()),
            Some(_) if marking.tap.is_in_path() => Arrival::Kept,
            Some(_) | None => Arrival::Unwatched,
        }
    }

    /// The answer to a call. The same call is sent once in a run.
    pub async fn ask(&self, call: &Call) -> Exchange {
        let key = key(call);
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).of(&key) {
            return known;
        }
        let exchange = self.ask_again(call).await;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).keep(key, &exchange);
        exchange
    }

    /// The answer to a call, though it may have been sent before.
    pub async fn ask_again(&self, call: &Call) -> Exchange {
        let exchange = self.send(call).await;
        self.cookies.see(call, &exchange);
        exchange
    }

    /// Sends a call whose answer is nobody's business: nothing is kept of it.
    pub(crate) async fn knock(&self, call: &Call) {
        // An answer that does not come is told by whoever asks next.
        let _ = self.send(call).await;
    }

    async fn send(&self, call: &Call) -> Exchange {
        if !self.allow_writes && !is_safe(&call.method) && !self.is_harmless(call) {
            return Err(Failed::CouldWrite(format!("{} {}", call.method, call.url)));
        }
        let to = match self.pretended {
            Some(_) => None,
            None => Some(self.scope.way(&call.url)?),
        };
        let host = call.url.host_str().unwrap_or_default();
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).may_ask(host)?;
        if self.sent.fetch_add(1, Ordering::Relaxed) >= self.requests_max {
            return Err(Failed::UsedUp(self.requests_max));
        }
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
        if let Some(pretended) = self.pretended {
            return Ok(Arc::new(pretended(call)));
        }
        let Some(to) = to else { return Err(Failed::Broken("nowhere to go".to_owned())) };
        self.wait_its_turn().await;
        let Some(marking) = &self.tap else { return self.exchange(to, call).await };
        let mark =
            format!("{:08x}.{}", marking.begin, marking.next.fetch_add(1, Ordering::Relaxed));
        let answered = self.exchange(to, &call.clone().with(MARK, &mark)).await;
        let passed = marking.tap.arrived(&mark);
        marking.passed.fetch_add(passed.len(), Ordering::Relaxed);
        // Nothing is said by the absence of what was never answered.
        if answered.is_ok() || !passed.is_empty() {
            let mut arrived = marking.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            arrived.insert(key(call), passed);
        }
        answered
    }

    /// What a call is answered where its host is.
    async fn exchange(&self, to: SocketAddr, call: &Call) -> Exchange {
        let host = call.url.host_str().unwrap_or_default();
        let asked_at = Instant::now();
        let answered = async {
            let stream = TcpStream::connect(to).await.map_err(broken)?;
            stream.set_nodelay(true).map_err(broken)?;
            if call.url.scheme() == "http" {
                return exchange(stream, call).await;
            }
            let config = self.tls.clone();
            let config = config.ok_or_else(|| Failed::Broken("https is switched off".into()))?;
            let name = host.trim_matches(['[', ']']).to_owned();
            let name = ServerName::try_from(name).map_err(broken)?;
            let stream = TlsConnector::from(config).connect(name, stream).await.map_err(broken)?;
            exchange(stream, call).await
        };
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        let waits = &self.waits;
        waits.lock().unwrap_or_else(PoisonError::into_inner).add(host, asked_at.elapsed());
        answered.unwrap_or(Err(Failed::TooSlow)).map(Arc::new)
    }

    /// Sends what its author says is harmless, though its method could write.
    pub fn allow(&self, operation: &Operation) {
        if operation.is_harmless {
            let own = place(&operation.method, &operation.url);
            self.harmless.lock().unwrap_or_else(PoisonError::into_inner).insert(own);
        }
    }

    fn is_harmless(&self, call: &Call) -> bool {
        let own = place(&call.method, &call.url);
        self.harmless.lock().unwrap_or_else(PoisonError::into_inner).contains(&own)
    }

    /// How many requests were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed).min(self.requests_max)
    }

    /// Whether a request was not sent because there had been too many.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.sent.load(Ordering::Relaxed) > self.requests_max
    }

    /// Whether a host is asked no more, since it kept the run waiting.
    #[must_use]
    pub fn has_given_up(&self, url: &Url) -> Option<Failed> {
        let host = url.host_str().unwrap_or_default();
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).may_ask(host).err()
    }

    /// All that was sent, or would be, in its order.
    #[must_use]
    pub fn log(&self) -> Vec<Call> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests went to each host, but for the first `before` of the run.
    #[must_use]
    pub fn sent_to(&self, before: usize) -> BTreeMap<String, usize> {
        let mut hosts = BTreeMap::new();
        for call in self.log.lock().unwrap_or_else(PoisonError::into_inner).iter().skip(before) {
            *hosts.entry(call.url.host_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        hosts
    }

    /// Whether requests that could change something are sent.
    #[must_use]
    pub const fn allows_writes(&self) -> bool {
        self.allow_writes
    }

    /// The cookies that were set so far.
    #[must_use]
    pub const fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    /// Whether nothing is sent: the run is only planned.
    #[must_use]
    pub const fn is_planned(&self) -> bool {
        self.pretended.is_some()
    }

    /// Whom it may call.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn wait_its_turn(&self) {
        if self.scope.is_local() {
            return;
        }
        let mut next = self.next.lock().await;
        tokio::time::sleep_until(*next).await;
        *next = Instant::now() + PACE;
    }
}

/// Whether a method should change nothing (RFC 9110 9.2.1).
#[must_use]
pub fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// What a call is known by, lengths before fields so that no two calls have the same text.
fn key(call: &Call) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut put = |field: &[u8]| {
        context.update(&field.len().to_le_bytes());
        context.update(field);
    };
    put(call.method.as_bytes());
    put(call.url.as_str().as_bytes());
    put(&call.body);
    for (name, value) in call.headers.iter() {
        put(name.as_bytes());
        put(value.as_bytes());
    }
    let mut key = [0; 32];
    key.copy_from_slice(context.finish().as_ref());
    key
}

/// Where an operation is: leave to send it is for its own host alone.
fn place(method: &str, url: &Url) -> (String, String, String) {
    (method.to_owned(), Origin::of(url).to_string(), url.path().to_owned())
}

#[cfg(test)]
mod tests;
