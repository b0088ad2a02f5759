//! Making a pass: a secret is agreed on with the client's key, once, and sealed in the pass.

use super::seal::{ORIGIN_BYTES_MAX, Pass, Seals, id_text};
use super::work::{WORK_BYTES, seed};
use super::{LIFE_S, MAX_AGE_S, SKEW_S, fields};
use crate::address::Prefix;
use crate::crypto::{self, KEY_BYTES, from_base64url};
use crate::json;
use crate::moment::{Chance, Now};
use arrayvec::ArrayString;
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use serde_json::{Value, json};
use zeroize::Zeroize;

/// Bytes of an uncompressed P-256 point (SEC 1 2.3.3).
const POINT_BYTES: usize = 65;
/// What an uncompressed point begins with.
const UNCOMPRESSED: u8 = 4;
/// Times that a private key is drawn: one in 2^32 is none.
const DRAWS_MAX: usize = 8;

/// What a client asks with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its key, as written.
    key_text: String,
    key: [u8; POINT_BYTES],
    pub(crate) paid: Paid,
    /// It has no cryptography of its browser's, and asks for the secret in clear.
    pub(crate) is_plain: bool,
}

/// What was done for a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Paid {
    /// Eight numbers, for a puzzle that follows from the request and its time.
    Work { time_unix_s: u64, work: [u8; WORK_BYTES] },
    /// A challenge of the gate's, solved.
    Solution(String),
}

/// Where and for whom a pass is made.
pub(crate) struct Place<'a> {
    pub(crate) gate_id: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) prefix: Prefix,
    pub(crate) class: u8,
    pub(crate) boot: [u8; 8],
    pub(crate) bits: u8,
}

/// Why no pass is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MintError {
    /// The key is no point of the curve, or the origin is too long.
    Malformed,
    /// The gate's own cryptography failed.
    Failed,
}

/// A pass that was made.
pub(crate) struct Minted {
    /// The answer.
    pub(crate) json: Value,
}

/// Reads what a client asks with.
pub(crate) fn read_request(body: &[u8]) -> Option<Asked> {
    let object = json::object(body).ok()?;
    let text = |name| json::member(&object, name).and_then(Value::as_str);
    let key_text = text("key")?;
    let key = point(key_text)?;
    let paid = match (text("altcha"), text("work")) {
        (Some(solution), None) => Paid::Solution(solution.to_owned()),
        (None, Some(work)) => Paid::Work {
            time_unix_s: json::member(&object, "time")?.as_u64()?,
            work: <[u8; WORK_BYTES]>::try_from(from_base64url(work)?).ok()?,
        },
        (Some(_), Some(_)) | (None, None) => return None,
    };
    let is_plain = match json::member(&object, "plain") {
        None => false,
        Some(value) => value.as_bool()?,
    };
    Some(Asked { key_text: key_text.to_owned(), key, paid, is_plain })
}

/// The bytes of an uncompressed point. Whether it is one of the curve is told at the agreement.
fn point(text: &str) -> Option<[u8; POINT_BYTES]> {
    let key = <[u8; POINT_BYTES]>::try_from(from_base64url(text)?).ok()?;
    (key.first() == Some(&UNCOMPRESSED)).then_some(key)
}

/// Whether a text has the form of a client's key.
pub(crate) fn is_key(text: &str) -> bool {
    point(text).is_some()
}

impl Asked {
    /// What was to be worked on.
    pub(crate) fn seed(&self, authority: &str, origin: &str, time: u64) -> [u8; KEY_BYTES] {
        seed(authority, origin, &self.key_text, time)
    }

    /// Its key, as it is written.
    pub(crate) fn key_text(&self) -> &str {
        &self.key_text
    }

    /// A digest of the key: a key is taken once.
    pub(crate) fn key_digest(&self) -> [u8; 16] {
        let digest = crypto::sha256(&self.key);
        digest.first_chunk().copied().unwrap_or_default()
    }
}

/// Makes a pass.
pub(crate) fn mint(
    asked: &Asked,
    place: &Place<'_>,
    seals: &Seals,
    now: Now,
    chance: &dyn Chance,
) -> Result<Minted, MintError> {
    let mut id = [0; 16];
    chance.fill(&mut id);
    let expires_unix_s = now.unix_s + LIFE_S;
    let mut info = Vec::new();
    let times = [now.unix_s.to_string(), expires_unix_s.to_string()];
    let said: [&[u8]; 7] = [
        b"doorward key v1",
        place.gate_id.as_bytes(),
        &place.boot,
        &id,
        place.origin.as_bytes(),
        times[0].as_bytes(),
        times[1].as_bytes(),
    ];
    for field in said {
        fields::push(field, &mut info);
    }
    let (key, said_key) = match asked.is_plain {
        true => plain(chance),
        false => agree(asked, &info, chance)?,
    };
    let pass = Pass {
        id,
        key,
        issued_unix_s: now.unix_s,
        expires_unix_s,
        boot: place.boot,
        class: place.class,
        bits: place.bits,
        prefix: place.prefix,
        origin: ArrayString::<ORIGIN_BYTES_MAX>::from(place.origin)
            .map_err(|_| MintError::Malformed)?,
    };
    let text = seals.seal(&pass, chance).ok_or(MintError::Failed)?;
    let mut json = json!({
        "pass": text, "id": id_text(&id).as_str(),
        "now": now.unix_s, "expires": expires_unix_s, "max_age": MAX_AGE_S, "skew": SKEW_S,
    });
    if asked.is_plain {
        json["secret"] = said_key.into();
    } else {
        json["key"] = said_key.into();
        json["info"] = encoded(&info).into();
    }
    Ok(Minted { json })
}

/// The secret itself, in clear: for pages without cryptography, while trying out.
fn plain(chance: &dyn Chance) -> ([u8; KEY_BYTES], String) {
    let mut key = [0; KEY_BYTES];
    chance.fill(&mut key);
    (key, encoded(&key))
}

/// The secret that both sides derive, and the gate's key for it.
pub(super) fn agree(
    asked: &Asked,
    info: &[u8],
    chance: &dyn Chance,
) -> Result<([u8; KEY_BYTES], String), MintError> {
    let private = draw(chance).ok_or(MintError::Failed)?;
    let public = private.compute_public_key().map_err(|_| MintError::Failed)?;
    let salt = crypto::sha256(&[&asked.key[..], public.as_ref()].concat());
    let peer = UnparsedPublicKey::new(&ECDH_P256, asked.key);
    // A point that is not on the curve is refused here.
    let key = agreement::agree(&private, peer, MintError::Malformed, |secret| {
        Ok(crypto::expand(secret, &salt, info))
    })?;
    Ok((key, encoded(public.as_ref())))
}

/// A private key of the gate's for this one pass.
fn draw(chance: &dyn Chance) -> Option<PrivateKey> {
    let mut scalar = [0; KEY_BYTES];
    let drawn = (0..DRAWS_MAX).find_map(|_| {
        chance.fill(&mut scalar);
        PrivateKey::from_private_key(&ECDH_P256, &scalar).ok()
    });
    scalar.zeroize();
    drawn
}

fn encoded(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    crypto::base64url(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default()
}
