//! The proof of admission: what tells a backend that a request came through the gate.
//!
//! The MAC is over the fields `dwa1`, gate id, time, request id, method, path with query, identity
//! and body digest, each as `<length>:<bytes>`.

use crate::crypto::{MacKey, base64url};
use crate::verdict::Admitted;
use arrayvec::ArrayVec;
use http::{HeaderValue, Method};
use std::io::Write;

/// What a proof says beside what the admission knows by itself.
pub(crate) struct Facts<'a> {
    pub(crate) gate_id: &'a str,
    pub(crate) method: &'a Method,
    /// The path with the query, as it goes to the backend.
    pub(crate) target: &'a str,
}

/// Says that there is no identity, or no held body.
const NONE: &str = "-";

/// Writes `dwa1.<time>.<id>.<identity>.<digest>.<mac>`, the MAC in base64url.
pub(crate) fn write(key: &MacKey, admitted: &Admitted, facts: Facts<'_>) -> Option<HeaderValue> {
    let id = admitted.id().text();
    let mut time = ArrayVec::<u8, 20>::new();
    write!(time, "{}", admitted.now().unix_s).ok()?;
    let mut digest_text = Vec::new();
    let digest: &[u8] = match admitted.body_digest() {
        Some(digest) => {
            base64url(digest, &mut digest_text);
            &digest_text
        }
        None => NONE.as_bytes(),
    };
    let fields: [&[u8]; 8] = [
        b"dwa1",
        facts.gate_id.as_bytes(),
        &time,
        id.as_str().as_bytes(),
        facts.method.as_str().as_bytes(),
        facts.target.as_bytes(),
        NONE.as_bytes(),
        digest,
    ];
    // Each field as `<length>:<bytes>`, so that no two requests have the same text.
    let mut lengths = [const { ArrayVec::<u8, 8>::new_const() }; 8];
    let mut parts: [&[u8]; 16] = [b""; 16];
    for (length, field) in lengths.iter_mut().zip(fields) {
        write!(length, "{}:", field.len()).ok()?;
    }
    for (place, (length, field)) in lengths.iter().zip(fields).enumerate() {
        parts[place * 2] = length;
        parts[place * 2 + 1] = field;
    }
    let mac = key.sign(&parts);
    let mut text = Vec::with_capacity(160);
    for field in [fields[0], fields[2], fields[3], fields[6], fields[7]] {
        text.extend_from_slice(field);
        text.push(b'.');
    }
    base64url(&mac, &mut text);
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
}
