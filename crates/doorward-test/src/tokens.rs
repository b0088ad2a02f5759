//! Tokens and API keys of the kit: signed by fixed keys that are checked in under `keys/`, of no
//! use elsewhere. A line of words says what a token is; see [`of_line`].

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use aws_lc_rs::signature::{EcdsaSigningAlgorithm, RsaEncoding};
use aws_lc_rs::{digest, hmac};
use doorward_core::crypto::{base64url, from_base64url};

/// The issuer of [`of_line`]'s tokens, when nothing else is said.
pub const ISSUER: &str = "https://id.test";
/// Whom they are for.
pub const AUDIENCE: &str = "https://api.test";
/// The secret of HS256 tokens.
pub const SHARED_SECRET: &str = "the shared secret of the cases, of no use elsewhere";

/// A file that configurations of cases may name: sets of keys, and API keys.
#[must_use]
pub fn file(name: &str) -> Option<&'static [u8]> {
    match name {
        // Every algorithm's key of the first issuer.
        "kit.json" => Some(include_bytes!("../keys/kit.json")),
        // The second issuer's; its key has the `kid` of one of the first's.
        "second.json" => Some(include_bytes!("../keys/second.json")),
        // RSA with 1024 bits, and the first issuer's key for ES256.
        "weak.json" => Some(include_bytes!("../keys/weak.json")),
        // Keys that say nothing of their name, use or algorithm.
        "loose.json" => Some(include_bytes!("../keys/loose.json")),
        // Keys for other purposes, off their curve and of unknown kinds, beside one of use.
        "odd.json" => Some(include_bytes!("../keys/odd.json")),
        // The public key of an integration that signs; `partner.p8` is the other half.
        "partner.pem" => Some(include_bytes!("../keys/partner.pem")),
        "kit-keys.toml" => Some(include_bytes!("../keys/kit-keys.toml")),
        _ => None,
    }
}

/// The text of the API key that `keys/kit-keys.toml` calls so; of others there is one too, which
/// nobody knows.
#[must_use]
pub fn api_key(name: &str) -> String {
    let seed = format!("doorward test key {name}");
    let mut text = format!("dwk1_{}", hex(seed.as_bytes(), 32));
    let sum = hex(text.as_bytes(), 4);
    text.push_str(&sum);
    text
}

