//! All that is known of what a client shows, and whose it is: the client's own, or that of a proxy
//! in front of it.

#[cfg(test)]
mod tests;

use super::hello::Hello;
use super::http1::HeadOrder;
use super::http2::Opening;
use super::ja4::{Form, Ja4};
use crate::client_ip::ClientIp;
use crate::header::One;
use crate::view::View;
use http::HeaderName;

/// What became of looking for something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seen<T> {
    /// Nobody can see it from here, or nobody has looked: it tells nothing.
    #[default]
    Hidden,
    /// There is none: no TLS, no HTTP/2.
    Absent,
    /// There is one that cannot be read.
    Unreadable,
    /// This one.
    Value(T),
}

impl<T> Seen<T> {
    /// The same, lent.
    pub const fn as_ref(&self) -> Seen<&T> {
        match self {
            Self::Hidden => Seen::Hidden,
            Self::Absent => Seen::Absent,
            Self::Unreadable => Seen::Unreadable,
            Self::Value(value) => Seen::Value(value),
        }
    }

    /// The same of something made of it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::Hidden => Seen::Hidden,
            Self::Absent => Seen::Absent,
            Self::Unreadable => Seen::Unreadable,
            Self::Value(value) => Seen::Value(make(value)),
        }
    }

    /// What was seen, where it could be read.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Hidden | Self::Absent | Self::Unreadable => None,
        }
    }
}

/// What is kept of a hello for as long as its connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Its JA4, as others print it.
    pub ja4: Ja4,
    /// Its JA4 without what changes when a session is resumed: compare this one.
    pub lasting: Ja4,
    /// Whether it has reserved values (RFC 8701): browsers of Chromium's family do.
    pub has_grease: bool,
    /// Whether it names whom it calls.
    pub has_name: bool,
    /// Whether it offers to encrypt its hello, or pretends to.
    pub has_encrypted_hello: bool,
    /// Whether it goes on with a session from before.
    pub resumes: bool,
    /// Whether it offers HTTP/2; whether HTTP/1.1.
    pub offers: (bool, bool),
}

impl From<&Hello> for Tls {
    fn from(hello: &Hello) -> Self {
        Self {
            ja4: Ja4::of(hello, Form::Whole),
            lasting: Ja4::of(hello, Form::Lasting),
            has_grease: hello.has_grease,
            has_name: hello.has_name,
            has_encrypted_hello: hello.has_encrypted_hello,
            resumes: hello.resumes,
            offers: hello.alpn.map_or((false, false), |alpn| (alpn.has_http2, alpn.has_http1)),
        }
    }
}

/// What a mounting has seen at the other end of the connection, whoever that is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown<'v> {
    /// Its TLS. `Absent`: it speaks none.
    pub tls: Seen<&'v Tls>,
    /// Its opening of HTTP/2. `Absent`: it speaks HTTP/1.
    pub http2: Seen<&'v Opening>,
    /// The order of this head's names. `Absent`: heads came ahead of their answers (pipelining,
    /// which no browser does), and this one's is not known any more.
    pub head: Seen<&'v HeadOrder>,
}

impl Shown<'_> {
    /// What a mounting lends that sees nothing of it.
    pub const NOTHING: Self = Self { tls: Seen::Hidden, http2: Seen::Hidden, head: Seen::Hidden };
}

/// By whom a client's fingerprint is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// By its own connection.
    Connection,
    /// By the word of a trusted proxy, which ends its TLS.
    Proxy,
}

/// What is known of the client itself. What a trusted proxy's own connection shows is not in it:
/// all visitors behind it would look alike, and none as it is.
#[derive(Clone, Copy, Debug)]
pub struct OfClient<'v> {
    /// By whom.
    pub source: Source,
    /// Its JA4, as others print it: of its own hello, or as the trusted proxy has it.
    pub ja4: Seen<Ja4>,
    /// Its own connection's; `Hidden` behind a proxy.
    pub shown: Shown<'v>,
}

/// Whether anybody looks at fingerprints, and whose word counts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether mountings shall look: without a reader they need not.
    pub is_wanted: bool,
    /// The header in which trusted proxies tell a client's JA4.
    pub from: Option<String>,
}

/// Checked settings.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub(crate) is_wanted: bool,
    pub(crate) from: Option<HeaderName>,
}

/// Why a header cannot tell fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not a header's name.
    #[error("this is no header's name")]
    NotName,
    /// A header that says something else.
    #[error("this header says something else, and is judged by that")]
    Taken,
}

impl Policy {
    /// Reads the header's name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(settings: &Settings) -> Result<Self, PolicyError> {
        let from = match &settings.from {
            None => None,
            Some(text) => Some(own_name(text)?),
        };
        Ok(Self { is_wanted: settings.is_wanted, from })
    }

    /// Whether trusted proxies tell fingerprints in this header, in any spelling.
    pub(crate) fn is_told_in(&self, name: &HeaderName) -> bool {
        self.from.as_ref().is_some_and(|from| is_same(name, from))
    }

    /// Whether a client has written the trusted proxies' header itself. It goes no further.
    pub(crate) fn is_claimed(&self, view: &View<'_>, client_ip: &ClientIp) -> bool {
        self.from.is_some()
            && view.headers.keys().any(|name| self.is_told_in(name))
            && !client_ip.trusts(view.peer)
    }

    /// What is known of the client itself.
    pub(crate) fn of_client<'v>(&self, view: &View<'v>, client_ip: &ClientIp) -> OfClient<'v> {
        if !client_ip.trusts(view.peer) {
            // A mounting that cannot see it has nothing to say of it.
            let shown = if view.fidelity.shown { view.shown } else { Shown::NOTHING };
            let ja4 = shown.tls.map(|tls| tls.ja4);
            return OfClient { source: Source::Connection, ja4, shown };
        }
        let ja4 = match self.from.as_ref().map(|from| one(view, from)) {
            None | Some(One::Absent) => Seen::Hidden,
            Some(One::Value(text)) => {
                Ja4::parse(text.as_bytes()).map_or(Seen::Unreadable, Seen::Value)
            }
            Some(One::Repeated | One::Unreadable) => Seen::Unreadable,
        };
        OfClient { source: Source::Proxy, ja4, shown: Shown::NOTHING }
    }
}

/// The one line that a header has, in any spelling that a server behind may take for it.
fn one<'v>(view: &View<'v>, from: &HeaderName) -> One<'v> {
    let mut found = One::Absent;
    for (name, value) in view.headers {
        if name == from {
            found.see(value);
        } else if is_same(name, from) {
            return One::Unreadable;
        }
    }
    found
}

/// Whether a name is this one, with `_` for `-` or without.
fn is_same(name: &HeaderName, from: &HeaderName) -> bool {
    let dashed = |byte: u8| if byte == b'_' { b'-' } else { byte };
    name.as_str().bytes().map(dashed).eq(from.as_str().bytes().map(dashed))
}

/// A name that has no meaning yet.
fn own_name(text: &str) -> Result<HeaderName, PolicyError> {
    let name: HeaderName = text.parse().map_err(|_| PolicyError::NotName)?;
    let text = name.as_str();
    let is_judged = super::http1::is_engines(text)
        || ["sec-", "doorward-", "access-control-", "x-forwarded", "proxy-"]
            .iter()
            .any(|begin| text.starts_with(begin))
        || matches!(text, "authorization" | "forwarded" | "x-real-ip" | "trailer" | "x-api-key");
    if is_judged { Err(PolicyError::Taken) } else { Ok(name) }
}
