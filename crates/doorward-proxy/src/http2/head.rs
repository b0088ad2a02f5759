//! A stream's head, held to what the scan holds HTTP/1's to, and made to look like it: one `Host`,
//! one `Cookie`, a target without an authority.
//!
//! HTTP/2 itself (the h2 crate) refuses as malformed: names in upper case, headers of a connection,
//! pseudo-headers repeated or late, lengths that contradict the frames, bytes that no value has.

use crate::scan::{ScanLimits, target_fault};
use doorward_core::fault::Fault;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Uri, request};

/// The longest method, in bytes, as in the scan.
const METHOD_BYTES_MAX: usize = 32;
/// What a line of HTTP/1 has beside its name and value: a colon, a space, CR LF.
const LINE_BYTES: usize = 4;
/// What a request line has beside its method and target: ` HTTP/1.1`, a space, CR LF.
const REQUEST_LINE_BYTES: usize = 12;
/// The first Content-Length that is too large, as in the scan.
const LENGTH_END: u64 = 1 << 63;

/// Checks a head and settles it in HTTP/1's terms.
///
/// # Errors
/// What is wrong with it.
pub(super) fn settle(parts: &mut request::Parts, limits: ScanLimits) -> Result<(), Fault> {
    if parts.method.as_str().len() > METHOD_BYTES_MAX {
        return Err(Fault::MethodBytes);
    }
    let target = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
    if let Some(fault) = target_fault(target.as_bytes(), &limits) {
        return Err(fault);
    }
    let mut bytes = parts.method.as_str().len() + target.len() + REQUEST_LINE_BYTES;
    let (mut lines, mut hosts, mut lengths, mut crumbs) = (0_u32, 0_u32, 0_u32, 0_u32);
    for (name, value) in &parts.headers {
        let text = value.as_bytes();
        bytes += name.as_str().len() + text.len() + LINE_BYTES;
        lines = lines.saturating_add(1);
        // RFC 9113 8.2.1. HTTP/1 would lose the space on the way, after it was judged.
        if matches!(text, [b' ' | b'\t', ..] | [.., b' ' | b'\t']) {
            return Err(Fault::HeaderValue);
        }
        match name.as_str().len() {
            4 if *name == header::HOST => hosts += 1,
            6 if *name == header::COOKIE => crumbs += 1,
            14 if *name == header::CONTENT_LENGTH => {
                lengths += 1;
                check_length(text)?;
            }
            _ => {}
        }
    }
    // Crumbs are one line before they are cut up for the sake of compression; and the authority
    // will be one.
    let lines = lines - crumbs.saturating_sub(1) + u32::from(hosts == 0);
    if bytes > limits.head_bytes_max {
        return Err(Fault::HeadTooLarge);
    }
    if lines > limits.headers_max {
        return Err(Fault::TooManyHeaders);
    }
    if hosts > 1 {
        return Err(Fault::HostRepeated);
    }
    if lengths > 1 {
        return Err(Fault::ContentLength);
    }
    settle_host(parts)?;
    if crumbs > 1 {
        join_cookies(&mut parts.headers)?;
    }
    Ok(())
}

/// Digits, none of them a leading zero, and not too large.
fn check_length(text: &[u8]) -> Result<(), Fault> {
    let is_plain = match text {
        [] => false,
        [b'0', _, ..] => false,
        digits => digits.iter().all(u8::is_ascii_digit),
    };
    let length = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
    match length {
        Some(length) if is_plain && length < LENGTH_END => Ok(()),
        Some(_) | None => Err(Fault::ContentLength),
    }
}

/// `Host` from `:authority`, and the target without it (RFC 9113 8.3.1).
fn settle_host(parts: &mut request::Parts) -> Result<(), Fault> {
    // Its target is an authority and nothing else; no gate admits it.
    if parts.method == Method::CONNECT {
        return Ok(());
    }
    if let Some(authority) = parts.uri.authority() {
        let authority = authority.as_str();
        match parts.headers.get(header::HOST) {
            None => {
                let host = HeaderValue::from_str(authority).map_err(|_| Fault::HeaderValue)?;
                parts.headers.insert(header::HOST, host);
            }
            Some(host) if host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()) => {}
            Some(_) => return Err(Fault::AuthorityConflict),
        }
    }
    if let Some(target) = parts.uri.path_and_query() {
        parts.uri = Uri::from(target.clone());
    }
    Ok(())
}

