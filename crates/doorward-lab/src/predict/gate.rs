//! What the gate is going to say: its own core is asked, with a store and a clock of its own.

use crate::gate::seed;
use doorward_core::gate::Gate as Core;
use doorward_core::memory::Memory;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::reason::{Reason, Words};
use doorward_core::turn::Turn;
use doorward_core::verdict::{Admitted, Verdict};
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SystemChance;
use doorward_store::{MemoryStore, Sizes};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use std::net::IpAddr;
use std::sync::Arc;

/// A gate that has not been asked yet.
pub(super) struct FutureGate {
    core: Arc<Core>,
    store: MemoryStore,
    memory: Memory,
    now: Now,
}

/// What it says.
pub(super) enum Said {
    Admitted(Box<Admitted>),
    Replied(StatusCode, HeaderMap),
    Refused { code: &'static str, status: StatusCode, headers: HeaderMap },
}

impl FutureGate {
    pub(super) fn new(core: &Arc<Core>, now_s: u64) -> Self {
        Self {
            core: Arc::clone(core),
            store: MemoryStore::new(Sizes::default(), seed()),
            memory: Memory::new(1_000, seed()),
            now: Now { steady_ns: 1_000_000_000, unix_s: now_s },
        }
    }

    /// Judges a head, as if it were sent in this moment.
    pub(super) fn judge(&self, head: &Parts, peer: IpAddr) -> Said {
        let id = RequestId::draw(&SystemChance);
        let at = Moment { now: self.now, id, chance: &SystemChance, memory: &self.memory };
        let length = head.headers.get_all("content-length").iter().next();
        let length =
            length.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        let view = View {
            method: &head.method,
            target: Target { authority: None, path: head.uri.path(), query: head.uri.query() },
            headers: &head.headers,
            peer,
            body: length.map_or(BodyHint::Empty, BodyHint::Length),
            fidelity: Fidelity::PROXY,
        };
        let turn = match self.core.open(view, at) {
            Turn::Ask(pending) => {
                let answers = self.store.answer(&pending.questions(), at.now);
                pending.answer(&answers, at)
            }
            turn => turn,
        };
        match turn {
            Turn::Done(Verdict::Admit(admitted)) => Said::Admitted(Box::new(admitted)),
            Turn::Done(Verdict::Reply(reply)) => Said::Replied(reply.status, reply.headers),
            Turn::Done(Verdict::Refuse(refused)) => {
                let code = refused.reason().code();
                let reply = refused.reply();
                Said::Refused { code, status: reply.status, headers: reply.headers }
            }
            // The lab's gates hold no bodies and ask no issuers; one that did would wait.
            Turn::Body(_) | Turn::Keys(_) | Turn::Ask(_) => Said::Refused {
                code: "",
                status: StatusCode::SERVICE_UNAVAILABLE,
                headers: HeaderMap::new(),
            },
        }
    }
}

/// What a code of the gate's says.
pub(super) fn words(code: &str) -> Option<Words> {
    Reason::find(code).map(Reason::words)
}
