//! What the gate is going to say: its own core is asked, with a store and a clock of its own.

use crate::backend::EXPECTED_SESSION;
use crate::gate::{seed, turned_on};
use bytes::Bytes;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::gate::Gate as Core;
use doorward_core::layers::identity::{Told, What};
use doorward_core::memory::Memory;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::reason::{Reason, Words};
use doorward_core::turn::Turn;
use doorward_core::verdict::{Admitted, Outcome, Verdict};
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SystemChance;
use doorward_store::{MemoryStore, Sizes};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Turns that one request takes, at most.
const TURNS_MAX: usize = 8;

/// A gate that has not been asked yet.
pub(super) struct FutureGate {
    core: Arc<Core>,
    store: MemoryStore,
    memory: Memory,
    begun: Now,
    ahead_ns: u64,
}

/// What it says.
pub(super) enum Said {
    Admitted(Box<Admitted>),
    Replied(StatusCode, HeaderMap, Bytes),
    Refused { code: &'static str, status: StatusCode, headers: HeaderMap, body: Bytes },
}

impl FutureGate {
    pub(super) fn new(core: &Arc<Core>, now_s: u64) -> Self {
        Self {
            core: Arc::clone(core),
            store: MemoryStore::new(Sizes::default(), seed()),
            memory: Memory::new(1_000, seed()),
            begun: Now { steady_ns: 1_000_000_000, unix_s: now_s },
            ahead_ns: 0,
        }
    }

    /// Time goes by.
    pub(super) fn wait(&mut self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 4);
        self.ahead_ns = self.ahead_ns.saturating_add(ns);
    }

    /// Its clock.
    pub(super) const fn now(&self) -> Now {
        turned_on(self.begun, self.ahead_ns)
    }

    /// The backend has answered. Whose a session is that it sets, nobody is asked here.
    pub(super) fn answered(&self, admitted: &Admitted, status: StatusCode, headers: &HeaderMap) {
        admitted.notice(status, headers, &self.memory, self.now());
        let settled = admitted.settle(Outcome::Answered(status));
        if !settled.is_empty() {
            // Nobody is told what came of it.
            let _ = self.store.answer(&settled, self.now());
        }
    }

    /// Judges a request, as if it were sent in this moment.
    pub(super) fn judge(&self, head: &Parts, body: &[u8], peer: IpAddr) -> Said {
        let id = RequestId::draw(&SystemChance);
        let at = Moment { now: self.now(), id, chance: &SystemChance, memory: &self.memory };
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let view = View {
            method: &head.method,
            target: Target { authority: None, path: head.uri.path(), query: head.uri.query() },
            headers: &head.headers,
            peer,
            certificate: None,
            shown: Shown::NOTHING,
            body: if body.is_empty() { BodyHint::Empty } else { BodyHint::Length(length) },
            fidelity: Fidelity::PROXY,
        };
        let mut turn = self.core.open(view, at);
        for _ in 0..TURNS_MAX {
            turn = match turn {
                Turn::Done(verdict) => return said(verdict),
                Turn::Ask(pending) => {
                    let answers = self.store.answer(&pending.questions(), at.now);
                    pending.answer(&answers, at)
                }
                Turn::Body(waiting) => waiting.with(body, at),
                Turn::Caller(awaiting) => {
                    let told = expected_caller(&awaiting.errand().what);
                    awaiting.with(&told, at.now.steady_ns, at)
                }
                // The lab's gates know no issuer; one that did would wait.
                Turn::Keys(_) => break,
            };
        }
        Said::Refused {
            code: "",
            status: StatusCode::SERVICE_UNAVAILABLE,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }
}

/// What the backend is going to say of a caller: the session that its log-in is expected to set is
/// ann's.
fn expected_caller(what: &What) -> Told {
    let headers = match what {
        What::Http { headers, .. } => headers.as_slice(),
        // The lab's backend keeps its sessions to itself.
        What::Record { .. } => return Told::Away,
    };
    let session = format!("session={EXPECTED_SESSION}");
    let is_ann = headers.iter().any(|(name, value)| *name == "cookie" && *value == session);
    match is_ann {
        true => Told::Answer(200, br#"{"id":"ann"}"#.to_vec()),
        false => Told::Answer(401, b"{}".to_vec()),
    }
}

fn said(verdict: Verdict) -> Said {
    match verdict {
        Verdict::Admit(admitted) => Said::Admitted(Box::new(admitted)),
        Verdict::Reply(reply) => Said::Replied(reply.status, reply.headers, reply.body),
        Verdict::Refuse(refused) => {
            let code = refused.reason().code();
            let reply = refused.reply();
            Said::Refused { code, status: reply.status, headers: reply.headers, body: reply.body }
        }
    }
}

/// What a code of the gate's says.
pub(super) fn words(code: &str) -> Option<Words> {
    Reason::find(code).map(Reason::words)
}
