//! Reading headers so that a repeat or an unreadable value is an answer of its own (invariant 5).

use http::{HeaderMap, HeaderName, HeaderValue};

/// What a header that may stand once says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum One<'v> {
    /// No such header.
    #[default]
    Absent,
    /// Its value: visible ASCII, spaces and tabs. May be empty.
    Value(&'v str),
    /// More than one line of it, even if they agree.
    Repeated,
    /// A value with other bytes.
    Unreadable,
}

impl<'v> One<'v> {
    /// Takes in one more line of this header.
    pub fn see(&mut self, value: &'v HeaderValue) {
        *self = match *self {
            One::Absent => value.to_str().map_or(One::Unreadable, One::Value),
            One::Value(_) | One::Repeated | One::Unreadable => One::Repeated,
        };
    }

    /// Whether there is no such header.
    #[must_use]
    pub const fn is_absent(self) -> bool {
        matches!(self, One::Absent)
    }

    /// Whether it is repeated or unreadable.
    #[must_use]
    pub const fn is_unclear(self) -> bool {
        matches!(self, One::Repeated | One::Unreadable)
    }

    /// The value, where there is exactly one readable one.
    #[must_use]
    pub const fn value(self) -> Option<&'v str> {
        match self {
            One::Value(text) => Some(text),
            One::Absent | One::Repeated | One::Unreadable => None,
        }
    }
}

/// The single value of `name`.
#[must_use]
pub fn single<'v>(headers: &'v HeaderMap, name: &HeaderName) -> One<'v> {
    let mut one = One::Absent;
    for value in headers.get_all(name) {
        one.see(value);
    }
    one
}

/// Whether `bytes` is a token (RFC 9110 5.6.2).
#[must_use]
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// Whether `Connection` names a header that must not be taken from a request on its way.
pub(crate) fn names_guarded(options: &str) -> bool {
    const GUARDED: &[&str] = &[
        "host",
        "origin",
        "referer",
        "cookie",
        "authorization",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "access-control-request-method",
        "access-control-request-headers",
    ];
    const GUARDED_BEGIN: &[&str] = &["sec-fetch-", "doorward-", "x-", "forwarded"];
    options.split(',').map(str::trim).any(|option| {
        let begins = |start: &&str| {
            option.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
        };
        GUARDED.iter().any(|name| option.eq_ignore_ascii_case(name))
            || GUARDED_BEGIN.iter().any(begins)
    })
}
