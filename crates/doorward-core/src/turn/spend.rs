//! What a request asks for by its body, and what it spends of budgets for that.

use super::{Turn, admit, claimed, give_back, note, refuse};
use crate::layers::body::{self, No};
use crate::layers::quota::budget::Spending;
use crate::mode::Force;
use crate::moment::Moment;
use crate::question::{Answer, Answers, Question, Questions};
use crate::reason::Reason;
use crate::refused::Refused;
use crate::visit::Visit;

/// What is spent, with what is claimed in the same batch.
pub(super) struct Spend {
    /// What the pass claims.
    pub(super) claim: Option<Question>,
    pub(super) shares_taken: bool,
    pub(super) digest: Option<[u8; 32]>,
}

impl Spend {
    pub(super) fn questions(&self, visit: &Visit<'_>) -> Questions {
        let spending = visit.spending.iter().flat_map(|spending| spending.questions());
        spending.chain(self.claim).collect()
    }
}

/// Whether the body is wanted for what it asks for.
pub(super) fn reads_body(visit: &Visit<'_>) -> bool {
    let route = visit.route();
    let is_read = route.ai.is_some() || !route.budgets.is_empty();
    is_read && !visit.gate.leaves_preflight(visit)
}

/// Judges what the body asks for, and notes what that is to spend.
pub(super) fn judge<'v>(
    visit: &mut Visit<'_>,
    bytes: &[u8],
    at: Moment<'_>,
) -> Result<(), Box<Turn<'v>>> {
    if !reads_body(visit) {
        return Ok(());
    }
    let force = visit.gate.force(visit, visit.gate.modes.body);
    let quota_force = visit.gate.force(visit, visit.gate.modes.quota);
    let is_counted = !visit.route().budgets.is_empty() && quota_force != Force::Off;
    // What cannot be read cannot be counted, however mildly it is judged.
    let is_needed = is_counted && quota_force == Force::Enforce;
    if force == Force::Off && !is_counted {
        return Ok(());
    }
    let asked = match body::inspect(&visit.gate.body, visit, bytes) {
        Ok(asked) => asked,
        Err(No { reason, pointer }) if force == Force::Enforce || is_needed => {
            let refused = Refused::new(visit, Reason::Body(reason), at.id);
            return Err(Box::new(refuse(refused.with_pointer(pointer))));
        }
        Err(No { reason, .. }) => {
            if force == Force::Monitor {
                note(visit, Reason::Body(reason));
            }
            return Ok(());
        }
    };
    if is_counted {
        let (gate, watch) = (&visit.gate, quota_force == Force::Monitor);
        let budgets = &visit.route().budgets;
        let asked = asked.as_ref();
        visit.spending = Spending::new(&gate.budget, budgets, asked, visit.counted(), watch);
    }
    Ok(())
}

/// What the answers about budgets come to, and about what is claimed with them.
pub(super) fn answered<'v>(
    mut visit: Visit<'v>,
    spend: Spend,
    answers: &Answers,
    at: Moment<'_>,
) -> Turn<'v> {
    let Spend { claim, shares_taken, digest } = spend;
    let count = visit.spending.as_ref().map_or(0, |spending| spending.count());
    let (own, rest) = answers.split_at(count.min(answers.len()));
    let is_watched = visit.spending.as_ref().is_some_and(|spending| spending.is_watched());
    // A claim that says no stops the whole batch, so nothing is noted as taken before it is heard.
    let mut has_claimed = None;
    if let Some(question) = claim {
        let is_asked = is_watched || own.iter().all(|answer| matches!(answer, Answer::Yes { .. }));
        if is_asked {
            match claimed(&mut visit, rest.first().copied(), question.watch, at) {
                Ok(claimed) => has_claimed = Some((question, claimed)),
                Err(turn) => {
                    visit.spending = None;
                    return give_back(visit, shares_taken, *turn);
                }
            }
        }
    }
    let spending = visit.spending.as_mut();
    if let Some(beyond) = spending.and_then(|it| it.taken(own, at.now, &at.memory.spent)) {
        let reason = Reason::Quota(beyond.reason);
        if !is_watched {
            visit.spending = None;
            let refused = Refused::new(&visit, reason, at.id).with_budget(&beyond);
            return give_back(visit, shares_taken, refuse(refused));
        }
        note(&mut visit, reason);
    }
    admit(visit, at, shares_taken, |admitted| {
        let admitted = match digest {
            Some(digest) => admitted.with_body_digest(digest),
            None => admitted,
        };
        match has_claimed {
            Some((question, claimed)) => admitted.with_claim(&question, claimed),
            None => admitted,
        }
    })
}

/// What goes back of a request that is refused after all.
pub(super) fn spent(visit: &Visit<'_>) -> impl Iterator<Item = Question> {
    visit.spending.iter().flat_map(|spending| spending.give_back())
}
