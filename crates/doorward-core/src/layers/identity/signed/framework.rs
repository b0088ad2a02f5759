//! How each framework signs a session's cookie: what its packages write, byte for byte.

use super::super::Reason;
use crate::crypto;
use crate::inflate;
use crate::secret::Secret;
use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY as HMAC_SHA1, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Who writes the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// Flask's own sessions: itsdangerous 1.1 and later.
    Flask,
    /// Django's `signed_cookies` sessions: 3.1 and later, in JSON.
    Django,
    /// Express's `cookie-session` (not `express-session`), with keygrip.
    Express,
}

/// A session as it comes.
#[derive(Clone, Copy)]
pub(super) struct Shown<'s> {
    pub(super) name: &'s str,
    pub(super) text: &'s str,
    /// What stands in a cookie beside it.
    pub(super) signature: Option<&'s str>,
}

/// What a good signature is about.
#[derive(Debug)]
pub(super) struct Opened {
    /// When it was signed, in seconds since 1970; none: it does not say.
    pub(super) issued_s: Option<u64>,
    /// JSON, as far as the signature says; none: it is in no form that is known here.
    pub(super) payload: Option<Vec<u8>>,
}

/// Bytes that a compressed session may come to.
const PAYLOAD_BYTES_MAX: usize = 32 * 1024;
const DAY_S: u64 = 86_400;

impl Framework {
    /// The words of the configuration.
    pub const NAMES: &[(&str, Self)] =
        &[("flask", Self::Flask), ("django", Self::Django), ("express", Self::Express)];

    /// For how long the framework itself believes a cookie when nothing is said, in seconds
    /// (`PERMANENT_SESSION_LIFETIME`, `SESSION_COOKIE_AGE`); none: its cookies say no time.
    #[must_use]
    pub const fn max_age_s(self) -> Option<u64> {
        match self {
            Self::Flask => Some(31 * DAY_S),
            Self::Django => Some(14 * DAY_S),
            Self::Express => None,
        }
    }

    /// The cookie that holds the signature, where it stands beside the session.
    #[must_use]
    pub fn signature_cookie(self, session: &str) -> Option<String> {
        match self {
            Self::Flask | Self::Django => None,
            Self::Express => Some(format!("{session}.sig")),
        }
    }

    /// The key that the framework derives of a secret.
    pub(super) fn key(self, secret: &Secret) -> hmac::Key {
        match self {
            // itsdangerous: key_derivation = "hmac", with the salt of flask.sessions.
            Self::Flask => {
                let root = hmac::Key::new(HMAC_SHA1, secret.expose());
                hmac::Key::new(HMAC_SHA1, hmac::sign(&root, b"cookie-session").as_ref())
            }
            // django.utils.crypto.salted_hmac, with the salt of the session's backend.
            Self::Django => {
                let salt = b"django.contrib.sessions.backends.signed_cookiessigner";
                let salted = Secret::new([&salt[..], secret.expose()].concat());
                hmac::Key::new(HMAC_SHA256, &crypto::sha256(salted.expose()))
            }
            Self::Express => hmac::Key::new(HMAC_SHA1, secret.expose()),
        }
    }

    /// Checks a signature, and reads what it is over.
    pub(super) fn open(self, keys: &[hmac::Key], shown: Shown<'_>) -> Result<Opened, Reason> {
        match self {
            Self::Flask => flask(keys, shown.text),
            Self::Django => django(keys, shown.text),
            Self::Express => express(keys, shown),
        }
    }
}

/// `PAYLOAD.TIME.SIGNATURE`, the payload behind another `.` where it is compressed.
fn flask(keys: &[hmac::Key], text: &str) -> Result<Opened, Reason> {
    let (signed, signature) = text.rsplit_once('.').ok_or(Reason::SessionMalformed)?;
    let (payload, time) = signed.rsplit_once('.').ok_or(Reason::SessionMalformed)?;
    check(keys, signed.as_bytes(), signature)?;
    // The bytes of the number, highest first, without zeros in front.
    let time = crypto::from_base64url(time).filter(|bytes| (1..=8).contains(&bytes.len()));
    let time = time.ok_or(Reason::SessionMalformed)?;
    let issued_s = time.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    Ok(Opened { issued_s: Some(issued_s), payload: unpacked(payload) })
}

