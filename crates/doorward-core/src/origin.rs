//! Origins: written exactly as browsers serialise them, so that they are compared byte by byte.

use http::HeaderValue;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use thiserror::Error;

/// An origin as a browser serialises it (WHATWG HTML, "serialization of an origin"): scheme, host,
/// and the port unless it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
    /// Bytes of the scheme, before `://`.
    scheme_bytes: usize,
}

/// Why a text is not an origin that a browser could send, with the spelling that could be meant.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum OriginError {
    /// No `scheme://`.
    #[error("an origin begins with its scheme, as in https://shop.example")]
    Scheme,
    /// `*` or `null`.
    #[error("{0:?} would allow every page; list each origin")]
    Everyone(&'static str),
    /// A path, query, fragment or trailing slash.
    #[error("an origin ends with its host and port; browsers would send {0:?}")]
    Path(String),
    /// A user name or password.
    #[error("an origin has no user name or password")]
    UserInfo,
    /// A host that no browser serialises like this.
    #[error("{0:?} is not a host as browsers send it: {1}")]
    Host(String, &'static str),
    /// A port that is not a number from 1 to 65535, or is written with zeros in front.
    #[error("{0:?} is not a port")]
    Port(String),
    /// The scheme's own port, which browsers leave out.
    #[error("browsers leave out the scheme's own port; they would send {0:?}")]
    DefaultPort(String),
    /// Upper case, which browsers never send.
    #[error("browsers send origins in lower case: {0:?}")]
    Case(String),
    /// A pattern that strangers could fit.
    #[error("{0}")]
    Pattern(&'static str),
}

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// What keeps it from being one; the message says what a browser would send.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        match text {
            "*" => return Err(OriginError::Everyone("*")),
            "null" => return Err(OriginError::Everyone("null")),
            _ => {}
        }
        let Some((scheme, rest)) = text.split_once("://") else { return Err(OriginError::Scheme) };
        if !is_scheme(scheme) {
            return Err(OriginError::Scheme);
        }
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(OriginError::Case(text.to_ascii_lowercase()));
        }
        if let Some(end) = rest.find(['/', '?', '#']) {
            return Err(OriginError::Path(format!("{scheme}://{}", &rest[..end])));
        }
        if rest.contains('@') {
            return Err(OriginError::UserInfo);
        }
        let (host, port) = split_port(rest);
        if let Some(port) = port {
            let number = port_number(port).ok_or_else(|| OriginError::Port(port.to_owned()))?;
            if default_port(scheme) == Some(number) {
                return Err(OriginError::DefaultPort(format!("{scheme}://{host}")));
            }
        }
        host_is_canonical(host).map_err(|why| OriginError::Host(host.to_owned(), why))?;
        Ok(Self { text: text.to_owned(), scheme_bytes: scheme.len() })
    }

    /// The serialised origin.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme: `https`, `http`, or an application's own.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.text[..self.scheme_bytes]
    }

    /// The host, without brackets cut off.
    #[must_use]
    pub fn host(&self) -> &str {
        split_port(&self.text[self.scheme_bytes + 3..]).0
    }

    /// The port, given or the scheme's own; none for an application's own scheme without one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match split_port(&self.text[self.scheme_bytes + 3..]).1 {
            Some(port) => port_number(port),
            None => default_port(self.scheme()),
        }
    }

    /// Whether browsers take both for one site: scheme and registrable domain agree (WHATWG HTML,
    /// "schemelessly same site" and the scheme).
    #[must_use]
    pub fn is_same_site(&self, other: &Self) -> bool {
        let site = |host| psl::domain_str(host).unwrap_or(host);
        let (host, other_host) = (self.host(), other.host());
        // Numbers have no domain.
        let is_number = host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok();
        let is_one = host == other_host || (!is_number && site(host) == site(other_host));
        self.scheme() == other.scheme() && is_one
    }

    /// Whether browsers hold it for trustworthy (Secure Contexts 3.1): https, or a local name.
    #[must_use]
    pub fn is_trustworthy(&self) -> bool {
        self.scheme() == "https" || is_local_host(self.host())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a host is always this machine: `localhost`, `*.localhost` (RFC 6761 6.3), 127.0.0.1,
/// `[::1]`.
#[must_use]
pub fn is_local_host(host: &str) -> bool {
    const UNDER: &str = ".localhost";
    let plain = |label: &str| {
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !label.is_empty() && label.bytes().all(of_name)
    };
    // What stands before `.localhost` is a name, or a backend may read `evil.test/.localhost` as
    // another.
    let under = host.len() > UNDER.len()
        && host.is_char_boundary(host.len() - UNDER.len())
        && host[host.len() - UNDER.len()..].eq_ignore_ascii_case(UNDER)
        && host[..host.len() - UNDER.len()].split('.').all(plain);
    host.eq_ignore_ascii_case("localhost") || under || host == "127.0.0.1" || host == "[::1]"
}

/// Host and port of `host[:port]`, where an IPv6 host is in brackets.
pub(crate) fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rfind(':') {
        Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    }
}

