//! The keys that check signatures, and their algorithms (RFC 9421 3.3).

use crate::crypto::MacKey;
use crate::secret::Secret;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// Bytes of a shared secret at the least: as long as the digest (RFC 2104 3).
pub const SHARED_SECRET_BYTES_MIN: usize = 32;
/// Bytes of a key in PEM at the most.
const PEM_BYTES_MAX: usize = 16 * 1024;

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 (3.3.6).
    Ed25519,
    /// ECDSA on P-256 with SHA-256 (3.3.4): r and s, 32 bytes each.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384 (3.3.5): r and s, 48 bytes each.
    EcdsaP384Sha384,
    /// RSASSA-PSS with SHA-512 (3.3.1), 2048 bits and more.
    RsaPssSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (3.3.2), 2048 bits and more.
    RsaV15Sha256,
    /// HMAC-SHA256 under a secret that both sides know (3.3.3).
    HmacSha256,
}

impl Algorithm {
    /// All by their registered names.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("ed25519", Self::Ed25519),
        ("ecdsa-p256-sha256", Self::EcdsaP256Sha256),
        ("ecdsa-p384-sha384", Self::EcdsaP384Sha384),
        ("rsa-pss-sha512", Self::RsaPssSha512),
        ("rsa-v1_5-sha256", Self::RsaV15Sha256),
        ("hmac-sha256", Self::HmacSha256),
    ];

    /// The algorithm of a registered name, whose case matters.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    /// Its registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::RsaPssSha512 => "rsa-pss-sha512",
            Self::RsaV15Sha256 => "rsa-v1_5-sha256",
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    fn checks(self) -> Option<&'static dyn VerificationAlgorithm> {
        match self {
            Self::Ed25519 => Some(&signature::ED25519),
            Self::EcdsaP256Sha256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
            Self::EcdsaP384Sha384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
            Self::RsaPssSha512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
            Self::RsaV15Sha256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::HmacSha256 => None,
        }
    }
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not one block of PEM.
    #[error("the key is not one PEM block that begins with BEGIN PUBLIC KEY")]
    NoPem,
    /// It is no public key of that algorithm.
    #[error("this is no public key for that algorithm: another kind, another curve or too short")]
    OtherKey,
    /// It is shorter than its digest.
    #[error("a shared secret has at least {SHARED_SECRET_BYTES_MIN} bytes")]
    TooShort,
}

/// A key, which checks signatures of one algorithm and of no other.
#[derive(Clone)]
pub struct Key {
    algorithm: Algorithm,
    check: Check,
}

#[derive(Clone)]
enum Check {
    Public(Box<ParsedPublicKey>),
    Shared(Box<MacKey>),
}

impl Key {
    /// A public key in PEM: `-----BEGIN PUBLIC KEY-----` (RFC 7468 13).
    ///
    /// # Errors
    /// When it is no such text, or no key of that algorithm.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        Self::from_bytes(algorithm, &spki(pem).ok_or(KeyError::NoPem)?)
    }

    /// A public key in bytes: its SubjectPublicKeyInfo, or raw: 32 bytes of Ed25519, an
    /// uncompressed point, an RSAPublicKey in DER.
    ///
    /// # Errors
    /// When it is no key of that algorithm.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let checks = algorithm.checks().ok_or(KeyError::OtherKey)?;
        let key = ParsedPublicKey::new(checks, bytes).map_err(|_| KeyError::OtherKey)?;
        Ok(Self { algorithm, check: Check::Public(Box::new(key)) })
    }

    /// A shared secret, for `hmac-sha256`.
    ///
    /// # Errors
    /// When it is too short.
    pub fn shared(secret: &Secret) -> Result<Self, KeyError> {
        if secret.expose().len() < SHARED_SECRET_BYTES_MIN {
            return Err(KeyError::TooShort);
        }
        let check = Check::Shared(Box::new(MacKey::new(secret)));
        Ok(Self { algorithm: Algorithm::HmacSha256, check })
    }

    /// What it is for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is over `base`. Lengths that the algorithm does not have fail here, and
    /// a MAC is compared whole, in constant time.
    #[must_use]
    pub fn verify(&self, base: &[u8], signature: &[u8]) -> bool {
        match &self.check {
            Check::Public(key) => key.verify_sig(base, signature).is_ok(),
            Check::Shared(key) => Secret::new(key.sign(base)).matches(signature),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, …)", self.algorithm.name())
    }
}

/// The bytes of one PEM block and nothing else (RFC 7468 3). A private key is none.
fn spki(pem: &str) -> Option<Vec<u8>> {
    if pem.len() > PEM_BYTES_MAX {
        return None;
    }
    let behind = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let text = behind.strip_suffix("-----END PUBLIC KEY-----")?;
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).ok()
}
