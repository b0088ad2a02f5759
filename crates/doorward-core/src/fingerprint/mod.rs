//! What a client shows without being asked: how it says hello in TLS, how it opens HTTP/2, in which
//! order and case it names its headers.
//!
//! Pure readers over bytes that somebody else carries. None of them refuses anything, and each
//! keeps apart what it could not read from what was not there. A fingerprint tells of software and
//! never of a person; many people share each, and whoever wants to can show another's.

mod cursor;
pub mod hello;
pub mod http1;
pub mod http2;
pub mod ja4;
pub mod shown;

use crate::crypto;

/// Hexadecimal digits of a digest in a fingerprint's text.
pub const DIGEST_DIGITS: usize = 12;

/// The first digits of the SHA-256 of a text.
fn digest(text: &[u8]) -> [u8; DIGEST_DIGITS] {
    let sum = crypto::sha256(text);
    let mut out = [b'0'; DIGEST_DIGITS];
    for (pair, byte) in out.chunks_exact_mut(2).zip(sum) {
        for (digit, half) in pair.iter_mut().zip([byte >> 4, byte & 0xf]) {
            *digit = HEX[usize::from(half)];
        }
    }
    out
}

const HEX: &[u8; 16] = b"0123456789abcdef";
