//! The loop that carries a visit: between the core, which decides, the body and the store.

use bytes::Bytes;
use doorward_core::fault::Fault;
use doorward_core::gate::Gate;
use doorward_core::moment::Moment;
use doorward_core::question::Questions;
use doorward_core::turn::Turn;
use doorward_core::verdict::Verdict;
use doorward_core::view::View;
use doorward_store::Store;
use std::future::Future;
use std::sync::Arc;

/// Turns that one visit can take: head, shares, body, and one to spare. More is a mistake of ours,
/// and ends in a refusal.
const TURNS_MAX: usize = 4;

/// A mounting's body, which can be held whole.
pub trait Hold {
    /// Reads the body to its end, keeps it for the way upstream, and lends it.
    ///
    /// # Errors
    /// `BodyTooLarge` beyond `bytes_max`; `BodyCutOff`, `BodyTooSlow` and the faults of its
    /// framing.
    fn hold(&mut self, bytes_max: usize) -> impl Future<Output = Result<Bytes, Fault>> + Send;
}

/// Carries one visit to its verdict.
pub async fn converse(
    gate: &Arc<Gate>,
    view: View<'_>,
    at: Moment<'_>,
    store: &Store,
    body: &mut (impl Hold + Send),
) -> Verdict {
    let mut turn = ask(gate.open(view, at), at, store);
    for _ in 0..TURNS_MAX {
        turn = match turn {
            Turn::Done(verdict) => return verdict,
            Turn::Body(awaiting) => match body.hold(awaiting.bytes_max()).await {
                Ok(bytes) => awaiting.with(&bytes, at),
                Err(fault) => awaiting.failed(fault, at),
            },
            Turn::Ask(pending) => ask(Turn::Ask(pending), at, store),
        };
    }
    match turn {
        Turn::Done(verdict) => verdict,
        Turn::Ask(_) | Turn::Body(_) => Verdict::Refuse(gate.fault(Fault::GateBusy, view.peer, at)),
    }
}

/// Asks the store where it is wanted. This one is in the process, and answers without waiting: so
/// nothing of the visit is moved into the future for it.
fn ask<'v>(turn: Turn<'v>, at: Moment<'_>, store: &Store) -> Turn<'v> {
    match turn {
        Turn::Ask(pending) => {
            let Store::Memory(memory) = store;
            let answers = memory.answer(&pending.questions(), at.now);
            pending.answer(&answers, at)
        }
        Turn::Done(_) | Turn::Body(_) => turn,
    }
}

/// Tells the store how a visit ended.
pub async fn settle(questions: &Questions, at: Moment<'_>, store: &Store) {
    if questions.is_empty() {
        return;
    }
    // What is given back is always granted; a store that is away keeps it as spent.
    let _ = store.answer(questions, at.now).await;
}
