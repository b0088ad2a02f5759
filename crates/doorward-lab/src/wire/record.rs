//! The record of messages, and who waits for it.

use super::{HEADER, Mark};
use crate::passes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde::Serialize;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// Messages kept of all runs; older ones are forgotten.
const MESSAGES_MAX: usize = 8_000;
/// Messages kept of one step: a flood is told by its numbers.
const STEP_MESSAGES_MAX: usize = 48;
/// Headers kept of one message.
const HEADERS_MAX: usize = 100;
/// Characters kept of each text that somebody sent.
const TEXT_CHARS_MAX: usize = 1_024;

/// Who sends or hears a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// A browser, or a program: whoever calls.
    Caller,
    /// The shared cache.
    Cache,
    /// The gate.
    Gate,
    /// The backend.
    Backend,
    /// The paid service.
    PaidAi,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A request.
    Request {
        /// Its method.
        method: String,
        /// `Host`, as it was sent.
        host: String,
        /// Path and query, without the mark.
        target: String,
        /// All headers, in their order.
        headers: Vec<(String, String)>,
    },
    /// An answer.
    Answer {
        /// Its status.
        status: u16,
        /// All headers, in their order.
        headers: Vec<(String, String)>,
    },
    /// No answer: the connection broke.
    Broken,
}

impl What {
    /// Whether it is for the gate itself, ahead of what a caller wants.
    pub(crate) fn is_aside(&self) -> bool {
        match self {
            Self::Request { target, .. } => target.starts_with(passes::OWN),
            Self::Answer { .. } | Self::Broken => false,
        }
    }
}

/// One message on one leg of its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Which run and step it belongs to.
    #[serde(flatten)]
    pub mark: Mark,
    /// Microseconds since the lab started.
    pub at_us: u64,
    /// The same for a request and its answer.
    pub exchange: u64,
    /// Who sends.
    pub from: Node,
    /// Who hears.
    pub to: Node,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// The record.
pub struct Wire {
    kept: Mutex<Kept>,
    started: Instant,
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    messages: VecDeque<Message>,
    steps: HashMap<Mark, Step>,
    exchanges: u64,
    /// The step that runs: what a page's script asks the gate for by itself belongs to it.
    present: Option<Mark>,
}

/// What is known of a step beside its messages.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    messages: usize,
    /// Requests without an answer so far.
    open: usize,
    /// Requests from the caller so far, and answers to them.
    asked: u64,
    answered: u64,
    /// The caller was answered with 200, or its answer has begun.
    heard: bool,
}

/// A request that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    mark: Mark,
    number: u64,
    from: Node,
    to: Node,
    /// It is for the gate itself.
    is_aside: bool,
}

impl Default for Wire {
    fn default() -> Self {
        let news = watch::Sender::new(0);
        Self { kept: Mutex::default(), started: Instant::now(), news }
    }
}

impl Wire {
    /// Microseconds since the lab started.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// This step runs from now on.
    pub(crate) fn begin(&self, mark: Mark) {
        self.kept().present = Some(mark);
    }

    /// Notes a request that goes by.
    pub(crate) fn request(&self, mark: Mark, (from, to): (Node, Node), what: What) -> Exchange {
        let mut kept = self.kept();
        kept.exchanges += 1;
        let is_aside = what.is_aside();
        let exchange = Exchange { mark, number: kept.exchanges, from, to, is_aside };
        let step = kept.steps.entry(mark).or_default();
        step.open += 1;
        step.asked += u64::from(from == Node::Caller);
        kept.add(Message { mark, at_us: self.now_us(), exchange: exchange.number, from, to, what });
        drop(kept);
        self.tell();
        exchange
    }

    /// Notes what comes back.
    pub(crate) fn answer(&self, exchange: Exchange, what: What) {
        let Exchange { mark, number, from, to, is_aside } = exchange;
        let mut kept = self.kept();
        let step = kept.steps.entry(mark).or_default();
        step.open = step.open.saturating_sub(1);
        step.answered += u64::from(from == Node::Caller);
        let is_good = matches!(what, What::Answer { status: 200, .. });
        step.heard |= from == Node::Caller && !is_aside && is_good;
        let at_us = self.now_us();
        kept.add(Message { mark, at_us, exchange: number, from: to, to: from, what });
        drop(kept);
        self.tell();
    }

