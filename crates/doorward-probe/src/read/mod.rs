//! # Where requests and operations come from
//!
//! What people have at hand: a line of curl, a `fetch` call, a HAR, an OpenAPI file, an error of a
//! browser's console. Each reader is a pure function from text to what was asked, with a note for
//! everything that was left out or read differently. Nothing of such a text is trusted: it names no
//! host that is called ([`crate::scope`]), opens no file, and is never evaluated.

pub mod answers;
pub mod console;
pub mod curl;
pub mod fetch;
pub mod har;
mod listed;
mod literal;
pub mod openapi;
mod shell;

use crate::call::is_secret;
use crate::operation::{Operation, Source};
use crate::report::is_seen;
use doorward_browser::{Body, Headers, Origin, Request};
pub use listed::{Listed, OPERATIONS_MAX};
use std::fmt;
use thiserror::Error;
use url::Url;

/// Bytes of a curl line, a `fetch` call or a console's error, at most.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Notes that are kept of one text, at most.
const NOTES_MAX: usize = 100;
/// Characters of foreign text in a note or an error, at most.
const SHOWN_CHARS_MAX: usize = 60;
/// Between the parts of a multipart body. No field of ours has it.
const BOUNDARY: &str = "doorward-part-boundary";

/// A request that somebody has at hand.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked {
    /// The request as a page makes it. Headers that only a browser sets are not among its own.
    pub request: Request,
    /// The origin of the page, where the text names it.
    pub origin: Option<String>,
    /// The cookies that were sent, as a `Cookie` header has them; empty where there were none.
    pub cookie: String,
    /// What was left out, or read differently than it stands there.
    pub notes: Vec<String>,
}

/// Values may be secrets: they are in no text.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.request.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Asked")
            .field("method", &self.request.method)
            .field("url", &self.request.url.as_str())
            .field("headers", &names)
            .field("origin", &self.origin)
            .field("has_cookie", &!self.cookie.is_empty())
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

/// What cannot be read, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {what}; {mend}")]
pub struct Unreadable {
    /// The line, from 1 on.
    pub line: usize,
    /// The character in that line, from 1 on.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: &'static str,
}

impl Unreadable {
    /// What is wrong at a byte of a text.
    pub(crate) fn at(text: &str, byte: usize, what: impl Into<String>, mend: &'static str) -> Self {
        let (line, column) = place(text, byte);
        Self { line, column, what: what.into(), mend }
    }
}

impl Asked {
    /// The request as an operation: what a program sends. What says who calls is left out.
    #[must_use]
    pub fn operation(&self, source: Source) -> Operation {
        let implied = self.request.body.implied_type();
        let said = self.request.headers.joined("content-type");
        let (content_type, body) = match &self.request.body {
            Body::Multipart(fields) => (multipart_type(), multipart(fields)),
            body => (said.or(implied).unwrap_or_default(), bytes(body)),
        };
        Operation {
            method: self.request.method.clone(),
            path: self.request.url.path().to_owned(),
            content_type: if body.is_empty() { String::new() } else { content_type },
            body,
            source,
            needs_caller: !self.credentials().is_empty(),
            ..Operation::get(self.request.url.clone())
        }
    }

    /// The headers that say who calls. They are for the request's own host and for no other.
    #[must_use]
    pub fn credentials(&self) -> Vec<(String, String)> {
        let own = self.request.headers.iter().filter(|(name, _)| is_secret(name));
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let cookie = (!self.cookie.is_empty()).then(|| ("Cookie".to_owned(), self.cookie.clone()));
        cookie.into_iter().chain(own).collect()
    }
}

/// A body as it travels.
fn bytes(body: &Body) -> Vec<u8> {
    match body {
        Body::Empty | Body::Stream => Vec::new(),
        Body::Text(text) | Body::UrlEncoded(text) | Body::Plain(text) => text.clone().into_bytes(),
        Body::Bytes(bytes) | Body::Blob(_, bytes) => bytes.clone(),
        Body::Multipart(fields) => multipart(fields),
    }
}