/// The port of a scheme when none is written.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

pub(crate) fn port_number(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') { None } else { text.parse().ok() }
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// Why a host is not spelled as a browser's serialiser would.
pub(crate) fn host_is_canonical(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("it is empty");
    }
    if let Some(inner) = host.strip_prefix('[') {
        let address = inner.strip_suffix(']').and_then(|text| text.parse::<Ipv6Addr>().ok());
        return match address {
            // Rust writes v4-mapped addresses with dots, browsers in hexadecimal; nobody needs
            // them.
            Some(address) if format!("[{address}]") == host => Ok(()),
            _ => Err("IPv6 addresses are written compressed, in lower case, without a zone"),
        };
    }
    if !host.is_ascii() {
        return Err("write names beyond ASCII in their xn-- form");
    }
    if host.ends_with('.') {
        return Err("a name with a dot at its end is another name");
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    if numeric || last.starts_with("0x") {
        return match host.parse::<Ipv4Addr>() {
            Ok(address) if address.to_string() == host => Ok(()),
            _ => Err("IPv4 addresses are written as four decimal numbers"),
        };
    }
    let label_is_plain = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)
            })
    };
    if host.len() > 253 || !host.split('.').all(label_is_plain) {
        return Err("names are made of a-z, 0-9, hyphens and dots");
    }
    Ok(())
}

/// A set of allowed origins: exact ones, and patterns for one part of a label.
#[derive(Debug, Default)]
pub struct Origins {
    exact: Vec<(Origin, HeaderValue)>,
    patterns: Vec<OriginPattern>,
}

impl Origins {
    /// Reads a list; an entry with a `{` is a pattern.
    ///
    /// # Errors
    /// Every entry that is not an origin, with its index.
    pub fn parse(entries: &[String]) -> Result<Self, Vec<(usize, OriginError)>> {
        let mut out = Self::default();
        let mut errors = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let added = if entry.contains(['{', '}']) {
                OriginPattern::parse(entry).map(|pattern| out.patterns.push(pattern))
            } else {
                Origin::parse(entry).and_then(|origin| {
                    let value = HeaderValue::from_str(origin.as_str());
                    let value = value.map_err(|_| OriginError::Scheme)?;
                    out.exact.push((origin, value));
                    Ok(())
                })
            };
            if let Err(error) = added {
                errors.push((index, error));
            }
        }
        if errors.is_empty() { Ok(out) } else { Err(errors) }
    }

    /// Whether this is one of them, byte for byte.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.exact.iter().any(|(exact, _)| exact.as_str() == origin)
            || self.patterns.iter().any(|pattern| pattern.fits(origin))
    }

    /// The header value that mirrors an allowed origin; none for others.
    #[must_use]
    pub fn mirror(&self, origin: &str) -> Option<HeaderValue> {
        let exact = self.exact.iter().find(|(exact, _)| exact.as_str() == origin);
        if let Some((_, value)) = exact {
            return Some(value.clone());
        }
        let fits = self.patterns.iter().any(|pattern| pattern.fits(origin));
        if fits { HeaderValue::from_str(origin).ok() } else { None }
    }

    /// The exact origins.
    pub fn exact(&self) -> impl Iterator<Item = &Origin> {
        self.exact.iter().map(|(origin, _)| origin)
    }

    /// The patterns, as written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|pattern| pattern.text.as_str())
    }

    /// Whether each of them, and whatever fits a pattern, is of one site with `origin`.
    #[must_use]
    pub fn are_same_site(&self, origin: &Origin) -> bool {
        let fits = |pattern: &OriginPattern| {
            // A variable part never stands where the registrable domain ends.
            let sample = Origin::parse(&format!("{}1{}", pattern.before, pattern.after));
            sample.is_ok_and(|sample| sample.is_same_site(origin))
        };
        self.exact().all(|exact| exact.is_same_site(origin)) && self.patterns.iter().all(fits)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }
}