/// The first `bytes` of a SHA-256, as digits.
fn hex(of: &[u8], bytes: usize) -> String {
    let sum = digest::digest(&digest::SHA256, of);
    sum.as_ref().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// A line with the kit's keys in the place of their names: `{jwk:es256}` is a public key (RFC
/// 7517), `{jkt:es256}` its thumbprint (RFC 7638), `{ath}` the hash of `token` (RFC 9449 4.2).
///
/// # Errors
/// A name that no key has.
pub fn with_keys(line: &str, token: Option<&str>) -> Result<String, String> {
    let mut out = line.to_owned();
    if let Some(token) = token {
        let hash = digest::digest(&digest::SHA256, token.as_bytes());
        out = out.replace("{ath}", &encode(hash.as_ref()));
    }
    for what in ["jwk", "jkt"] {
        while let Some((before, rest)) = out.split_once(&format!("{{{what}:"))
            && let Some((name, behind)) = rest.split_once('}')
        {
            let key = jwk(name).ok_or_else(|| format!("{name} is no key of the kit"))?;
            let hash = digest::digest(&digest::SHA256, key.as_bytes());
            let key = if what == "jkt" { encode(hash.as_ref()) } else { key };
            out = format!("{before}{key}{behind}");
        }
    }
    Ok(out)
}

/// A public key of the kit: its required members alone, in the order of their names.
fn jwk(name: &str) -> Option<String> {
    let set: serde_json::Value = serde_json::from_slice(file("kit.json")?).ok()?;
    let keys = set["keys"].as_array()?.iter();
    let key = keys.filter_map(|key| key.as_object()).find(|key| key["kid"] == name)?;
    let required = ["crv", "e", "kty", "n", "x", "y"];
    let members = required.iter().filter_map(|name| Some((*name, key.get(*name)?)));
    let members = members.map(|(name, value)| format!("\"{name}\":{value}"));
    Some(format!("{{{}}}", members.collect::<Vec<_>>().join(",")))
}

/// Signs a token as a line says: `es256 sub=ann exp=+600`.
///
/// The first word is the algorithm: `rs256`, `ps256`, `es256`, `es384`, `eddsa`, `hs256`, `none`.
/// It is the header's `alg` and, in lower case, its `kid`; `typ` is `JWT`. The claims are `iss`,
/// `aud`, `sub` (ann) and `exp` (in ten minutes). Then come any of these words:
///
/// | word | says |
/// | --- | --- |
/// | `name=value` | a claim for the one that there is, or one more; again: a double |
/// | `head.name=value` | the same for the header |
/// | `claims=JSON`, `head=JSON` | the whole part |
/// | `by=second` | by this key: an algorithm's, `second`, `stranger`, `public`, `rs256-pss` |
/// | `sig=none` | no signature; `zero`, `ones`: no real one |
/// | `sig=flipped` | a bit is; `truncated`, `appended`: a byte less or more |
/// | `sig=der` | in DER; `standard`: in the other base64; `loose`: with bits behind its end |
/// | `sig=moved` | another token's |
/// | `as=WORD` | the token: `two` (without its signature), `json` (RFC 7515 7.2), `nested` |
/// | `long=8000` | a claim with so many letters |
///
/// Values are JSON where they look like it, seconds from now as `+600` and `-10`, nothing at all
/// when empty, and otherwise text.
///
/// # Errors
/// A word that says nothing.
pub fn of_line(line: &str, now_unix_s: u64) -> Result<String, String> {
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let algorithm = words.next().ok_or("a token has an algorithm")?;
    let name = NAMES.iter().find(|(word, _)| *word == algorithm);
    let name = name.ok_or_else(|| format!("{algorithm} is no algorithm"))?.1;
    let mut head = Part::new(&[("alg", name), ("typ", "JWT"), ("kid", algorithm)]);
    let mut claims = Part::new(&[("iss", ISSUER), ("aud", AUDIENCE), ("sub", "ann")]);
    claims.members.push(("exp".to_owned(), value("+600", now_unix_s)));
    let (mut by, mut treatment, mut form) = (algorithm, "", "");
    for word in words {
        let (name, text) = word.split_once('=').ok_or_else(|| format!("{word} says nothing"))?;
        match name {
            "by" => by = text,
            "sig" => treatment = text,
            "as" => form = text,
            "head" => head.raw = Some(text.to_owned()),
            "claims" => claims.raw = Some(text.to_owned()),
            "long" => {
                let count = text.parse().map_err(|_| format!("{word}: no number"))?;
                claims.say("long", value(&"x".repeat(count), now_unix_s));
            }
            _ => match name.strip_prefix("head.") {
                Some(name) => head.say(name, value(text, now_unix_s)),
                None => claims.say(name, value(text, now_unix_s)),
            },
        }
    }
    let mut signed = [head.text(), claims.text()].map(|part| encode(part.as_bytes())).join(".");
    if form == "nested" {
        let inner = of_line(algorithm, now_unix_s)?;
        signed = format!("{}.{}", encode(head.text().as_bytes()), encode(inner.as_bytes()));
    }
    let signature = signature(by, treatment, &signed)?;
    match form {
        "" | "nested" => Ok(format!("{signed}.{signature}")),
        "two" => Ok(signed),
        "json" => {
            let (head, claims) = signed.split_once('.').unwrap_or_default();
            let members = [("payload", claims), ("protected", head), ("signature", &*signature)];
            let members = members.map(|(name, part)| format!("\"{name}\":\"{part}\""));
            Ok(format!("{{{}}}", members.join(",")))
        }
        _ => Err(format!("as={form} says nothing")),
    }
}

const NAMES: &[(&str, &str)] = &[
    ("rs256", "RS256"),
    ("ps256", "PS256"),
    ("es256", "ES256"),
    ("es384", "ES384"),
    ("eddsa", "EdDSA"),
    ("hs256", "HS256"),
    ("none", "none"),
];

/// A JSON object, doubles and all.
struct Part {
    members: Vec<(String, String)>,
    /// The names that were said, so that the next one is a double.
    said: Vec<String>,
    raw: Option<String>,
}

impl Part {
    fn new(members: &[(&str, &str)]) -> Self {
        let members = members.iter().map(|(name, text)| ((*name).to_owned(), quoted(text)));
        Self { members: members.collect(), said: Vec::new(), raw: None }
    }

    /// Says a member, in the place of the one that nobody said.
    fn say(&mut self, name: &str, json: String) {
        if !self.said.iter().any(|said| said == name) {
            self.members.retain(|(own, _)| own != name);
            self.said.push(name.to_owned());
        }
        if !json.is_empty() {
            self.members.push((name.to_owned(), json));
        }
    }

    fn text(&self) -> String {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        // A name is written as it is said, so that it can have escapes.
        let members = self.members.iter().map(|(name, json)| format!("\"{name}\":{json}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value as JSON; nothing for nothing.
fn value(text: &str, now_unix_s: u64) -> String {
    let later = |digits: &str| digits.parse::<u64>().ok();
    if let Some(seconds) = text.strip_prefix('+').and_then(later) {
        return (now_unix_s + seconds).to_string();
    }
    if let Some(seconds) = text.strip_prefix('-').and_then(later) {
        return (now_unix_s - seconds).to_string();
    }
    let is_number = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
    };
    let is_json = text.starts_with(['{', '[', '"']) || matches!(text, "true" | "false" | "null");
    if text.is_empty() || is_json || is_number(text) { text.to_owned() } else { quoted(text) }
}

fn encode(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    base64url(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// The third part.
fn signature(by: &str, treatment: &str, signed: &str) -> Result<String, String> {
    let good = || sign(by, signed.as_bytes());
    Ok(match treatment {
        "" => encode(&good()?),
        "none" => String::new(),
        "zero" => encode(&[0; 64]),
        "ones" => encode(&[0xff; 64]),
        "truncated" => encode(good()?.split_last().map_or(&[][..], |(_, rest)| rest)),
        "appended" => encode(&[good()?, vec![0]].concat()),
        "flipped" => {
            let mut signature = good()?;
            signature[0] ^= 1;
            encode(&signature)
        }
        "der" => encode(&sign("es256-der", signed.as_bytes())?),
        "moved" => encode(&sign(by, b"another.token")?),
        "loose" => loosened(&encode(&good()?)),
        "standard" => loop {
            // Signatures differ each time: soon one has a letter in which the alphabets differ.
            let signature = encode(&good()?);
            if signature.contains('_') {
                break signature.replace('-', "+").replace('_', "/");
            }
        },
        _ => return Err(format!("sig={treatment} says nothing")),
    })
}

/// The same bytes by another last letter: its lowest bits are behind the end.
fn loosened(text: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = text.to_owned();
    let last = out.pop().and_then(|last| ALPHABET.find(last)).unwrap_or(0);
    out.extend(ALPHABET.chars().nth(last | 1));
    out
}

/// Signs by one of the fixed keys.
fn sign(by: &str, message: &[u8]) -> Result<Vec<u8>, String> {
    const ES256: &[u8] = include_bytes!("../keys/es256.p8");
    match by {
        "rs256" => rsa(include_bytes!("../keys/rs256.p8"), &signature::RSA_PKCS1_SHA256, message),
        "rs256-pss" => rsa(include_bytes!("../keys/rs256.p8"), &signature::RSA_PSS_SHA256, message),
        "ps256" => rsa(include_bytes!("../keys/ps256.p8"), &signature::RSA_PSS_SHA256, message),
        "es256" => ecdsa(ES256, &signature::ECDSA_P256_SHA256_FIXED_SIGNING, message),
        "es256-der" => ecdsa(ES256, &signature::ECDSA_P256_SHA256_ASN1_SIGNING, message),
        "es384" => {
            let key = include_bytes!("../keys/es384.p8");
            ecdsa(key, &signature::ECDSA_P384_SHA384_FIXED_SIGNING, message)
        }
        "second" => {
            let key = include_bytes!("../keys/second.p8");
            ecdsa(key, &signature::ECDSA_P256_SHA256_FIXED_SIGNING, message)
        }
        "stranger" => {
            let key = include_bytes!("../keys/stranger.p8");
            ecdsa(key, &signature::ECDSA_P256_SHA256_FIXED_SIGNING, message)
        }
        "eddsa" => {
            let key = include_bytes!("../keys/eddsa.p8");
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).map_err(told)?;
            Ok(key.sign(message).as_ref().to_vec())
        }
        "hs256" => Ok(mac(SHARED_SECRET.as_bytes(), message)),
        // The public key, which everybody knows, for a secret (CVE-2015-9235).
        "public" => Ok(mac(include_bytes!("../keys/rs256.pem"), message)),
        "none" => Ok(Vec::new()),
        _ => Err(format!("by={by}: there is no such key")),
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn rsa(key: &[u8], how: &'static dyn RsaEncoding, message: &[u8]) -> Result<Vec<u8>, String> {
    let key = RsaKeyPair::from_pkcs8(key).map_err(told)?;
    let mut out = vec![0; key.public_modulus_len()];
    key.sign(how, &SystemRandom::new(), message, &mut out).map_err(told)?;
    Ok(out)
}

fn ecdsa(
    key: &[u8],
    how: &'static EcdsaSigningAlgorithm,
    message: &[u8],
) -> Result<Vec<u8>, String> {
    let key = EcdsaKeyPair::from_pkcs8(how, key).map_err(told)?;
    let signature = key.sign(&SystemRandom::new(), message).map_err(told)?;
    Ok(signature.as_ref().to_vec())
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// The parts of a token, decoded: for tests of this kit.
#[must_use]
pub fn parts(token: &str) -> Vec<Vec<u8>> {
    token.split('.').map(|part| from_base64url(part).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_a_token_is() {
        for (line, head, claims) in [
            (
                "es256",
                r#"{"alg":"ES256","typ":"JWT","kid":"es256"}"#,
                r#"{"iss":"https://id.test","aud":"https://api.test","sub":"ann","exp":1600}"#,
            ),
            (
                "none head.typ= head.kid=\"a\" iss= sub=bob exp=-10 aud=[\"x\"] sub=42",
                r#"{"alg":"none","kid":"a"}"#,
                r#"{"sub":"bob","exp":990,"aud":["x"],"sub":42}"#,
            ),
            ("hs256 head={} claims={\"a\":1}x", "{}", r#"{"a":1}x"#),
            (
                "rs256 sig=none nbf=1e400 iat=null claims={}",
                r#"{"alg":"RS256","typ":"JWT","kid":"rs256"}"#,
                "{}",
            ),
        ] {
            let parts = parts(&of_line(line, 1_000).expect(line));
            assert_eq!(String::from_utf8_lossy(&parts[0]), head, "{line}");
            assert_eq!(String::from_utf8_lossy(&parts[1]), claims, "{line}");
        }
        for bad in ["", "es512", "es256 sub", "es256 by=nobody", "es256 sig=odd", "es256 as=odd"] {
            assert!(of_line(bad, 1_000).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_signature_has_its_length_and_its_treatment() {
        for (line, bytes) in [
            ("rs256", 256),
            ("ps256", 256),
            ("es256", 64),
            ("es384", 96),
            ("eddsa", 64),
            ("hs256", 32),
            ("none", 0),
            ("es256 sig=truncated", 63),
            ("es256 sig=appended", 65),
            ("rs256 by=public", 32),
        ] {
            let token = of_line(line, 1_000).expect(line);
            assert_eq!(parts(&token)[2].len(), bytes, "{line}");
        }
        let loose = of_line("es256 sig=loose", 1_000).expect("a token");
        assert!(from_base64url(loose.rsplit('.').next().unwrap_or_default()).is_none());
    }

    #[test]
    fn the_file_of_keys_has_the_kits_keys() {
        let text = std::str::from_utf8(file("kit-keys.toml").expect("the file")).expect("text");
        for name in ["program", "other", "ended", "ending", "revoked", "page", "visitors"] {
            let key = api_key(name);
            assert_eq!(key.len(), 77);
            let hash = hex(key.as_bytes(), 32);
            assert!(text.contains(&hash), "{name} = {hash}");
        }
        assert!(!text.contains(&hex(api_key("unknown").as_bytes(), 32)));
    }
}
