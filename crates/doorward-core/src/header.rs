//! Reading headers so that a repeat or an unreadable value is an answer of its own (invariant 5).

use http::{HeaderMap, HeaderName, HeaderValue, header};

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

/// Whether `Accept` names a media type, in so many words: a range such as `*/*` names none
/// (RFC 9110 12.5.1).
pub(crate) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT).into_iter();
    let mut items = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    items.any(|item| {
        let name = item.split(|byte| *byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(media_type.as_bytes())
    })
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

#[cfg(test)]
pub(crate) mod tests {
    use super::{HeaderMap, HeaderName, HeaderValue, accepts};

    /// Headers of these lines.
    pub(crate) fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::try_from(*name).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        headers
    }

    #[test]
    fn a_media_type_is_named_or_not() {
        for (accept, want) in [
            ("text/event-stream", true),
            ("application/json, Text/Event-Stream;q=0.5", true),
            ("*/*", false),
            ("text/*", false),
            ("text/event-streams", false),
            ("x;text/event-stream", false),
            ("", false),
        ] {
            let headers = headers(&[("accept", accept)]);
            assert_eq!(accepts(&headers, "text/event-stream"), want, "{accept}");
        }
        let twice = headers(&[("accept", "image/png"), ("accept", "text/event-stream")]);
        assert!(accepts(&twice, "text/event-stream") && !accepts(&twice, "text/html"));
    }
}
