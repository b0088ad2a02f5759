//! The heads on their way: the request's, made of the lines that were judged and may go on; the
//! answer's, freed of what belongs to one connection only.
//!
//! Each is one pass over the lines in which every line is kept or dropped. What is kept stays where it
//! is: names and values are neither copied nor written anew.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Lines dropped in one round; with more, another round follows.
const DROPPED_AT_ONCE: usize = 16;

/// Drops every line for which `is_kept` says no.
pub(crate) fn keep(headers: &mut HeaderMap, is_kept: impl Fn(&HeaderName) -> bool) {
    loop {
        let mut dropped: [Option<HeaderName>; DROPPED_AT_ONCE] = Default::default();
        let mut count = 0;
        for name in headers.keys() {
            if count < DROPPED_AT_ONCE && !is_kept(name) {
                dropped[count] = Some(name.clone());
                count += 1;
            }
        }
        for name in dropped.iter().flatten() {
            headers.remove(name);
        }
        if count < DROPPED_AT_ONCE {
            return;
        }
    }
}

/// Whether a header belongs to one connection only (RFC 9110 7.6.1), by its name alone.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    let text = name.as_str();
    match text.len() {
        2 => *name == header::TE,
        7 => *name == header::TRAILER || *name == header::UPGRADE,
        10 => *name == header::CONNECTION || text == "keep-alive",
        16 => text == "proxy-connection",
        17 => *name == header::TRANSFER_ENCODING,
        18 => *name == header::PROXY_AUTHENTICATE,
        19 => *name == header::PROXY_AUTHORIZATION || text == "proxy-authenticate",
        25 => text == "proxy-authentication-info",
        _ => false,
    }
}

/// Whether a header ends here: by its own name, or because `connection`, a value of
/// [`named_by_connection`], names it.
pub(crate) fn ends_here(name: &HeaderName, connection: Option<&HeaderValue>) -> bool {
    is_hop_by_hop(name)
        || connection.is_some_and(|connection| !is_needed(name) && names(connection, name))
}

/// What a `Connection` header names beside its options: headers that end here, whatever they are.
/// None for the common `keep-alive` and `close`.
pub(crate) fn named_by_connection(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(header::CONNECTION)?;
    let is_option = |token: &[u8]| {
        let token = token.trim_ascii();
        token.is_empty()
            || token.eq_ignore_ascii_case(b"keep-alive")
            || token.eq_ignore_ascii_case(b"close")
    };
    let is_plain = value.as_bytes().split(|byte| *byte == b',').all(is_option);
    (!is_plain).then(|| value.clone())
}

/// Whether `connection`, a value of [`named_by_connection`], names a header.
fn names(connection: &HeaderValue, name: &HeaderName) -> bool {
    let mut tokens = connection.as_bytes().split(|byte| *byte == b',');
    tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(name.as_str().as_bytes()))
}

/// Headers without which a request cannot be sent on, or would mean something else: `Connection` may
/// not name them away (RFC 9110 7.6.1 forbids it for those that are for all recipients).
fn is_needed(name: &HeaderName) -> bool {
    matches!(*name, header::HOST | header::CONTENT_LENGTH | header::AUTHORIZATION | header::COOKIE)
        || matches!(*name, header::ORIGIN | header::CONTENT_TYPE | header::CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> HeaderName {
        text.parse().expect("a header name")
    }

    #[test]
    fn what_belongs_to_one_connection_ends_here() {
        for (text, want) in [
            ("connection", true),
            ("keep-alive", true),
            ("te", true),
            ("trailer", true),
            ("upgrade", true),
            ("transfer-encoding", true),
            ("proxy-connection", true),
            ("proxy-authenticate", true),
            ("proxy-authorization", true),
            ("proxy-authentication-info", true),
            ("content-length", false),
            ("authorization", false),
            ("trailers", false),
            ("x-te", false),
        ] {
            assert_eq!(is_hop_by_hop(&name(text)), want, "{text}");
        }
    }

    #[test]
    fn connection_names_what_ends_here_but_never_what_the_request_is_judged_by() {
        for (value, named, want) in [
            ("keep-alive", "x-secret", false),
            ("close", "x-secret", false),
            ("close, X-Secret", "x-secret", true),
            ("x-secret,keep-alive", "x-secret", true),
            ("x-secret2", "x-secret", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONNECTION, HeaderValue::from_static(value));
            let found = named_by_connection(&headers);
            let is_named = found.is_some_and(|connection| names(&connection, &name(named)));
            assert_eq!(is_named, want, "{value}");
        }
        assert!(is_needed(&header::AUTHORIZATION) && is_needed(&header::CONTENT_LENGTH));
        assert!(!is_needed(&name("x-secret")));
    }

    #[test]
    fn every_line_is_kept_or_dropped_however_many_there_are() {
        let mut headers = HeaderMap::new();
        for number in 0..60 {
            headers.append(name(&format!("x-drop-{number}")), HeaderValue::from_static("1"));
            headers.append(name(&format!("x-keep-{number}")), HeaderValue::from_static("1"));
            headers.append(name(&format!("x-keep-{number}")), HeaderValue::from_static("2"));
        }
        keep(&mut headers, |name| name.as_str().starts_with("x-keep"));
        assert_eq!(headers.len(), 120);
        assert!(headers.keys().all(|name| name.as_str().starts_with("x-keep")));
    }
}
