//! Sessions, by the backend's own word: it is asked who the caller is, with the session's cookie
//! and nothing else of the request.

use super::checker::CheckerSettings;
use super::jwt::{SCOPES_BYTES_MAX, SUBJECT_BYTES_MAX};
use super::place::Place;
use super::who::{self, By, Facts, Identity, Kind};
use super::{Bound, Reason};
use crate::json::{self, Object};
use serde_json::Value;

/// What the issuer of sessions is called.
pub const SESSION_ISSUER: &str = "session";

/// How the answer of a `whoami` is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whoami {
    /// Where the caller's id stands: the names on the way to it.
    pub subject: Vec<String>,
    /// Where its scopes stand; none: it has none.
    pub scopes: Option<Vec<String>>,
}

/// The names of a path such as `$.user.id`. None: it is no path.
#[must_use]
pub fn path(text: &str) -> Option<Vec<String>> {
    let rest = text.strip_prefix("$.").unwrap_or(text);
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let names: Vec<String> = rest.split('.').map(str::to_owned).collect();
    names.iter().all(|name| is_name(name)).then_some(names)
}

/// What is sent: the cookie alone.
pub(super) fn headers(settings: &CheckerSettings, text: &str) -> Vec<(&'static str, String)> {
    let cookie = match &settings.place {
        // Where several belong together, the text names them itself.
        Place::Cookie(_) if !settings.with.is_empty() => text.to_owned(),
        Place::Cookie(name) => format!("{name}={text}"),
        Place::Bearer | Place::Header(_) => String::new(),
    };
    vec![("cookie", cookie), ("accept", "application/json".to_owned())]
}

/// Who it is. A redirect leads to a page where people sign in, so it is a no.
pub(super) fn read(
    how: &Whoami,
    by: By,
    session: &str,
    kept: &[Box<str>],
    (status, body): (u16, &[u8]),
) -> Result<Identity, Reason> {
    match status {
        200 => {}
        // It takes too long, or is asked too often: neither is a no.
        408 | 429 => return Err(Reason::CheckAway),
        300..=499 => return Err(Reason::SessionUnknown),
        _ => return Err(Reason::CheckAway),
    }
    let said = json::object(body).map_err(|_| Reason::CheckAway)?;
    whose(how, by, session, kept, &said)
}

/// Who it is, by what is said.
pub(super) fn whose(
    how: &Whoami,
    by: By,
    session: &str,
    kept: &[Box<str>],
    said: &Object,
) -> Result<Identity, Reason> {
    // Many answer 200 to everybody, with nobody in it.
    let subject = subject(find(said, &how.subject)).ok_or(Reason::SessionUnknown)?;
    let scopes = how.scopes.as_ref().map_or(Ok(String::new()), |path| scopes(find(said, path)))?;
    Ok(Identity::new(Facts {
        kind: Kind::Session,
        issuer: SESSION_ISSUER,
        subject: &subject,
        scopes: &scopes,
        token_id: Some(&who::session_id(session)),
        begins_unix_s: 0,
        ends_unix_s: None,
        by: Some(by),
        claims: who::keep(said, kept),
        bound: Bound::default(),
    }))
}

pub(super) fn find<'o>(said: &'o Object, path: &[String]) -> Option<&'o Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(json::member(said, first)?, |value, name| value.get(name.as_str()))
}

/// A text or a whole number, as databases have them.
pub(super) fn subject(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_u64() || number.is_i64() => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= SUBJECT_BYTES_MAX).then_some(text)
}

/// A text with spaces, or a list of texts.
pub(super) fn scopes(value: Option<&Value>) -> Result<String, Reason> {
    let scopes = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => {
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            let texts = texts.filter(|texts| !texts.iter().any(|text| text.contains(' ')));
            texts.ok_or(Reason::CheckAway)?.join(" ")
        }
        Some(_) => return Err(Reason::CheckAway),
    };
    if scopes.len() > SCOPES_BYTES_MAX { Err(Reason::CheckAway) } else { Ok(scopes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        for (text, want) in [
            ("$.id", names(&["id"])),
            ("id", names(&["id"])),
            ("$.user.sub-id", names(&["user", "sub-id"])),
            ("$", None),
            ("$.", None),
            ("", None),
            ("$..id", None),
            ("$.users[0]", None),
        ] {
            assert_eq!(path(text), want, "{text}");
        }
    }

    #[test]
    fn subjects() {
        let said = |text: &str| json::object(text.as_bytes()).expect("an object");
        let id = path("$.user.id").expect("a path");
        for (text, want) in [
            (r#"{"user":{"id":"ann"}}"#, Some("ann")),
            (r#"{"user":{"id":42}}"#, Some("42")),
            (r#"{"user":{"id":-1}}"#, Some("-1")),
            (r#"{"user":{"id":""}}"#, None),
            (r#"{"user":{"id":1.5}}"#, None),
            (r#"{"user":{"id":true}}"#, None),
            (r#"{"user":{"id":null}}"#, None),
            (r#"{"user":{"id":["ann"]}}"#, None),
            (r#"{"user":null}"#, None),
            (r#"{"id":"ann"}"#, None),
            ("{}", None),
        ] {
            assert_eq!(subject(find(&said(text), &id)).as_deref(), want, "{text}");
        }
    }
}
