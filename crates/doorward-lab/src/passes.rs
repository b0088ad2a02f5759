//! The protocol of passes, as programs of stories speak it: they ask as a page's script does, do
//! the work, and sign what they send. `docs/passes.md` says what goes over the wire.

use crate::client::Call;
use crate::gate::seed;
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward_core::crypto::{MacKey, expand, sha256};
use doorward_core::secret::Secret;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Instant;
use url::{Position, Url};

/// Where passes are asked for.
pub(crate) const PATH: &str = "/.doorward/pass";
/// Where everything of the gate's own is.
pub(crate) const OWN: &str = "/.doorward/";
/// What pages load to ask for passes and to sign.
pub(crate) const SCRIPT: &str = "/.doorward/auto.js";
/// Zero bits of work that are done unless a refusal says otherwise.
pub(crate) const BITS: u32 = 12;
/// Times that one asks: once more for the clock, and for each step of the price.
pub(crate) const TRIES_MAX: u32 = 4;
/// Bits that somebody works for, at most: a gate asks for fewer.
const BITS_MAX: u32 = 18;
/// Puzzles of one pass.
const PARTS: u8 = 8;
/// Headers that belong to a signature.
const HEADERS: [&str; 4] = ["doorward-pass", "content-digest", "signature-input", "signature"];

/// Who asks for a pass, and where.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// The gate's own origin.
    pub(crate) gate: String,
    /// The page that the asker says it is.
    pub(crate) origin: String,
}

/// A key pair for one pass, and what was done for it.
pub(crate) struct Asking {
    private: PrivateKey,
    public: Vec<u8>,
    /// What is sent.
    pub(crate) call: Call,
    /// The milliseconds that the work took.
    pub(crate) work_ms: f64,
}

/// A pass, as its client keeps it.
#[derive(Clone)]
pub(crate) struct Pass {
    text: String,
    id: String,
    key: MacKey,
    /// When it was made, by the gate's clock.
    pub(crate) now_unix_s: u64,
}

/// What the gate says where it gives no pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct No {
    /// How many bits it wants.
    pub(crate) bits: Option<u32>,
    /// Its clock.
    pub(crate) now_unix_s: Option<u64>,
}

impl Asker {
    /// Asks with so many bits of work; none where the machine has no key to give.
    pub(crate) fn ask(&self, headers: &[(String, String)], time: u64, bits: u32) -> Option<Asking> {
        let private = PrivateKey::generate(&ECDH_P256).ok()?;
        let public = private.compute_public_key().ok()?.as_ref().to_vec();
        let key = URL_SAFE_NO_PAD.encode(&public);
        let authority = self.gate.split_once("://").map_or("", |(_, authority)| authority);
        let begun = Instant::now();
        let text = format!("doorward work v1\n{authority}\n{}\n{key}\n{time}", self.origin);
        let work = worked(&sha256(text.as_bytes()), bits.min(BITS_MAX));
        let work_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        let work = URL_SAFE_NO_PAD.encode(work);
        let mut headers: Vec<_> =
            headers.iter().filter(|(name, _)| !is_of_body(name)).cloned().collect();
        headers.push(("Content-Type".to_owned(), "text/plain;charset=UTF-8".to_owned()));
        let call = Call {
            method: "POST".to_owned(),
            url: format!("{}{PATH}", self.gate),
            headers,
            body: json!({ "key": key, "time": time, "work": work }).to_string().into_bytes(),
        };
        Some(Asking { private, public, call, work_ms })
    }
}

/// What says something of one body alone.
fn is_of_body(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("content-length")
}

/// Eight numbers, each found by trying.
fn worked(seed: &[u8; 32], bits: u32) -> Vec<u8> {
    let mut work = Vec::new();
    let mut block = [0; 37];
    block[..32].copy_from_slice(seed);
    for part in 0..PARTS {
        block[32] = part;
        let found = (0..=u32::MAX).find(|number| {
            block[33..].copy_from_slice(&number.to_be_bytes());
            let first = sha256(&block).first_chunk().copied().unwrap_or_default();
            u32::from_be_bytes(first).leading_zeros() >= bits
        });
        work.extend_from_slice(&found.unwrap_or_default().to_be_bytes());
    }
    work
}

