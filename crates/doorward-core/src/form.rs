//! The fields of a request's body, as a form or a JSON object has them.

use crate::header::{self, One};
use crate::{json, path, query};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use memchr::memmem;
use serde_json::Value;

/// Parts of a multipart form that are looked through: fields stand before files.
const PARTS_MAX: usize = 16;
/// Characters of a boundary at the most (RFC 2046 5.1.1).
const BOUNDARY_MAX: usize = 70;

/// A body in which fields may stand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind<'v> {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`, with its boundary.
    Multipart(&'v str),
    /// `application/json`, or a type that ends in `+json`.
    Json,
}

/// What kind of body comes. None: one in which no field can be read, as JSON sent as `text/plain`,
/// a compressed form, or one in another charset than UTF-8: in UTF-7 one text has many spellings.
pub(crate) fn kind(headers: &HeaderMap) -> Option<Kind<'_>> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let One::Value(text) = header::single(headers, &CONTENT_TYPE) else { return None };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next()?;
    if !is_utf8(parts.clone()) {
        return None;
    }
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if is("application/x-www-form-urlencoded") {
        return Some(Kind::Form);
    }
    if is("multipart/form-data") {
        let mut named = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| unquoted(value.trim()))
        });
        let boundary = named.next().filter(|_| named.next().is_none())?;
        let fits = !boundary.is_empty() && boundary.len() <= BOUNDARY_MAX;
        return fits.then_some(Kind::Multipart(boundary));
    }
    let ends = |text: &str| text.to_ascii_lowercase().ends_with("+json");
    (is("application/json") || ends(essence)).then_some(Kind::Json)
}

/// Whether the parameters of a type name no charset but UTF-8.
fn is_utf8<'p>(parts: impl Iterator<Item = &'p str>) -> bool {
    let named = parts.filter_map(|part| part.split_once('='));
    let mut charsets = named.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.all(|(_, value)| unquoted(value.trim()).eq_ignore_ascii_case("utf-8"))
}

/// A name as careless backends compare names: in any case, up to a bracket, with `_` for dots and
/// blanks.
pub(crate) fn folded(name: &str) -> String {
    let end = name.find(['[', '\0']).unwrap_or(name.len());
    // Upper case first: some letters have two lower ones.
    name[..end].trim().to_uppercase().to_lowercase().replace(['.', ' '], "_")
}

/// The values of a form's fields of these names, as they come. A JSON object has no fields.
pub(crate) fn fields(kind: &Kind<'_>, body: &[u8], is_field: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    match kind {
        Kind::Form => of_form(body, is_field, &mut found),
        Kind::Multipart(boundary) => of_parts(boundary, body, is_field, &mut found),
        Kind::Json => {}
    }
    found
}

/// The text at a JSON object's end of these names. None: there is none, or no such object, or a
/// backend could read another member for one of them.
pub(crate) fn member(body: &[u8], names: &[impl AsRef<str>]) -> Option<String> {
    let mut value = Value::Object(json::object(body).ok()?);
    for name in names {
        let Value::Object(mut object) = value else { return None };
        let wanted = folded(name.as_ref());
        if object.keys().filter(|key| folded(key) == wanted).count() != 1 {
            return None;
        }
        value = object.remove(name.as_ref())?;
    }
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn of_form(body: &[u8], is_field: impl Fn(&str) -> bool, found: &mut Vec<String>) {
    let Ok(text) = std::str::from_utf8(body) else { return };
    for (name, value) in text.split('&').map(query::pair) {
        if is_field(&decoded(name)) {
            found.push(decoded(value));
        }
    }
}

/// A blank may be written as `+` (WHATWG URL 5.1).
fn decoded(text: &str) -> String {
    let bytes = path::decode(text.replace('+', " ").as_bytes())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.unwrap_or_else(|| text.to_owned())
}

/// The first parts of a form (RFC 7578), up to its first file.
fn of_parts(boundary: &str, body: &[u8], is_field: impl Fn(&str) -> bool, found: &mut Vec<String>) {
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter has no line before it.
    let Some(mut rest) = body.strip_prefix(&delimiter.as_bytes()[2..]) else { return };
    for _ in 0..PARTS_MAX {
        let Some(part) = rest.strip_prefix(b"\r\n") else { return };
        let Some(end) = memmem::find(part, delimiter.as_bytes()) else { return };
        let (part, behind) = part.split_at(end);
        rest = &behind[delimiter.len()..];
        let Some(blank) = memmem::find(part, b"\r\n\r\n") else { return };
        let Ok(head) = std::str::from_utf8(&part[..blank]) else { return };
        match name_of(head) {
            Some(name) if is_field(name) => {
                found.push(String::from_utf8_lossy(&part[blank + 4..]).into_owned());
            }
            Some(_) => {}
            None => return,
        }
    }
}

/// The name of a part that is no file, and is written as it is (RFC 7578 4.7).
fn name_of(head: &str) -> Option<&str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let is_plain = lines.clone().all(|(name, value)| {
        let is = |other: &str| name.trim().eq_ignore_ascii_case(other);
        !is("content-transfer-encoding")
            && (!is("content-type") || is_utf8(value.split(';').skip(1).map(str::trim)))
    });
    if !is_plain {
        return None;
    }
    let (_, said) = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))?;
    let mut parts = said.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("form-data") {
        return None;
    }
    let mut name = None;
    for part in parts {
        let (key, value) = part.split_once('=')?;
        match key.trim().to_ascii_lowercase().as_str() {
            "name" => name = Some(unquoted(value.trim())),
            // A file, in either spelling of its name.
            "filename" | "filename*" => return None,
            _ => {}
        }
    }
    name
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}
