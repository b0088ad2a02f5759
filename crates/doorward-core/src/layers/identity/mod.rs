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
//! 6. A session is whoever the backend says it is, an opaque token whoever its issuer says (RFC
//!    7662): each is asked once for all requests that wait, at most 32 questions at a time, every
//!    network in its turn, and believed for seconds. An answer that sets or deletes the session's
//!    cookie ends that at once. Who sends many that nobody knows is `identity/too-many-unknown`.
//!    Where the file has a framework's secret, its signed cookie is read without a question. Where
//!    sessions are records in Redis or Valkey, the record is asked for in the same way.
//! 7. A token that belongs to a key (`cnf.jkt`) comes as `Authorization: DPoP`, with a proof of
//!    that key for this method, address and token, at most a minute old and taken once (RFC 9449).
//!    Where the file asks for `nonce`, a proof has one that the gate gave out minutes ago.
//! 8. An integration's signature (RFC 9421) must cover method, name, path, query and body, be at
//!    most five minutes old, and fit the key that its `keyid` names; it is taken once. A webhook's
//!    delivery is judged by its sender's own scheme, over its exact bytes; what has succeeded is
//!    answered by the gate when it comes again.
//! 9. A connection's certificate names its caller by the one name that `certificate` says. A token
//!    that belongs to a certificate (`cnf.x5t#S256`) is taken on connections of that certificate
//!    alone (RFC 8705); any other beside one is two callers.
//! 10. A cookie goes wherever its browser goes, and so does a certificate: where neither `Origin`
//!     nor `Sec-Fetch-Site` says where a browser's request comes from, it is not enough to change
//!     anything.
//! 11. Nobody is refused on routes where identity is optional. A wrong credential is, but for what
//!     a browser sends by itself: a session (many applications give one to every visitor), or a
//!     certificate that has ended, or names nobody. Pages, returns and health checks are not
//!     judged, and a preflight that `cors` leaves to the backend needs no credential.
//!
//! An address that keeps sending forgeries is stopped by `quota` before any cryptography, but for
//! callers that are remembered or hold a key.
//!
//! ## What it does not stop
//!
//! * A session that ended elsewhere, or a revoked token, for the seconds that `remember` says; a
//!   framework's signed cookie until its `max_age`, though somebody has signed out.
//! * A stolen token or key, until it ends or is denied (`layers.quota.deny`).
//! * A delivery that GitHub or Shopify signed, sent again under another id: they sign none.
//! * A token in a body (RFC 6750 2.2): a backend that reads one there does so by itself.
//! * What a known caller may do with what is not its own: that is the backend's to know.
//!
//! ## When it cannot decide
//!
//! A repeated or unreadable credential is `identity/unclear`. Keys that cannot be fetched are
//! believed for `stale` more seconds, then it is `identity/keys-away`. A backend or issuer that
//! gives no clear answer about a caller is `identity/check-away`.
//!
//! ## References
//!
//! RFC 5280; RFC 6750; RFC 7515 to 7519; RFC 7662; RFC 8037; RFC 8705; RFC 8725; RFC 9068;
//! RFC 9421; RFC 9449; CVE-2015-9235; CVE-2022-21449.

mod algorithm;
mod alone;
mod asked;
mod bound;
mod certificate;
mod challenge;
mod checker;
mod delivery;
mod find;
mod introspection;
mod issuer;
mod jwt;
mod key;
mod key_set;
mod new_session;
mod nonce;
mod place;
mod policy;
mod proof;
mod reason;
mod record;
mod remembered;
mod signature;
mod signature_reason;
mod signed;
mod standing;
mod who;
mod whoami;
mod words;

pub use algorithm::Algorithm;
pub(crate) use asked::{Asking, session_beside};
use bound::Bound;
pub use certificate::{CERTIFICATE_ISSUER, CertificateSettings};
pub use checker::{
    ANSWER_BYTES_MAX, AskUrl, Checker, CheckerSettings, Errand, How, INTROSPECTION_S, SESSION_S,
    Told, What,
};
pub use delivery::WebhookSettings;
pub(crate) use delivery::{check as check_delivery, read as read_delivery};
pub use introspection::Introspection;
pub use issuer::{
    Issuer, IssuerSettings, KeysFrom, KeysUrl, LEEWAY_S, REFRESH_S, SHARED_SECRET_BYTES_MIN,
    STALE_S,
};
pub use jwt::TOKEN_BYTES_MAX;
pub use key::{ApiKey, KEY_PREFIX, KEY_TEXT_BYTES, KeySettings, draw, hash};
pub use key_set::{KEY_SET_BYTES_MAX, KeySetError};
pub(crate) use new_session::NewSession;
pub use nonce::NonceSettings;
pub(crate) use nonce::say as say_nonce;
pub use place::Place;
pub use policy::{PLACES_MAX, Policy, PolicyError, Settings};
pub use reason::Reason;
pub use record::Record;
pub use remembered::Tokens;
pub use signature::{SIGNATURE_AGE_S, SIGNATURE_ISSUER, SignerSettings};
pub use signature_reason::SignatureReason;
pub use signed::{Framework, SIGNED_SECRET_BYTES_MIN, SIGNED_SECRETS_MAX, SignedSettings};
pub(crate) use standing::{Still, again, asks_for_stream, text_for_stream, told};
pub use who::{Identity, KEY_ISSUER, Kind, pass_digest, token_digest, user_digest};
pub use whoami::{SESSION_ISSUER, Whoami, path as whoami_path};

