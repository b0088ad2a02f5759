//! The heads on their way: the request's, made of the lines that were judged and may go on; the
//! answer's, freed of what belongs to one connection only.
//!
//! Each is one pass over the lines in which every line is kept or dropped. What is kept stays where
//! it is: names and values are neither copied nor written anew.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Lines dropped in one round; with more, another round follows.
const DROPPED_AT_ONCE: usize = 4;

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

/// What a head says about its message and its connection, seen in one pass.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// Lines of `Connection` that name more than its own options.
    connection: Vec<HeaderValue>,
    /// Lines of `Content-Length`; a list counts as two.
    pub(crate) lengths: u32,
    /// Whether there is a `Transfer-Encoding`.
    pub(crate) has_coding: bool,
    /// The `Host`.
    pub(crate) host: Option<HeaderValue>,
    /// Whether there is an `Upgrade`.
    pub(crate) has_upgrade: bool,
    /// Whether there is a `Trailer`.
    pub(crate) has_trailer: bool,
    /// Lines of `TE`, and whether the last of them says `trailers` and nothing else.
    te: (u32, bool),
}

/// Looks at a head.
pub(crate) fn look(headers: &HeaderMap) -> Look {
    let mut look = Look::default();
    for (name, value) in headers {
        match name.as_str().len() {
            2 if *name == header::TE => {
                look.te = (look.te.0 + 1, value.as_bytes().eq_ignore_ascii_case(b"trailers"));
            }
            7 if *name == header::UPGRADE => look.has_upgrade = true,
            7 if *name == header::TRAILER => look.has_trailer = true,
            4 if *name == header::HOST => look.host = Some(value.clone()),
            10 if *name == header::CONNECTION && names_headers(value) => {
                look.connection.push(value.clone());
            }
            14 if *name == header::CONTENT_LENGTH => {
                // A list is as many lines (RFC 9110 5.3), though hyper takes it for one.
                let is_list = value.as_bytes().contains(&b',');
                look.lengths += 1 + u32::from(is_list);
            }
            17 if *name == header::TRANSFER_ENCODING => look.has_coding = true,
            _ => {}
        }
    }
    look
}

impl Look {
    /// Whether its sender takes trailers, and says exactly that (RFC 9110 10.1.4).
    pub(crate) fn takes_trailers(&self) -> bool {
        self.te == (1, true)
    }

    /// Whether a header ends here: by its own name, or because `Connection` names it.
    pub(crate) fn ends_here(&self, name: &HeaderName) -> bool {
        is_hop_by_hop(name)
            || (!self.connection.is_empty()
                && !is_needed(name)
                && self.connection.iter().any(|connection| names(connection, name)))
    }
}

/// Whether a `Connection` names more than its common options.
fn names_headers(connection: &HeaderValue) -> bool {
    let mut tokens = connection.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    tokens.any(|token| {
        !token.is_empty()
            && !token.eq_ignore_ascii_case(b"keep-alive")
            && !token.eq_ignore_ascii_case(b"close")
    })
}

/// Whether a `Connection` names a header.
pub(crate) fn names(connection: &HeaderValue, name: &HeaderName) -> bool {
    let mut tokens = connection.as_bytes().split(|byte| *byte == b',');
    tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(name.as_str().as_bytes()))
}

/// Headers without which a request cannot be sent on, or would mean something else: `Connection`
/// may not name them away (RFC 9110 7.6.1 forbids it for those that are for all recipients).
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
            headers.append(header::CONNECTION, HeaderValue::from_static("keep-alive"));
            assert_eq!(look(&headers).ends_here(&name(named)), want, "{value}");
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
