//! Keys, the forms in which peers take them, and tokens: good ones and four kinds of bad ones.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// Who issues the tokens.
pub const ISSUER: &str = "https://issuer.test";
/// Whom they are for.
pub const AUDIENCE: &str = "api";
/// Whom they name.
pub const SUBJECT: &str = "user-42";

/// Seconds for which a good token is good.
const LIFE_S: u64 = 24 * 60 * 60;
/// Seconds since an expired one was good: more than any peer's leeway.
const EXPIRED_S: u64 = 60 * 60;

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Its signature is another token's.
    Forged,
    /// Its time is over.
    Expired,
    /// It is for somebody else.
    Audience,
    /// Somebody else says it.
    Issuer,
}

impl Wrong {
    /// All of them, with the names of their files.
    pub const ALL: [(Wrong, &'static str); 4] = [
        (Wrong::Forged, "forged"),
        (Wrong::Expired, "expired"),
        (Wrong::Audience, "audience"),
        (Wrong::Issuer, "issuer"),
    ];
}

enum Signer {
    Hs256([u8; 32]),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// A key that signs tokens.
pub struct Key {
    signer: Signer,
    random: SystemRandom,
    unix_s: u64,
}

impl Key {
    /// The algorithms that keys are made for, by their JWA names.
    pub const ALGORITHMS: [&'static str; 4] = ["HS256", "ES256", "EdDSA", "RS256"];

    /// A fresh key of one of [`Key::ALGORITHMS`]; its tokens are good at `unix_s`.
    ///
    /// # Panics
    /// When there is no such algorithm, or no randomness.
    #[must_use]
    pub fn fresh(algorithm: &str, unix_s: u64) -> Self {
        let signer = match algorithm {
            "HS256" => Signer::Hs256(text_secret()),
            "ES256" => Signer::Es256(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key"),
            ),
            "EdDSA" => Signer::EdDsa(Ed25519KeyPair::generate().expect("an Ed25519 key")),
            "RS256" => {
                Signer::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key")))
            }
            _ => panic!("no key is made for {algorithm}"),
        };
        Self { signer, random: SystemRandom::new(), unix_s }
    }

    /// The algorithm, by its JWA name.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.signer {
            Signer::Hs256(_) => "HS256",
            Signer::Es256(_) => "ES256",
            Signer::EdDsa(_) => "EdDSA",
            Signer::Rs256(_) => "RS256",
        }
    }

    /// The key set (RFC 7517) that verifies: one key, on one line. That of HS256 is a secret.
    #[must_use]
    pub fn key_set(&self) -> String {
        let mut key = match &self.signer {
            Signer::Hs256(secret) => json!({ "kty": "oct", "k": base64(secret) }),
            Signer::Es256(pair) => {
                // SEC 1 2.3.3: 4, then both coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": base64(x), "y": base64(y) })
            }
            Signer::EdDsa(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64(pair.public_key().as_ref()) })
            }
            Signer::Rs256(pair) => {
                // RFC 8017 A.1.1: of 2048 bits, both numbers always stand at the same place.
                let der = pair.public_key().as_ref();
                json!({ "kty": "RSA", "n": base64(&der[9..265]), "e": base64(&der[267..270]) })
            }
        };
        key["kid"] = json!(self.key_id());
        key["alg"] = json!(self.algorithm());
        key["use"] = json!("sig");
        json!({ "keys": [key] }).to_string()
    }

    /// What a peer takes that wants no key set: the secret's text, or the public key as PEM
    /// (RFC 7468). None where no peer is given one.
    ///
    /// # Panics
    /// When the public key cannot be written.
    #[must_use]
    pub fn plain(&self) -> Option<String> {
        match &self.signer {
            Signer::Hs256(secret) => Some(String::from_utf8_lossy(secret).into_owned()),
            Signer::Es256(pair) => {
                let der: PublicKeyX509Der<'_> = pair.public_key().as_der().expect("a key as DER");
                let text = STANDARD.encode(der.as_ref());
                let (first, second) = text.split_at(64);
                Some(format!(
                    "-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n"
                ))
            }
            Signer::EdDsa(_) | Signer::Rs256(_) => None,
        }
    }

    /// A good token; each `id` gives another one.
    #[must_use]
    pub fn token(&self, id: u64) -> String {
        self.signed(&self.claims(id))
    }

    /// A token of this key that everybody has to refuse.
    #[must_use]
    pub fn wrong(&self, wrong: Wrong) -> String {
        let mut claims = self.claims(0);
        match wrong {
            Wrong::Forged => return self.forged(),
            Wrong::Expired => claims["exp"] = json!(self.unix_s - EXPIRED_S),
            Wrong::Audience => claims["aud"] = json!("another"),
            Wrong::Issuer => claims["iss"] = json!("https://another.test"),
        }
        self.signed(&claims)
    }

    /// The signature is one of this key's, but of another token.
    fn forged(&self) -> String {
        let (ours, theirs) = (self.token(1), self.token(2));
        let body = ours.rsplit_once('.').map_or("", |(body, _)| body);
        let signature = theirs.rsplit_once('.').map_or("", |(_, signature)| signature);
        format!("{body}.{signature}")
    }

    fn key_id(&self) -> String {
        format!("{}-1", self.algorithm().to_lowercase())
    }

    fn claims(&self, id: u64) -> Value {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "jti": format!("{id:08}"),
            "iat": self.unix_s, "exp": self.unix_s + LIFE_S,
        })
    }

    fn signed(&self, claims: &Value) -> String {
        let header = json!({ "alg": self.algorithm(), "kid": self.key_id(), "typ": "JWT" });
        let head = base64(header.to_string().as_bytes());
        let body = format!("{head}.{}", base64(claims.to_string().as_bytes()));
        let signature = self.signature(body.as_bytes());
        format!("{body}.{}", base64(&signature))
    }

    fn signature(&self, body: &[u8]) -> Vec<u8> {
        match &self.signer {
            Signer::Hs256(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, body).as_ref().to_vec()
            }
            Signer::Es256(pair) => {
                let signature = pair.sign(&self.random, body).expect("a signature");
                signature.as_ref().to_vec()
            }
            Signer::EdDsa(pair) => pair.sign(body).as_ref().to_vec(),
            Signer::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &self.random, body, &mut signature);
                signed.expect("a signature");
                signature
            }
        }
    }
}

/// 32 bytes that are text as well, as HAProxy wants them: 16 random ones in hexadecimal.
fn text_secret() -> [u8; 32] {
    let mut random = [0; 16];
    rand::fill(&mut random).expect("randomness");
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(random) {
        pair.copy_from_slice(format!("{byte:02x}").as_bytes());
    }
    text
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