/// `PAYLOAD:TIME:SIGNATURE`, the payload behind a `.` where it is compressed.
fn django(keys: &[hmac::Key], text: &str) -> Result<Opened, Reason> {
    let (signed, signature) = text.rsplit_once(':').ok_or(Reason::SessionMalformed)?;
    let (payload, time) = signed.rsplit_once(':').ok_or(Reason::SessionMalformed)?;
    check(keys, signed.as_bytes(), signature)?;
    let issued_s = base62(time).ok_or(Reason::SessionMalformed)?;
    Ok(Opened { issued_s: Some(issued_s), payload: unpacked(payload) })
}

/// base64 in the cookie, and the signature over `NAME=VALUE` in another.
fn express(keys: &[hmac::Key], shown: Shown<'_>) -> Result<Opened, Reason> {
    let signature = shown.signature.ok_or(Reason::SessionForged)?;
    let signed = format!("{}={}", shown.name, shown.text);
    check(keys, signed.as_bytes(), signature)?;
    Ok(Opened { issued_s: None, payload: STANDARD.decode(shown.text).ok() })
}

/// Whether some key has made this signature, in constant time.
fn check(keys: &[hmac::Key], signed: &[u8], signature: &str) -> Result<(), Reason> {
    let signature = crypto::from_base64url(signature).ok_or(Reason::SessionMalformed)?;
    let length = |key: &hmac::Key| key.algorithm().digest_algorithm().output_len();
    if keys.iter().any(|key| length(key) != signature.len()) {
        return Err(Reason::SessionMalformed);
    }
    let is_made = keys.iter().any(|key| hmac::verify(key, signed, &signature).is_ok());
    if is_made { Ok(()) } else { Err(Reason::SessionForged) }
}

/// base64url, of zlib's form behind a `.`.
fn unpacked(payload: &str) -> Option<Vec<u8>> {
    match payload.strip_prefix('.') {
        Some(packed) => inflate::zlib(&crypto::from_base64url(packed)?, PAYLOAD_BYTES_MAX),
        None => crypto::from_base64url(payload),
    }
}

/// A number as Django writes it: digits, then capitals, then small letters.
fn base62(text: &str) -> Option<u64> {
    let value = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'Z' => Some(byte - b'A' + 10),
        b'a'..=b'z' => Some(byte - b'a' + 36),
        _ => None,
    };
    let add = |sum: u64, byte: u8| sum.checked_mul(62)?.checked_add(u64::from(value(byte)?));
    if text.is_empty() { None } else { text.bytes().try_fold(0, add) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_djangos_digits() {
        for (text, want) in [
            ("0", Some(0)),
            ("Z", Some(35)),
            ("a", Some(36)),
            ("z", Some(61)),
            ("10", Some(62)),
            ("1vb66i", Some(1_767_225_600)),
            ("", None),
            ("-1", None),
            ("1 ", None),
            ("zzzzzzzzzzzz", None),
        ] {
            assert_eq!(base62(text), want, "{text}");
        }
    }

    #[test]
    fn times_and_payloads_have_one_spelling() {
        let secret = Secret::new(*b"a secret of the cases' frameworks, of no use elsewhere");
        let open = |framework: Framework, text: &str| {
            let keys = [framework.key(&secret)];
            framework.open(&keys, Shown { name: "session", text, signature: None })
        };
        let flask = "eyJ1c2VyX2lkIjo0Mn0.aVW5AA.0hjTOb8fSt3zSoVc_PsGdQiPlW4";
        let opened = open(Framework::Flask, flask).expect("signed");
        assert_eq!(opened.issued_s, Some(1_767_225_600));
        assert_eq!(opened.payload.as_deref(), Some(&b"{\"user_id\":42}"[..]));
        assert_eq!(open(Framework::Django, flask).err(), Some(Reason::SessionMalformed));
        assert_eq!(open(Framework::Express, flask).err(), Some(Reason::SessionForged));
        for (payload, want) in [
            ("e30", Some(&b"{}"[..])),
            ("e30=", None),
            ("e31", None),
            ("e3+", None),
            (".e30", None),
            ("", Some(&b""[..])),
        ] {
            assert_eq!(unpacked(payload).as_deref(), want, "{payload}");
        }
    }
}
