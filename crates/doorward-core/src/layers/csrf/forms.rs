//! Tokens in the forms of pages, where a file asks for them: which answers get them, and which
//! token. Whoever carries the answer writes them in.

use super::anchor;
use super::token::Subject;
use crate::header::One;
use crate::mode::Force;
use crate::moment::{Chance, Now};
use crate::verdict::Admitted;
use crate::visit::Visit;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// The name of the field that is written in: the first that `body` reads.
const FIELD: &str = super::body::FIELDS[0];

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
    /// The field's name.
    pub field: &'static str,
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

impl Page {
    /// The page that a request asks for; none where its route's forms are left alone.
    pub(crate) fn of(visit: &Visit<'_>) -> Option<Box<Self>> {
        if !visit.route().injects || !visit.view.fidelity.pages {
            return None;
        }
        let method = visit.view.method;
        let gate = &visit.gate;
        if *method == Method::OPTIONS
            || gate.force(visit, gate.modes.csrf) == Force::Off
            || !takes_pages(visit.view.headers)
        {
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
        if !is_page(status, headers)? {
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
        Ok(Some(Injection { field: FIELD, token, origin }))
    }
}

/// Whether a request asks for a page: browsers name `text/html` where they open one, and nowhere
/// else.
fn takes_pages(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).into_iter();
    let mut items = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    items.any(|item| {
        let name = item.split(|byte| *byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"text/html")
    })
}

/// Whether an answer is a whole page that may be changed.
fn is_page(status: StatusCode, headers: &HeaderMap) -> Result<bool, Left> {
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
fn is_kept(headers: &HeaderMap) -> bool {
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

/// Takes away what was true of the backend's bytes alone, and keeps the page from every store: it
/// holds its visitor's token.
fn make_fresh(headers: &mut HeaderMap) {
    for name in &OF_THE_BYTES {
        headers.remove(name);
    }
    // A cache in front that is told by a header of its own would not look at the other (RFC 9213).
    let is_of_a_cache = |name: &HeaderName| {
        let name = name.as_str();
        name.ends_with("cdn-cache-control") || name == "surrogate-control"
    };
    while let Some(name) = headers.keys().find(|name| is_of_a_cache(name)).cloned() {
        headers.remove(name);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
}

#[cfg(test)]
#[path = "forms_tests.rs"]
mod tests;
