//! Callers that only somebody else knows: a session that the backend is asked about (`whoami`) or
//! keeps a record of, an opaque token that its issuer is asked about (RFC 7662). What is said is
//! remembered briefly.

use super::Reason;
use super::introspection::{self, Introspection};
use super::place::Place;
use super::record::Record;
use super::who::{By, Identity};
use super::whoami::{self, Whoami};
use crate::crypto;
use crate::moment::Now;
use crate::question::Rate;
use crate::remote::Remote;
use std::sync::Arc;

/// Seconds for which what the backend says of a session is remembered.
pub const SESSION_S: u64 = 10;
/// Seconds for which what an issuer says of a token is remembered.
pub const INTROSPECTION_S: u64 = 30;
/// Bytes of an answer that are read at the most.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a session or a token at the most: shorter than a cookie may be (RFC 6265 6.1).
const TEXT_BYTES_MAX: usize = 4 * 1024;
/// Bytes of one at the least: whatever is shorter could be guessed.
const TEXT_BYTES_MIN: usize = 8;
/// Callers of one address that nobody knows: each costs somebody else a look-up.
pub(crate) const UNKNOWN_RATE: Rate = Rate::per_minute(120, 60);
/// Questions about callers of one address that came to nothing, the same caller's too: as many as
/// the pages of an office need whose visitors all have a session and nobody has signed in.
pub(crate) const IN_VAIN_RATE: Rate = Rate::per_minute(1_200, 600);

/// What the configuration says about who is asked.
#[derive(Clone, Debug)]
pub struct CheckerSettings {
    /// Where the credential stands in a request.
    pub place: Place,
    /// Cookies that belong to it: they are sent along, and remembered with it.
    pub with: Vec<String>,
    /// Who is asked.
    pub url: AskUrl,
    /// How, and how the answer is read.
    pub how: How,
    /// Seconds for which the answer is remembered.
    pub remember_s: u64,
}

/// An address that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskUrl {
    /// Where.
    pub url: String,
    /// A name that leads to a private address is meant so.
    pub is_private: bool,
}

/// How a caller is asked about.
#[derive(Clone, Debug)]
pub enum How {
    /// The backend, with the session's own cookie.
    Whoami(Whoami),
    /// A token's issuer.
    Introspection(Introspection),
    /// A server of keys and values, for the session's record.
    Record(Box<Record>),
}

/// Somebody who is asked about callers. A reload makes a new one: what was remembered of one says
/// nothing to another.
#[derive(Debug)]
pub struct Checker {
    pub(super) settings: CheckerSettings,
}

/// One question about one caller, ready to be sent.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Names the question: two that are equal need one answer.
    pub digest: [u8; 32],
    /// Where it goes.
    pub to: AskUrl,
    /// What is asked there.
    pub what: What,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum What {
    /// A request over HTTP.
    Http {
        /// Header lines: name and value.
        headers: Vec<(&'static str, String)>,
        /// The form that is posted; none: it is a GET.
        form: Option<String>,
    },
    /// The record of this name, in a server of keys and values.
    Record {
        /// The server.
        remote: Remote,
        /// The record's name.
        key: String,
    },
}

/// What asking came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An answer: its status, and the first [`ANSWER_BYTES_MAX`] bytes of its body. A record that
    /// is there is a 200, and one that is not a 404.
    Answer(u16, Vec<u8>),
    /// None could be had.
    Away,
    /// Too many wait for one.
    Busy,
}

impl CheckerSettings {
    /// Whose callers they are.
    #[must_use]
    pub fn issuer(&self) -> &str {
        match &self.how {
            How::Whoami(_) | How::Record(_) => whoami::SESSION_ISSUER,
            How::Introspection(how) => &how.issuer,
        }
    }
}

impl Checker {
    pub(super) const fn new(settings: CheckerSettings) -> Self {
        Self { settings }
    }

