//! The fields of a request's body, as a form or a JSON object has them. What two backends could
//! read in two ways is read in none.

mod kind;
mod name;
mod parts;

#[cfg(feature = "schema")]
pub(crate) use kind::essence;
pub(crate) use kind::{Kind, is_json, kind};
pub(crate) use name::{Name, is_field};

use crate::{json, path, query};
use serde_json::Value;

/// Fields of a form at the most: as many as PHP and Django take.
const FIELDS_MAX: usize = 1_000;
/// With these begin JSON, XML, and what lenient readers of JSON skip. A browser writes none of them
/// bare (WHATWG URL 5.2).
const OTHER_KINDS_BEGIN: [char; 9] = ['{', '[', '<', '"', '\'', '/', '#', '(', ')'];

/// Backends could read different fields in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclear;

/// A field of a form: its name and its value, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A form's fields of these names, as they come. A JSON object has no fields.
pub(crate) fn fields(
    kind: &Kind<'_>,
    body: &[u8],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Field>, Unclear> {
    match kind {
        Kind::Form => of_form(body, is_wanted),
        Kind::Multipart(boundary) => parts::fields(boundary, body, is_wanted),
        Kind::Json => Ok(Vec::new()),
    }
}

/// The names of a form's files, as they come.
#[cfg(feature = "schema")]
pub(crate) fn files(kind: &Kind<'_>, body: &[u8]) -> Result<Vec<String>, Unclear> {
    match kind {
        Kind::Multipart(boundary) => parts::files(boundary, body),
        Kind::Form | Kind::Json => Ok(Vec::new()),
    }
}

/// Whether a backend that reads a body by another kind than its type says may find such a field in
/// it: many decode JSON, and some forms, whatever the type.
pub(crate) fn is_mixed(kind: &Kind<'_>, body: &[u8], is_wanted: impl Fn(&str) -> bool) -> bool {
    let is_end = match kind {
        Kind::Form => return begins_otherwise(body),
        Kind::Json => |byte: &u8| matches!(byte, b'&' | b';'),
        // A part's head has semicolons, and a name behind them.
        Kind::Multipart(_) => |byte: &u8| *byte == b'&',
    };
    // The first begins with a brace or a boundary, and with no name.
    let mut rest = body.split(is_end).skip(1);
    let is_field = |field: &[u8]| {
        let field = String::from_utf8_lossy(field);
        let (name, value) = query::pair(&field);
        // A value with a text's end in it, or a part's, is none of a field that is meant.
        let has_end = value.contains('"') || value.contains("\r\n--");
        !has_end && decoded(name).is_some_and(|name| is_wanted(&name))
    };
    rest.by_ref().take(FIELDS_MAX).any(is_field) || rest.next().is_some()
}

/// Whether a form begins as no form does, behind blanks and a byte order mark.
fn begins_otherwise(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let is_blank = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    text.trim_start_matches(is_blank).starts_with(OTHER_KINDS_BEGIN)
}

/// The text, or the whole number, at a JSON object's end of these names. None: there is none, or no
/// such object, or a backend could read another member for one of them.
pub(crate) fn member(body: &[u8], names: &[impl AsRef<str>]) -> Option<String> {
    let mut value = Value::Object(json::object(without_mark(body)).ok()?);
    for name in names {
        let Value::Object(mut object) = value else { return None };
        let wanted = Name::of(name.as_ref());
        if object.keys().filter(|key| Name::of(key).is_like(&wanted)).count() != 1 {
            return None;
        }
        value = object.remove(name.as_ref())?;
    }
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a body is a JSON object in which no value stands at such a name, at any depth; nested
/// ones are written as a form's: `user[email]`.
pub(crate) fn has_no_member(body: &[u8], is_wanted: impl Fn(&str) -> bool) -> bool {
    let Ok(object) = json::object(without_mark(body)) else { return false };
    let mut rest: Vec<(String, Value)> = object.into_iter().collect();
    while let Some((place, value)) = rest.pop() {
        match value {
            Value::Object(object) => rest.extend(
                object.into_iter().map(|(name, value)| (format!("{place}[{name}]"), value)),
            ),
            Value::Array(list) => {
                rest.extend(list.into_iter().map(|value| (format!("{place}[]"), value)));
            }
            _ if is_wanted(&place) => return false,
            _ => {}
        }
    }
    true
}

/// RFC 8259 8.1: who reads JSON may ignore a byte order mark, and many do.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Whether a query has a field of such a name, or one whose name backends read differently.
pub(crate) fn is_in_query(query: &str, is_wanted: impl Fn(&str) -> bool) -> bool {
    query::fields(query).any(|field| {
        let name = decoded(query::pair(field).0);
        name.is_none_or(|name| is_wanted(&name))
    })
}

fn of_form(body: &[u8], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Field>, Unclear> {
    let text = std::str::from_utf8(body).map_err(|_| Unclear)?;
    // Some split there too; a browser writes %3B.
    if text.contains(';') || text.split('&').nth(FIELDS_MAX).is_some() {
        return Err(Unclear);
    }
    let mut found = Vec::new();
    for (name, value) in text.split('&').map(query::pair) {
        let name = decoded(name).ok_or(Unclear)?;
        if is_wanted(&name) {
            let value = decoded(value).ok_or(Unclear)?;
            found.push(Field { name, value });
        }
    }
    Ok(found)
}

/// A blank may be written as `+` (WHATWG URL 5.1). None: an escape is none, as in `%u0061`, or its
/// bytes are no UTF-8: backends differ in what they make of either.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let bytes = path::decode(text.replace('+', " ").as_bytes())?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
