//! A token in a body: a form's field, or a member of a JSON object. Whoever sends one proves that
//! he knows it; how the backend reads the body has no part in that.

use super::Reason;
use super::token::PREFIX;
use crate::header::{self, One};
use crate::{json, path, query};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use memchr::memmem;

/// The names of a form's field.
const FIELDS: [&str; 2] = ["_csrf", "csrf_token"];
/// The name of a JSON object's member.
const MEMBER: &str = "csrf";
/// Parts of a multipart form that are looked through: the token stands before files.
const PARTS_MAX: usize = 16;
/// Characters of a boundary at the most (RFC 2046 5.1.1).
const BOUNDARY_MAX: usize = 70;

/// A body in which a token may stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'v> {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`, with its boundary.
    Multipart(&'v str),
    /// `application/json`, or a type that ends in `+json`.
    Json,
}

/// What kind of body comes. None: one in which no token can be read, as JSON sent as `text/plain`
/// or a compressed form.
pub(super) fn kind(headers: &HeaderMap) -> Option<Kind<'_>> {
    if headers.contains_key(CONTENT_ENCODING) {
        return None;
    }
    let One::Value(text) = header::single(headers, &CONTENT_TYPE) else { return None };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next()?;
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

/// The token in a body. A field of such a name without one is the application's own.
pub(super) fn find(kind: &Kind<'_>, body: &[u8]) -> Result<Option<String>, Reason> {
    let mut found = Vec::new();
    match kind {
        Kind::Form => of_form(body, &mut found),
        Kind::Multipart(boundary) => of_parts(boundary, body, &mut found),
        Kind::Json => {
            let object = json::object(body).ok();
            let text = object.as_ref().and_then(|object| json::member(object, MEMBER)?.as_str());
            found.extend(text.map(str::to_owned));
        }
    }
    found.retain(|text| text.starts_with(PREFIX));
    let one = found.pop();
    if found.is_empty() { Ok(one) } else { Err(Reason::Unclear) }
}

fn of_form(body: &[u8], found: &mut Vec<String>) {
    let Ok(text) = std::str::from_utf8(body) else { return };
    for (name, value) in text.split('&').map(query::pair) {
        if is_field(&decoded(name)) {
            found.push(decoded(value));
        }
    }
}

fn decoded(text: &str) -> String {
    let bytes = path::decode(text.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.unwrap_or_else(|| text.to_owned())
}

fn is_field(name: &str) -> bool {
    FIELDS.contains(&name)
}

/// The first parts of a form (RFC 7578), up to its first file.
fn of_parts(boundary: &str, body: &[u8], found: &mut Vec<String>) {
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

/// The name of a part that is no file.
fn name_of(head: &str) -> Option<&str> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(content_type: &'static str, body: &str, want: Result<Option<&str>, Reason>) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let found = match kind(&headers) {
            Some(kind) => find(&kind, body.as_bytes()),
            None => Ok(None),
        };
        assert_eq!(found, want.map(|text| text.map(str::to_owned)), "{content_type}: {body}");
    }

    #[test]
    fn a_forms_field_holds_the_token() {
        let form = "application/x-www-form-urlencoded";
        let token = Ok(Some("dwc1.a_b-c"));
        check(form, "_csrf=dwc1.a_b-c", token);
        check(form, "to=evil&csrf_token=dwc1.a_b-c&amount=1", token);
        check(form, "%5Fcsrf=dwc1%2Ea%5Fb-c", token);
        check("Application/X-WWW-Form-URLencoded; charset=UTF-8", "_csrf=dwc1.a_b-c", token);
        check(form, "_csrf=of-the-application&csrf_token=dwc1.a_b-c", token);
        check(form, "_csrf=dwc1.a&_csrf=dwc1.a", Err(Reason::Unclear));
        check(form, "_csrf=dwc1.a&csrf_token=dwc1.b", Err(Reason::Unclear));
        for body in ["", "_csrf", "_csrf=", "_csrf=abc", "csrf=dwc1.a", "x_csrf=dwc1.a", "_csrf=%"]
        {
            check(form, body, Ok(None));
        }
    }

    #[test]
    fn only_a_member_of_a_json_object_holds_it() {
        check("application/json", r#"{"csrf":"dwc1.a"}"#, Ok(Some("dwc1.a")));
        check("application/vnd.x+json; a=b", r#"{"b":1,"csrf":"dwc1.a"}"#, Ok(Some("dwc1.a")));
        for body in [
            r#"[{"csrf":"dwc1.a"}]"#,
            r#"{"csrf":["dwc1.a"]}"#,
            r#"{"csrf":"dwc1.a","csrf":"dwc1.b"}"#,
            r#"{"a":{"csrf":"dwc1.a"}}"#,
            "dwc1.a",
        ] {
            check("application/json", body, Ok(None));
        }
        check("text/plain", r#"{"csrf":"dwc1.a"}"#, Ok(None));
        check("text/plain; application/json", r#"{"csrf":"dwc1.a"}"#, Ok(None));
    }

    #[test]
    fn of_a_multipart_form_the_fields_before_its_files_count() {
        let multipart = "multipart/form-data; boundary=XX";
        let part = |head: &str, body: &str| format!("--XX\r\n{head}\r\n\r\n{body}\r\n");
        let field = |name: &str, body: &str| {
            part(&format!("Content-Disposition: form-data; name=\"{name}\""), body)
        };
        let end = "--XX--\r\n";
        let file = part("Content-Disposition: form-data; name=\"f\"; filename=\"a\"", "bytes");
        let token = field("_csrf", "dwc1.a");
        check(multipart, &(token.clone() + end), Ok(Some("dwc1.a")));
        check("multipart/form-data; Boundary=\"XX\"", &(token.clone() + end), Ok(Some("dwc1.a")));
        check(multipart, &(field("to", "ann") + &token + &file + end), Ok(Some("dwc1.a")));
        check(multipart, &(file + &token + end), Ok(None));
        check(multipart, &(token.clone() + &token + end), Err(Reason::Unclear));
        check(multipart, &token, Ok(None));
        check(multipart, &(field("_csrf", "of the application") + end), Ok(None));
        check(multipart, &(field("to", "x").repeat(PARTS_MAX) + &token + end), Ok(None));
        check("multipart/form-data", &(token.clone() + end), Ok(None));
        check("multipart/form-data; boundary=XX; boundary=YY", &(token.clone() + end), Ok(None));
        check("multipart/form-data; boundary=Y", &(token + end), Ok(None));
    }
}