/// An origin with one variable part inside one label: `{number}` (digits) or `{name}` (a-z, 0-9,
/// -).
#[derive(Debug)]
struct OriginPattern {
    text: String,
    before: String,
    after: String,
    digits_only: bool,
}

impl OriginPattern {
    fn parse(text: &str) -> Result<Self, OriginError> {
        let (before, rest) = text.split_once('{').ok_or(OriginError::Pattern(ONE_PART))?;
        let (kind, after) = rest.split_once('}').ok_or(OriginError::Pattern(ONE_PART))?;
        let digits_only = match kind {
            "number" => true,
            "name" => false,
            _ => return Err(OriginError::Pattern(ONE_PART)),
        };
        if before.contains('}') || after.contains(['{', '}']) {
            return Err(OriginError::Pattern(ONE_PART));
        }
        // With the part filled in it must be an origin like any other.
        let sample = Origin::parse(&format!("{before}1{after}"))?;
        let place = before.len().checked_sub(sample.scheme().len() + 3);
        let place = place.ok_or(OriginError::Pattern(ONE_PART))?;
        if place >= sample.host().len() {
            return Err(OriginError::Pattern("a pattern's variable part stands in the host"));
        }
        refuse_registrable(sample.host(), place)?;
        Ok(Self {
            text: text.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            digits_only,
        })
    }

    fn fits(&self, origin: &str) -> bool {
        let Some(rest) = origin.strip_prefix(self.before.as_str()) else { return false };
        let Some(part) = rest.strip_suffix(self.after.as_str()) else { return false };
        !part.is_empty()
            && part.len() <= 63
            && part.bytes().all(|byte| {
                byte.is_ascii_digit()
                    || !self.digits_only && (byte.is_ascii_lowercase() || byte == b'-')
            })
    }
}

const ONE_PART: &str = "a pattern has one variable part, {number} or {name}, inside one label: \
                        https://deploy-preview-{number}--mysite.netlify.app";

/// A variable part must not let strangers in who may register names under the same suffix.
fn refuse_registrable(host: &str, place: usize) -> Result<(), OriginError> {
    let Some(domain) = psl::domain_str(host) else {
        return Err(OriginError::Pattern(
            "the variable part stands in a suffix under which anybody may register a name",
        ));
    };
    let domain_start = host.len() - domain.len();
    if place < domain_start {
        return Ok(());
    }
    // Inside the registrable label only a part that is fixed to its owner by `--` behind it is
    // safe: hosting services keep that separator for themselves.
    let label_end = host[place..].find('.').map_or(host.len(), |dot| place + dot);
    if place + 1 < label_end && host[place + 1..label_end].starts_with("--") {
        return Ok(());
    }
    Err(OriginError::Pattern(
        "anybody may register a name that fits: put the variable part below your own domain, or \
         before `--` and a fixed part",
    ))
}

#[cfg(test)]
#[path = "origin_tests.rs"]
mod tests;
