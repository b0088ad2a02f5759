//! One credential, by itself: a key, a token, or what somebody else says of it.

use super::asked::Shown;
use super::jwt::{self, TOKEN_BYTES_MAX, Wrong};
use super::who::By;
use super::{Issuer, Known, LookedUp, Place, Policy, Reason, Waited, Who};
use super::{find, key};
use crate::moment::Moment;
use crate::visit::Visit;
use std::sync::Arc;

/// Judges a credential by itself.
pub(super) fn alone(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (place, text): (usize, &str),
    waited: Waited<'_>,
) -> Who {
    if let Some(who) = cheaply(policy, visit, at, (place, text)) {
        return who;
    }
    if let Some(checker) = find::checker(policy, place, text) {
        let told = match waited {
            Waited::Caller(told, asked_ns) => Some((told, asked_ns)),
            Waited::Nothing | Waited::Keys(_) => None,
        };
        return Shown { policy, checker, visit, at, place, text }.judge(told);
    }
    let issuers =
        policy.issuers.iter().filter(|issuer| issuer.settings.place == policy.places[place]);
    let known = |identity| Known {
        identity,
        place,
        visitor: None,
        is_remembered: false,
        is_ambient: matches!(policy.places[place], Place::Cookie(_)),
    };
    match jwt::judge(text, issuers, &policy.kept_claims, at.now) {
        Ok(identity) => {
            let identity = Arc::new(identity);
            at.memory.tokens.remember(text, &identity);
            Who::Known(known(identity))
        }
        Err(Wrong::Refuse(reason)) => Who::Refuse(reason),
        Err(Wrong::NoKey(issuer)) => no_key(issuer, at, waited),
    }
}

/// A key, or a token that was verified before. None: it takes more to tell.
pub(super) fn cheaply(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (place, text): (usize, &str),
) -> Option<Who> {
    let here = policy.places.get(place)?;
    if let Some(signed) = policy.signed.as_ref().filter(|signed| signed.place() == here) {
        return Some(signed.judge(policy, visit, at, (place, text)));
    }
    if let Some((_, keys)) = policy.keys.as_ref().filter(|(at, _)| at == here)
        && (key::is_key(text) || !policy.has_tokens_at(here))
    {
        return Some(match keys.judge(text, visit, at.now) {
            Ok((identity, visitor)) => {
                let is_ambient = matches!(here, Place::Cookie(_));
                Who::Known(Known { identity, place, visitor, is_remembered: true, is_ambient })
            }
            Err(reason) => Who::Refuse(reason),
        });
    }
    if let Some(checker) = find::checker(policy, place, text) {
        return Shown { policy, checker, visit, at, place, text }.remembered();
    }
    // Before it is hashed: what is remembered is never longer, and this costs nothing.
    if text.len() > TOKEN_BYTES_MAX {
        return Some(Who::Refuse(Reason::TooLong));
    }
    let identity = at.memory.tokens.find(text)?;
    let By::Issuer(by, generation) = identity.by.as_ref()? else { return None };
    let is_ours = policy.issuers.iter().any(|issuer| Arc::ptr_eq(issuer, by));
    if !is_ours
        || by.settings.place != *here
        || by.generation() != *generation
        || !by.is_believed(at.now)
    {
        return None;
    }
    if at.now.unix_s < identity.begins_unix_s {
        return Some(Who::Refuse(Reason::FromTheFuture));
    }
    if identity.ends_unix_s.is_some_and(|ends| ends <= at.now.unix_s) {
        return Some(Who::Refuse(Reason::Expired));
    }
    let is_ambient = matches!(here, Place::Cookie(_));
    Some(Who::Known(Known { identity, place, visitor: None, is_remembered: true, is_ambient }))
}

fn no_key(issuer: Arc<Issuer>, at: Moment<'_>, waited: Waited<'_>) -> Who {
    let looked_up = match waited {
        Waited::Keys(looked_up) => Some(looked_up),
        Waited::Nothing | Waited::Caller(..) => None,
    };
    let is_believed = issuer.is_believed(at.now) && issuer.has_keys();
    match looked_up {
        None if issuer.keys_url().is_some() => Who::Wait(issuer),
        Some(LookedUp::Busy) => Who::Refuse(Reason::Busy),
        // Only who was just asked can say that he has no such key: it may be a new one.
        None | Some(LookedUp::Fresh) if is_believed => Who::Refuse(Reason::UnknownKey),
        None | Some(LookedUp::Fresh | LookedUp::Away) => Who::Refuse(Reason::KeysAway),
    }
}
