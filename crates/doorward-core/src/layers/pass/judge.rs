//! The judgement of a signed request. Cryptography first: what is forged costs no memory.

use super::held::{Claimed, Held, Of};
use super::request;
use super::{No, Policy, Reason};
use crate::crypto::{self, MacKey};
use crate::header::{self, One};
use crate::http_signature::ContentDigest;
use crate::moment::Moment;
use crate::pass::{
    Base, InputError, MAX_AGE_S, Pass, SKEW_S, Signed, client_class, id_text, parse_bytes,
    parse_input,
};
use crate::route::HELD_BODY_BYTES_MAX;
use crate::secret::Secret;
use crate::view::BodyHint;
use crate::visit::Visit;
use http::HeaderName;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};

/// Other names of the gate that a signature is tried for.
const OTHERS_MAX: usize = 8;

static SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
static SIGNATURE: HeaderName = HeaderName::from_static("signature");
static CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// Judges a request that is signed with the key of its pass.
pub(super) fn signed(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    text: &str,
) -> Result<Held, No> {
    let pass = policy.open(text)?;
    let input = one(visit, &SIGNATURE_INPUT)?.ok_or(Reason::Malformed)?;
    let signed = parse_input(input).map_err(|error| match error {
        InputError::Incomplete => Reason::Incomplete,
        InputError::Malformed => Reason::Malformed,
    })?;
    let signature = one(visit, &SIGNATURE)?.ok_or(Reason::Malformed)?;
    let signature = parse_bytes("doorward", signature).ok_or(Reason::Malformed)?;
    if signed.key_id != id_text(&pass.id).as_str() {
        return Err(Reason::Forged.into());
    }
    // What was made in another life is told before what follows from it.
    of_this_life(&pass, at)?;
    let parts = Parts::of(visit, signed, text)?;
    is_signed(visit, &pass, &parts, &signature)?;
    is_timely(signed.created_unix_s, at)?;
    let digest = parts.digest.map(digest_of).transpose()?;
    if let (Some(digest), true) = (digest, is_empty(visit.view.body)) {
        // Nothing will come that could be compared later.
        (digest == crypto::sha256(b"")).then_some(()).ok_or(Reason::BodyDiffers)?;
    }
    is_for(visit, pass.class, &pass.origin)?;
    let is_away = pass.prefix != visit.prefix;
    if is_away && !at.memory.travels.takes(pass.id, visit.prefix) {
        return Err(Reason::Elsewhere.into());
    }
    Ok(Held::new(&Claimed {
        of: Of::Pass,
        pass: Some(pass.id),
        user: None,
        once: Some(&[&pass.id, signed.nonce.as_bytes()]),
        // A clock may be set back by as much as it may differ.
        until_unix_s: signed.created_unix_s + MAX_AGE_S + 2 * SKEW_S,
        digest: digest.filter(|_| !is_empty(visit.view.body)).map(ContentDigest::sha256),
        traveller: is_away.then_some(pass.id),
        is_signed: true,
        life: at.memory.lives.boot(at.now),
    }))
}

/// What of a request is signed, as it came.
struct Parts<'v> {
    signed: Signed<'v>,
    pass: &'v str,
    digest: Option<&'v str>,
    length: Option<&'v str>,
    content_type: Option<&'v str>,
}

impl<'v> Parts<'v> {
    /// Picks them out. What must be signed and is not makes the signature incomplete.
    fn of(visit: &Visit<'v>, signed: Signed<'v>, pass: &'v str) -> Result<Self, Reason> {
        let content_type = one(visit, &CONTENT_TYPE)?;
        // What would make another request of it, and is not signed.
        let is_changed = !visit.seen.method_override.is_absent()
            || !visit.seen.upgrade.is_absent()
            || visit.view.headers.contains_key(CONTENT_ENCODING);
        let covered = signed.covered;
        let is_bound = match visit.view.body {
            BodyHint::Empty | BodyHint::Length(0) => true,
            BodyHint::Length(bytes) if bytes > HELD_BODY_BYTES_MAX as u64 => {
                covered.digest || covered.length
            }
            BodyHint::Length(_) | BodyHint::Stream => covered.digest,
        };
        if !is_bound || is_changed || (content_type.is_some() && !covered.content_type) {
            return Err(Reason::Incomplete);
        }
        let of = |is_covered, name| match is_covered {
            true => one(visit, name)?.map(Some).ok_or(Reason::Malformed),
            false => Ok(None),
        };
        Ok(Self {
            signed,
            pass,
            digest: of(covered.digest, &CONTENT_DIGEST)?,
            length: of(covered.length, &CONTENT_LENGTH)?,
            content_type: of(covered.content_type, &CONTENT_TYPE)?,
        })
    }
}

