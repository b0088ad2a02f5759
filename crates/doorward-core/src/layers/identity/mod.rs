//! # Identity
//!
//! Refuses callers whose token or key is missing, wrong, or not the only one.
//!
//! ## What it stops
//!
//! * Requests without a login where one is required (lab: `curl-plain`, `origin-required`).
//! * Forged, foreign and outdated tokens: `alg: none`, keys inside the token, RS256 read as HS256,
//!   another issuer's key, another audience, doubled claims, missing expiry (RFC 8725; CWE-347).
//! * One credential judged and another acted on: two at once are refused, and what was not judged
//!   never goes on (CWE-287).
//! * An API key that was shipped to a page (lab: `key-in-page`).
//!
//! ## How it decides
//!
//! 1. Credentials are looked for only where the configuration says, never in the query. Several
//!    are `identity/two-credentials`, unless `prefer` says which is judged.
//! 2. A key is looked up by its SHA-256. It must not be expired, revoked, or come from a browser
//!    that it was not made for.
//! 3. A token that was verified before is known by its SHA-256, as long as its issuer's keys are
//!    the same; its times are judged at every request.
//! 4. Any other token is read strictly: `alg`, `crit`, `iss`, `typ`, `aud`, times, subject; then
//!    its signature is checked by the key that its `kid` names, out of its own issuer's.
//! 5. A key that is not known, or keys that are too old, are fetched once; the request waits for
//!    that.
//! 6. An integration's signature (RFC 9421) must cover method, name, path, query and body, be at
//!    most five minutes old, and fit the key that its `keyid` names; it is taken once. A webhook's
//!    delivery is judged by its sender's own scheme, over its exact bytes; what has succeeded is
//!    answered by the gate when it comes again.
//! 7. A cookie goes wherever its browser goes: where neither `Origin` nor `Sec-Fetch-Site` says
//!    where a request comes from, it is not enough to change anything.
//! 8. Nobody is refused on routes where identity is optional. A wrong credential is refused there
//!    too. Pages, returns and health checks are not judged, and a preflight that `cors` leaves to
//!    the backend needs no credential.
//!
//! An address that keeps sending forgeries is stopped by `quota` before any cryptography, but for
//! callers that are remembered or hold a key.
//!
//! ## What it does not stop
//!
//! * A stolen token or key, until it ends or is denied (`layers.quota.deny`).
//! * A delivery that GitHub or Shopify signed, sent again under another id: they sign none.
//! * A token in a body (RFC 6750 2.2): a backend that reads one there does so by itself.
//! * What a known caller may do with what is not its own: that is the backend's to know.
//!
//! ## When it cannot decide
//!
//! A repeated or unreadable credential is `identity/unclear`. Keys that cannot be fetched are
//! believed for `stale` more seconds, then it is `identity/keys-away`.
//!
//! ## References
//!
//! RFC 6750; RFC 7515 to 7519; RFC 8037; RFC 8725; RFC 9068; RFC 9421; CVE-2015-9235;
//! CVE-2022-21449.

mod algorithm;
mod delivery;
mod issuer;
mod jwt;
mod key;
mod key_set;
mod place;
mod policy;
mod reason;
mod remembered;
mod signature;
mod signature_reason;
mod who;

pub use algorithm::Algorithm;
pub use delivery::WebhookSettings;
pub(crate) use delivery::{check as check_delivery, read as read_delivery};
pub use issuer::{
    Issuer, IssuerSettings, KeysFrom, KeysUrl, LEEWAY_S, REFRESH_S, SHARED_SECRET_BYTES_MIN,
    STALE_S,
};
pub use jwt::TOKEN_BYTES_MAX;
pub use key::{ApiKey, KEY_PREFIX, KEY_TEXT_BYTES, KeySettings, draw, hash};
pub use key_set::{KEY_SET_BYTES_MAX, KeySetError};
pub use place::Place;
pub use policy::{PLACES_MAX, Policy, PolicyError, Settings};
pub use reason::Reason;
pub use remembered::Tokens;
pub use signature::{SIGNATURE_AGE_S, SIGNATURE_ISSUER, SignerSettings};
pub use signature_reason::SignatureReason;
pub use who::{Identity, KEY_ISSUER, Kind, pass_digest, token_digest, user_digest};

use super::pass::Held;
use super::{Meta, method};
use crate::moment::Moment;
use crate::query;
use crate::visit::Visit;
use arrayvec::ArrayVec;
use jwt::Wrong;
use place::Carried;
use std::net::IpAddr;
use std::sync::Arc;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "identity",
    title: "Refuses callers whose token or key is missing, wrong, or not the only one.",
    needs: &[],
    can_be_off: true,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// Who is calling.
pub(crate) enum Who {
    /// Nobody says.
    Nobody,
    /// A verified caller.
    Known(Known),
    /// A verified caller, by a signature that is still to be claimed.
    Signed(Known, Box<Held>),
    /// Somebody who is not believed.
    Refuse(Reason),
    /// Somebody whose signature is not taken.
    Unsigned(SignatureReason),
    /// It shows when an issuer's keys were looked up.
    Wait(Arc<Issuer>),
}

/// A verified caller, and how it is known.
pub(crate) struct Known {
    pub(crate) identity: Arc<Identity>,
    /// Where its credential stood, by its place in the policy's list.
    pub(crate) place: usize,
    /// The visitor that it acts for.
    pub(crate) visitor: Option<IpAddr>,
    /// Whether it was known before.
    pub(crate) is_remembered: bool,
    /// Whether its credential is a cookie, which a browser sends by itself.
    pub(crate) is_by_cookie: bool,
}