/// The type of a body that [`multipart`] wrote.
pub(crate) fn multipart_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// Fields as RFC 7578 has them.
pub(crate) fn multipart(fields: &[(String, String)]) -> Vec<u8> {
    let mut out = String::new();
    for (name, value) in fields {
        // RFC 7578 2: a quote or a line end in a name is written as a percent-encoded byte.
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        out.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    out.push_str(&format!("--{BOUNDARY}--\r\n"));
    out.into_bytes()
}

/// Headers as a browser wrote them down, parted into what a script set and what it did not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parted {
    /// What a script may have set.
    pub(crate) own: Headers,
    /// The value of `Origin`, else the origin of `Referer`.
    pub(crate) origin: Option<String>,
    /// The values of `Cookie`.
    pub(crate) cookie: String,
    /// The value of `Sec-Fetch-Mode`.
    pub(crate) mode: String,
}

/// Parts the headers of a request that was sent.
pub(crate) fn parted(headers: &Headers) -> Parted {
    let lower: Vec<(String, &str)> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let first = |name: &str| lower.iter().find(|(own, _)| own == name).map(|(_, value)| *value);
    // A browser wrote it: then it also wrote what else browsers add.
    let is_copied = lower.iter().any(|(name, _)| name.starts_with("sec-"));
    // With the cache switched off, as it is beside open tools, browsers add both of these.
    let is_uncached = is_copied
        && first("pragma") == Some("no-cache")
        && first("cache-control") == Some("no-cache");
    let is_browsers = |name: &str| {
        ADDED.contains(&name)
            || name.starts_with("sec-")
            || name.starts_with(':')
            || (is_copied && name == "user-agent")
            || (is_uncached && matches!(name, "pragma" | "cache-control"))
    };
    let cookies: Vec<&str> =
        lower.iter().filter(|(name, _)| name == "cookie").map(|(_, value)| *value).collect();
    let referer = || Some(Origin::of(&Url::parse(first("referer")?).ok()?).to_string());
    Parted {
        own: headers.iter().filter(|(name, _)| !is_browsers(&name.to_ascii_lowercase())).collect(),
        origin: first("origin").map(str::to_owned).or_else(referer),
        cookie: cookies.join("; "),
        mode: first("sec-fetch-mode").unwrap_or_default().to_ascii_lowercase(),
    }
}

/// Headers that browsers and programs add by themselves, and no script may set, or none does.
const ADDED: &[&str] = &[
    "accept-encoding",
    "alt-used",
    "connection",
    "content-length",
    "cookie",
    "dnt",
    "host",
    "keep-alive",
    "origin",
    "priority",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade-insecure-requests",
];

/// Takes a name and a password out of an address: they travel as a header, if at all.
pub(crate) fn take_user(url: &mut Url) -> Option<(String, String)> {
    let decoded = |text: &str| percent_decoded(text.as_bytes()).unwrap_or_else(|| text.to_owned());
    let user = (decoded(url.username()), url.password().map(decoded).unwrap_or_default());
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    // Neither fails on an address that had them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(user)
}

/// A text without its percent-encoding; none where it is no text then.
pub(crate) fn percent_decoded(bytes: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(code) if *byte == b'%' => {
                out.push(code);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// Foreign text as a note or an error shows it: cut, and steering no terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = plain(&text.chars().take(SHOWN_CHARS_MAX).collect::<String>());
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        out.push('…');
    }
    out
}

/// Foreign text, whole, that steers no terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_seen(c) { c } else { '\u{fffd}' }).collect()
}

/// Adds a note, if there is room.
pub(crate) fn note(notes: &mut Vec<String>, text: impl Into<String>) {
    if notes.len() < NOTES_MAX {
        notes.push(text.into());
    }
}

/// Adds a note about a place, if there is room; without room the text is not counted through.
pub(crate) fn note_at(notes: &mut Vec<String>, text: &str, byte: usize, what: &str) {
    if notes.len() < NOTES_MAX {
        let (line, column) = place(text, byte);
        notes.push(format!("line {line}, column {column}: {what}"));
    }
}

/// Line and column of a byte, both from 1 on.
pub(crate) fn place(text: &str, byte: usize) -> (usize, usize) {
    let mut end = byte.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[begin..].chars().count() + 1)
}

/// Whether a text is too long to be read.
pub(crate) fn too_long(text: &str) -> Result<(), Unreadable> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    let what = format!("the text has {} bytes", text.len());
    Err(Unreadable { line: 1, column: 1, what, mend: "1 MiB is read at most" })
}

#[cfg(test)]
mod tests;
