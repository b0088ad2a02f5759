//! Sessions that the backend keeps as records in a server of keys and values: the cookie names one,
//! and the record says whose it is.

use super::checker::Errand;
use super::who::{By, Identity};
use super::whoami::{self, Whoami};
use super::{AskUrl, Reason, What};
use crate::crypto::{self, KEY_BYTES, MacKey};
use crate::date;
use crate::json::{self, Object};
use crate::moment::Now;
use crate::path;
use crate::remote::Remote;
use crate::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;
use std::borrow::Cow;

/// Bytes of a session's id at the least: whatever is shorter could be guessed.
const ID_BYTES_MIN: usize = 8;
/// Bytes of one at the most: no framework's is nearly as long.
const ID_BYTES_MAX: usize = 256;
/// Numbers from here on are milliseconds: in seconds it is the year 5138.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// How a session's record is found and read.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where the records are.
    pub remote: Remote,
    /// The name of a record: what stands before the session's id, and behind it.
    pub key: [String; 2],
    /// The secrets of express-session, which signs the id in its cookie; none: the cookie is the
    /// id itself.
    pub secrets: Option<Vec<Secret>>,
    /// Where the record names the caller.
    pub said: Whoami,
    /// Where it says when it ends; none: the server forgets it by itself.
    pub expires: Option<Vec<String>>,
}

impl Record {
    /// Whether what one of them was told holds for the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let own = self.secrets.as_deref().unwrap_or_default();
        let others = other.secrets.as_deref().unwrap_or_default();
        let mut pairs = own.iter().zip(others);
        self.remote.is_same(&other.remote)
            && self.key == other.key
            && self.said == other.said
            && self.expires == other.expires
            && self.secrets.is_some() == other.secrets.is_some()
            && own.len() == others.len()
            && pairs.all(|(own, other)| own.matches(other.expose()))
    }

    /// The id in a cookie, once its signature is found good. It becomes a part of a record's name,
    /// so it has none of the letters that could lead elsewhere.
    pub(super) fn id<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, Reason> {
        let id = match &self.secrets {
            None => Cow::Borrowed(text),
            Some(secrets) => Cow::Owned(signed_id(secrets, text)?),
        };
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
        let fits = (ID_BYTES_MIN..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(is_plain);
        if fits { Ok(id) } else { Err(Reason::SessionMalformed) }
    }

    /// The question about the session of a cookie. Of one that is none, nobody's record is asked
    /// for; [`Record::read`] does not believe its answer either.
    pub(super) fn errand(&self, to: &AskUrl, text: &str) -> Errand {
        let id = self.id(text).unwrap_or_default();
        let [before, behind] = &self.key;
        let key = format!("{before}{id}{behind}");
        let named = format!("record\n{}\n{key}", to.url);
        let what = What::Record { remote: self.remote.clone(), key };
        Errand { digest: crypto::sha256(named.as_bytes()), to: to.clone(), what }
    }

    /// Who it is, by the record that was found.
    pub(super) fn read(
        &self,
        by: By,
        text: &str,
        kept: &[Box<str>],
        (status, record): (u16, &[u8]),
        now: Now,
    ) -> Result<Identity, Reason> {
        self.id(text)?;
        match status {
            200 => {}
            404 => return Err(Reason::SessionUnknown),
            _ => return Err(Reason::CheckAway),
        }
        let said = json::object(record).map_err(|_| Reason::CheckAway)?;
        let by = match self.rest_s(&said, now)? {
            None => by,
            Some(0) => return Err(Reason::SessionUnknown),
            Some(rest_s) => by.at_the_latest(now.later_s(rest_s)),
        };
        whoami::whose(&self.said, by, text, kept, &said)
    }

    /// Seconds that are left of a session; none: it does not say.
    fn rest_s(&self, said: &Object, now: Now) -> Result<Option<u64>, Reason> {
        let Some(path) = &self.expires else { return Ok(None) };
        let ends_s = match whoami::find(said, path) {
            // express-session: as long as the browser is open.
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => date::unix_s(text),
            Some(value) => value.as_u64().map(|ends| match ends >= MILLISECONDS_FROM {
                true => ends / 1000,
                false => ends,
            }),
        };
        let ends_s = ends_s.ok_or(Reason::CheckAway)?;
        Ok(Some(ends_s.saturating_sub(now.unix_s)))
    }
}

