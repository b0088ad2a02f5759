//! The proof of admission: what tells a backend that a request came through the gate.
//!
//! The MAC is over the fields `dwa1`, gate id, time, request id, method, path with query, identity
//! and body digest, each as `<length>:<bytes>`. The identity is base64url of issuer,
//! subject and scopes, with single spaces between, as `Doorward-Issuer`, `Doorward-Identity` and
//! `Doorward-Scopes` say them; `-` where nobody is known.

use crate::crypto::{MacKey, base64url};
use crate::verdict::Admitted;
use http::{HeaderValue, Method};

/// What a proof says beside what the admission knows by itself.
pub(crate) struct Facts<'a> {
    pub(crate) gate_id: &'a str,
    pub(crate) method: &'a Method,
    /// The path with the query, as it goes to the backend.
    pub(crate) target: &'a str,
}

/// Says that there is no identity, or no held body.
const NONE: &[u8] = b"-";
/// The version of the proof.
const VERSION: &[u8] = b"dwa1";
/// Digits of the seconds since 1970, for the next two centuries.
const TIME_BYTES: usize = 10;
/// Bytes of a MAC in base64url.
const MAC_TEXT_BYTES: usize = 43;
/// Bytes of the signed text beside its target.
const SIGNED_BYTES: usize = 256;

/// Writes `dwa1.<time>.<id>.<identity>.<digest>.<mac>`, the MAC in base64url.
pub(crate) fn write(key: &MacKey, admitted: &Admitted, facts: Facts<'_>) -> Option<HeaderValue> {
    let id = admitted.id().text();
    let mut time = Vec::with_capacity(TIME_BYTES);
    push_decimal(usize::try_from(admitted.now().unix_s).ok()?, &mut time);
    let mut digest_text = Vec::new();
    let digest: &[u8] = match admitted.body_digest() {
        Some(digest) => {
            base64url(digest, &mut digest_text);
            &digest_text
        }
        None => NONE,
    };
    let identity = admitted.identity().map_or(NONE, |identity| identity.proof().as_bytes());
    let fields: [&[u8]; 8] = [
        VERSION,
        facts.gate_id.as_bytes(),
        &time,
        id.as_str().as_bytes(),
        facts.method.as_str().as_bytes(),
        facts.target.as_bytes(),
        identity,
        digest,
    ];
    let mut signed = Vec::with_capacity(SIGNED_BYTES + facts.target.len());
    for field in fields {
        push_decimal(field.len(), &mut signed);
        signed.push(b':');
        signed.extend_from_slice(field);
    }
    let mac = key.sign(&signed);
    let said = [VERSION, &time, id.as_str().as_bytes(), identity, digest];
    // Room for exactly this much: the value is then taken over as it is, not allocated again.
    let said_bytes: usize = said.iter().map(|field| field.len() + 1).sum();
    let mut text = Vec::with_capacity(said_bytes + MAC_TEXT_BYTES);
    for field in said {
        text.extend_from_slice(field);
        text.push(b'.');
    }
    base64url(&mac, &mut text);
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
}

/// Appends a number in decimal digits. Formatting costs several times as much, on every request.
fn push_decimal(number: usize, out: &mut Vec<u8>) {
    if number >= 10 {
        push_decimal(number / 10, out);
    }
    // A remainder of ten fits a byte.
    out.push(b'0' + (number % 10) as u8);
}

#[cfg(test)]
mod tests {
    use super::push_decimal;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 1, 9, 10, 99, 100, 1_764_072_000, usize::MAX] {
            let mut out = Vec::new();
            push_decimal(number, &mut out);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
