//! A JSON Web Key Set (RFC 7517), read: the public keys in it that can check tokens.

use super::algorithm::{Algorithm, Check};
use crate::crypto;
use crate::json::{self, Object, member};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::RsaPublicKeyComponents;

/// Keys of a set at the most.
const KEYS_MAX: usize = 64;
/// Bytes of a set at the most: 64 RSA keys with their certificates fit.
pub const KEY_SET_BYTES_MAX: usize = 256 * 1024;
/// Bytes of a key's id at the most.
pub(super) const KEY_ID_BYTES_MAX: usize = 256;
/// Bits of an RSA key (RFC 7518 3.3). With another, no signature would ever fit: its tokens would
/// be taken for forgeries.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Keys that are tried for a token that names none.
const TRIED_MAX: usize = 4;

/// Why bytes are no set of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Too long.
    #[error("it is longer than 256 KiB")]
    TooLong,
    /// No JSON object, or one with doubled names.
    #[error("it is no JSON object, or one of its names stands twice")]
    NoObject,
    /// Without the list.
    #[error("it has no list `keys` (RFC 7517 5)")]
    NoKeys,
    /// With too many keys.
    #[error("it has more than 64 keys")]
    TooManyKeys,
    /// With a private or secret key.
    #[error("it has a private or secret key, which everybody who reads it can sign with")]
    Private,
    /// Without a key that can check a token.
    #[error("none of its keys checks signatures of the algorithms that are allowed here")]
    NoneOfUse,
}

/// Keys by which tokens are checked.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    keys: Vec<Entry>,
    /// SHA-256 of what was read, so that the same set is not taken for a new one.
    digest: [u8; 32],
}

#[derive(Debug)]
struct Entry {
    id: Option<String>,
    algorithm: Algorithm,
    check: Check,
}

/// What a set says to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// One of its keys signed it.
    Signed,
    /// A key that it names, or could mean, did not.
    Forged,
    /// There is no key that it could mean.
    Unknown,
}

impl KeySet {
    /// The set of one shared secret.
    pub(super) fn shared(check: Check) -> Self {
        let entry = Entry { id: None, algorithm: Algorithm::Hs256, check };
        Self { keys: vec![entry], digest: [0; 32] }
    }

    /// Reads a set. Keys for encryption, of unknown kinds and for other algorithms than `allowed`
    /// are passed over (RFC 7517 5); a private or a secret key spoils the whole set.
    pub(super) fn parse(bytes: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        if bytes.len() > KEY_SET_BYTES_MAX {
            return Err(KeySetError::TooLong);
        }
        let set = json::object(bytes).map_err(|_| KeySetError::NoObject)?;
        let list =
            member(&set, "keys").and_then(|keys| keys.as_array()).ok_or(KeySetError::NoKeys)?;
        if list.len() > KEYS_MAX {
            return Err(KeySetError::TooManyKeys);
        }
        let mut keys = Vec::new();
        for key in list {
            let Some(key) = key.as_object() else { continue };
            if key.contains_key("d") || text(key, "kty") == Some("oct") {
                return Err(KeySetError::Private);
            }
            read(key, allowed, &mut keys);
        }
        if keys.is_empty() {
            return Err(KeySetError::NoneOfUse);
        }
        Ok(Self { keys, digest: crypto::sha256(bytes) })
    }

    /// Whether this set was read from the same bytes.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks a signature by the key that a token names. One without a name is checked by every
    /// key of its algorithm, as long as those are few.
    pub(super) fn check(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Checked {
        let fits = |entry: &&Entry| {
            // A key without an id may be the one that a token names: sets made by hand have such.
            let is_meant = id.is_none() || entry.id.is_none() || entry.id.as_deref() == id;
            entry.algorithm == algorithm && is_meant
        };
        let mut found = Checked::Unknown;
        for entry in self.keys.iter().filter(fits).take(TRIED_MAX) {
            if entry.check.is_met(message, signature) {
                return Checked::Signed;
            }
            // A token of a key that is new may meet one that has no id, and is nobody's forgery.
            if id.is_none() || entry.id.is_some() || algorithm.is_symmetric() {
                found = Checked::Forged;
            }
        }
        found
    }
}

/// Takes a key in, once for each algorithm that it serves.
fn read(key: &Object, allowed: &[Algorithm], into: &mut Vec<Entry>) {
    let is_for_signatures = match member(key, "use") {
        None => true,
        Some(purpose) => purpose.as_str() == Some("sig"),
    };
    let checks = match member(key, "key_ops") {
        None => true,
        Some(list) => list
            .as_array()
            .is_some_and(|list| list.iter().any(|purpose| purpose.as_str() == Some("verify"))),
    };
    if !is_for_signatures || !checks {
        return;
    }
    let id = match member(key, "kid") {
        None => None,
        Some(id) => match id.as_str() {
            Some(id) if id.len() <= KEY_ID_BYTES_MAX => Some(id.to_owned()),
            Some(_) | None => return,
        },
    };
    for algorithm in allowed {
        // A key that names its algorithm serves no other (RFC 8725 3.1).
        let is_meant = match member(key, "alg") {
            None => true,
            Some(named) => named.as_str().and_then(Algorithm::find) == Some(*algorithm),
        };
        if let (true, Some(check)) = (is_meant, public(key, *algorithm)) {
            into.push(Entry { id: id.clone(), algorithm: *algorithm, check });
        }
    }
}

/// The public key for an algorithm, where it is of that kind.
pub(super) fn public(key: &Object, algorithm: Algorithm) -> Option<Check> {
    let kind = (text(key, "kty")?, text(key, "crv"));
    let bytes = match (algorithm, kind) {
        (Algorithm::Rs256 | Algorithm::Ps256, ("RSA", _)) => {
            let components = RsaPublicKeyComponents { n: number(key, "n")?, e: number(key, "e")? };
            if !RSA_BITS.contains(&bits(&components.n)) {
                return None;
            }
            let der: PublicKeyX509Der<'_> = components.as_der().ok()?;
            return Check::public(algorithm, der.as_ref());
        }
        (Algorithm::Es256, ("EC", Some("P-256"))) => point(key, 32)?,
        (Algorithm::Es384, ("EC", Some("P-384"))) => point(key, 48)?,
        (Algorithm::EdDsa, ("OKP", Some("Ed25519"))) => coded(key, "x")?,
        _ => return None,
    };
    Check::public(algorithm, &bytes)
}

/// How long a number is, without the zeros before it.
fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let first = number.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() - zeros) * 8 - first
}

/// An uncompressed point (SEC 1 2.3.3). Coordinates have their curve's full length (RFC 7518
/// 6.2.1.2).
fn point(key: &Object, bytes: usize) -> Option<Vec<u8>> {
    let (x, y) = (coded(key, "x")?, coded(key, "y")?);
    if x.len() != bytes || y.len() != bytes {
        return None;
    }
    let mut point = vec![4];
    point.extend(x);
    point.extend(y);
    Some(point)
}

fn text<'k>(key: &'k Object, name: &str) -> Option<&'k str> {
    member(key, name)?.as_str()
}

/// A number without leading zeros; some issuers write one in front.
fn number(key: &Object, name: &str) -> Option<Vec<u8>> {
    let mut bytes = coded(key, name)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes.split_off(zeros))
}

fn coded(key: &Object, name: &str) -> Option<Vec<u8>> {
    crypto::from_base64url(text(key, name)?)
}