/// The id in a cookie of express-session: `s:ID.SIGNATURE`, percent-encoded. The signature is
/// base64 without padding of the id's HMAC-SHA256, as the package `cookie-signature` writes it. One
/// session has one spelling, the one that `encodeURIComponent` writes: the deny-list knows it by
/// the digest of its cookie.
fn signed_id(secrets: &[Secret], text: &str) -> Result<String, Reason> {
    let plain = path::decode(text.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    let plain = plain.filter(|plain| path::encode(plain, b"-_.!~*'()") == text);
    let plain = plain.ok_or(Reason::SessionMalformed)?;
    let signed = plain.strip_prefix("s:").ok_or(Reason::SessionMalformed)?;
    let (id, signature) = signed.rsplit_once('.').ok_or(Reason::SessionMalformed)?;
    let signature = STANDARD_NO_PAD.decode(signature).ok();
    let signature = signature.filter(|signature| signature.len() == KEY_BYTES);
    let signature = signature.ok_or(Reason::SessionMalformed)?;
    let is_made = |secret: &Secret| MacKey::new(secret).matches(id.as_bytes(), &signature);
    if secrets.iter().any(is_made) { Ok(id.to_owned()) } else { Err(Reason::SessionForged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::RemoteAt;

    fn record(secrets: Option<&[&str]>) -> Record {
        let way = |text: &str| whoami::path(text).expect("a path");
        let secret = |text: &&str| Secret::new(text.as_bytes());
        let at = RemoteAt::Socket("/run/redis.sock".to_owned());
        Record {
            remote: Remote { at, database: 0, user: None, password: None },
            key: ["sess:".to_owned(), String::new()],
            secrets: secrets.map(|secrets| secrets.iter().map(secret).collect()),
            said: Whoami { subject: way("$.passport.user"), scopes: None },
            expires: Some(way("$.cookie.expires")),
        }
    }

    #[test]
    fn only_plain_ids_become_names_of_records() {
        let long = "a".repeat(ID_BYTES_MAX);
        for (id, fits) in [
            ("0123456789abcdef", true),
            ("a-b_c.d~e:f", true),
            ("12345678", true),
            ("1234567", false),
            ("", false),
            (long.as_str(), true),
            (&format!("{long}a"), false),
            ("abcdefgh*", false),
            ("abcdefgh/", false),
            ("abcdefgh%3A", false),
            ("abc defgh", false),
            ("abcdefgh{x}", false),
            ("abcdefgh\n", false),
            ("abcdefghü", false),
        ] {
            assert_eq!(record(None).id(id).is_ok(), fits, "{id}");
        }
    }

    #[test]
    fn the_time_that_a_record_has_left() {
        let now = Now { steady_ns: 0, unix_s: 1_767_225_600 };
        for (expires, want) in [
            (r#""2026-01-01T00:00:10.000Z""#, Ok(Some(10))),
            (r#""2026-01-01T00:00:00.999Z""#, Ok(Some(0))),
            (r#""2025-12-31T00:00:00Z""#, Ok(Some(0))),
            ("1767225610", Ok(Some(10))),
            ("1767225610500", Ok(Some(10))),
            ("null", Ok(None)),
            (r#""tomorrow""#, Err(Reason::CheckAway)),
            (r#""""#, Err(Reason::CheckAway)),
            ("true", Err(Reason::CheckAway)),
            ("-1", Err(Reason::CheckAway)),
        ] {
            let said = format!(r#"{{"cookie":{{"expires":{expires}}}}}"#);
            let said = json::object(said.as_bytes()).expect("an object");
            assert_eq!(record(None).rest_s(&said, now), want, "{expires}");
        }
        let absent = json::object(b"{}").expect("an object");
        assert_eq!(record(None).rest_s(&absent, now), Ok(None));
    }

    #[test]
    fn another_password_key_or_secret_is_another_record() {
        let plain = || record(Some(&["the secret of the cases, 32 bytes"]));
        assert!(plain().is_same(&plain()));
        let with_password = |password: &str| {
            let password = Some(Secret::new(password.as_bytes()));
            Record { remote: Remote { password, ..plain().remote }, ..plain() }
        };
        assert!(with_password("a").is_same(&with_password("a")));
        for other in [
            with_password("b"),
            plain(),
            record(None),
            record(Some(&["another secret, of 32 bytes as well"])),
            Record { key: ["s:".to_owned(), String::new()], ..with_password("a") },
            Record { expires: None, ..with_password("a") },
        ] {
            assert!(!with_password("a").is_same(&other));
        }
    }
}
