//! The signatures that a token may have (RFC 7518 3.1, RFC 8037 3.1), and the keys that check them.

use crate::crypto::MacKey;
use crate::secret::Secret;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use std::fmt;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC-SHA256, under a secret that both sides know.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits and more.
    Rs256,
    /// RSASSA-PSS with SHA-256, 2048 bits and more.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All by their registered names.
    pub const NAMES: &[(&'static str, Self)] = &[
        ("HS256", Self::Hs256),
        ("RS256", Self::Rs256),
        ("PS256", Self::Ps256),
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
        ("EdDSA", Self::EdDsa),
    ];

    /// The algorithm of a registered name, which is case-sensitive (RFC 7515 4.1.1).
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    /// Whether one secret both signs and checks.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256)
    }

    fn checks(self) -> Option<&'static dyn VerificationAlgorithm> {
        match self {
            Self::Hs256 => None,
            Self::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Es256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
            Self::EdDsa => Some(&signature::ED25519),
        }
    }
}

/// A key that checks signatures of one algorithm.
pub(super) enum Check {
    /// A public key.
    Public(Box<ParsedPublicKey>),
    /// A shared secret.
    Shared(Box<MacKey>),
}

impl Check {
    /// A public key in the form that its algorithm wants: an uncompressed point, 32 bytes of
    /// Ed25519, or an RSA key in DER. None where it is no such key: not on its curve, too short.
    pub(super) fn public(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        let parsed = ParsedPublicKey::new(algorithm.checks()?, key).ok()?;
        Some(Self::Public(Box::new(parsed)))
    }

    /// A shared secret.
    pub(super) fn shared(secret: &Secret) -> Self {
        Self::Shared(Box::new(MacKey::new(secret)))
    }

    /// Whether `signature` is over `message`. Lengths that the algorithm does not have fail here.
    pub(super) fn is_met(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            Self::Shared(key) => Secret::new(key.sign(message)).matches(signature),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public(_) => "Check::Public(…)",
            Self::Shared(_) => "Check::Shared(…)",
        })
    }
}
