//! The safelist (Fetch 2.2.2): what may be sent across origins without asking.

use crate::engine::Engine;
use crate::headers::Headers;
use crate::mime;

/// Bytes of one value, at most.
const VALUE_BYTES_MAX: usize = 128;
/// Bytes of all safelisted values together, at most.
const VALUES_BYTES_MAX: usize = 1024;

/// Content types that a form could send as well.
const ESSENCES: [&str; 3] =
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// Whether a method is sent without asking: what a form or a link could send as well.
#[must_use]
pub fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// The names, of the headers that a script set, that the server is asked about first: in lower
/// case, sorted, each once.
#[must_use]
pub fn unsafe_names(headers: &Headers) -> Vec<String> {
    names(&headers.together(), is_safelisted, true)
}

/// The same names, as an engine finds them.
pub(crate) fn unsafe_names_in(engine: &Engine, headers: &Headers) -> Vec<String> {
    let is_safe = |name: &str, value: &str| {
        let is_list = name == "content-type" && engine.keeps_headers_apart && value.contains(',');
        (is_safelisted(name, value) && !is_list)
            || (engine.safelisted_hints && is_hint(name, value))
    };
    names(headers, is_safe, engine.limits_safelisted_sum)
}

/// Each header is looked at; a name that is there twice is told twice.
fn names(headers: &Headers, is_safe: impl Fn(&str, &str) -> bool, limits_sum: bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut safelisted = Vec::new();
    let mut bytes = 0;
    for (name, value) in headers.iter() {
        let name = name.to_ascii_lowercase();
        if is_safe(&name, value) {
            safelisted.push(name);
            bytes += value.len();
        } else {
            names.push(name);
        }
    }
    if limits_sum && bytes > VALUES_BYTES_MAX {
        names.append(&mut safelisted);
    }
    names.sort();
    names
}

/// Whether a header is sent without asking.
pub(crate) fn is_safelisted(name: &str, value: &str) -> bool {
    if value.len() > VALUE_BYTES_MAX {
        return false;
    }
    match name.to_ascii_lowercase().as_str() {
        "accept" => !value.bytes().any(is_unsafe_byte),
        "accept-language" | "content-language" => value.bytes().all(is_language_byte),
        "content-type" => is_safelisted_type(value),
        "range" => is_simple_range(value),
        _ => false,
    }
}

/// Names that one engine safelists beyond the specification: hints of the device, as numbers, and
/// `Save-Data: on`.
fn is_hint(name: &str, value: &str) -> bool {
    match name {
        "save-data" => value.eq_ignore_ascii_case("on"),
        "device-memory" | "dpr" | "width" | "viewport-width" => {
            value.parse::<f64>().is_ok_and(|number| number.is_finite() && number >= 0.0)
        }
        _ => false,
    }
}

/// Whether a content type is one that a form could send.
pub(crate) fn is_safelisted_type(value: &str) -> bool {
    !value.bytes().any(is_unsafe_byte)
        && mime::essence(value).is_some_and(|essence| ESSENCES.contains(&essence.as_str()))
}

/// A CORS-unsafe request-header byte.
const fn is_unsafe_byte(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t')
        || matches!(
            byte,
            b'"' | b'('
                | b')'
                | b':'
                | b'<'
                | b'>'
                | b'?'
                | b'@'
                | b'['
                | b'\\'
                | b']'
                | b'{'
                | b'}'
                | 0x7f
        )
}

const fn is_language_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'*' | b',' | b'-' | b'.' | b';' | b'=')
}

/// `bytes=1-` or `bytes=1-2`, without white space and with a start (Fetch 2.2.2).
fn is_simple_range(value: &str) -> bool {
    let Some(range) = value.strip_prefix("bytes=") else { return false };
    let Some((start, end)) = range.split_once('-') else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(start) {
        return false;
    }
    match (start.parse::<u64>(), end.parse::<u64>()) {
        (Ok(_), _) if end.is_empty() => true,
        (Ok(start), Ok(end_at)) => is_number(end) && start <= end_at,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_safelisted, is_safelisted_method, unsafe_names};
    use crate::headers::Headers;

    #[test]
    fn methods_are_compared_byte_by_byte() {
        for method in ["GET", "HEAD", "POST"] {
            assert!(is_safelisted_method(method));
        }
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "get", "Post"] {
            assert!(!is_safelisted_method(method), "{method}");
        }
    }

    #[test]
    fn values() {
        let long = "a".repeat(129);
        let rows = [
            ("accept", "text/html, */*;q=0.1", true),
            ("accept", "a\"b", false),
            ("accept", "a:b", false),
            ("accept", long.as_str(), false),
            ("accept-language", "de, en;q=0.5", true),
            ("accept-language", "de_DE", false),
            ("content-language", "en", true),
            ("content-type", "text/plain;charset=UTF-8", true),
            ("content-type", "application/x-www-form-urlencoded", true),
            ("content-type", "multipart/form-data; boundary=x", true),
            ("content-type", "TEXT/PLAIN", true),
            ("content-type", "text/plain;garbage", true),
            ("content-type", "text/plain, text/plain", false),
            ("content-type", "application/json", false),
            ("content-type", "text/json", false),
            ("content-type", "", false),
            ("range", "bytes=0-", true),
            ("range", "bytes=1-2", true),
            ("range", "bytes=2-1", false),
            ("range", "bytes=-5", false),
            ("range", "bytes=1-2,3-4", false),
            ("range", "bytes= 1-2", false),
            ("range", "bytes=1-+2", false),
            ("authorization", "x", false),
            ("x-api-key", "x", false),
            ("last-event-id", "1", false),
            ("save-data", "on", false),
        ];
        for (name, value, want) in rows {
            assert_eq!(is_safelisted(name, value), want, "{name}: {value}");
        }
    }

    fn names(pairs: &[(&str, &str)]) -> String {
        let headers: Headers = pairs.iter().copied().collect();
        unsafe_names(&headers).join(",")
    }

    #[test]
    fn names_are_sorted_and_told_once() {
        assert_eq!(names(&[]), "");
        assert_eq!(names(&[("Accept", "*/*")]), "");
        assert_eq!(
            names(&[("X-Two", "1"), ("Authorization", "a"), ("x-two", "2")]),
            "authorization,x-two"
        );
        assert_eq!(
            names(&[("Content-Type", "text/plain"), ("content-type", "text/plain")]),
            "content-type"
        );
    }

    #[test]
    fn values_of_one_name_have_their_limit_together() {
        let value = "a".repeat(128);
        let pair = ("Accept", value.as_str());
        assert_eq!(names(&[pair]), "");
        assert_eq!(names(&[pair, pair]), "accept");
    }
}
