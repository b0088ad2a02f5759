//! Which requests ask for a page, and which answers are one that can be read.

use super::forms::Left;
use crate::header::One;
use http::StatusCode;
use http::header::{self, HeaderMap};

/// Charsets in which a markup's ASCII is ASCII. Of no other is a page read, UTF-16 and ISO-2022-JP
/// among them.
const CHARSETS: [&str; 14] = [
    "utf-8",
    "utf8",
    "us-ascii",
    "ascii",
    "latin1",
    "koi8-r",
    "koi8-u",
    "euc-jp",
    "euc-kr",
    "shift_jis",
    "big5",
    "gb2312",
    "gbk",
    "gb18030",
];
/// Families of them, told apart by a number.
const CHARSET_FAMILIES: [&str; 3] = ["iso-8859-", "windows-", "cp125"];

/// Whether a request asks for a page: browsers name `text/html` where they open one, and nowhere
/// else.
pub(super) fn takes_pages(headers: &HeaderMap) -> bool {
    crate::header::accepts(headers, "text/html")
}

/// Whether an answer is a whole page that may be changed.
pub(super) fn is_page(status: StatusCode, headers: &HeaderMap) -> Result<bool, Left> {
    let is_other = status.is_informational()
        || status.is_redirection()
        || matches!(
            status,
            StatusCode::PARTIAL_CONTENT | StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT
        );
    let One::Value(said) = crate::header::single(headers, &header::CONTENT_TYPE) else {
        return Ok(false);
    };
    let mut parts = said.split(';').map(str::trim);
    let is_html = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("text/html"));
    if is_other || !is_html || is_kept(headers) {
        return Ok(false);
    }
    let mut coding = headers.get_all(header::CONTENT_ENCODING).into_iter();
    if coding.any(|line| !line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")) {
        return Err(Left::Encoded);
    }
    let charset = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let is_it = name.trim_ascii().eq_ignore_ascii_case("charset");
        is_it.then(|| value.trim_ascii().trim_matches('"').to_ascii_lowercase())
    };
    let mut named = parts.filter_map(charset);
    match (named.next(), named.next()) {
        (None, _) => Ok(true),
        (Some(one), None) if is_read(&one) => Ok(true),
        (Some(_), _) => Err(Left::Charset),
    }
}

/// Whether an answer is not to be changed: its backend says so (RFC 9111 5.2.2.6), or it is a file.
pub(super) fn is_kept(headers: &HeaderMap) -> bool {
    let cached = headers.get_all(header::CACHE_CONTROL).into_iter();
    let mut said = cached.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut kinds = headers.get_all(header::CONTENT_DISPOSITION).into_iter();
    said.any(|item| item.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
        || kinds.any(|line| {
            let kind = line.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
            !kind.trim_ascii().eq_ignore_ascii_case(b"inline")
        })
}

fn is_read(charset: &str) -> bool {
    let of_family = |family: &&str| {
        let rest = charset.strip_prefix(*family);
        rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    CHARSETS.contains(&charset) || CHARSET_FAMILIES.iter().any(of_family)
}

/// Whether an answer may be shown as HTML, if it is a whole page or not.
pub(super) fn is_html(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all(header::CONTENT_TYPE).into_iter();
    said.any(|line| {
        let mut items = line.as_bytes().split(|byte| matches!(byte, b';' | b','));
        items.any(|item| item.trim_ascii().eq_ignore_ascii_case(b"text/html"))
    })
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