/// What looking up an issuer's keys came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// They are as new as can be had.
    Fresh,
    /// They could not be had.
    Away,
    /// Too many look-ups are waited for.
    Busy,
}

/// Judges who is calling. `looked_up`: what became of the look-up that was waited for.
pub(crate) fn inspect(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    looked_up: Option<LookedUp>,
) -> Who {
    let found = find(policy, visit);
    if !policy.signers.is_empty() && signature::is_signed(visit) {
        return match found {
            Ok(None) => signature::who(&policy.signers, visit, at),
            Ok(Some(_)) => Who::Refuse(Reason::TwoCredentials),
            Err(reason) => Who::Refuse(reason),
        };
    }
    let (place, text) = match found {
        Ok(Some(found)) => found,
        Ok(None) if visit.route().requires_identity => return Who::Refuse(Reason::Missing),
        Ok(None) => return Who::Nobody,
        Err(reason) => return Who::Refuse(reason),
    };
    if let Some(who) = cheaply(policy, visit, at, (place, text)) {
        return who;
    }
    let issuers =
        policy.issuers.iter().filter(|issuer| issuer.settings.place == policy.places[place]);
    let known = |identity| Known {
        identity,
        place,
        visitor: None,
        is_remembered: false,
        is_by_cookie: matches!(policy.places[place], Place::Cookie(_)),
    };
    match jwt::judge(text, issuers, &policy.kept_claims, at.now) {
        Ok(identity) => {
            let identity = Arc::new(identity);
            at.memory.tokens.remember(text, &identity);
            Who::Known(known(identity))
        }
        Err(Wrong::Refuse(reason)) => Who::Refuse(reason),
        Err(Wrong::NoKey(issuer)) => no_key(issuer, at, looked_up),
    }
}

/// Whether the caller is one that costs no asymmetric cryptography to know: it is let through where
/// its address is stopped for others' forgeries.
pub(crate) fn vouches(policy: &Policy, visit: &Visit<'_>, at: Moment<'_>) -> bool {
    match find(policy, visit) {
        Ok(Some(found)) => matches!(cheaply(policy, visit, at, found), Some(Who::Known(_))),
        Ok(None) | Err(_) => false,
    }
}

/// A key, or a token that was verified before. None: it takes more to tell.
fn cheaply(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (place, text): (usize, &str),
) -> Option<Who> {
    let here = policy.places.get(place)?;
    if let Some((_, keys)) = policy.keys.as_ref().filter(|(at, _)| at == here)
        && (key::is_key(text) || !policy.issuers.iter().any(|other| other.settings.place == *here))
    {
        return Some(match keys.judge(text, visit, at.now) {
            Ok((identity, visitor)) => {
                let is_by_cookie = matches!(here, Place::Cookie(_));
                Who::Known(Known { identity, place, visitor, is_remembered: true, is_by_cookie })
            }
            Err(reason) => Who::Refuse(reason),
        });
    }
    // Before it is hashed: what is remembered is never longer, and this costs nothing.
    if text.len() > TOKEN_BYTES_MAX {
        return Some(Who::Refuse(Reason::TooLong));
    }
    let identity = at.memory.tokens.find(text)?;
    let (by, generation) = identity.by.as_ref()?;
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
    let is_by_cookie = matches!(here, Place::Cookie(_));
    Some(Who::Known(Known { identity, place, visitor: None, is_remembered: true, is_by_cookie }))
}

fn no_key(issuer: Arc<Issuer>, at: Moment<'_>, looked_up: Option<LookedUp>) -> Who {
    let is_believed = issuer.is_believed(at.now) && issuer.has_keys();
    match looked_up {
        None if issuer.keys_url().is_some() => Who::Wait(issuer),
        Some(LookedUp::Busy) => Who::Refuse(Reason::Busy),
        // Only who was just asked can say that he has no such key: it may be a new one.
        None | Some(LookedUp::Fresh) if is_believed => Who::Refuse(Reason::UnknownKey),
        None | Some(LookedUp::Fresh | LookedUp::Away) => Who::Refuse(Reason::KeysAway),
    }
}

/// The one credential that is judged, and its place.
fn find<'v>(policy: &Policy, visit: &Visit<'v>) -> Result<Option<(usize, &'v str)>, Reason> {
    let mut found: ArrayVec<(usize, &'v str), PLACES_MAX> = ArrayVec::new();
    for (index, place) in policy.places.iter().enumerate() {
        match place.look(visit) {
            Carried::Nothing => {}
            Carried::Text("") | Carried::Unclear => return Err(Reason::Unclear),
            // There are no more places than room for them.
            Carried::Text(text) => found.push((index, text)),
        }
    }
    if visit.view.target.query.is_some_and(has_token) {
        return Err(Reason::InQuery);
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => {
            let kind = |text: &str| if key::is_key(text) { Kind::Key } else { Kind::Jwt };
            let preferred = policy
                .prefer
                .iter()
                .find_map(|wanted| several.iter().find(|(_, text)| kind(text) == *wanted));
            preferred.copied().map(Some).ok_or(Reason::TwoCredentials)
        }
    }
}

/// Whether a query has a token in it (RFC 6750 2.3), where many backends would find it.
fn has_token(query: &str) -> bool {
    query::fields(query).any(|field| method::is_field(query::pair(field).0, b"access_token"))
}
