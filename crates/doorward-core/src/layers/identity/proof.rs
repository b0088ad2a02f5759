//! Proof that a token's own key sent a request (DPoP, RFC 9449): a small JWT beside the token.

use super::algorithm::{Algorithm, Check};
use super::bound::Thumbprint;
use super::{Place, Policy, Reason, Who, key_set, place};
use crate::crypto;
use crate::header::{self, One};
use crate::json::{self, Object, member};
use crate::layers::method;
use crate::layers::pass::{Claimed, Held, Of, canonical_authority, mounts};
use crate::moment::Moment;
use crate::visit::Visit;
use http::HeaderName;
use serde_json::Value;

/// The header that carries the proof.
static DPOP: HeaderName = HeaderName::from_static("dpop");
/// Bytes of a proof at the most.
const PROOF_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a `jti` at the most.
const ID_BYTES_MAX: usize = 256;
/// Seconds for which a proof holds, and by which its clock may be ahead.
const AGE_S: u64 = 60;
const AHEAD_S: u64 = 30;
/// What a proof's key may sign with: nothing that both sides would have to know.
const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Rs256, Algorithm::Ps256];

/// Judges the proof of possession that a token needs which belongs to a key.
pub(super) fn with(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
    (place, text): (usize, &str),
    who: Who,
) -> Who {
    let Who::Known(known) = who else { return who };
    let is_shown = policy.places.get(place) == Some(&Place::Bearer)
        && place::is_shown_with_proof(visit.seen.authorization);
    match (&known.identity.bound.key, is_shown) {
        (None, false) => Who::Known(known),
        (None, true) => Who::Refuse(Reason::ProofForNothing),
        // What was stolen must not open anything because it is called a bearer's (RFC 9449 7.2).
        (Some(_), false) => Who::Refuse(Reason::SenderBound),
        (Some(key), true) => match check(policy, visit, (text, key), at) {
            Ok(held) => Who::Signed(known, Box::new(held)),
            Err(reason) => Who::Refuse(reason),
        },
    }
}

/// Checks the proof that comes with `token`, which belongs to `key`. What is found good is still to
/// be claimed.
pub(super) fn check(
    policy: &Policy,
    visit: &Visit<'_>,
    (token, key): (&str, &Thumbprint),
    at: Moment<'_>,
) -> Result<Held, Reason> {
    let proof = match header::single(visit.view.headers, &DPOP) {
        One::Value(proof) if proof.len() <= PROOF_BYTES_MAX => proof,
        One::Absent => return Err(Reason::SenderBound),
        One::Value(_) | One::Repeated | One::Unreadable => return Err(Reason::ProofMalformed),
    };
    let mut parts = proof.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Reason::ProofMalformed);
    };
    let (header, claims) = (object(head)?, object(body)?);
    let (algorithm, jwk) = signer(&header)?;
    if thumbprint(jwk).as_ref() != Some(key) {
        return Err(Reason::ProofOfOther);
    }
    let issued = inspect(&claims, visit, token, at)?;
    let needs_nonce = match &policy.nonces {
        Some(nonces) => nonces.inspect(&claims, at.now)?,
        None => false,
    };
    let id = text(&claims, "jti").filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX);
    let id = id.ok_or(Reason::ProofMalformed)?;
    let signature = crypto::from_base64url(signature).ok_or(Reason::ProofMalformed)?;
    let check = key_set::public(jwk, algorithm).ok_or(Reason::ProofMalformed)?;
    let signed = &proof.as_bytes()[..=head.len() + body.len()];
    if !Check::is_met(&check, signed, &signature) {
        return Err(Reason::ProofForged);
    }
    let mut held = Held::new(&Claimed {
        of: Of::Proof,
        pass: None,
        user: None,
        once: Some(&[b"dpop", key, b"\n", id.as_bytes()]),
        until_unix_s: issued.saturating_add(AGE_S + AHEAD_S),
        digest: None,
        traveller: None,
        is_signed: false,
        life: at.memory.lives.boot(at.now),
    });
    held.needs_nonce = needs_nonce;
    Ok(held)
}

fn object(part: &str) -> Result<Object, Reason> {
    let bytes = crypto::from_base64url(part).ok_or(Reason::ProofMalformed)?;
    json::object(&bytes).map_err(|_| Reason::ProofMalformed)
}

fn text<'o>(object: &'o Object, name: &str) -> Option<&'o str> {
    member(object, name).and_then(Value::as_str)
}

