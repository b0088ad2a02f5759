//! One signed token (RFC 7515, 7519), from its text to an identity. What can be judged without
//! cryptography comes first, so that nearly all that is wrong costs next to nothing.

use super::algorithm::Algorithm;
use super::issuer::{Issuer, IssuerSettings};
use super::key_set::{Checked, KEY_ID_BYTES_MAX};
use super::who::{self, By, Facts, Identity, Kind};
use super::{Bound, Reason};
use crate::crypto;
use crate::json::{self, Object, member};
use crate::moment::Now;
use serde_json::Value;
use std::sync::Arc;

/// Bytes of a token at the most.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a subject and of a token's id at the most.
pub(super) const SUBJECT_BYTES_MAX: usize = 256;
/// Bytes of all scopes at the most.
pub(super) const SCOPES_BYTES_MAX: usize = 4 * 1024;

/// Commas of a part at the most: one stands before each value but the first.
pub(super) const COMMAS_MAX: usize = 1_024;

/// What is wrong with a token.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It is refused.
    Refuse(Reason),
    /// It names a key of this issuer's that is not known here, or his keys are not believed.
    NoKey(Arc<Issuer>),
}

impl From<Reason> for Wrong {
    fn from(reason: Reason) -> Self {
        Wrong::Refuse(reason)
    }
}

/// Judges a token, which one of `issuers` must have issued. Of its claims those named are `kept`.
pub(super) fn judge<'i>(
    token: &str,
    issuers: impl Iterator<Item = &'i Arc<Issuer>>,
    kept: &[Box<str>],
    now: Now,
) -> Result<Identity, Wrong> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Reason::TooLong.into());
    }
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Reason::Malformed.into());
    };
    let header = object(head)?;
    let claims = object(body)?;
    // Whose it is comes first: how others sign is theirs, and another's token an honest mistake.
    let named = member(&claims, "iss").and_then(Value::as_str).ok_or(Reason::Issuer)?;
    let issuer = issuers.into_iter().find(|issuer| issuer.name() == named);
    let issuer = issuer.ok_or(Reason::Issuer)?;
    let settings = &issuer.settings;
    let algorithm = member(&header, "alg").and_then(Value::as_str).and_then(Algorithm::find);
    let algorithm = algorithm.filter(|algorithm| settings.algorithms.contains(algorithm));
    let algorithm = algorithm.ok_or(Reason::Algorithm)?;
    // Whatever must be understood is not (RFC 7515 4.1.11); RFC 7797's bodies are no JWTs.
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(Reason::Critical.into());
    }
    inspect_type(&header, &claims, settings)?;
    inspect_audience(&claims, settings)?;
    let (begins_unix_s, ends_unix_s) = inspect_times(&claims, settings, now)?;
    let bound = Bound::read(&claims)?;
    let (subject, token_id) = (subject(&claims, settings)?, token_id(&claims)?);
    let scopes = scopes(&claims, settings)?;
    let key_id = key_id(&header)?;
    let signature = crypto::from_base64url(signature).ok_or(Reason::Malformed)?;
    if !issuer.is_believed(now) {
        return Err(Wrong::NoKey(Arc::clone(issuer)));
    }
    let signed = &token.as_bytes()[..=head.len() + body.len()];
    let (checked, generation) = issuer.check(key_id, algorithm, signed, &signature);
    match checked {
        Checked::Signed => {}
        Checked::Forged => return Err(Reason::Forged.into()),
        Checked::Unknown => return Err(Wrong::NoKey(Arc::clone(issuer))),
    }
    Ok(Identity::new(Facts {
        kind: Kind::Jwt,
        issuer: named,
        subject,
        scopes: &scopes,
        token_id,
        begins_unix_s,
        ends_unix_s: Some(ends_unix_s),
        by: Some(By::Issuer(Arc::clone(issuer), generation)),
        bound,
        claims: who::keep(&claims, kept),
    }))
}

fn object(part: &str) -> Result<Object, Reason> {
    let bytes = crypto::from_base64url(part).ok_or(Reason::Malformed)?;
    // Many small values cost as much to read as a signature to check.
    if bytes.iter().filter(|byte| **byte == b',').count() > COMMAS_MAX {
        return Err(Reason::Malformed);
    }
    json::object(&bytes).map_err(|_| Reason::Malformed)
}

