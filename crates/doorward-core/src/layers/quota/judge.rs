//! What the store is asked for a caller, and what its answers come to.

use super::deny::denies_address;
use super::limit::{Counted, Counter, Limit};
use super::told::{self, Told};
use super::{Policy, Reason};
use crate::address::Prefix;
use crate::moment::Moment;
use crate::question::{Answer, Answers, Ask, Question, Questions};
use crate::visit::Visit;
use std::net::IpAddr;

/// What speaks against a caller, and how long it has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond<'p> {
    /// Why.
    pub reason: Reason,
    /// Nanoseconds to wait; none: waiting does not help.
    pub retry_ns: Option<u64>,
    /// The limit that was reached, where one was.
    pub limit: Option<&'p Limit>,
}

/// What the store's answers come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged<'p> {
    /// What the caller is refused for.
    pub refuses: Option<Beyond<'p>>,
    /// What is only noted.
    pub notes: Option<Beyond<'p>>,
}

/// The address itself: deny-list and strikes.
#[must_use]
pub fn inspect(policy: &Policy, visit: &Visit<'_>, at: Moment<'_>) -> Option<Beyond<'static>> {
    if denies_address(policy, visit.client, at) {
        return Some(Beyond { reason: Reason::Denied, retry_ns: None, limit: None });
    }
    let wait = at.memory.strikes.wait_ns(visit.prefix, policy.strikes, at.now)?;
    if policy.allow.has(visit.client) {
        return None;
    }
    Some(Beyond { reason: Reason::Strikes, retry_ns: Some(wait), limit: None })
}

/// Whether no limit counts whoever sends this.
pub(crate) fn allows(policy: &Policy, visit: &Visit<'_>) -> bool {
    if policy.allow.is_empty() {
        return false;
    }
    // What stands for many visitors is none of them, though nobody can tell which.
    let is_proxy = visit.gate.client_ip.trusts(visit.client);
    policy.allow.has_counted(visit.counted(), is_proxy)
}

/// What the store is asked for a caller. `watch`: the answers are only noted.
#[must_use]
pub fn questions(policy: &Policy, counted: Counted<'_>, watch: bool) -> Questions {
    let mut out = Questions::new();
    for counter in policy.limits_for(counted) {
        // As many as fit were checked for when the gate was made.
        if out.try_push(counter.question(counted, watch)).is_err() {
            break;
        }
    }
    out
}

/// What the store's answers come to: the longest wait, and the limit that asks for it. `watch`: all
/// are only noted.
#[must_use]
pub fn judge<'p>(
    policy: &'p Policy,
    counted: Counted<'_>,
    watch: bool,
    answers: &Answers,
) -> Judged<'p> {
    let store_away = Beyond { reason: Reason::StoreAway, retry_ns: None, limit: None };
    let mut answers = answers.iter();
    // Questions are skipped behind a no. Without one, a store that left some open answered nothing.
    let mut unanswered = Judged::default();
    let mut judged = Judged::default();
    for counter in policy.limits_for(counted) {
        let is_watched = counter.watches(watch);
        match answers.next() {
            Some(Answer::Yes { .. }) => {}
            Some(Answer::Skipped) | None => *unanswered.of(is_watched) = Some(store_away),
            // A share is never claimed: whoever answers so did not understand the question.
            Some(Answer::Unavailable | Answer::Used { .. }) => {
                *judged.of(is_watched) = Some(store_away);
                // What is only noted decides nothing about those behind it.
                if !is_watched {
                    return judged;
                }
            }
            Some(Answer::No { retry_ns }) => judged.add(is_watched, beyond(counter, *retry_ns)),
        }
    }
    let is_refused = judged.refuses.is_some();
    judged.refuses = judged.refuses.or(unanswered.refuses);
    if !is_refused {
        judged.notes = judged.notes.or(unanswered.notes);
    }
    judged
}

impl<'p> Judged<'p> {
    const fn of(&mut self, is_watched: bool) -> &mut Option<Beyond<'p>> {
        if is_watched { &mut self.notes } else { &mut self.refuses }
    }

    /// Adds what speaks against a caller: the longest wait stays.
    fn add(&mut self, is_watched: bool, beyond: Beyond<'p>) {
        let worst = self.of(is_watched);
        if worst.is_none_or(|other| is_longer(beyond, other)) {
            *worst = Some(beyond);
        }
    }
}

/// What was never granted is not by waiting either: it costs more than the share holds.
fn beyond(counter: &Counter, retry_ns: u64) -> Beyond<'_> {
    let retry_ns = (retry_ns < u64::MAX).then_some(retry_ns);
    Beyond { reason: Reason::Share, retry_ns, limit: Some(&counter.limit) }
}

fn is_longer(one: Beyond<'_>, other: Beyond<'_>) -> bool {
    one.retry_ns.unwrap_or(u64::MAX) > other.retry_ns.unwrap_or(u64::MAX)
}

