//! Tokens in the forms of pages, where a file asks for them: which answers get them, and which
//! token. Whoever carries the answer writes them in.

use super::anchor;
use super::body::FIELDS;
use super::html::{self, is_page, takes_pages};
use super::session::Session;
use super::token::{PREFIX, Subject};
use crate::header::One;
use crate::mode::Force;
use crate::moment::{Chance, Now};
use crate::private::keep_from_stores;
use crate::verdict::Admitted;
use crate::visit::Visit;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// What holds for the backend's bytes alone, and not for those that leave.
static OF_THE_BYTES: [HeaderName; 8] = [
    header::CONTENT_LENGTH,
    header::ETAG,
    header::LAST_MODIFIED,
    header::ACCEPT_RANGES,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

/// What is done to the forms of a route's pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forms {
    /// Nothing.
    #[default]
    Leave,
    /// Those that are sent to the page's own origin by POST get a token.
    Inject,
}

/// A page that is asked for, and whose forms get a token: what is known of its visitor.
#[derive(Debug)]
pub struct Page {
    /// His anchor; none: he gets one.
    anchor: Option<String>,
    subject: Subject,
    session: Session,
    is_secure: bool,
    /// The gate's authority, as the visitor's browser has it; with its scheme where it is listed.
    origin: String,
    /// Whether the page is only asked for: by GET or HEAD.
    is_read: bool,
    is_head: bool,
}

/// What is written into the forms of one answer.
#[derive(Debug)]
pub struct Injection {
    /// The names that its field may have: the first that a form does not have by itself.
    pub names: [&'static str; 2],
    /// The token: ASCII letters, digits, `-`, `_` and `.`.
    pub token: String,
    /// The page's own origin, `https://shop.example`.
    pub origin: String,
}

/// Why a page's forms are left without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is compressed, although that was not asked for.
    Encoded,
    /// Its charset is one in which markup cannot be told.
    Charset,
}

impl Left {
    /// Its code, as the log has it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Encoded => "forms/encoded",
            Self::Charset => "forms/charset",
        }
    }
}

/// Whether forms get tokens in the pages that a request may be answered with.
pub(crate) fn are_written(visit: &Visit<'_>) -> bool {
    visit.route().injects
        && visit.view.fidelity.pages
        && *visit.view.method != Method::OPTIONS
        && visit.gate.force(visit, visit.gate.modes.csrf) != Force::Off
}

impl Injection {
    /// Whether a field's value is a token of the gate's already.
    #[must_use]
    pub fn is_token(value: &str) -> bool {
        value.starts_with(PREFIX)
    }
}

impl Page {
    /// The page that a request asks for, among those whose forms get tokens ([`are_written`]).
    pub(crate) fn of(visit: &Visit<'_>) -> Option<Box<Self>> {
        let method = visit.view.method;
        let gate = &visit.gate;
        // Of whom nobody can say who he is: a stranger's anchor would take the place of his own.
        if !takes_pages(visit.view.headers) || visit.unjudged.is_some() {
            return None;
        }
        let subject = Subject::of(visit);
        let anchor = match anchor::find(visit) {
            // Nothing that is sent with two of them is taken.
            One::Repeated | One::Unreadable => return None,
            One::Value(text) if gate.csrf.keys.is_sealed_for(text, subject) => Some(text.into()),
            One::Value(_) | One::Absent => None,
        };
        let named = visit.named?;
        let listed = named.external.and_then(|place| gate.names.listed().get(place));
        let origin = listed.map_or(named.authority, |external| external.origin().as_str());
        let is_head = *method == Method::HEAD;
        Some(Box::new(Self {
            anchor,
            subject,
            session: Session::of(visit, subject),
            is_secure: anchor::is_secure(visit),
            origin: origin.to_owned(),
            is_read: is_head || *method == Method::GET,
            is_head,
        }))
    }

    /// Whether a header of the request ends here: what asks for other bytes than the whole page as
    /// it is.
    #[must_use]
    pub(crate) fn drops(&self, name: &HeaderName) -> bool {
        let asks_for_less = matches!(
            *name,
            header::RANGE | header::IF_RANGE | header::IF_NONE_MATCH | header::IF_MODIFIED_SINCE
        );
        *name == header::ACCEPT_ENCODING || (self.is_read && asks_for_less)
    }

    /// What is asked for in the place of `Accept-Encoding`.
    pub(crate) fn asks() -> (HeaderName, HeaderValue) {
        (header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
    }

    /// Looks at an answer: writes its head anew, and says what is written into its forms. Without
    /// either it is none of a page whose forms could be read.
    pub(crate) fn answer(
        &self,
        admitted: &Admitted,
        answer: (StatusCode, &mut HeaderMap),
        is_tls: bool,
        (now, chance): (Now, &dyn Chance),
    ) -> Result<Option<Injection>, Left> {
        let (status, headers) = answer;
        if !is_page(status, headers)? || self.session.is_changed_by(admitted, (status, headers)) {
            return Ok(None);
        }
        let keys = &admitted.gate().csrf.keys;
        let drawn = match &self.anchor {
            None => keys.draw(self.subject, chance),
            Some(_) => None,
        };
        let anchor = self.anchor.as_deref().or(drawn.as_deref());
        // A layer that is on has keys: it was checked when the gate was made.
        let token = anchor.and_then(|anchor| keys.write(anchor, self.subject, now, chance));
        let Some(token) = token else { return Ok(None) };
        make_fresh(headers);
        if self.is_head {
            return Ok(None);
        }
        if let Some(drawn) = &drawn {
            let line = HeaderValue::try_from(anchor::line(drawn, self.is_secure, false));
            let Ok(line) = line else { return Ok(None) };
            headers.append(header::SET_COOKIE, line);
        }
        let scheme = if is_tls { "https" } else { "http" };
        let origin = match self.origin.contains("://") {
            true => self.origin.clone(),
            // While trying out without a list the request's own Host stands for it.
            false => format!("{scheme}://{}", self.origin),
        };
        Ok(Some(Injection { names: FIELDS, token, origin }))
    }
}

/// Takes away what was true of the backend's bytes alone, and keeps the page from every store: it
/// holds its visitor's token.
fn make_fresh(headers: &mut HeaderMap) {
    for name in &OF_THE_BYTES {
        headers.remove(name);
    }
    keep_from_stores(headers);
}

/// Keeps a page without tokens from every store: of the same address others get it with one, and a
/// store would hand this one to them. What no request gets a token into has one form alone.
pub(crate) fn close(status: StatusCode, headers: &mut HeaderMap) {
    let leads_on = status.is_redirection() && headers.contains_key(header::LOCATION);
    if !leads_on && html::is_html(headers) && !html::is_kept(headers) {
        keep_from_stores(headers);
    }
}

#[cfg(test)]
#[path = "forms_tests.rs"]
mod tests;
