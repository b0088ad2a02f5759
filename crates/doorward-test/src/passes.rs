//! A client of passes, written from `docs/passes.md` alone: what a page's script does, and what a
//! script does that speaks the protocol.

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::{digest, hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::fmt::Write;

/// A key pair for one pass.
pub struct Keys {
    private: PrivateKey,
    public: Vec<u8>,
}

/// A pass, as its client keeps it.
#[derive(Clone)]
pub struct Pass {
    /// The opaque text.
    pub text: String,
    /// Its id.
    pub id: String,
    key: hmac::Key,
    /// When it was made, by the gate's clock.
    pub now: u64,
    /// When it ends.
    pub expires: u64,
}

/// A request to be signed.
#[derive(Clone, Debug)]
pub struct Signing<'a> {
    /// The method.
    pub method: &'a str,
    /// Host, and the port unless it is the scheme's own.
    pub authority: &'a str,
    /// The path.
    pub path: &'a str,
    /// The query without its question mark.
    pub query: Option<&'a str>,
    /// The body; none: there is none.
    pub body: Option<&'a [u8]>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// By the gate's clock.
    pub created: u64,
    /// 16 bytes.
    pub nonce: [u8; 16],
}

struct Bytes32;

impl hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl Keys {
    /// Fresh ones.
    ///
    /// # Panics
    /// When the library fails.
    #[must_use]
    pub fn new() -> Self {
        let private = PrivateKey::generate(&ECDH_P256).expect("a key");
        let public = private.compute_public_key().expect("its public part").as_ref().to_vec();
        Self { private, public }
    }

    /// What asks for a pass, with so many zero bits of work.
    #[must_use]
    pub fn ask(&self, authority: &str, origin: &str, time: u64, bits: u32) -> String {
        let key = URL_SAFE_NO_PAD.encode(&self.public);
        let seed = format!("doorward work v1\n{authority}\n{origin}\n{key}\n{time}");
        let seed = digest::digest(&digest::SHA256, seed.as_bytes());
        let mut work = Vec::new();
        for part in 0..8_u8 {
            let found = (0..=u32::MAX).find(|number| {
                let text = [seed.as_ref(), &[part], &number.to_be_bytes()].concat();
                let hash = digest::digest(&digest::SHA256, &text);
                let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
                u32::from_be_bytes(first).leading_zeros() >= bits
            });
            work.extend_from_slice(&found.unwrap_or_default().to_be_bytes());
        }
        json!({ "key": key, "time": time, "work": URL_SAFE_NO_PAD.encode(work) }).to_string()
    }

    /// The pass of the gate's answer.
    ///
    /// # Panics
    /// When the answer is none.
    #[must_use]
    pub fn pass(&self, answer: &[u8]) -> Pass {
        let answer: Value = serde_json::from_slice(answer).expect("JSON");
        let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)).expect("base64url");
        let (gate, info) = (bytes("key"), bytes("info"));
        let salt = digest::digest(&digest::SHA256, &[&self.public[..], &gate].concat());
        let peer = UnparsedPublicKey::new(&ECDH_P256, &gate);
        let mut key = [0; 32];
        agreement::agree(&self.private, peer, "no point", |secret| {
            let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, salt.as_ref()).extract(secret);
            prk.expand(&[&info], Bytes32).and_then(|okm| okm.fill(&mut key)).map_err(|_| "no key")
        })
        .expect("a secret");
        Pass {
            text: text("pass"),
            id: text("id"),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            now: answer["now"].as_u64().expect("a time"),
            expires: answer["expires"].as_u64().expect("a time"),
        }
    }
}

impl<'a> Signing<'a> {
    /// A GET.
    #[must_use]
    pub const fn get(authority: &'a str, path: &'a str, created: u64, nonce: u8) -> Self {
        Self {
            method: "GET",
            authority,
            path,
            query: None,
            body: None,
            content_type: None,
            created,
            nonce: [nonce; 16],
        }
    }

    /// A POST of JSON.
    #[must_use]
    pub const fn post(
        authority: &'a str,
        path: &'a str,
        body: &'a [u8],
        created: u64,
        nonce: u8,
    ) -> Self {
        let get = Self::get(authority, path, created, nonce);
        Self { method: "POST", body: Some(body), content_type: Some("application/json"), ..get }
    }
}

impl Pass {
    /// This pass as somebody holds it who has the key of another one alone.
    #[must_use]
    pub fn with_key_of(&self, other: &Self) -> Self {
        Self { key: other.key.clone(), ..self.clone() }
    }

    /// The headers of a signed request.
    #[must_use]
    pub fn sign(&self, request: &Signing<'_>) -> Vec<(&'static str, String)> {
        let mut out = vec![("doorward-pass", self.text.clone())];
        let mut list = "\"@method\" \"@authority\" \"@path\" \"@query\"".to_owned();
        let query = request.query.unwrap_or_default();
        let mut base = format!(
            "\"@method\": {}\n\"@authority\": {}\n\"@path\": {}\n\"@query\": ?{query}\n",
            request.method, request.authority, request.path
        );
        if let Some(body) = request.body {
            let digest = digest::digest(&digest::SHA256, body);
            let digest = format!("sha-256=:{}:", STANDARD.encode(digest));
            list.push_str(" \"content-digest\"");
            let _ = writeln!(base, "\"content-digest\": {digest}");
            out.push(("content-digest", digest));
        }
        if let Some(kind) = request.content_type {
            list.push_str(" \"content-type\"");
            let _ = writeln!(base, "\"content-type\": {kind}");
            out.push(("content-type", kind.to_owned()));
        }
        let nonce = URL_SAFE_NO_PAD.encode(request.nonce);
        let params = format!(
            "({list} \"doorward-pass\");created={};nonce=\"{nonce}\";keyid=\"{}\";\
             alg=\"hmac-sha256\";tag=\"doorward\"",
            request.created, self.id
        );
        let _ = write!(base, "\"doorward-pass\": {}\n\"@signature-params\": {params}", self.text);
        let mac = STANDARD.encode(hmac::sign(&self.key, base.as_bytes()));
        out.push(("signature-input", format!("doorward={params}")));
        out.push(("signature", format!("doorward=:{mac}:")));
        out
    }
}
