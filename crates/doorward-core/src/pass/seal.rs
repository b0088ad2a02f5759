//! A pass as the client carries it: everything that the gate must know of it, sealed with
//! AES-256-GCM-SIV (RFC 8452). So any instance that has the secret can check a request, and none
//! keeps a list of passes.

use crate::address::Prefix;
use crate::crypto::{self, KEY_BYTES};
use crate::moment::Chance;
use crate::secret::Secret;
use arrayvec::{ArrayString, ArrayVec};
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroize;

/// A pass's id: 16 random bytes.
pub type PassId = [u8; 16];

/// What a pass begins with.
const PREFIX: &str = "dwp1.";
/// Bytes of an origin at the most: a scheme, a host of 253, a port.
pub(crate) const ORIGIN_BYTES_MAX: usize = 280;
/// Bytes that name the key of a seal.
const KEY_ID_BYTES: usize = 4;
/// Bytes of the fields before the origin.
const FIXED_BYTES: usize = 16 + KEY_BYTES + 8 + 8 + 8 + 1 + 1 + 17;
/// Bytes of the authentication tag.
const TAG_BYTES: usize = 16;
/// Bytes of a sealed pass at the most.
const SEALED_BYTES_MAX: usize =
    KEY_ID_BYTES + NONCE_LEN + FIXED_BYTES + ORIGIN_BYTES_MAX + TAG_BYTES;
/// Characters of a pass at the most.
pub(crate) const PASS_TEXT_MAX: usize = PREFIX.len() + SEALED_BYTES_MAX.div_ceil(3) * 4;

/// What a pass says.
#[derive(Clone)]
pub(crate) struct Pass {
    pub(crate) id: PassId,
    /// K, with which its client signs.
    pub(crate) key: [u8; KEY_BYTES],
    pub(crate) issued_unix_s: u64,
    pub(crate) expires_unix_s: u64,
    /// Which life of which process made it: nonces are remembered there alone.
    pub(crate) boot: [u8; 8],
    pub(crate) class: u8,
    /// Zero bits that were worked for it.
    pub(crate) bits: u8,
    /// Where it was asked for.
    pub(crate) prefix: Prefix,
    pub(crate) origin: ArrayString<ORIGIN_BYTES_MAX>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// Why a text is no pass of this gate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealError {
    /// Not the form of one.
    Malformed,
    /// Sealed with a key that this gate does not have: another gate's, or one that was dropped.
    UnknownKey,
    /// Sealed with none of its keys, though it says so.
    Forged,
}

/// The keys of seals: the first seals, all open.
pub(crate) struct Seals {
    keys: Vec<([u8; KEY_ID_BYTES], LessSafeKey)>,
    bound: Vec<u8>,
}

impl Seals {
    /// Derives a key of each secret; the newest comes first. None: a key could not be made.
    pub(crate) fn new(secrets: &[Secret], gate_id: &str) -> Option<Self> {
        let mut keys = Vec::new();
        for secret in secrets {
            let key = crypto::derive(secret, &["doorward pass v1", gate_id]);
            let named = crypto::derive(secret, &["doorward pass key id v1", gate_id]);
            let id = named.expose().first_chunk()?;
            let unbound = UnboundKey::new(&AES_256_GCM_SIV, key.expose()).ok()?;
            keys.push((*id, LessSafeKey::new(unbound)));
        }
        let mut bound = Vec::new();
        super::fields::push(b"dwp1", &mut bound);
        super::fields::push(gate_id.as_bytes(), &mut bound);
        (!keys.is_empty()).then_some(Self { keys, bound })
    }

    /// Seals a pass. None: it could not be.
    pub(crate) fn seal(&self, pass: &Pass, chance: &dyn Chance) -> Option<String> {
        let (key_id, key) = self.keys.first()?;
        let mut nonce = [0; NONCE_LEN];
        chance.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(SEALED_BYTES_MAX);
        write(pass, &mut sealed);
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(&self.bound),
            &mut sealed,
        )
        .ok()?;
        let whole = [&key_id[..], &nonce, &sealed].concat();
        let mut text = PREFIX.as_bytes().to_vec();
        crypto::base64url(&whole, &mut text);
        String::from_utf8(text).ok()
    }

    /// Opens a pass, without allocating.
    pub(crate) fn open(&self, text: &str) -> Result<Pass, SealError> {
        const MALFORMED: SealError = SealError::Malformed;
        let encoded = text.strip_prefix(PREFIX).ok_or(MALFORMED)?;
        if text.len() > PASS_TEXT_MAX {
            return Err(MALFORMED);
        }
        // The decoder asks for room up to the next whole group.
        let mut room = [0; SEALED_BYTES_MAX + 3];
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut room).map_err(|_| MALFORMED)?;
        let whole = room.get_mut(..length).ok_or(MALFORMED)?;
        let (key_id, rest) = whole.split_first_chunk_mut::<KEY_ID_BYTES>().ok_or(MALFORMED)?;
        let (nonce, sealed) = rest.split_first_chunk_mut::<NONCE_LEN>().ok_or(MALFORMED)?;
        let known = self.keys.iter().find(|(id, _)| id == key_id);
        let (_, key) = known.ok_or(SealError::UnknownKey)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, Aad::from(&self.bound), sealed);
        let opened = opened.map_err(|_| SealError::Forged)?;
        let pass = read(opened).ok_or(MALFORMED);
        opened.zeroize();
        pass
    }
}

