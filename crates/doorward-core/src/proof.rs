//! The proof of admission: what tells a backend that a request came through the gate.
//!
//! The MAC is over the fields `dwa1`, gate id, time, request id, method, path with query, identity
//! and body digest, each as `<length>:<bytes>`.

use crate::crypto::{MacKey, base64url};
use crate::verdict::Admitted;
use arrayvec::ArrayVec;
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
/// Bytes of a proof without a digest: version, time, id, two dashes, MAC and dots.
const PROOF_BYTES: usize = 128;
/// Bytes of the signed text beside its target.
const SIGNED_BYTES: usize = 256;

/// Writes `dwa1.<time>.<id>.<identity>.<digest>.<mac>`, the MAC in base64url.
pub(crate) fn write(key: &MacKey, admitted: &Admitted, facts: Facts<'_>) -> Option<HeaderValue> {
    let id = admitted.id().text();
    let time = decimal(admitted.now().unix_s);
    let mut digest_text = Vec::new();
    let digest: &[u8] = match admitted.body_digest() {
        Some(digest) => {
            base64url(digest, &mut digest_text);
            &digest_text
        }
        None => NONE,
    };
    let fields: [&[u8]; 8] = [
        VERSION,
        facts.gate_id.as_bytes(),
        &time,
        id.as_str().as_bytes(),
        facts.method.as_str().as_bytes(),
        facts.target.as_bytes(),
        NONE,
        digest,
    ];
    let mut signed = Vec::with_capacity(SIGNED_BYTES + facts.target.len());
    for field in fields {
        signed.extend_from_slice(&decimal(u64::try_from(field.len()).ok()?));
        signed.push(b':');
        signed.extend_from_slice(field);
    }
    let mac = key.sign(&signed);
    let mut text = Vec::with_capacity(PROOF_BYTES);
    for field in [VERSION, &time, id.as_str().as_bytes(), NONE, digest] {
        text.extend_from_slice(field);
        text.push(b'.');
    }
    base64url(&mac, &mut text);
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
}

/// Digits of the largest `u64`.
const DIGITS_MAX: usize = 20;

/// A number in decimal digits. Formatting costs several times as much, on every request.
fn decimal(mut number: u64) -> ArrayVec<u8, DIGITS_MAX> {
    let mut digits = ArrayVec::<u8, DIGITS_MAX>::new();
    loop {
        // A digit fits a byte, and there are never more of them than places.
        digits.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits.reverse();
    digits
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 1, 9, 10, 99, 100, 1_764_072_000, u64::MAX] {
            assert_eq!(decimal(number).as_slice(), number.to_string().as_bytes());
        }
    }
}