use super::Meta;
use super::pass::Held;
use crate::moment::Moment;
use crate::visit::Visit;
use alone::{alone, cheaply};
use find::{Found, find};
pub(super) use place::{Carried, cookie};
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
    /// Nobody, and the session that says otherwise is not believed: it does not go on.
    Disbelieved,
    /// Nobody, as long as nobody can say whose the session is that came along, for this reason.
    Unjudged(Reason),
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
    /// It shows when somebody was asked.
    Ask(Box<Asking>),
}

/// What a visit has waited for.
#[derive(Clone, Copy)]
pub(crate) enum Waited<'w> {
    /// Nothing yet.
    Nothing,
    /// An issuer's keys.
    Keys(LookedUp),
    /// What somebody says of the caller, and the steady nanosecond at which he was asked.
    Caller(&'w Told, u64),
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
    /// Whether a browser sends its credential by itself: a cookie, or a certificate beside what
    /// only browsers send.
    pub(crate) is_ambient: bool,
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

/// Judges who is calling.
pub(crate) fn inspect(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    waited: Waited<'_>,
) -> Who {
    let found = find(policy, visit);
    if !policy.signers.is_empty() && signature::is_signed(visit) {
        return match found {
            Ok(Found::Nothing) => signature::who(&policy.signers, visit, at),
            Ok(Found::Text(..) | Found::Beside(..) | Found::Certificate(_)) => {
                Who::Refuse(Reason::TwoCredentials)
            }
            Err(reason) => Who::Refuse(reason),
        };
    }
    let (place, text, is_beside) = match found {
        Ok(Found::Text(place, text)) => (place, text, false),
        Ok(Found::Beside(place, text)) => (place, text, true),
        Ok(Found::Certificate(certificate)) => {
            return certificate::who(policy, certificate, visit, at);
        }
        Ok(Found::Nothing) if visit.route().requires_identity => {
            return Who::Refuse(Reason::Missing);
        }
        Ok(Found::Nothing) => return Who::Nobody,
        Err(reason) => return Who::Refuse(reason),
    };
    let who = alone(policy, visit, at, (place, text), waited);
    let who = certificate::with(visit, at, who, is_beside);
    match proof::with(policy, visit, at, (place, text), who) {
        // A browser sends its cookie whether it has ended or not: whoever signs in anew must not be
        // refused for the old one. What is forged is refused all the same.
        Who::Refuse(reason)
            if !visit.route().requires_identity
                && matches!(policy.places.get(place), Some(Place::Cookie(_))) =>
        {
            match reason {
                Reason::Expired | Reason::UnknownKey | Reason::TokenInactive => Who::Nobody,
                Reason::KeysAway => Who::Unjudged(reason),
                reason => Who::Refuse(reason),
            }
        }
        who => who,
    }
}

/// Whether the caller is one that costs no asymmetric cryptography to know: it is let through where
/// its address is stopped for others' forgeries.
pub(crate) fn vouches(policy: &Policy, visit: &Visit<'_>, at: Moment<'_>) -> bool {
    let (found, is_beside) = match find(policy, visit) {
        Ok(Found::Text(place, text)) => ((place, text), false),
        Ok(Found::Beside(place, text)) => ((place, text), true),
        Ok(Found::Certificate(certificate)) => {
            return matches!(certificate::who(policy, certificate, visit, at), Who::Known(_));
        }
        Ok(Found::Nothing) | Err(_) => return false,
    };
    match cheaply(policy, visit, at, found) {
        Some(who) => match certificate::with(visit, at, who, is_beside) {
            // A proof costs cryptography each time.
            Who::Known(known) => known.identity.bound.key.is_none(),
            _ => false,
        },
        // Who was known before is only to be asked about again.
        None => {
            let (place, text) = found;
            find::checker(policy, place, text).is_some_and(|checker| {
                asked::Shown { policy, checker, visit, at, place, text }.was_known()
            })
        }
    }
}