    /// Whether what one of them was told holds for the other: a reload makes new ones.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let (own, other) = (&self.settings, &other.settings);
        let is_asked_alike = match (&own.how, &other.how) {
            (How::Whoami(own), How::Whoami(other)) => own == other,
            (How::Introspection(own), How::Introspection(other)) => own.is_same(other),
            (How::Record(own), How::Record(other)) => own.is_same(other),
            (How::Whoami(_) | How::Introspection(_) | How::Record(_), _) => false,
        };
        is_asked_alike && own.place == other.place && own.with == other.with && own.url == other.url
    }

    /// Whether it is about sessions.
    #[must_use]
    pub const fn is_of_sessions(&self) -> bool {
        matches!(self.settings.how, How::Whoami(_) | How::Record(_))
    }

    /// Whether a text could be what it knows, and why not: nobody is asked about what cannot be.
    pub(super) fn inspect(&self, text: &str) -> Result<(), Reason> {
        let fits = text.len() >= TEXT_BYTES_MIN && self.is_plain(text);
        match &self.settings.how {
            How::Whoami(_) if !fits => Err(Reason::SessionUnknown),
            How::Introspection(_) if !fits => Err(Reason::Malformed),
            How::Record(_) if !fits => Err(Reason::SessionMalformed),
            How::Record(record) => record.id(text).map(drop),
            How::Whoami(_) | How::Introspection(_) => Ok(()),
        }
    }

    /// Whether a text has the form of such a credential.
    pub(super) fn is_plain(&self, text: &str) -> bool {
        let is_plain = match self.settings.how {
            // A cookie's octets (RFC 6265 4.1.1).
            How::Whoami(_) | How::Record(_) => text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')),
            // b64token (RFC 6750 2.1).
            How::Introspection(_) => {
                text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
            }
        };
        is_plain && text.len() <= TEXT_BYTES_MAX
    }

    /// The question about a credential.
    pub(crate) fn errand(&self, text: &str) -> Errand {
        let (headers, form) = match &self.settings.how {
            How::Whoami(_) => (whoami::headers(&self.settings, text), None),
            How::Introspection(how) => (how.headers(), Some(how.form(text))),
            How::Record(how) => return how.errand(&self.settings.url, text),
        };
        let to = self.settings.url.clone();
        let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        let form_text = form.as_deref().unwrap_or_default();
        let named = format!("{}\n{}\n{form_text}", to.url, lines.collect::<String>());
        Errand { digest: crypto::sha256(named.as_bytes()), to, what: What::Http { headers, form } }
    }

    /// Who it is, by the answer.
    pub(super) fn read(
        self: &Arc<Self>,
        text: &str,
        told: &Told,
        kept: &[Box<str>],
        now: Now,
    ) -> Result<Identity, Reason> {
        let (status, body) = match told {
            Told::Answer(status, body) => (*status, body.as_slice()),
            Told::Away => return Err(Reason::CheckAway),
            Told::Busy => return Err(Reason::Busy),
        };
        let digest = crypto::sha256(text.as_bytes());
        let by = By::Checker(Arc::clone(self), self.until_ns(now), digest);
        match &self.settings.how {
            How::Whoami(how) => whoami::read(how, by, self.own_value(text), kept, (status, body)),
            How::Introspection(how) => introspection::read(how, by, kept, (status, body), now),
            How::Record(how) => how.read(by, text, kept, (status, body), now),
        }
    }

    /// The value of the session's own cookie, out of all that belong together.
    fn own_value<'t>(&self, text: &'t str) -> &'t str {
        let Place::Cookie(name) = &self.settings.place else { return text };
        if self.settings.with.is_empty() {
            return text;
        }
        let value = text.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('='));
        value.and_then(|rest| rest.split("; ").next()).unwrap_or(text)
    }

    /// Whether a `Set-Cookie` sets another of its sessions than that of `digest`, or deletes it.
    pub(super) fn is_changed_by(&self, line: &[u8], digest: &[u8; 32]) -> bool {
        let mut parts = line.splitn(2, |byte| *byte == b';');
        let pair = parts.next().unwrap_or_default();
        let rest = parts.next().unwrap_or_default();
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let name = pair[..end].trim_ascii();
        let settings = &self.settings;
        if settings.with.iter().any(|other| other.as_bytes() == name) {
            return true;
        }
        let is_own = matches!(&settings.place, Place::Cookie(own) if own.as_bytes() == name);
        let value = pair.get(end + 1..).unwrap_or_default().trim_ascii();
        // Some frameworks set the same cookie with each answer, so that it lasts longer.
        let is_same = settings.with.is_empty() && crypto::sha256(value) == *digest;
        is_own && (!is_same || is_deletion(rest))
    }

    /// Until when an answer is remembered, steady.
    pub(super) const fn until_ns(&self, now: Now) -> u64 {
        now.steady_ns.saturating_add(self.settings.remember_s.saturating_mul(1_000_000_000))
    }
}

/// Whether the attributes of a `Set-Cookie` delete it.
pub(super) fn is_deletion(attributes: &[u8]) -> bool {
    let attributes = attributes.to_ascii_lowercase();
    let ends = [&b"max-age=0"[..], b"max-age=-", b"1970"];
    ends.iter().any(|end| memchr::memmem::find(&attributes, end).is_some())
}
