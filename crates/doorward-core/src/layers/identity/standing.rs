//! A caller that was let in, looked at again while its stream goes on.

use super::asked::Asking;
use super::checker::{Checker, Told};
use super::jwt::{self, Wrong};
use super::place::Carried;
use super::who::{By, Identity};
use super::{Kind, Policy, Reason, find};
use crate::certificate::Certificate;
use crate::header;
use crate::json::Object;
use crate::moment::{Moment, Now};
use crate::visit::Visit;
use serde_json::Value;
use std::sync::Arc;

/// What is known of a caller now.
pub(crate) enum Still {
    /// It is who it was.
    Same(Arc<Identity>),
    /// It is nobody here any more.
    Not(Reason),
    /// Somebody is to be asked.
    Ask(Box<Asking>),
    /// Nobody can tell now.
    Unsaid,
}

/// The text of the credential that a stream's caller was judged by, so that it can be judged again.
/// Only a request that asks for a stream has it kept; none: it asks for none.
pub(crate) fn text_for_stream(policy: &Policy, visit: &Visit<'_>) -> Option<Box<str>> {
    let known = visit.known.as_ref()?;
    if !asks_for_stream(visit) {
        return None;
    }
    let Carried::Text(text) = policy.places.get(known.place)?.look(visit) else { return None };
    match &known.identity.by {
        Some(By::Checker(checker, ..)) => Some(find::whole(checker, visit, text)?.into()),
        Some(By::Issuer(..)) => Some(text.into()),
        Some(By::Certificate(_) | By::Signed(_)) | None => None,
    }
}

/// A WebSocket's handshake, or what `EventSource` sends (HTML, Server-sent events, 9.2.2).
pub(crate) fn asks_for_stream(visit: &Visit<'_>) -> bool {
    !visit.seen.upgrade.is_absent() || header::accepts(visit.view.headers, "text/event-stream")
}

/// Who a caller is by now; `text`: the credential that it was judged by, where it was kept;
/// `certificate`: what its connection has shown, as it is believed now.
pub(crate) fn again(
    policy: &Policy,
    known: &Arc<Identity>,
    (text, certificate): (Option<&str>, Option<&Certificate>),
    at: Moment<'_>,
) -> Still {
    let holds = certificate.is_some_and(|certificate| certificate.holds(at.now));
    if known.bound.certificate.is_some() && !holds {
        return Still::Not(Reason::CertificateEnded);
    }
    match &known.by {
        None => by_gate(policy, known),
        Some(By::Certificate(_)) => {
            let certificates = policy.certificates.as_ref();
            match certificates.is_some_and(|certificates| certificates.has_made(known)) {
                true if holds => Still::Same(Arc::clone(known)),
                true => Still::Not(Reason::CertificateEnded),
                false => Still::Not(Reason::Missing),
            }
        }
        Some(By::Signed(signed)) => {
            let is_same = policy.signed.as_ref().is_some_and(|own| own.is_same(signed));
            let same = || Still::Same(Arc::clone(known));
            if is_same { same() } else { Still::Not(Reason::SessionExpired) }
        }
        Some(By::Issuer(issuer, generation)) => {
            let is_current = policy.issuers.iter().any(|own| Arc::ptr_eq(own, issuer))
                && issuer.generation() == *generation
                && issuer.is_believed(at.now);
            if is_current {
                return Still::Same(Arc::clone(known));
            }
            match text {
                Some(text) => by_token(policy, known, text, at.now),
                // It ends with its token.
                None if policy.issuers.iter().any(|own| own.name() == issuer.name()) => {
                    Still::Same(Arc::clone(known))
                }
                None => Still::Not(Reason::Issuer),
            }
        }
        Some(By::Checker(checker, _, digest)) => {
            let Some(own) = policy.checkers.iter().find(|own| own.is_same(checker)) else {
                return Still::Not(Reason::Missing);
            };
            if let Some(now_known) = at.memory.tokens.find_digest(digest)
                && is_believed(&now_known, own, at.now)
            {
                return same(known, now_known);
            }
            match text {
                Some(text) => {
                    Still::Ask(Box::new(Asking { checker: Arc::clone(own), text: text.to_owned() }))
                }
                None => Still::Same(Arc::clone(known)),
            }
        }
    }
}

/// Whether what was said of a caller is still believed.
fn is_believed(known: &Identity, own: &Checker, now: Now) -> bool {
    matches!(&known.by, Some(By::Checker(by, until_ns, _))
        if by.is_same(own) && *until_ns > now.steady_ns)
}

/// Who a caller is, by what was said at `asked_ns`.
pub(crate) fn told(
    policy: &Policy,
    known: &Arc<Identity>,
    asking: &Asking,
    (told, asked_ns): (&Told, u64),
    at: Moment<'_>,
) -> Still {
    match asking.checker.read(&asking.text, told, &policy.kept_claims, at.now) {
        Ok(identity) => {
            let identity = Arc::new(identity);
            at.memory.tokens.remember_asked(&asking.text, &identity, asked_ns);
            same(known, identity)
        }
        Err(Reason::CheckAway | Reason::Busy) => Still::Unsaid,
        Err(reason) => {
            at.memory.tokens.note_unknown(&asking.text, at.now);
            Still::Not(reason)
        }
    }
}

/// Keys and signatures, whose list the gate has itself.
fn by_gate(policy: &Policy, known: &Arc<Identity>) -> Still {
    let subject = known.subject();
    let reason = match known.kind {
        Kind::Key => match &policy.keys {
            Some((_, keys)) => keys.inspect_id(subject).err(),
            None => Some(Reason::KeyUnknown),
        },
        _ => {
            let is_known = policy.signers.iter().any(|signer| signer.subject() == subject);
            (!is_known).then_some(Reason::Missing)
        }
    };
    reason.map_or_else(|| Still::Same(Arc::clone(known)), Still::Not)
}

/// A token, by the keys that its issuer has now.
fn by_token(policy: &Policy, known: &Arc<Identity>, text: &str, now: Now) -> Still {
    let issuers = policy.issuers.iter().filter(|own| own.name() == known.issuer());
    match jwt::judge(text, issuers, &policy.kept_claims, now) {
        Ok(identity) => same(known, Arc::new(identity)),
        Err(Wrong::Refuse(reason)) => Still::Not(reason),
        Err(Wrong::NoKey(issuer)) if issuer.has_keys() && issuer.is_believed(now) => {
            Still::Not(Reason::UnknownKey)
        }
        Err(Wrong::NoKey(_)) => Still::Unsaid,
    }
}

/// Whoever may do more or less than before is judged anew: what it opened ends.
fn same(before: &Identity, now: Arc<Identity>) -> Still {
    let is_same = before.user() == now.user()
        && sorted(before.scopes()) == sorted(now.scopes())
        && before.claims().map(settled) == now.claims().map(settled);
    if is_same { Still::Same(now) } else { Still::Not(Reason::Expired) }
}

/// Lists have no order here: some backends have them in another one each time.
fn sorted<'t>(list: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut list: Vec<&str> = list.collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// Claims, each as a text, their lists in an order of ours.
fn settled(claims: &Object) -> Vec<(&String, Vec<String>)> {
    let texts = |value: &Value| match value {
        Value::Array(list) => {
            let mut list: Vec<String> = list.iter().map(Value::to_string).collect();
            list.sort_unstable();
            list
        }
        other => vec![other.to_string()],
    };
    let mut claims: Vec<_> = claims.iter().map(|(name, value)| (name, texts(value))).collect();
    claims.sort_unstable();
    claims
}
