//! The witness: evidence of what the backend really did, for tests, the demo and the lab.

use super::Listener;
use crate::wire::Mark;
use http::HeaderMap;
use http::header::{COOKIE, HOST, HeaderName, ORIGIN, REFERER};
use http::request::Parts;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Events kept; older ones are forgotten, their count is not.
pub const EVENTS_MAX: usize = 10_000;
/// Characters kept of each text that a client chose.
const TEXT_CHARS_MAX: usize = 512;
/// Names of cookies kept of one request.
const COOKIES_MAX: usize = 64;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Its route ran.
    Executed,
    /// A preflight arrived: an `OPTIONS` with `Access-Control-Request-Method`. No route ran.
    Preflight,
    /// The backend itself refused it before its route ran.
    Refused,
    /// There is no such route or method. Nothing ran.
    Missing,
    /// The caller left before its request was read or its answer was finished.
    CutOff,
}

/// What a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It only reads.
    Read,
    /// It changes something.
    Write,
}

/// One thing that happened at the backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// 1 for the first event of this backend, then one more for each.
    pub sequence: u64,
    /// What became of the request.
    pub kind: Kind,
    /// As it arrived.
    pub method: String,
    /// The target's path, without the query.
    pub path: String,
    /// The target's query without its `?`; empty when there is none.
    pub query: String,
    /// The run and step that it belongs to, where a story sent it.
    #[serde(skip)]
    pub(crate) mark: Option<Mark>,
    /// The `Host` header; several values are joined with `, `.
    pub host: Option<String>,
    /// The `Origin` header.
    pub origin: Option<String>,
    /// The `Referer` header.
    pub referer: Option<String>,
    /// The `Sec-Fetch-Site` header.
    pub fetch_site: Option<String>,
    /// Whether a session cookie came with it, known or not.
    pub cookie: bool,
    /// The names of all cookies that came with it, in their order.
    pub cookies: Vec<String>,
    /// What its route is for.
    pub effect: Effect,
    /// What happened, in words.
    pub what: String,
}

impl Event {
    /// What a request says of itself when it arrives; nothing has happened yet.
    pub(crate) fn arrived(head: &Parts, effect: Effect) -> Self {
        Self {
            sequence: 0,
            kind: Kind::Missing,
            method: short(head.method.as_str()),
            path: short(head.uri.path()),
            query: short(head.uri.query().unwrap_or_default()),
            mark: Mark::of(&head.headers, head.uri.query()),
            host: text(&head.headers, &HOST),
            origin: text(&head.headers, &ORIGIN),
            referer: text(&head.headers, &REFERER),
            fetch_site: text(&head.headers, &HeaderName::from_static("sec-fetch-site")),
            cookie: text(&head.headers, &COOKIE).is_some_and(|all| all.contains("session=")),
            cookies: cookie_names(&head.headers),
            effect,
            what: String::new(),
        }
    }

    /// The event as a line for a terminal: shape, word, request, what happened.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { method, path, what, .. } = self;
        let word = match self.kind {
            Kind::Executed => "■ executed ",
            Kind::Preflight => "─ preflight",
            Kind::Refused => "□ refused  ",
            Kind::Missing => "┄ missing  ",
            Kind::CutOff => "⊘ cut off  ",
        };
        format!("{word} {method} {path}  {what}")
    }
}

/// The list of events, and who waits for it.
pub struct Witness {
    kept: Mutex<VecDeque<Event>>,
    count: watch::Sender<u64>,
    listener: Option<Listener>,
}

impl Witness {
    pub(crate) fn new(listener: Option<Listener>) -> Self {
        Self { kept: Mutex::default(), count: watch::Sender::new(0), listener }
    }

    /// Notes what became of a request; `arrived` says which.
    pub(crate) fn note(&self, arrived: &Event, kind: Kind, what: &str) {
        let mut kept = self.kept();
        let sequence = self.count() + 1;
        let event = Event { sequence, kind, what: short(what), ..arrived.clone() };
        if let Some(listener) = &self.listener {
            listener(&event);
        }
        if kept.len() == EVENTS_MAX {
            kept.pop_front();
        }
        kept.push_back(event);
        // Still under the lock: the next event takes its number from this count.
        self.count.send_replace(sequence);
    }

    /// Everything that is kept, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.kept().iter().cloned().collect()
    }

    /// What is kept of the events after `sequence`.
    #[must_use]
    pub fn since(&self, sequence: u64) -> Vec<Event> {
        self.kept().iter().filter(|event| event.sequence > sequence).cloned().collect()
    }

    /// The executions whose path is `path`, whatever their query.
    #[must_use]
    pub fn executed(&self, path: &str) -> Vec<Event> {
        let ran = |event: &&Event| event.kind == Kind::Executed && event.path == path;
        self.kept().iter().filter(ran).cloned().collect()
    }

    /// Events since the start, also those that are no longer kept.
    #[must_use]
    pub fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Tells of every change of [`Witness::count`].
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// Waits until at least `count` events have happened, and returns those that are kept.
    pub async fn wait_for(&self, count: u64) -> Vec<Event> {
        let mut counts = self.watch();
        // The sender lives as long as this witness, so that waiting cannot fail.
        let _ = counts.wait_for(|now| *now >= count).await;
        self.events()
    }

    /// Waits for the first event, kept or coming, that `wanted` says yes to.
    pub async fn wait_until(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        let mut counts = self.watch();
        let mut seen = 0;
        loop {
            counts.mark_unchanged();
            for event in self.since(seen) {
                if wanted(&event) {
                    return event;
                }
                seen = event.sequence;
            }
            let _ = counts.changed().await;
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
    (!values.is_empty()).then(|| short(&values.join(", ")))
}

fn cookie_names(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';'));
    let names = pairs.map(|pair| pair.split('=').next().unwrap_or_default().trim());
    names.map(short).take(COOKIES_MAX).collect()
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
