//! Trailers on their way: few, short, and never what a message is framed, routed or judged by.
//!
//! A request's go on only where its head announced them, because only the head was judged; an
//! answer's where the client says that it takes them, or speaks HTTP/2.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Lines at the most; of more, none goes on.
const TRAILERS_MAX: usize = 32;
/// Bytes of names and values at the most; of more, none goes on.
const TRAILER_BYTES_MAX: usize = 8 * 1024;
/// Names that a head may announce.
const ANNOUNCED_MAX: usize = 32;

/// Beginnings of names that have no place behind a body (RFC 9110 6.5.1).
const FORBIDDEN_BEGINNINGS: &[&str] = &[
    "access-control-",
    "accept",
    "content-",
    "cookie",
    "cross-origin-",
    "doorward-",
    "forwarded",
    "if-",
    "proxy-",
    "sec-",
    "set-cookie",
    "x-forwarded",
    "x-http-method",
    "x-original-",
];

/// Names that have no place behind a body (RFC 9110 6.5.1).
const FORBIDDEN: &[&str] = &[
    "age",
    "authentication-info",
    "authorization",
    "cache-control",
    "clear-site-data",
    "connection",
    "date",
    "expect",
    "expires",
    "host",
    "keep-alive",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "prefer",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-api-key",
    "x-frame-options",
    "x-method-override",
    "x-real-ip",
    "x-rewrite-url",
];

/// Whether a header of this name may stand behind a body.
pub(crate) fn may_trail(name: &HeaderName) -> bool {
    let text = name.as_str();
    // What is behind may read `_` as `-`.
    let is_forbidden = text.contains('_')
        || FORBIDDEN.contains(&text)
        || FORBIDDEN_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning));
    text == "content-digest" || !is_forbidden
}

/// The names that a head announces, of those that may go on.
pub(crate) fn announced(
    headers: &HeaderMap,
    goes_on: impl Fn(&HeaderName) -> bool,
) -> Vec<HeaderName> {
    let lines = headers.get_all(header::TRAILER).iter();
    let names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    names
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .filter(|name| may_trail(name) && goes_on(name))
        .take(ANNOUNCED_MAX)
        .collect()
}

/// The value of `Trailer` that announces these.
pub(crate) fn announcement(names: &[HeaderName]) -> Option<HeaderValue> {
    let names: Vec<&str> = names.iter().map(HeaderName::as_str).collect();
    HeaderValue::try_from(names.join(", ")).ok().filter(|value| !value.is_empty())
}

/// What goes on of `trailers`; none where nothing does.
pub(crate) fn pass(
    trailers: HeaderMap,
    goes_on: impl Fn(&HeaderName) -> bool,
) -> Option<HeaderMap> {
    let bytes: usize = trailers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if trailers.len() > TRAILERS_MAX || bytes > TRAILER_BYTES_MAX {
        return None;
    }
    let mut trailers = trailers;
    crate::head::keep(&mut trailers, |name| may_trail(name) && goes_on(name));
    (!trailers.is_empty()).then_some(trailers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_frames_routes_or_proves_never_trails() {
        for (name, want) in [
            ("grpc-status", true),
            ("grpc-status-details-bin", true),
            ("content-digest", true),
            ("server-timing", true),
            ("x-checksum", true),
            ("content-length", false),
            ("content-type", false),
            ("transfer-encoding", false),
            ("host", false),
            ("authorization", false),
            ("proxy-authorization", false),
            ("set-cookie", false),
            ("cookie", false),
            ("access-control-allow-origin", false),
            ("doorward-identity", false),
            ("x-forwarded-for", false),
            ("x_checksum", false),
        ] {
            assert_eq!(may_trail(&name.parse().expect("a name")), want, "{name}");
        }
    }

    #[test]
    fn trailers_go_on_within_their_bounds_and_as_announced() {
        let value = HeaderValue::from_static("1");
        let mut trailers = HeaderMap::new();
        for name in ["x-a", "x-b", "set-cookie"] {
            trailers.insert(HeaderName::from_static(name), value.clone());
        }
        let mut head = HeaderMap::new();
        head.append(header::TRAILER, HeaderValue::from_static("X-A, Authorization,, x-c"));
        head.append(header::TRAILER, HeaderValue::from_static("x d"));
        let names = announced(&head, |name| *name != "x-c");
        assert_eq!(names, ["x-a"]);
        assert_eq!(announcement(&names), Some(HeaderValue::from_static("x-a")));
        assert_eq!(announcement(&[]), None);
        let passed = pass(trailers.clone(), |name| names.contains(name)).expect("one");
        assert_eq!(passed.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-a"]);
        assert_eq!(pass(trailers.clone(), |_| true).map(|passed| passed.len()), Some(2));
        assert!(pass(trailers.clone(), |_| false).is_none());
        let long = HeaderValue::from_str(&"a".repeat(TRAILER_BYTES_MAX)).expect("a value");
        trailers.insert("x-a", long);
        assert!(pass(trailers.clone(), |_| true).is_none(), "too many bytes");
        trailers.insert("x-a", value.clone());
        for number in 0..TRAILERS_MAX - 3 {
            trailers.insert(
                HeaderName::try_from(format!("x-{number}")).expect("a name"),
                value.clone(),
            );
        }
        assert!(pass(trailers.clone(), |_| true).is_some());
        trailers.insert("x-more", value);
        assert!(pass(trailers, |_| true).is_none(), "too many lines");
    }
}
