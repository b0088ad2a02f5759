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
    // Only what waits for a body is kept over a wait, and few visits do. Kept apart, it does not
    // make every visit's future larger, which is moved more than once.
    let mut waiting = match ask(gate.open(view, at), at, store) {
        Turn::Done(verdict) => return verdict,
        Turn::Body(awaiting) => Box::new(awaiting),
        Turn::Ask(_) => return Verdict::Refuse(gate.fault(Fault::GateBusy, view.peer, at)),
    };
    for _ in 0..TURNS_MAX {
        let held = Box::pin(body.hold(waiting.bytes_max())).await;
        let turn = match held {
            Ok(bytes) => waiting.with(&bytes, at),
            Err(fault) => waiting.failed(fault, at),
        };
        waiting = match ask(turn, at, store) {
            Turn::Done(verdict) => return verdict,
            Turn::Body(awaiting) => Box::new(awaiting),
            Turn::Ask(_) => break,
        };
    }
    Verdict::Refuse(gate.fault(Fault::GateBusy, view.peer, at))
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