/// How it is signed, and by which public key (RFC 9449 4.3, 5 to 7).
fn signer(header: &Object) -> Result<(Algorithm, &Object), Reason> {
    let is_proof = text(header, "typ").is_some_and(|kind| kind.eq_ignore_ascii_case("dpop+jwt"));
    if !is_proof || header.contains_key("crit") || header.contains_key("b64") {
        return Err(Reason::ProofMalformed);
    }
    let algorithm = text(header, "alg").and_then(Algorithm::find);
    let algorithm = algorithm.filter(|algorithm| ALGORITHMS.contains(algorithm));
    let jwk = member(header, "jwk").and_then(Value::as_object);
    // Whoever shows a private key has given it away.
    let jwk = jwk.filter(|jwk| !["d", "p", "q", "k"].iter().any(|name| jwk.contains_key(*name)));
    algorithm.zip(jwk).ok_or(Reason::ProofMalformed)
}

/// Whether a request names another method beside its own, which the backend may take for it.
fn names_another_method(visit: &Visit<'_>) -> bool {
    let own = visit.view.method.as_str().as_bytes();
    let by_header = match visit.seen.method_override {
        One::Absent => false,
        One::Value(text) => !text.as_bytes().eq_ignore_ascii_case(own),
        One::Repeated | One::Unreadable => true,
    };
    let mut fields = visit.view.target.query.into_iter().flat_map(method::method_fields);
    by_header || fields.any(|name| !name.eq_ignore_ascii_case(own))
}

/// Whether it is for this request and this token, now; when it was made.
fn inspect(claims: &Object, visit: &Visit<'_>, token: &str, at: Moment<'_>) -> Result<u64, Reason> {
    if text(claims, "htm") != Some(visit.view.method.as_str()) || names_another_method(visit) {
        return Err(Reason::ProofOfOther);
    }
    let address = text(claims, "htu").ok_or(Reason::ProofMalformed)?;
    if !is_of(visit, address) {
        return Err(Reason::ProofOfOther);
    }
    let mut hash = Vec::new();
    crypto::base64url(&crypto::sha256(token.as_bytes()), &mut hash);
    if text(claims, "ath").map(str::as_bytes) != Some(&hash) {
        return Err(Reason::ProofOfOther);
    }
    let issued = member(claims, "iat").and_then(Value::as_u64).ok_or(Reason::ProofMalformed)?;
    let now = at.now.unix_s;
    // What was made before this process began may have been taken by the one before.
    let oldest = now.saturating_sub(AGE_S).max(at.memory.lives.begun_s(at.now));
    if issued < oldest || issued > now.saturating_add(AHEAD_S) {
        return Err(Reason::ProofExpired);
    }
    Ok(issued)
}

/// Whether an address is this request's, without query and fragment (RFC 9449 4.3, 9), under the
/// name and path by which it came in. Scheme and host are compared in lower case, and the port
/// without the scheme's own (RFC 3986 6.2.2, 6.2.3).
fn is_of(visit: &Visit<'_>, address: &str) -> bool {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(own_port).unwrap_or(&authority);
    let path = if path.is_empty() { "/" } else { path };
    if scheme != super::signature::scheme(visit) || authority != canonical_authority(visit) {
        return false;
    }
    mounts(visit).any(|mount| path.strip_prefix(mount) == Some(visit.view.target.path))
}

/// The thumbprint of a public key (RFC 7638): SHA-256 over its required members, in order.
fn thumbprint(jwk: &Object) -> Option<Thumbprint> {
    let names: &[&str] = match text(jwk, "kty")? {
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        "RSA" => &["e", "kty", "n"],
        _ => return None,
    };
    let mut out = String::from("{");
    for (place, name) in names.iter().enumerate() {
        let value = text(jwk, name)?;
        // They are base64url or names: what would have to be escaped is none of them.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !value.bytes().all(is_plain) {
            return None;
        }
        let comma = if place == 0 { "" } else { "," };
        out.push_str(&format!("{comma}\"{name}\":\"{value}\""));
    }
    out.push('}');
    Some(crypto::sha256(out.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object_of(text: &str) -> Object {
        json::object(text.as_bytes()).expect("an object")
    }

    #[test]
    fn a_thumbprint_is_as_the_rfc_shows_it() {
        // RFC 7638 3.1.
        let number = concat!(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1",
            "L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4",
            "QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbO",
            "pbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF",
            "Cur-kEgU8awapJzKnqDKgw",
        );
        let key = format!(r#"{{"kty":"RSA","n":"{number}","e":"AQAB","alg":"RS256","kid":"a"}}"#);
        let want = crypto::from_base64url("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(thumbprint(&object_of(&key)).map(Vec::from), want);
        // RFC 9449 6.1: the token's `jkt`, and the key of 4.1's proof.
        let key = r#"{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}"#;
        let want = crypto::from_base64url("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(thumbprint(&object_of(key)).map(Vec::from), want);
        for wrong in [
            r#"{"kty":"oct","k":"AQAB"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"a\"b","y":"c"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"a"}"#,
            "{}",
        ] {
            assert_eq!(thumbprint(&object_of(wrong)), None, "{wrong}");
        }
    }
}
