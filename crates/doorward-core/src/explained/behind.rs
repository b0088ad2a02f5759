//! What comes behind the head: shares, attempts to sign in, the body, and what the gate comes to.

use super::{End, Said, Share};
use crate::gate::Gate;
use crate::layers;
use crate::layers::quota::{self, Counts, Limit};
use crate::moment::Moment;
use crate::question::{Answer, Answers, Rate};
use crate::reason::Reason;
use crate::signing_in;
use crate::turn::Turn;
use crate::verdict::Verdict;
use crate::view::View;
use crate::visit::Visit;
use std::sync::Arc;

/// Turns that a visit takes at the most, with room to spare.
const TURNS_MAX: usize = 16;

/// What `quota` says, as far as no store is asked.
pub(super) fn quota(gate: &Gate, visit: &Visit<'_>, body: Option<&[u8]>, at: Moment<'_>) -> Said {
    let refuse = |reason| Said::Refuse(Reason::Quota(reason));
    if let Some(beyond) = quota::inspect(&gate.quota, visit, at) {
        return refuse(beyond.reason);
    }
    if let Some(reason) = quota::inspect_sign_in(visit) {
        return refuse(reason);
    }
    let Some((sign_in, watch)) = signing_in::of(visit) else { return Said::Next };
    let Some(body) = body else {
        return Said::Skipped("the account that signs in is looked for in the body");
    };
    match quota::sign_in_questions(sign_in, visit, body, watch, at) {
        Ok(_) => Said::Next,
        Err(reason) => refuse(reason),
    }
}

/// What `body` says.
pub(super) fn body(gate: &Gate, visit: &Visit<'_>, bytes: Option<&[u8]>) -> Said {
    if visit.route().ai.is_none() {
        return Said::Skipped("the route says nothing of its bodies");
    }
    let Some(bytes) = bytes else {
        return Said::Skipped("what is asked for is told by the body");
    };
    match layers::body::inspect(&gate.body, visit, bytes) {
        Ok(_) => Said::Next,
        Err(no) => Said::Refuse(Reason::Body(no.reason)),
    }
}

/// The shares that the store is asked for, in the order of its questions.
pub(super) fn shares(gate: &Gate, visit: &Visit<'_>) -> Vec<Share> {
    let (asks, _) = gate.asks(visit);
    let count = if asks { gate.quota.count(visit.counted()) } else { 0 };
    // A no at one place alone is told by the name of its limit.
    let limits = (0..count).filter_map(|place| {
        let answer = |other| match other == place {
            true => Answer::No { retry_ns: 1 },
            false => Answer::Yes { left: 0, reset_s: 0 },
        };
        let answers: Answers = (0..count).map(answer).collect();
        let judged = quota::judge(&gate.quota, visit.counted(), false, &answers);
        judged.refuses.or(judged.notes)?.limit
    });
    let share = |limit: &Limit| {
        let (count, window_s) = limit.policy();
        Share { limit: limit.name.clone(), count, window_s }
    };
    let failures = signing_in::of(visit).into_iter().flat_map(|(sign_in, _)| {
        let names = match sign_in.counts {
            Counts::Failures => ["sign-in by account", "sign-in by address"],
            Counts::Attempts => ["attempts by account", "attempts by address"],
        };
        names.into_iter().zip([sign_in.per_account, sign_in.per_address])
    });
    limits.map(share).chain(failures.map(|(name, rate)| share_of(name, rate))).collect()
}

fn share_of(name: &str, rate: Rate) -> Share {
    let window_s = rate.every_ns.saturating_mul(u64::from(rate.burst)) / 1_000_000_000;
    Share { limit: name.to_owned(), count: rate.burst, window_s }
}

/// What the gate comes to, where nobody's share is used up.
pub(super) fn end(gate: &Arc<Gate>, view: View<'_>, body: Option<&[u8]>, at: Moment<'_>) -> End {
    match verdict(gate, view, body, at) {
        Ok(Verdict::Admit(_)) => End::Admit,
        Ok(Verdict::Reply(reply)) => End::Reply(reply.status),
        Ok(Verdict::Refuse(refused)) => End::Refuse(refused.reason()),
        Err(open) => open,
    }
}

/// The same, whole; or what would be waited for.
pub(super) fn verdict(
    gate: &Arc<Gate>,
    view: View<'_>,
    body: Option<&[u8]>,
    at: Moment<'_>,
) -> Result<Verdict, End> {
    let mut turn = gate.open(view, at);
    for _ in 0..TURNS_MAX {
        turn = match turn {
            Turn::Keys(_) => return Err(End::Keys),
            Turn::Caller(_) => return Err(End::Caller),
            Turn::Done(verdict) => return Ok(verdict),
            Turn::Ask(pending) => {
                let yes = |_| Answer::Yes { left: 0, reset_s: 0 };
                let answers: Answers = pending.questions().iter().map(yes).collect();
                pending.answer(&answers, at)
            }
            Turn::Body(awaiting) => match body {
                Some(body) => awaiting.with(body, at),
                None => return Err(End::Body),
            },
        };
    }
    Err(End::Body)
}
