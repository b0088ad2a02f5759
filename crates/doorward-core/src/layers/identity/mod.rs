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
//! 6. Nobody is refused on routes where identity is optional. A wrong credential is refused there
//!    too. Pages, returns and health checks are not judged.
//!
//! An address that keeps sending forgeries is stopped by `quota` before any cryptography, but for
//! callers that are remembered or hold a key.
//!
//! ## What it does not stop
//!
//! * A stolen token or key, until it ends or is denied (`layers.quota.deny`).
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
//! RFC 6750; RFC 7515 to 7519; RFC 8037; RFC 8725; RFC 9068; CVE-2015-9235; CVE-2022-21449.

mod algorithm;
mod issuer;
mod jwt;
mod key;
mod key_set;
mod place;
mod reason;
mod remembered;
mod who;

pub use algorithm::Algorithm;
pub use issuer::{
    Issuer, IssuerSettings, KeysFrom, KeysUrl, LEEWAY_S, REFRESH_S, SHARED_SECRET_BYTES_MIN,
    STALE_S,
};
pub use jwt::TOKEN_BYTES_MAX;
pub use key::{ApiKey, KEY_PREFIX, KEY_TEXT_BYTES, KeySettings, draw, hash};
pub use key_set::{KEY_SET_BYTES_MAX, KeySetError};
pub use place::Place;
pub use reason::Reason;
pub use remembered::Tokens;
pub use who::{Identity, KEY_ISSUER, Kind, token_digest, user_digest};

use super::Meta;
use crate::moment::Moment;
use crate::visit::Visit;
use arrayvec::ArrayVec;
use http::{HeaderName, HeaderValue};
use jwt::Wrong;
use key::Keys;
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

/// Places where credentials are looked for, at the most.
pub const PLACES_MAX: usize = 8;

/// Who is believed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Issuers of tokens.
    pub issuers: Vec<IssuerSettings>,
    /// API keys.
    pub keys: Option<KeySettings>,
    /// Which kind is judged where both come, the first first; empty: both at once are refused.
    pub prefer: Vec<Kind>,
}

/// Checked settings.
#[derive(Debug, Default)]
pub struct Policy {
    places: Vec<Place>,
    issuers: Vec<Arc<Issuer>>,
    keys: Option<(Place, Keys)>,
    prefer: Vec<Kind>,
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// An issuer's keys are none.
    #[error("{1}")]
    Keys(usize, KeySetError),
    /// Two issuers have one name: their tokens could be mixed up.
    #[error("another issuer has this name")]
    Twice(usize),
    /// A shared secret goes with HS256, and with nothing else.
    #[error("HS256 needs a shared secret of at least 32 bytes, and every other algorithm a JWKS")]
    Algorithms(usize),
    /// Too many places.
    #[error("credentials may stand in at most 8 different places")]
    Places,
}

/// Who is calling.
pub(crate) enum Who {
    /// Nobody says.
    Nobody,
    /// A verified caller.
    Known(Known),
    /// Somebody who is not believed.
    Refuse(Reason),
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

impl Policy {
    /// Checks what is said about each issuer and key.
    ///
    /// # Errors
    /// The first thing that is wrong, with its issuer's place.
    pub fn new(settings: &Settings) -> Result<Self, PolicyError> {
        let mut policy = Self { prefer: settings.prefer.clone(), ..Self::default() };
        for (index, issuer) in settings.issuers.iter().enumerate() {
            let is_shared = match &issuer.keys {
                KeysFrom::Shared(secret) => {
                    if secret.expose().len() < SHARED_SECRET_BYTES_MIN {
                        return Err(PolicyError::Algorithms(index));
                    }
                    true
                }
                KeysFrom::Set(_) | KeysFrom::Url(_) => false,
            };
            let mut algorithms = issuer.algorithms.iter();
            if issuer.algorithms.is_empty()
                || !algorithms.all(|algorithm| algorithm.is_symmetric() == is_shared)
            {
                return Err(PolicyError::Algorithms(index));
            }
            if policy.issuers.iter().any(|other| other.name() == issuer.issuer) {
                return Err(PolicyError::Twice(index));
            }
            policy.add_place(&issuer.place);
            let issuer = Issuer::new(issuer.clone());
            let issuer = issuer.map_err(|error| PolicyError::Keys(index, error))?;
            policy.issuers.push(Arc::new(issuer));
        }
        if let Some(keys) = &settings.keys {
            policy.add_place(&keys.place);
            policy.keys = Some((keys.place.clone(), Keys::new(&keys.keys)));
        }
        if policy.places.len() > PLACES_MAX { Err(PolicyError::Places) } else { Ok(policy) }
    }

