//! Attempts to sign in: what of the walk is theirs, between the body and what is claimed.

use crate::layers::method;
use crate::layers::quota::{self, Beyond, SignIn, Taken};
use crate::mode::Force;
use crate::question::{Answer, Answers};
use crate::visit::Visit;

/// How an attempt is counted; none: it is none, or nobody counts.
pub(crate) fn of<'v>(visit: &'v Visit<'_>) -> Option<(&'v SignIn, bool)> {
    let sign_in = visit.route().sign_in.as_ref()?;
    let force = visit.gate.force(visit, visit.gate.modes.quota);
    let is_one = force != Force::Off && !method::is_safe(visit.view.method);
    is_one.then_some((sign_in, force != Force::Enforce))
}

/// What an attempt takes; none: it is none.
pub(crate) fn taken(
    visit: &Visit<'_>,
    body: &[u8],
) -> Result<Option<Box<Taken>>, (quota::Reason, bool)> {
    let Some((sign_in, watch)) = of(visit) else { return Ok(None) };
    match quota::sign_in_questions(sign_in, visit, body, watch) {
        Ok(taken) => Ok(Some(Box::new(taken))),
        Err(reason) => Err((reason, watch)),
    }
}

/// What the store's answers come to: the longest wait.
pub(crate) fn judge(answers: &Answers) -> Option<Beyond<'static>> {
    let mut beyond: Option<Beyond<'static>> = None;
    for answer in answers {
        let (reason, retry_ns) = match answer {
            Answer::Yes { .. } => continue,
            Answer::No { retry_ns } => (quota::Reason::SignIn, Some(*retry_ns)),
            // Behind a no nothing is asked any more.
            Answer::Skipped if beyond.is_some() => continue,
            Answer::Skipped | Answer::Used { .. } | Answer::Unavailable => {
                (quota::Reason::StoreAway, None)
            }
        };
        if beyond.is_none_or(|other| other.retry_ns < retry_ns) {
            beyond = Some(Beyond { reason, retry_ns, limit: None });
        }
    }
    beyond
}
