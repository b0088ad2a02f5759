//! Sessions that answers set: whose one is, its backend is asked, as about any other.

use super::checker::{Checker, Errand, Told};
use super::find::whole_of;
use super::place::{Carried, Place};
use super::policy::Policy;
use crate::memory::Memory;
use crate::moment::Now;
use crate::visit::Visit;
use http::{HeaderMap, header};
use std::sync::Arc;

/// A session that an answer has set.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    checker: Arc<Checker>,
    /// Its cookie's value.
    value: String,
    /// What its backend is asked about: the value, or all cookies that belong together.
    text: String,
}

impl NewSession {
    /// Whether it has this value.
    pub(crate) fn is(&self, value: &str) -> bool {
        self.value == value
    }

    /// The question about it.
    pub(crate) fn errand(&self) -> Errand {
        self.checker.errand(&self.text)
    }

    /// Whose share is charged for it, by what was said to a question asked at `asked_ns`, steady.
    /// None: it is nobody's, as far as anybody says.
    pub(crate) fn user(
        &self,
        policy: &Policy,
        (told, asked_ns): (&Told, u64),
        memory: &Memory,
        now: Now,
    ) -> Option<[u8; 16]> {
        let identity = self.checker.read(&self.text, told, &policy.kept_claims, now).ok()?;
        let identity = Arc::new(identity);
        memory.tokens.remember_asked(&self.text, &identity, asked_ns);
        Some(identity.user())
    }
}

impl Policy {
    /// Whether a backend is asked about sessions.
    pub(crate) fn asks_about_sessions(&self) -> bool {
        self.sessions().is_some()
    }

    /// Whether callers are known by tokens, and by nothing that a browser sends by itself.
    pub(crate) fn knows_by_tokens_alone(&self) -> bool {
        let has_tokens = !self.issuers.is_empty() || !self.checkers.is_empty();
        has_tokens && self.cookies().next().is_none()
    }

    /// The value of the session that a request goes on with. None: none, or an empty one.
    pub(crate) fn session_of<'v>(&self, visit: &Visit<'v>) -> Result<Option<&'v str>, Unclear> {
        let Some(checker) = self.sessions().filter(|_| visit.seen.cookie) else { return Ok(None) };
        match checker.settings.place.look(visit) {
            Carried::Nothing | Carried::Text("") => Ok(None),
            Carried::Text(text) => Ok(Some(text)),
            Carried::Unclear => Err(Unclear),
        }
    }

    /// Notes the session that an answer to a known caller sets in the place of his: it is to be
    /// asked about, whatever others behind his address send.
    pub(crate) fn note_renewed(&self, headers: &HeaderMap, memory: &Memory) {
        if let Some(new) = self.new_session(headers) {
            memory.tokens.note_renewed(&new.text);
        }
    }

    /// The session that an answer sets. None: it sets none, deletes one, or sets two.
    pub(crate) fn new_session(&self, headers: &HeaderMap) -> Option<NewSession> {
        let checker = self.sessions()?;
        let Place::Cookie(name) = &checker.settings.place else { return None };
        let value = set_by(headers, name).ok()??;
        if checker.inspect(value).is_err() {
            return None;
        }
        let text = whole_of(checker, value, |other| set_by(headers, other))?;
        let (checker, text) = (Arc::clone(checker), text.into_owned());
        Some(NewSession { checker, value: value.to_owned(), text })
    }

    /// What an answer says of the cookies by which callers are known. `cookie` may have given them
    /// its own prefix by then.
    pub(crate) fn session_lines<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> impl Iterator<Item = SessionLine<'h>> {
        let lines = headers.get_all(header::SET_COOKIE).into_iter();
        lines.filter_map(|line| {
            let (name, value, rest) = split(line.as_bytes())?;
            let bare = name.strip_prefix(b"__Host-").unwrap_or(name);
            let is_one = |own: &str| own.as_bytes() == name || own.as_bytes() == bare;
            let is_set = !value.is_empty() && !super::checker::is_deletion(rest);
            self.cookies().any(is_one).then_some(SessionLine { value: is_set.then_some(value) })
        })
    }

    pub(super) fn sessions(&self) -> Option<&Arc<Checker>> {
        self.checkers.iter().find(|checker| checker.is_of_sessions())
    }
}

/// What an answer says of a cookie by which callers are known.
pub(crate) struct SessionLine<'h> {
    /// What it is set to; none: it is deleted.
    pub(crate) value: Option<&'h [u8]>,
}

/// It could be read in two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclear;

/// The value to which an answer sets a cookie. None: it sets none of this name, or deletes it.
fn set_by<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Unclear> {
    let mut found = None;
    for line in headers.get_all(header::SET_COOKIE) {
        let Some((set, value, rest)) = split(line.as_bytes()) else { continue };
        if set != name.as_bytes() {
            continue;
        }
        let value = std::str::from_utf8(value).map_err(|_| Unclear)?;
        if found.is_some() {
            return Err(Unclear);
        }
        found = Some((value, super::checker::is_deletion(rest)));
    }
    Ok(found.filter(|(value, is_deletion)| !value.is_empty() && !is_deletion).map(|(text, _)| text))
}

/// The name, the value and the attributes of a `Set-Cookie`; none: it has no name.
fn split(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let end = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
    let (pair, rest) = line.split_at(end);
    let middle = pair.iter().position(|byte| *byte == b'=')?;
    Some((pair[..middle].trim_ascii(), pair[middle + 1..].trim_ascii(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(lines: &[&'static str], want: Result<Option<&str>, Unclear>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SET_COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(set_by(&headers, "session"), want, "{lines:?}");
    }

    #[test]
    fn one_line_sets_a_session_and_two_are_unclear() {
        check(&[], Ok(None));
        check(&["session=abc"], Ok(Some("abc")));
        check(&["theme=dark", " session = abc ; HttpOnly; Path=/"], Ok(Some("abc")));
        check(&["Session=abc", "xsession=abc", "session", "sessions=a"], Ok(None));
        check(&["session=; Max-Age=0"], Ok(None));
        check(&["session=abc; max-age=0"], Ok(None));
        check(&["session=abc; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], Ok(None));
        check(&["session=abc", "session=def"], Err(Unclear));
        check(&["session=", "session=def"], Err(Unclear));
    }
}