/// What kind of token it says it is (RFC 8725 3.11).
fn inspect_type(header: &Object, claims: &Object, settings: &IssuerSettings) -> Result<(), Reason> {
    // A token in a token (RFC 7519 5.2): nobody looks at the outer one's claims.
    if header.contains_key("cty") {
        return Err(Reason::Type);
    }
    let kind = match member(header, "typ") {
        None => None,
        Some(kind) => Some(kind.as_str().ok_or(Reason::Type)?.to_ascii_lowercase()),
    };
    let kind = kind.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
    if kind.is_some_and(|kind| !settings.types.iter().any(|allowed| allowed == kind)) {
        return Err(Reason::Type);
    }
    // Only ID tokens have these (OpenID Connect Core 3.3.2.11): they tell a page who signed in, and
    // are no leave to call anything.
    let is_for_a_page = claims.contains_key("at_hash") || claims.contains_key("c_hash");
    if is_for_a_page && kind != Some("at+jwt") { Err(Reason::Type) } else { Ok(()) }
}

/// Whether it is meant for this gate: a text or a list of texts (RFC 7519 4.1.3).
fn inspect_audience(claims: &Object, settings: &IssuerSettings) -> Result<(), Reason> {
    let is_ours = |audience: &str| settings.audiences.iter().any(|own| own == audience);
    let found = match member(claims, "aud") {
        Some(Value::String(audience)) => is_ours(audience),
        Some(Value::Array(list)) => {
            // A list with anything but texts in it is none.
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            texts.ok_or(Reason::Audience)?.into_iter().any(is_ours)
        }
        Some(_) | None => false,
    };
    if found { Ok(()) } else { Err(Reason::Audience) }
}

/// From when to when it holds, leeway and all. Times are whole seconds; anything else could be
/// taken for no time at all.
fn inspect_times(
    claims: &Object,
    settings: &IssuerSettings,
    now: Now,
) -> Result<(u64, u64), Reason> {
    let leeway_s = settings.leeway_s;
    let ends = time(claims, "exp")?.ok_or(Reason::Claims)?.saturating_add(leeway_s);
    let not_before = time(claims, "nbf")?.unwrap_or(0);
    let issued = time(claims, "iat")?.unwrap_or(0);
    let begins = not_before.max(issued).saturating_sub(leeway_s);
    if now.unix_s < begins {
        return Err(Reason::FromTheFuture);
    }
    if ends <= now.unix_s { Err(Reason::Expired) } else { Ok((begins, ends)) }
}

fn time(claims: &Object, name: &str) -> Result<Option<u64>, Reason> {
    match member(claims, name) {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(Reason::Claims),
    }
}

fn subject<'c>(claims: &'c Object, settings: &IssuerSettings) -> Result<&'c str, Reason> {
    let subject =
        member(claims, &settings.subject).and_then(Value::as_str).ok_or(Reason::Claims)?;
    let fits = !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX;
    if fits { Ok(subject) } else { Err(Reason::Claims) }
}

fn token_id(claims: &Object) -> Result<Option<&str>, Reason> {
    match member(claims, "jti") {
        None => Ok(None),
        Some(Value::String(id)) if id.len() <= SUBJECT_BYTES_MAX => Ok(Some(id)),
        Some(_) => Err(Reason::Claims),
    }
}

/// Its scopes, separated by single spaces (RFC 8693 4.2); some issuers write a list.
fn scopes(claims: &Object, settings: &IssuerSettings) -> Result<String, Reason> {
    let scopes = match member(claims, &settings.scopes) {
        None => String::new(),
        Some(Value::String(scopes)) => scopes.clone(),
        Some(Value::Array(list)) => {
            let scopes: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            let scopes = scopes.ok_or(Reason::Claims)?;
            // A space inside one would make two of it.
            if scopes.iter().any(|scope| scope.contains(' ')) {
                return Err(Reason::Claims);
            }
            scopes.join(" ")
        }
        Some(_) => return Err(Reason::Claims),
    };
    if scopes.len() > SCOPES_BYTES_MAX { Err(Reason::Claims) } else { Ok(scopes) }
}

fn key_id(header: &Object) -> Result<Option<&str>, Reason> {
    match member(header, "kid") {
        None => Ok(None),
        Some(Value::String(id)) if id.len() <= KEY_ID_BYTES_MAX => Ok(Some(id)),
        Some(_) => Err(Reason::Malformed),
    }
}