fn write(pass: &Pass, out: &mut Vec<u8>) {
    let (bits, length) = pass.prefix.parts();
    out.extend_from_slice(&pass.id);
    out.extend_from_slice(&pass.key);
    out.extend_from_slice(&pass.issued_unix_s.to_be_bytes());
    out.extend_from_slice(&pass.expires_unix_s.to_be_bytes());
    out.extend_from_slice(&pass.boot);
    out.extend_from_slice(&[pass.class, pass.bits, length]);
    out.extend_from_slice(&bits.to_be_bytes());
    out.extend_from_slice(pass.origin.as_bytes());
}

fn read(bytes: &[u8]) -> Option<Pass> {
    let (id, rest) = bytes.split_first_chunk()?;
    let (key, rest) = rest.split_first_chunk()?;
    let (issued, rest) = rest.split_first_chunk()?;
    let (expires, rest) = rest.split_first_chunk()?;
    let (boot, rest) = rest.split_first_chunk()?;
    let ([class, bits, length], rest) = rest.split_first_chunk()?;
    let (prefix, rest) = rest.split_first_chunk()?;
    Some(Pass {
        id: *id,
        key: *key,
        issued_unix_s: u64::from_be_bytes(*issued),
        expires_unix_s: u64::from_be_bytes(*expires),
        boot: *boot,
        class: *class,
        bits: *bits,
        prefix: Prefix::of_parts(u128::from_be_bytes(*prefix), *length),
        origin: ArrayString::from(std::str::from_utf8(rest).ok()?).ok()?,
    })
}

/// A pass's id as text: 22 characters.
#[must_use]
pub fn id_text(id: &PassId) -> ArrayString<24> {
    let mut room = [0; 24];
    let length = URL_SAFE_NO_PAD.encode_slice(id, &mut room).unwrap_or(0);
    let text = room.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    ArrayString::from(text.unwrap_or_default()).unwrap_or_default()
}

/// The bytes of 16 that are written in 22 characters.
pub(crate) fn sixteen(text: &str) -> Option<[u8; 16]> {
    let mut room: ArrayVec<u8, 24> = ArrayVec::from([0; 24]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut room).ok()?;
    room.truncate(length);
    <[u8; 16]>::try_from(room.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Chance for Fixed {
        fn fill(&self, out: &mut [u8]) {
            out.fill(7);
        }
    }

    fn pass() -> Pass {
        Pass {
            id: [1; 16],
            key: [2; 32],
            issued_unix_s: 3,
            expires_unix_s: 4,
            boot: [5; 8],
            class: 6,
            bits: 12,
            prefix: Prefix::subscriber([203, 0, 113, 7].into()),
            origin: ArrayString::from("https://shop.example").expect("it is short"),
        }
    }

    fn seals(secrets: &[u8], gate: &str) -> Seals {
        let secrets: Vec<Secret> = secrets.iter().map(|byte| Secret::new([*byte; 32])).collect();
        Seals::new(&secrets, gate).expect("keys")
    }

    #[test]
    fn a_pass_opens_as_it_was_sealed_and_no_changed_one_does() {
        let seals = seals(&[1], "prod");
        let text = seals.seal(&pass(), &Fixed).expect("a pass");
        let opened = seals.open(&text).expect("the same pass");
        assert_eq!((opened.id, opened.key, opened.boot), ([1; 16], [2; 32], [5; 8]));
        assert_eq!((opened.class, opened.bits, opened.prefix), (6, 12, pass().prefix));
        assert_eq!((opened.issued_unix_s, opened.expires_unix_s), (3, 4));
        assert_eq!(opened.origin.as_str(), "https://shop.example");
        for place in 0..text.len() {
            for change in [1_u8, 2, 0x20] {
                let mut bytes = text.clone().into_bytes();
                bytes[place] ^= change;
                if let Ok(changed) = String::from_utf8(bytes) {
                    assert!(seals.open(&changed).is_err(), "{place} {change}");
                }
            }
            assert!(seals.open(&text[..place]).is_err(), "{place}");
        }
        assert!(seals.open(&format!("{text}A")).is_err());
        assert!(seals.open(&"dwp1.A".repeat(1_000)).is_err());
    }

    #[test]
    fn keys_rotate_with_overlap_and_another_gates_passes_are_none() {
        let old = seals(&[1], "prod").seal(&pass(), &Fixed).expect("a pass");
        assert!(seals(&[2, 1], "prod").open(&old).is_ok());
        let error = |seals: Seals| seals.open(&old).err();
        assert_eq!(error(seals(&[3, 2], "prod")), Some(SealError::UnknownKey));
        assert_eq!(error(seals(&[1], "staging")), Some(SealError::UnknownKey));
        assert!(Seals::new(&[], "prod").is_none());
    }

    #[test]
    fn ids_are_written_in_one_way() {
        let text = id_text(&[255; 16]);
        assert_eq!((text.len(), sixteen(&text)), (22, Some([255; 16])));
        assert_eq!(sixteen("AAAAAAAAAAAAAAAAAAAAAB"), None);
        assert_eq!((sixteen(""), sixteen("AAAA"), sixteen("*")), (None, None, None));
    }
}