    fn add_place(&mut self, place: &Place) {
        if !self.places.contains(place) {
            self.places.push(place.clone());
        }
    }

    /// Whether anybody is believed at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The issuers of tokens.
    pub(crate) fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// Takes over the keys that issuers of `other` have fetched.
    pub(crate) fn adopt(&self, other: &Self) {
        for issuer in &self.issuers {
            for known in &other.issuers {
                issuer.adopt(known);
            }
        }
    }

    /// Whether a header may not go on beside the credential at `judged`: it holds another one.
    pub(crate) fn is_unjudged(&self, judged: usize, name: &HeaderName) -> bool {
        self.places.iter().enumerate().any(|(index, place)| {
            index != judged
                && !matches!(place, Place::Cookie(_))
                && place.header() == name
                && self.places.get(judged).is_none_or(|judged| judged.header() != name)
        })
    }

    /// The cookies that may not go on beside the credential at `judged`.
    pub(crate) fn unjudged_cookies(&self, judged: usize) -> impl Iterator<Item = &str> {
        let others = self.places.iter().enumerate().filter(move |(index, _)| *index != judged);
        others.filter_map(|(_, place)| match place {
            Place::Cookie(name) => Some(name.as_str()),
            Place::Bearer | Place::Header(_) => None,
        })
    }

    /// Whether a header is looked at, by its name in lower case with `-`.
    pub(crate) fn judges(&self, name: &str) -> bool {
        self.places.iter().any(|place| place.header().as_str() == name)
    }

    /// What a 401 says of how to sign in (RFC 9110 11.6.1, RFC 6750 3).
    pub(crate) fn challenge(&self, reason: Reason) -> HeaderValue {
        if !self.places.contains(&Place::Bearer) {
            return HeaderValue::from_static("ApiKey realm=\"doorward\"");
        }
        HeaderValue::from_static(match reason {
            Reason::Missing => "Bearer realm=\"doorward\"",
            _ => "Bearer realm=\"doorward\", error=\"invalid_token\"",
        })
    }
}

/// Judges who is calling. `looked_up`: what became of the look-up that was waited for.
pub(crate) fn inspect(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    looked_up: Option<LookedUp>,
) -> Who {
    let (place, text) = match find(policy, visit) {
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
    let known = |identity| Known { identity, place, visitor: None, is_remembered: false };
    match jwt::judge(text, issuers, at.now) {
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
                Who::Known(Known { identity, place, visitor, is_remembered: true })
            }
            Err(reason) => Who::Refuse(reason),
        });
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
    Some(Who::Known(Known { identity, place, visitor: None, is_remembered: true }))
}

fn no_key(issuer: Arc<Issuer>, at: Moment<'_>, looked_up: Option<LookedUp>) -> Who {
    let is_believed = issuer.is_believed(at.now) && issuer.has_keys();
    match looked_up {
        None if issuer.keys_url().is_some() => Who::Wait(issuer),
        Some(LookedUp::Busy) => Who::Refuse(Reason::Busy),
        None | Some(LookedUp::Fresh | LookedUp::Away) if is_believed => {
            Who::Refuse(Reason::UnknownKey)
        }
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
    query.split(['&', ';']).any(|field| {
        let name = field.split('=').next().unwrap_or_default().as_bytes();
        let is_token = |name: &[u8]| name.eq_ignore_ascii_case(b"access_token");
        is_token(name)
            || (name.contains(&b'%')
                && crate::path::decode(name).is_some_and(|name| is_token(&name)))
    })
}