/// Who is refused for a time because he went beyond a limit before: the longest that is left.
#[must_use]
pub fn boxed<'p>(
    policy: &'p Policy,
    counted: Counted<'_>,
    watch: bool,
    at: Moment<'_>,
) -> Judged<'p> {
    let mut judged = Judged::default();
    if !policy.has_penalties {
        return judged;
    }
    for counter in policy.limits_for(counted) {
        let Some(penalty) = counter.limit.penalty else { continue };
        let key = counter.key(counted, watch);
        let Some(left_ns) = at.memory.boxes.left_ns(&key, penalty, at.now) else { continue };
        let worst = if counter.watches(watch) { &mut judged.notes } else { &mut judged.refuses };
        let (reason, limit) = (Reason::Penalty, Some(&counter.limit));
        let beyond = Beyond { reason, retry_ns: Some(left_ns), limit };
        if worst.is_none_or(|other| is_longer(beyond, other)) {
            *worst = Some(beyond);
        }
    }
    judged
}

/// Refuses whoever went beyond a limit with a penalty for its time, and says so. What costs more
/// than the share ever holds is no abuse of it.
pub(crate) fn punish<'p>(
    policy: &'p Policy,
    counted: Counted<'_>,
    (watch, judged): (bool, Judged<'p>),
    answers: &Answers,
    at: Moment<'_>,
) -> Judged<'p> {
    let mut judged = judged;
    if !policy.has_penalties {
        return judged;
    }
    for (counter, answer) in policy.limits_for(counted).zip(answers) {
        let (Some(penalty), Answer::No { retry_ns }) = (counter.limit.penalty, answer) else {
            continue;
        };
        if *retry_ns == u64::MAX {
            continue;
        }
        let key = counter.key(counted, watch);
        let left_ns = at.memory.boxes.put(&key, penalty, at.now);
        let worst = if counter.watches(watch) { &mut judged.notes } else { &mut judged.refuses };
        let beyond = beyond(counter, left_ns.max(*retry_ns));
        if worst.is_none_or(|other| is_longer(beyond, other)) {
            *worst = Some(beyond);
        }
    }
    judged
}

/// Seconds for which a request that never leaves is waited for at the most: a body, a connection.
/// Nobody knows better, so shorter windows keep what was taken of them.
pub(super) const UNSENT_AGE_S: u32 = 3_600;

/// What gives back what was taken and not used, `age_s` after it was taken.
pub(super) fn back(taken: Ask, used: u32, age_s: u32) -> Option<Question> {
    let ask = match taken {
        Ask::TakeTokens { key, rate, cost } if used < cost => {
            Ask::GiveTokens { key, rate, cost: cost - used }
        }
        Ask::TakeFromWindow { key, window_s, cost, .. } if used < cost => {
            Ask::Settle { key, window_s, taken: cost, used, age_s }
        }
        _ => return None,
    };
    Some(Question { ask, always: true, watch: false })
}

/// What is given back for a request that never left for the backend. Where the request is gone,
/// what only it could tell is not looked at: see `Kept`.
#[must_use]
pub fn give_back(policy: &Policy, counted: Counted<'_>) -> Questions {
    let mut out = Questions::new();
    for counter in policy.limits_for(counted) {
        let question = counter.question(counted, false);
        let is_told = counted.asked.is_some() || !counter.is_kept;
        if is_told
            && !question.watch
            && let Some(question) = back(question.ask, 0, UNSENT_AGE_S)
        {
            let _ = out.try_push(question);
        }
    }
    out
}

/// What a refused caller is told of the limit that it has reached.
pub(crate) fn tell(beyond: &Beyond<'_>, retry_s: Option<u64>) -> Option<Told> {
    told::write(beyond.limit.into_iter().zip(retry_s).map(|(limit, retry_s)| (limit, 0, retry_s)))
}

/// What a refused caller is told of all its shares, where it is told of them with each answer.
pub(crate) fn told(policy: &Policy, counted: Counted<'_>, answers: &Answers) -> Option<Told> {
    let limits = policy.limits_for(counted).filter(|_| policy.tells_answers).zip(answers);
    told::write(limits.filter(|(counter, _)| !counter.watches(false)).filter_map(
        |(counter, answer)| match *answer {
            Answer::Yes { left, reset_s } => Some((&counter.limit, left, u64::from(reset_s))),
            Answer::No { retry_ns } if retry_ns < u64::MAX => {
                Some((&counter.limit, 0, retry_ns.div_ceil(1_000_000_000).max(1)))
            }
            Answer::No { .. } | Answer::Used { .. } => None,
            Answer::Skipped | Answer::Unavailable => None,
        },
    ))
}

/// Counts a strike of an address.
pub(crate) fn strike(policy: &Policy, client: IpAddr, at: Moment<'_>) {
    if !policy.allow.has(client) {
        at.memory.strikes.strike(Prefix::subscriber(client), policy.strikes, at.now);
    }
}
