//! The cryptography that decisions need, by aws-lc-rs.

use crate::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of a SHA-256 digest, an HMAC-SHA256 and a derived key.
pub const KEY_BYTES: usize = 32;

/// An HMAC-SHA256 key, expanded once.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl MacKey {
    /// The key itself.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose()))
    }

    /// HMAC-SHA256 over `bytes`.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> [u8; KEY_BYTES] {
        let mut out = [0; KEY_BYTES];
        for (to, from) in out.iter_mut().zip(hmac::sign(&self.0, bytes).as_ref()) {
            *to = *from;
        }
        out
    }

    /// Whether `mac` is HMAC-SHA256 over `bytes`, all 32 bytes of it, in constant time.
    #[must_use]
    pub fn matches(&self, bytes: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.0, bytes, mac).is_ok()
    }
}

/// Bytes drawn for each sealing.
pub const SEAL_NONCE_BYTES: usize = NONCE_LEN;

/// A key for AES-256-GCM-SIV (RFC 8452): who has it can read what is sealed, and nobody else can
/// make or change it. None within: the key could not be made, and nothing is sealed or opened.
pub struct SealKey(Option<LessSafeKey>);

impl SealKey {
    /// The key itself, of 32 bytes.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        let key = UnboundKey::new(&AES_256_GCM_SIV, secret.expose());
        Self(key.ok().map(LessSafeKey::new))
    }

    /// Seals `bytes` to what they are for.
    #[must_use]
    pub fn seal(
        &self,
        nonce: [u8; SEAL_NONCE_BYTES],
        bytes: &[u8],
        what_for: &[u8],
    ) -> Option<Vec<u8>> {
        let (key, mut sealed) = (self.0.as_ref()?, bytes.to_vec());
        let by = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(by, Aad::from(what_for), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// What was sealed; none where it was not, or not for this.
    #[must_use]
    pub fn open(&self, sealed: &[u8], what_for: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<SEAL_NONCE_BYTES>()?;
        let mut sealed = sealed.to_vec();
        let by = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.as_ref()?.open_in_place(by, Aad::from(what_for), &mut sealed).ok()?;
        Some(opened.to_vec())
    }
}

/// HKDF-SHA256 (RFC 5869): 32 bytes of `secret` under `salt` for `info`.
#[must_use]
pub fn expand(secret: &[u8], salt: &[u8], info: &[u8]) -> [u8; KEY_BYTES] {
    let mut out = [0; KEY_BYTES];
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    // HKDF fails only for more than 255 blocks; 32 bytes are one.
    let filled = pseudo_random.expand(&[info], KeyLength).and_then(|key| key.fill(&mut out));
    debug_assert!(filled.is_ok(), "one block of HKDF always expands");
    out
}

/// HKDF-SHA256 (RFC 5869) without salt: a key for one purpose. `info` tells purposes apart: each
/// part is preceded by its length as a big-endian u32, so that no two lists of parts agree.
#[must_use]
pub fn derive(root: &Secret, info: &[&str]) -> Secret {
    let mut label = Vec::new();
    for part in info {
        label.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        label.extend_from_slice(part.as_bytes());
    }
    let mut out = [0; KEY_BYTES];
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(root.expose());
    // HKDF fails only for more than 255 blocks; 32 bytes are one.
    let filled = pseudo_random.expand(&[&label], KeyLength).and_then(|key| key.fill(&mut out));
    debug_assert!(filled.is_ok(), "one block of HKDF always expands");
    Secret::new(out)
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; KEY_BYTES] {
    let mut out = [0; KEY_BYTES];
    for (to, from) in out.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()) {
        *to = *from;
    }
    out
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// base64url without padding (RFC 4648 5), appended to `out`.
pub fn base64url(bytes: &[u8], out: &mut Vec<u8>) {
    let begin = out.len();
    let length = base64::encoded_len(bytes.len(), false).unwrap_or(0);
    out.resize(begin + length, 0);
    let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut out[begin..]);
    debug_assert_eq!(written, Ok(length), "the room is as long as the text");
}

/// The bytes of base64url without padding, in its one canonical form: no other alphabet, no line
/// breaks, no bits behind the end (RFC 4648 3.5).
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_for_the_same_and_by_the_same() {
        let key = SealKey::new(&Secret::new([7; 32]));
        let sealed = key.seal([1; SEAL_NONCE_BYTES], b"ann", b"a list").expect("it is sealed");
        assert_eq!(key.open(&sealed, b"a list").as_deref(), Some(&b"ann"[..]));
        assert_eq!(key.open(&sealed, b"another"), None);
        assert_eq!(SealKey::new(&Secret::new([8; 32])).open(&sealed, b"a list"), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(key.open(&changed, b"a list"), None, "{place}");
            assert_eq!(key.open(&sealed[..place], b"a list"), None, "{place}");
        }
        assert_eq!(SealKey::new(&Secret::new([7; 31])).seal([1; 12], b"ann", b""), None);
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_case_2() {
        let key = MacKey::new(&Secret::new(*b"Jefe"));
        let mut out = Vec::new();
        base64url(&key.sign(b"what do ya want for nothing?"), &mut out);
        // RFC 4231 4.3, in base64url.
        assert_eq!(out, b"W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_by_where_parts_end() {
        let root = Secret::new([7; 32]);
        let keys = [
            derive(&root, &["admission", "prod"]),
            derive(&root, &["admission", "staging"]),
            derive(&root, &["admissionprod"]),
            derive(&root, &["admission", "pro", "d"]),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert_eq!(key.expose().len(), KEY_BYTES);
            assert!(keys[..index].iter().all(|other| !other.matches(key.expose())));
        }
        assert!(keys[0].matches(derive(&root, &["admission", "prod"]).expose()));
    }

    #[test]
    fn base64url_has_no_padding() {
        let encode = |bytes: &[u8]| {
            let mut out = Vec::new();
            base64url(bytes, &mut out);
            String::from_utf8(out).unwrap_or_default()
        };
        for (bytes, want) in
            [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xff\xfe", "__4")]
        {
            assert_eq!(encode(bytes), want);
        }
    }
}