/// Checks the signature. One that would fit another of the gate's names is told so.
fn is_signed(
    visit: &Visit<'_>,
    pass: &Pass,
    parts: &Parts<'_>,
    signature: &[u8; 32],
) -> Result<(), No> {
    let key = MacKey::new(&Secret::new(pass.key));
    let path = visit.view.target.path;
    let mut text = Vec::with_capacity(1_024);
    let mut fits = |authority: &str, prefix: &str| {
        text.clear();
        let base = Base {
            method: visit.view.method.as_str(),
            authority,
            path: [prefix, path],
            query: visit.view.target.query,
            digest: parts.digest.unwrap_or_default(),
            length: parts.length.unwrap_or_default(),
            content_type: parts.content_type.unwrap_or_default(),
            pass: parts.pass,
            signed: parts.signed,
        };
        base.write(&mut text);
        key.matches(&text, signature)
    };
    let own = request::canonical_authority(visit);
    if request::mounts(visit).any(|mount| fits(&own, mount)) {
        return Ok(());
    }
    let prefix = request::mounted_at(visit);
    let listed = visit.gate.names.listed().iter();
    let listed = listed.filter_map(|name| Some((name.authority().to_str().ok()?, name.prefix())));
    let said = [visit.seen.host, visit.seen.forwarded_host].map(|one| (one.value(), ""));
    let of_page = visit.seen.origin.value().and_then(|origin| origin.split_once("://"));
    let said = said.into_iter().chain([(of_page.map(|(_, authority)| authority), "")]);
    let others = listed.chain(said.filter_map(|(name, prefix)| Some((name?, prefix))));
    for (authority, mount) in others.take(OTHERS_MAX) {
        let authority = authority.to_ascii_lowercase();
        if fits(&authority, "") || (!mount.is_empty() && fits(&authority, mount)) {
            let note =
                format!("It was signed for {authority:?}{mount} and came in by {own:?}{prefix}.");
            return Err(No::noted(Reason::OtherHost, note));
        }
    }
    Err(Reason::Forged.into())
}

/// Whether a pass is of this life of this instance, and has not ended.
fn of_this_life(pass: &Pass, at: Moment<'_>) -> Result<(), Reason> {
    if pass.boot != at.memory.lives.boot(at.now) {
        return Err(Reason::OtherInstance);
    }
    if pass.expires_unix_s < at.now.unix_s {
        return Err(Reason::Expired);
    }
    if pass.issued_unix_s > at.now.unix_s + SKEW_S {
        return Err(Reason::FromTheFuture);
    }
    Ok(())
}

fn is_timely(created_unix_s: u64, at: Moment<'_>) -> Result<(), Reason> {
    let now = at.now.unix_s;
    if created_unix_s > now.saturating_add(SKEW_S) {
        return Err(Reason::FromTheFuture);
    }
    if created_unix_s.saturating_add(MAX_AGE_S + SKEW_S) < now {
        return Err(Reason::Expired);
    }
    Ok(())
}

/// Whether a request comes from the page and the kind of browser that a pass was made for.
fn is_for(visit: &Visit<'_>, class: u8, origin: &str) -> Result<(), No> {
    let agent = header::single(visit.view.headers, &USER_AGENT).value();
    if client_class(agent) != class {
        return Err(Reason::OtherClient.into());
    }
    is_from(visit, origin)
}

/// Whether a request comes from the page that a pass was made for.
pub(super) fn is_from(visit: &Visit<'_>, origin: &str) -> Result<(), No> {
    if request::is_from(visit, origin) {
        return Ok(());
    }
    let here = visit.seen.origin.value().unwrap_or_default();
    let note = format!("It was made for {origin:?}, and this is {here:?}.");
    Err(No::noted(Reason::OtherOrigin, note))
}

pub(super) const fn is_empty(body: BodyHint) -> bool {
    matches!(body, BodyHint::Empty | BodyHint::Length(0))
}

/// The digest of `sha-256=:…:` (RFC 9530 2), alone and whole.
fn digest_of(text: &str) -> Result<[u8; 32], Reason> {
    parse_bytes("sha-256", text).ok_or(Reason::Malformed)
}

/// The single value of a header.
fn one<'v>(visit: &Visit<'v>, name: &HeaderName) -> Result<Option<&'v str>, Reason> {
    match header::single(visit.view.headers, name) {
        One::Absent => Ok(None),
        One::Value(text) => Ok(Some(text)),
        One::Repeated | One::Unreadable => Err(Reason::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_pass_has_the_name_that_is_signed() {
        assert_eq!(request::PASS.as_str(), "doorward-pass");
        let digest = format!("sha-256=:{}=:", "A".repeat(43));
        assert_eq!(digest_of(&digest), Ok([0; 32]));
        for wrong in ["", "sha-256=:AAAA:", "sha-512=:AAAA:"] {
            assert_eq!(digest_of(wrong), Err(Reason::Malformed), "{wrong}");
        }
    }
}
