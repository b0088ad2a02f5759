//! The loop that carries a visit: between the core, which decides, the body, the store and the
//! world outside.

use crate::clock::Clock;
use crate::outside::Outside;
use bytes::Bytes;
use doorward_core::fault::Fault;
use doorward_core::gate::Gate;
use doorward_core::moment::Moment;
use doorward_core::question::Questions;
use doorward_core::turn::{AwaitingBody, AwaitingCaller, AwaitingKeys, Pending, Turn};
use doorward_core::verdict::Verdict;
use doorward_core::view::View;
use doorward_store::Store;
use std::future::Future;
use std::sync::Arc;

/// Turns that one visit can take: head, keys, body, one to spare, and the batches of a store that
/// has to be waited for. More is a mistake of ours, and ends in a refusal.
const TURNS_MAX: usize = 5 + ASKS_MAX;

/// Whom a visit may ask.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    /// The store.
    pub store: &'a Store,
    /// The world outside: issuers of tokens.
    pub outside: &'a Outside,
    /// The time: what was waited for is judged by the time at which it came.
    pub clock: &'a dyn Clock,
}

/// What a visit waits for; boxed, because few visits do.
enum Waiting<'v> {
    Body(Box<AwaitingBody<'v>>),
    Keys(Box<AwaitingKeys<'v>>),
    Caller(Box<AwaitingCaller<'v>>),
    /// A store that is not asked at once.
    Store(Box<Pending<'v>>),
}

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
    reach: Reach<'_>,
    body: &mut (impl Hold + Send),
) -> Verdict {
    // Only what waits is kept over a wait, and few visits do. Kept apart, it does not
    // make every visit's future larger, which is moved more than once.
    let mut waiting = match ask(gate.open(view, at), at, reach.store) {
        Turn::Done(verdict) => return verdict,
        Turn::Body(awaiting) => Waiting::Body(Box::new(awaiting)),
        Turn::Keys(awaiting) => Waiting::Keys(Box::new(awaiting)),
        Turn::Caller(awaiting) => Waiting::Caller(Box::new(awaiting)),
        Turn::Ask(pending) => Waiting::Store(Box::new(pending)),
    };
    for _ in 0..TURNS_MAX {
        let turn = match waiting {
            Waiting::Store(pending) => {
                let questions = pending.questions();
                let asked = reach.store.answer(&questions, reach.clock.now());
                let answers = Box::pin(asked).await;
                pending.answer(&answers, later(at, reach))
            }
            Waiting::Body(awaiting) => match Box::pin(body.hold(awaiting.bytes_max())).await {
                Ok(bytes) => awaiting.with(&bytes, later(at, reach)),
                Err(fault) => awaiting.failed(fault, later(at, reach)),
            },
            Waiting::Keys(awaiting) => {
                let looked_up = Box::pin(reach.outside.keys(awaiting.issuer(), awaiting.prefix()));
                let looked_up = looked_up.await;
                awaiting.with(looked_up, later(at, reach))
            }
            Waiting::Caller(awaiting) => {
                let told = Box::pin(reach.outside.caller(awaiting.errand(), awaiting.prefix()));
                let (told, asked_ns) = told.await;
                awaiting.with(&told, asked_ns, later(at, reach))
            }
        };
        waiting = match ask(turn, later(at, reach), reach.store) {
            Turn::Done(verdict) => return verdict,
            Turn::Body(awaiting) => Waiting::Body(Box::new(awaiting)),
            Turn::Keys(awaiting) => Waiting::Keys(Box::new(awaiting)),
            Turn::Caller(awaiting) => Waiting::Caller(Box::new(awaiting)),
            Turn::Ask(pending) => Waiting::Store(Box::new(pending)),
        };
    }
    Verdict::Refuse(gate.fault(Fault::GateBusy, view.peer, at))
}

/// The same visit's moment, after something was waited for.
fn later<'a>(at: Moment<'a>, reach: Reach<'_>) -> Moment<'a> {
    Moment { now: reach.clock.now(), ..at }
}

/// Batches that one visit can ask for in a row: a claim, and giving back what a replay took.
const ASKS_MAX: usize = 3;

/// Asks the store as long as it is wanted and answers at once: one in the process does, so nothing
/// of the visit is moved into the future for it.
fn ask<'v>(mut turn: Turn<'v>, at: Moment<'_>, store: &Store) -> Turn<'v> {
    for _ in 0..ASKS_MAX {
        turn = match turn {
            Turn::Ask(pending) => match store.at_once(&pending.questions(), at.now) {
                Some(answers) => pending.answer(&answers, at),
                None => return Turn::Ask(pending),
            },
            Turn::Done(_) | Turn::Body(_) | Turn::Keys(_) | Turn::Caller(_) => return turn,
        };
    }
    turn
}

/// Tells the store how a visit ended.
pub async fn settle(questions: &Questions, at: Moment<'_>, store: &Store) {
    if questions.is_empty() {
        return;
    }
    // What is given back is always granted; a store that is away keeps it as spent.
    let _ = store.answer(questions, at.now).await;
}
