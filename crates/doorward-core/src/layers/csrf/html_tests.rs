//! Which answers are pages whose forms may get a token.

use super::*;
use crate::header::tests::headers;

#[test]
fn a_request_asks_for_a_page_where_it_names_the_type() {
    for (accept, want) in [
        ("text/html", true),
        ("text/html,application/xhtml+xml,*/*;q=0.8", true),
        ("image/png, TEXT/HTML ;q=0.1", true),
        ("*/*", false),
        ("text/*", false),
        ("text/html5", false),
        ("application/xhtml+xml", false),
        ("x;text/html", false),
        ("", false),
    ] {
        assert_eq!(takes_pages(&headers(&[("accept", accept)])), want, "{accept}");
    }
    assert!(!takes_pages(&headers(&[])));
    assert!(takes_pages(&headers(&[("accept", "image/png"), ("accept", "text/html")])));
}

#[test]
fn only_a_whole_page_of_a_charset_that_is_read_is_changed() {
    let html = ("content-type", "text/html");
    for (status, lines, want) in [
        (200, &[html][..], Ok(true)),
        (404, &[html], Ok(true)),
        (422, &[html], Ok(true)),
        (500, &[html], Ok(true)),
        (206, &[html], Ok(false)),
        (204, &[html], Ok(false)),
        (304, &[html], Ok(false)),
        (302, &[html], Ok(false)),
        (200, &[], Ok(false)),
        (200, &[html, html], Ok(false)),
        (200, &[("content-type", "application/xhtml+xml")], Ok(false)),
        (200, &[("content-type", "text/html, text/plain")], Ok(false)),
        (200, &[("content-type", "text/html2")], Ok(false)),
        (200, &[("content-type", "Text/HTML ; Charset=\"UTF-8\"")], Ok(true)),
        (200, &[("content-type", "text/html; charset=windows-1252")], Ok(true)),
        (200, &[("content-type", "text/html; charset=iso-8859-15")], Ok(true)),
        (200, &[("content-type", "text/html;charset=Shift_JIS")], Ok(true)),
        (200, &[("content-type", "text/html; charset=utf-16")], Err(Left::Charset)),
        (200, &[("content-type", "text/html; charset=utf-16le")], Err(Left::Charset)),
        (200, &[("content-type", "text/html; charset=iso-2022-jp")], Err(Left::Charset)),
        (200, &[("content-type", "text/html; charset=utf-7")], Err(Left::Charset)),
        (200, &[("content-type", "text/html; charset=iso-8859-8-i")], Err(Left::Charset)),
        (200, &[("content-type", "text/html; charset=a; charset=utf-8")], Err(Left::Charset)),
        (200, &[html, ("content-encoding", "identity")], Ok(true)),
        (200, &[html, ("content-encoding", "gzip")], Err(Left::Encoded)),
        (200, &[html, ("content-encoding", "identity, br")], Err(Left::Encoded)),
        (200, &[html, ("cache-control", "public, No-Transform")], Ok(false)),
        (200, &[html, ("content-disposition", "inline; filename=a")], Ok(true)),
        (200, &[html, ("content-disposition", "attachment")], Ok(false)),
    ] {
        let status = StatusCode::from_u16(status).expect("a row's status");
        assert_eq!(is_page(status, &headers(lines)), want, "{status} {lines:?}");
    }
}