    /// Notes a request that goes by, where it has a mark, or asks the gate for a pass.
    pub(crate) fn note<B>(&self, request: &Request<B>, leg: (Node, Node)) -> Option<Exchange> {
        let own = Mark::of(request.headers(), request.uri().query());
        let asks = request.uri().path() == passes::PATH;
        let mark = own.or_else(|| self.kept().present.filter(|_| asks))?;
        let host = request.headers().get(HOST).map(HeaderValue::as_bytes);
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let what = What::Request {
            method: request.method().as_str().to_owned(),
            host: String::from_utf8_lossy(host.unwrap_or_default()).into_owned(),
            target: Mark::off(target),
            headers: shown(request.headers()),
        };
        Some(self.request(mark, leg, what))
    }

    /// Notes the answer to it.
    pub(crate) fn note_answer<B>(&self, exchange: Exchange, answer: &Response<B>) {
        let (status, headers) = (answer.status().as_u16(), shown(answer.headers()));
        self.answer(exchange, What::Answer { status, headers });
    }

    /// What is kept of a step's messages, oldest first.
    #[must_use]
    pub fn of_step(&self, mark: Mark) -> Vec<Message> {
        self.kept().messages.iter().filter(|message| message.mark == mark).cloned().collect()
    }

    /// Requests of a step that a caller sent.
    #[must_use]
    pub fn asked(&self, mark: Mark) -> u64 {
        self.kept().steps.get(&mark).map_or(0, |step| step.asked)
    }

    /// Waits until the caller has heard the beginning of an answer of this step.
    pub(crate) async fn heard(&self, mark: Mark) {
        let mut news = self.news.subscribe();
        loop {
            news.mark_unchanged();
            if self.kept().steps.get(&mark).is_some_and(|step| step.heard) {
                return;
            }
            // The sender lives as long as this record, so that waiting cannot fail.
            let _ = news.changed().await;
        }
    }

    /// Waits until every request of a step has its answer, and at least `least` came from the
    /// caller.
    pub async fn quiet(&self, mark: Mark, least: u64) {
        let mut news = self.news.subscribe();
        loop {
            news.mark_unchanged();
            let step = self.kept().steps.get(&mark).copied().unwrap_or_default();
            if step.open == 0 && step.answered >= least {
                return;
            }
            // The sender lives as long as this record, so that waiting cannot fail.
            let _ = news.changed().await;
        }
    }

    /// Tells of every message.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, message: Message) {
        let step = self.steps.entry(message.mark).or_default();
        if step.messages >= STEP_MESSAGES_MAX {
            return;
        }
        step.messages += 1;
        if self.messages.len() >= MESSAGES_MAX
            && let Some(oldest) = self.messages.pop_front()
        {
            // Steps whose messages are forgotten are over.
            self.steps.remove(&oldest.mark);
        }
        self.messages.push_back(message);
    }
}

/// Headers as they are kept.
pub(crate) fn shown(map: &HeaderMap) -> Vec<(String, String)> {
    let lines = map.iter().filter(|(name, _)| *name != HEADER).take(HEADERS_MAX);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(TEXT_CHARS_MAX).collect();
    lines.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Mark, Node, What, Wire};

    fn request() -> What {
        What::Request {
            method: "GET".to_owned(),
            host: String::new(),
            target: "/".to_owned(),
            headers: Vec::new(),
        }
    }

    fn is_pending(future: std::pin::Pin<&mut impl Future>) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        future.poll(&mut context).is_pending()
    }

    #[tokio::test]
    async fn a_step_is_quiet_when_all_is_answered() {
        let wire = Wire::default();
        let mark = Mark { run: 1, step: 0 };
        wire.quiet(mark, 0).await;
        let leg = (Node::Caller, Node::Gate);
        let outer = wire.request(mark, leg, request());
        let inner = wire.request(mark, (Node::Gate, Node::Backend), request());
        let waiting = wire.quiet(mark, 1);
        tokio::pin!(waiting);
        assert!(is_pending(waiting.as_mut()));
        wire.answer(inner, What::Answer { status: 200, headers: Vec::new() });
        assert!(is_pending(waiting.as_mut()));
        wire.answer(outer, What::Broken);
        waiting.await;
        assert_eq!(wire.of_step(mark).len(), 4);
        assert_eq!(wire.asked(mark), 1);
    }

    #[test]
    fn a_flood_keeps_few_messages_and_all_numbers() {
        let wire = Wire::default();
        let mark = Mark { run: 1, step: 0 };
        for _ in 0..1000 {
            let exchange = wire.request(mark, (Node::Caller, Node::Backend), request());
            wire.answer(exchange, What::Answer { status: 200, headers: Vec::new() });
        }
        assert_eq!(wire.of_step(mark).len(), super::STEP_MESSAGES_MAX);
        assert_eq!(wire.asked(mark), 1000);
    }
}
