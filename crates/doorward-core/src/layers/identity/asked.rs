//! A caller that somebody else knows: remembered, or to be asked about.

use super::checker::{Checker, Told, UNKNOWN_RATE};
use super::find::whole;
use super::place::Carried;
use super::who::By;
use super::{Identity, Known, Place, Policy, Reason, Who};
use crate::layers::method;
use crate::moment::Moment;
use crate::route::Effect;
use crate::visit::Visit;
use std::sync::Arc;

/// A question about a caller that a visit waits for.
pub(crate) struct Asking {
    pub(crate) checker: Arc<Checker>,
    /// What it is about.
    pub(crate) text: String,
}

/// What is remembered of a caller, without asking anybody. None: nothing.
pub(super) fn remembered(
    policy: &Policy,
    checker: &Arc<Checker>,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (place, text): (usize, &str),
) -> Option<Who> {
    let text = whole(checker, visit, text)?;
    let identity = at.memory.tokens.find(&text)?;
    let By::Checker(by, until_ns, _) = identity.by.as_ref()? else { return None };
    if !by.is_same(checker) || *until_ns <= at.now.steady_ns {
        return None;
    }
    if identity.ends_unix_s.is_some_and(|ends| ends <= at.now.unix_s) {
        return Some(Who::Refuse(Reason::Expired));
    }
    Some(Who::Known(known(policy, (identity, place), true)))
}

/// Whether a caller was known here, and is only to be asked about again.
pub(super) fn was_known(checker: &Checker, visit: &Visit<'_>, at: Moment<'_>, text: &str) -> bool {
    let known = whole(checker, visit, text).and_then(|text| at.memory.tokens.find(&text));
    let by = known.as_ref().and_then(|identity| identity.by.as_ref());
    matches!(by, Some(By::Checker(by, ..)) if by.is_same(checker))
}

/// Judges a caller by what was said of it; where nothing was said yet, somebody is to be asked.
pub(super) fn judge(
    policy: &Policy,
    checker: &Arc<Checker>,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (place, text): (usize, &str),
    told: Option<(&Told, u64)>,
) -> Who {
    let who = ask(policy, checker, visit, at, (place, text), told);
    match who {
        // Many applications give everybody a session, before anybody signs in: that is nobody.
        Who::Refuse(Reason::SessionUnknown) if !visit.route().requires_identity => Who::Nobody,
        // Whoever cannot be asked about is not taken for nobody where it changes something: it may
        // be somebody, and his cookie would go on unjudged.
        Who::Refuse(_)
            if checker.is_of_sessions()
                && !visit.route().requires_identity
                && method::is_safe(visit.view.method)
                && visit.route().effect != Effect::Write =>
        {
            Who::Nobody
        }
        who => who,
    }
}

fn ask(
    policy: &Policy,
    checker: &Arc<Checker>,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (place, text): (usize, &str),
    told: Option<(&Told, u64)>,
) -> Who {
    let is_of_sessions = checker.is_of_sessions();
    let unknown = if is_of_sessions { Reason::SessionUnknown } else { Reason::TokenInactive };
    if !checker.is_askable(text) {
        return Who::Refuse(if is_of_sessions { unknown } else { Reason::Malformed });
    }
    let own = text;
    let Some(text) = whole(checker, visit, text) else { return Who::Refuse(Reason::Unclear) };
    // A proxy of one's own stands for many.
    let is_his_own = !visit.gate.client_ip.trusts(visit.client);
    let Some((told, asked_ns)) = told else {
        let over = at.memory.unknown.wait_ns(visit.prefix, UNKNOWN_RATE, at.now);
        // Whoever was known before is asked about all the same.
        if is_his_own && over.is_some() && !was_known(checker, visit, at, own) {
            return Who::Refuse(Reason::TooManyUnknown);
        }
        let (checker, text) = (Arc::clone(checker), text.into_owned());
        return Who::Ask(Box::new(Asking { checker, text }));
    };
    match checker.read(&text, told, &policy.kept_claims, at.now) {
        Ok(identity) => {
            let identity = Arc::new(identity);
            at.memory.tokens.remember_asked(&text, &identity, asked_ns);
            Who::Known(known(policy, (identity, place), false))
        }
        Err(reason) => {
            let is_no = reason == unknown;
            // Each is counted once: a page sends many requests with one session.
            if is_no && at.memory.tokens.note_unknown(&text, at.now) && is_his_own {
                at.memory.unknown.strike(visit.prefix, UNKNOWN_RATE, at.now);
            }
            Who::Refuse(reason)
        }
    }
}

fn known(policy: &Policy, (identity, place): (Arc<Identity>, usize), is_remembered: bool) -> Known {
    let is_by_cookie = matches!(policy.places.get(place), Some(Place::Cookie(_)));
    Known { identity, place, visitor: None, is_remembered, is_by_cookie }
}

/// What is remembered of a session that comes along with a request that was not judged by it: on
/// pages, or beside a key. An answer that ends it must end that too.
pub(crate) fn session_beside(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
) -> Option<Arc<Identity>> {
    let checker = policy.checkers.iter().find(|checker| checker.is_of_sessions())?;
    let is_judged_by = visit
        .known
        .as_ref()
        .is_some_and(|known| policy.places.get(known.place) == Some(&checker.settings.place));
    if is_judged_by || !visit.seen.cookie {
        return None;
    }
    let Carried::Text(text) = checker.settings.place.look(visit) else { return None };
    let text = whole(checker, visit, text)?;
    at.memory.tokens.find(&text).filter(|identity| identity.is_asked_about())
}