/// Joins the crumbs of a cookie (RFC 9113 8.2.3).
fn join_cookies(headers: &mut HeaderMap) -> Result<(), Fault> {
    let mut joined = Vec::new();
    for crumb in headers.get_all(header::COOKIE) {
        if !joined.is_empty() {
            joined.extend_from_slice(b"; ");
        }
        joined.extend_from_slice(crumb.as_bytes());
    }
    let joined = HeaderValue::try_from(joined).map_err(|_| Fault::HeaderValue)?;
    headers.insert(header::COOKIE, joined);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> request::Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a row's request").into_parts().0
    }

    fn check(uri: &str, headers: &[(&str, &str)]) -> Result<request::Parts, Fault> {
        let mut parts = parts("POST", uri, headers);
        settle(&mut parts, ScanLimits::default()).map(|()| parts)
    }

    #[test]
    fn the_host_is_the_authority_and_never_another() {
        for (uri, headers, want) in [
            ("https://a.test/x?y", &[][..], Ok(("a.test", "/x?y"))),
            ("https://a.test:8443/x", &[], Ok(("a.test:8443", "/x"))),
            ("https://a.test/x", &[("host", "a.test")], Ok(("a.test", "/x"))),
            ("https://a.test/x", &[("host", "A.test")], Ok(("A.test", "/x"))),
            ("https://a.test/x", &[("host", "b.test")], Err(Fault::AuthorityConflict)),
            ("https://a.test/x", &[("host", "a.test:443")], Err(Fault::AuthorityConflict)),
            ("https://a.test/x", &[("host", "")], Err(Fault::AuthorityConflict)),
            ("/x", &[("host", "a.test")], Ok(("a.test", "/x"))),
            ("/x", &[("host", "a.test"), ("host", "a.test")], Err(Fault::HostRepeated)),
        ] {
            let got = check(uri, headers).map(|parts| {
                let host = parts.headers[header::HOST].to_str().expect("text").to_owned();
                (host, parts.uri.to_string())
            });
            let want = want.map(|(host, uri): (&str, &str)| (host.to_owned(), uri.to_owned()));
            assert_eq!(got, want, "{uri} {headers:?}");
        }
        assert!(!check("/x", &[]).expect("the core refuses it").headers.contains_key("host"));
    }

    #[test]
    fn crumbs_are_one_cookie_in_their_order() {
        let crumbs = [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2; c=3"), ("cookie", "d=4")];
        let parts = check("https://a.test/", &crumbs).expect("a browser's request");
        let cookies: Vec<_> = parts.headers.get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1; b=2; c=3; d=4"]);
        let many = [("cookie", "a=1"); 150];
        assert!(check("https://a.test/", &many).is_ok(), "they count as one line");
    }

    #[test]
    fn a_head_has_the_limits_of_http_1() {
        let long = "x".repeat(8 * 1024);
        let large = "x".repeat(60 * 1024);
        for (uri, headers, want) in [
            (format!("https://a.test/{}", &long[1..]), &[][..], Ok(())),
            (format!("https://a.test/{long}"), &[], Err(Fault::TargetTooLong)),
            ("https://a.test/a{b".into(), &[], Err(Fault::TargetBytes)),
            ("https://a.test/a?b{c".into(), &[], Ok(())),
            ("https://a.test/".into(), &[("x", "y"); 99], Ok(())),
            ("https://a.test/".into(), &[("x", "y"); 100], Err(Fault::TooManyHeaders)),
            ("https://a.test/".into(), &[("x", &large)], Ok(())),
            ("https://a.test/".into(), &[("x", &large), ("y", &long)], Err(Fault::HeadTooLarge)),
            ("https://a.test/".into(), &[("origin", " https://b.test")], Err(Fault::HeaderValue)),
            ("https://a.test/".into(), &[("origin", "https://b.test\t")], Err(Fault::HeaderValue)),
            ("https://a.test/".into(), &[("x", "")], Ok(())),
            ("https://a.test/".into(), &[("content-length", "0")], Ok(())),
            ("https://a.test/".into(), &[("content-length", "10")], Ok(())),
            ("https://a.test/".into(), &[("content-length", "010")], Err(Fault::ContentLength)),
            ("https://a.test/".into(), &[("content-length", "+1")], Err(Fault::ContentLength)),
            ("https://a.test/".into(), &[("content-length", "")], Err(Fault::ContentLength)),
            ("https://a.test/".into(), &[("content-length", "1"); 2], Err(Fault::ContentLength)),
            (
                "https://a.test/".into(),
                &[("content-length", "9223372036854775808")],
                Err(Fault::ContentLength),
            ),
        ] {
            assert_eq!(check(&uri, headers).map(drop), want, "{uri:.40} {headers:.80?}");
        }
        let method = "M".repeat(33);
        let mut longest = parts(&method[1..], "https://a.test/", &[]);
        assert_eq!(settle(&mut longest, ScanLimits::default()), Ok(()));
        let mut longer = parts(&method, "https://a.test/", &[]);
        assert_eq!(settle(&mut longer, ScanLimits::default()), Err(Fault::MethodBytes));
    }
}