impl Asking {
    /// The pass of the gate's answer.
    pub(crate) fn pass(&self, status: u16, answer: &[u8]) -> Result<Pass, No> {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let bits = answer["bits"].as_u64().and_then(|bits| u32::try_from(bits).ok());
        let no = No { bits, now_unix_s: answer["now"].as_u64() };
        if status != 200 {
            return Err(no);
        }
        self.agreed(&answer).ok_or(no)
    }

    fn agreed(&self, answer: &Value) -> Option<Pass> {
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(answer[name].as_str()?).ok();
        let (gate, info) = (bytes("key")?, bytes("info")?);
        let salt = sha256(&[&self.public[..], &gate].concat());
        let peer = UnparsedPublicKey::new(&ECDH_P256, &gate);
        let key = agreement::agree(&self.private, peer, (), |secret| {
            Ok(Secret::new(expand(secret, &salt, &info)))
        });
        Some(Pass {
            text: answer["pass"].as_str()?.to_owned(),
            id: answer["id"].as_str()?.to_owned(),
            key: MacKey::new(&key.ok()?),
            now_unix_s: answer["now"].as_u64()?,
        })
    }
}

impl Pass {
    /// The headers that sign a call (RFC 9421); none where its address is none.
    pub(crate) fn sign(&self, call: &Call, created_unix_s: u64) -> Option<Vec<(String, String)>> {
        let url = Url::parse(&call.url).ok()?;
        let mut list = "\"@method\" \"@authority\" \"@path\" \"@query\"".to_owned();
        let mut base = format!(
            "\"@method\": {}\n\"@authority\": {}\n\"@path\": {}\n\"@query\": ?{}\n",
            call.method,
            &url[Position::BeforeHost..Position::AfterPort],
            url.path(),
            url.query().unwrap_or_default()
        );
        let mut out = vec![("Doorward-Pass".to_owned(), self.text.clone())];
        if !call.body.is_empty() {
            let digest = format!("sha-256=:{}:", STANDARD.encode(sha256(&call.body)));
            list.push_str(" \"content-digest\"");
            let _ = writeln!(base, "\"content-digest\": {digest}");
            out.push(("Content-Digest".to_owned(), digest));
        }
        let kind = call.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if let Some((_, kind)) = kind {
            list.push_str(" \"content-type\"");
            let _ = writeln!(base, "\"content-type\": {kind}");
        }
        let nonce = URL_SAFE_NO_PAD.encode(seed::<16>());
        let params = format!(
            "({list} \"doorward-pass\");created={created_unix_s};nonce=\"{nonce}\";keyid=\"{}\";\
             alg=\"hmac-sha256\";tag=\"doorward\"",
            self.id
        );
        let _ = write!(base, "\"doorward-pass\": {}\n\"@signature-params\": {params}", self.text);
        let mac = STANDARD.encode(self.key.sign(base.as_bytes()));
        out.push(("Signature-Input".to_owned(), format!("doorward={params}")));
        out.push(("Signature".to_owned(), format!("doorward=:{mac}:")));
        Some(out)
    }
}

/// Whether a header belongs to a signature.
pub(crate) fn is_of_signature(name: &str) -> bool {
    HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::{Asker, worked};
    use doorward_core::crypto::sha256;

    #[test]
    fn work_is_done_for_its_seed() {
        let of = |seed: u8| worked(&[seed; 32], 6);
        let work = of(1);
        assert_eq!(work.len(), 32);
        assert_ne!(work, of(2));
        for (part, number) in (0_u8..8).zip(work.chunks(4)) {
            let hash = sha256(&[&[1; 32][..], &[part], number].concat());
            assert!(hash[0].leading_zeros() >= 6, "{part}");
        }
    }

    #[test]
    fn what_is_no_pass_says_what_the_gate_wants() {
        let asker = Asker {
            gate: "http://gate.shop.localhost:8080".to_owned(),
            origin: "http://shop.localhost:5173".to_owned(),
        };
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let asking = asker.ask(&headers, 1, 1).expect("a key");
        assert_eq!(asking.call.url, "http://gate.shop.localhost:8080/.doorward/pass");
        assert_eq!(asking.call.headers.len(), 1, "of the body it has its own type alone");
        let no = asking.pass(403, br#"{"bits":14,"now":7}"#).err().expect("no pass");
        assert_eq!((no.bits, no.now_unix_s), (Some(14), Some(7)));
        assert!(asking.pass(200, b"<html>").is_err());
    }
}
