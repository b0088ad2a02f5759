//! What kind of body comes, by its type.

use crate::header::{self, One};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// Characters of a boundary at the most (RFC 2046 5.1.1).
const BOUNDARY_MAX: usize = 70;

/// A body in which fields may stand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind<'v> {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`, with its boundary.
    Multipart(&'v str),
    /// `application/json`, or a type of `application` that ends in `+json`.
    Json,
}

/// What kind of body comes. None: one in which no field can be read, as JSON sent as `text/plain`,
/// a compressed form, one in another charset than UTF-8 (in UTF-7 one text has many spellings), or
/// one whose type backends could read in two ways.
pub(crate) fn kind(headers: &HeaderMap) -> Option<Kind<'_>> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let One::Value(text) = header::single(headers, &CONTENT_TYPE) else { return None };
    let (essence, rest) = essence(text)?;
    let (mut charset, mut boundary, mut others) = (None, None, 0);
    for parameter in Parameters(rest) {
        let Parameter { name, value, .. } = parameter?;
        let slot = match () {
            () if name.eq_ignore_ascii_case("charset") => &mut charset,
            () if name.eq_ignore_ascii_case("boundary") => &mut boundary,
            () => {
                others += 1;
                continue;
            }
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    if !charset.is_none_or(is_utf8) {
        return None;
    }
    if essence.eq_ignore_ascii_case("multipart/form-data") {
        // PHP takes the first place at which `boundary` stands, whatever it stands in.
        return boundary.filter(|text| others == 0 && is_boundary(text)).map(Kind::Multipart);
    }
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Some(Kind::Form);
    }
    is_json_essence(essence).then_some(Kind::Json)
}

/// Whether headers say that a body is JSON, whatever its parameters.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let One::Value(text) = header::single(headers, &CONTENT_TYPE) else { return false };
    essence(text).is_some_and(|(essence, _)| is_json_essence(essence))
}

/// A type and its subtype, both tokens (RFC 9110 8.3.1), and what stands behind them. Behind a
/// comma some read another type.
pub(crate) fn essence(text: &str) -> Option<(&str, &str)> {
    let end = text.find(';').unwrap_or(text.len());
    let (essence, rest) = text.split_at(end);
    let essence = essence.trim_matches([' ', '\t']);
    let (main, sub) = essence.split_once('/')?;
    let is_type = header::is_token(main.as_bytes()) && header::is_token(sub.as_bytes());
    is_type.then_some((essence, rest))
}

fn is_json_essence(essence: &str) -> bool {
    let essence = essence.to_ascii_lowercase();
    let Some(sub) = essence.strip_prefix("application/") else { return false };
    // Some only look at how a type begins.
    sub == "json" || (sub.ends_with("+json") && !sub.starts_with("x-www-form-urlencoded"))
}

/// UTF-8, in the two spellings that are common.
pub(super) fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// RFC 2046 5.1.1, without the comma and the blank: PHP ends at the one, and others at the other.
fn is_boundary(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_'()+./:=?-".contains(&byte);
    !text.is_empty() && text.len() <= BOUNDARY_MAX && text.bytes().all(plain)
}

/// A parameter of a header's value.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'v> {
    pub(super) name: &'v str,
    pub(super) value: &'v str,
    pub(super) is_quoted: bool,
}

/// The parameters of a header's value: `; name=value; name="value"` (RFC 9110 5.6.6). A quoted one
/// has no backslash in it: some take it for an escape, and some do not.
pub(super) struct Parameters<'v>(pub(super) &'v str);

impl<'v> Iterator for Parameters<'v> {
    type Item = Option<Parameter<'v>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.0.trim_start_matches([' ', '\t']);
            if rest.is_empty() {
                return None;
            }
            let Some(rest) = rest.strip_prefix(';') else { return self.none() };
            let rest = rest.trim_start_matches([' ', '\t']);
            self.0 = rest;
            // A semicolon with nothing behind it says nothing.
            if rest.is_empty() || rest.starts_with(';') {
                continue;
            }
            let Some((name, rest)) = rest.split_once('=') else { return self.none() };
            let is_quoted = rest.starts_with('"');
            let (value, rest) = match rest.strip_prefix('"') {
                Some(quoted) => match quoted.split_once('"') {
                    Some(parts) => parts,
                    None => return self.none(),
                },
                None => {
                    let end = rest.find([';', ' ', '\t']).unwrap_or(rest.len());
                    rest.split_at(end)
                }
            };
            let is_plain = !value.contains(['"', '\\']) && !value.chars().any(char::is_control);
            if !header::is_token(name.as_bytes()) || !is_plain {
                return self.none();
            }
            self.0 = rest;
            return Some(Some(Parameter { name, value, is_quoted }));
        }
    }
}

impl<'v> Parameters<'v> {
    /// Nothing behind it is read either.
    fn none(&mut self) -> Option<Option<Parameter<'v>>> {
        self.0 = "";
        Some(None)
    }
}
