//! Origins and sites: who is the same, and who is merely a neighbour.

use std::fmt;
use thiserror::Error;
use url::{Host, Url};

/// An origin (HTML 7.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Of a sandboxed frame, a `data:` or `file:` document: like no other, written `null`.
    Opaque,
    /// Scheme, host and port.
    Tuple {
        /// In lower case.
        scheme: String,
        /// In lower case, in its ASCII form; IPv6 in brackets.
        host: String,
        /// The scheme's own where the address has none.
        port: u16,
    },
}

/// A text that is no origin.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no origin: write scheme, host and port, as in http://shop.localhost:5173")]
pub struct NotAnOrigin(pub String);

/// What two origins are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// All three parts are equal.
    SameOrigin,
    /// The scheme and the registrable domain are: other ports, sibling domains.
    SameSite,
    /// Neither.
    CrossSite,
}

impl Origin {
    /// The origin of an address.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Self::Opaque;
        };
        match url.scheme() {
            "http" | "https" | "ws" | "wss" | "ftp" => {
                Self::Tuple { scheme: url.scheme().to_owned(), host: host.to_owned(), port }
            }
            _ => Self::Opaque,
        }
    }

    /// Reads `scheme://host[:port]` or `null`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, NotAnOrigin> {
        if text == "null" {
            return Ok(Self::Opaque);
        }
        let no = || NotAnOrigin(text.to_owned());
        let url = Url::parse(text).map_err(|_| no())?;
        let origin = Self::of(&url);
        // A path, a query or credentials make it an address.
        if origin == Self::Opaque || url.path() != "/" || text.ends_with('/') {
            return Err(no());
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(no());
        }
        Ok(origin)
    }

    /// Its host; none for an opaque one.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Opaque => None,
            Self::Tuple { host, .. } => Some(host),
        }
    }

    /// Its scheme; none for an opaque one.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        match self {
            Self::Opaque => None,
            Self::Tuple { scheme, .. } => Some(scheme),
        }
    }

    /// The same origin with the scheme by which a WebSocket is asked for (WebSockets 2.1).
    #[must_use]
    pub(crate) fn over_http(self) -> Self {
        match self {
            Self::Tuple { scheme, host, port } => {
                Self::Tuple { scheme: plain(&scheme).to_owned(), host, port }
            }
            Self::Opaque => Self::Opaque,
        }
    }

    /// Whether the two are the same; an opaque one is like no other, itself included, since two of
    /// them cannot be told apart here.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        *self != Self::Opaque && self == other
    }
}

/// As the header `Origin` says it (Fetch 3.2).
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Tuple { scheme, host, port } = self else { return f.write_str("null") };
        let own = matches!(
            (scheme.as_str(), port),
            ("http" | "ws", 80) | ("https" | "wss", 443) | ("ftp", 21)
        );
        match own {
            true => write!(f, "{scheme}://{host}"),
            false => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}

/// What `other` is to `origin` (HTML 7.1.1; schemeful, as RFC 6265bis 5.2 has it).
#[must_use]
pub fn relation(origin: &Origin, other: &Origin) -> Relation {
    if origin.is_same(other) {
        return Relation::SameOrigin;
    }
    match (origin, other) {
        (Origin::Tuple { scheme: a, .. }, Origin::Tuple { scheme: b, .. })
            if plain(a) == plain(b) && site(origin).is_some() && site(origin) == site(other) =>
        {
            Relation::SameSite
        }
        _ => Relation::CrossSite,
    }
}

/// The registrable domain, or the whole host where there is none: an IP address, a public suffix.
#[must_use]
pub(crate) fn site(origin: &Origin) -> Option<&str> {
    let host = origin.host()?;
    if matches!(Host::parse(host), Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_)) {
        return Some(host);
    }
    Some(psl::domain_str(host).unwrap_or(host))
}

/// Browsers hold the site of a WebSocket for the same as that of its page.
fn plain(scheme: &str) -> &str {
    match scheme {
        "ws" => "http",
        "wss" => "https",
        other => other,
    }
}

/// Whether browsers trust what is between them and this address (Secure Contexts 3.1): `https:`,
/// and this machine's own names and addresses. Only such servers are told `Sec-Fetch-*`.
#[must_use]
pub fn is_trustworthy(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https" | "wss" | "file", _) => true,
        ("http" | "ws", Some(Host::Domain(name))) => is_local(name),
        ("http" | "ws", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http" | "ws", Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    }
}

/// `localhost` and every name under it (RFC 6761 6.3).
pub(crate) fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::{Origin, Relation, is_trustworthy, relation};
    use url::Url;

    fn origin(text: &str) -> Origin {
        Origin::of(&Url::parse(text).expect("an address"))
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let rows = [
            ("http://shop.localhost:5173/a?b", "http://shop.localhost:5173"),
            ("https://SHOP.example:443/", "https://shop.example"),
            ("http://shop.example:80", "http://shop.example"),
            ("http://shop.example:443", "http://shop.example:443"),
            ("https://münchen.example", "https://xn--mnchen-3ya.example"),
            ("http://[2001:DB8:0::1]:80/", "http://[2001:db8::1]"),
            ("data:text/html,x", "null"),
            ("file:///etc/hosts", "null"),
        ];
        for (text, want) in rows {
            assert_eq!(origin(text).to_string(), want, "{text}");
        }
    }

    #[test]
    fn an_address_is_no_origin() {
        for text in ["http://a.test", "https://a.test:8443", "null", "http://[::1]:3000"] {
            assert_eq!(Origin::parse(text).map(|o| o.to_string()).as_deref(), Ok(text), "{text}");
        }
        let bad = [
            "a.test",
            "http://a.test/",
            "http://a.test/b",
            "http://u@a.test",
            "*",
            "",
            "http://a.test?b",
            "data:,x",
        ];
        for text in bad {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn neighbours_and_strangers() {
        use Relation::{CrossSite, SameOrigin, SameSite};
        let rows = [
            ("http://shop.localhost:5173", "http://shop.localhost:5173", SameOrigin),
            ("http://shop.localhost:5173", "http://shop.localhost:5174", SameSite),
            ("http://promo.shop.localhost:1", "http://api.shop.localhost:2", SameSite),
            ("http://evil.localhost:1", "http://shop.localhost:1", CrossSite),
            ("http://localhost:1", "http://localhost:2", SameSite),
            ("http://localhost:1", "http://evil.localhost:1", CrossSite),
            ("http://127.0.0.1:1", "http://127.0.0.1:2", SameSite),
            ("http://127.0.0.1:1", "http://127.0.0.2:1", CrossSite),
            ("http://127.0.0.1:1", "http://localhost:1", CrossSite),
            ("http://a.example", "https://a.example", CrossSite),
            ("https://a.github.io", "https://b.github.io", CrossSite),
            ("https://a.co.uk", "https://b.co.uk", CrossSite),
            ("https://x.a.co.uk", "https://y.a.co.uk", SameSite),
            ("data:,x", "data:,x", CrossSite),
        ];
        for (a, b, want) in rows {
            assert_eq!(relation(&origin(a), &origin(b)), want, "{a} {b}");
            assert_eq!(relation(&origin(b), &origin(a)), want, "{b} {a}");
        }
    }

    #[test]
    fn what_browsers_trust() {
        let rows = [
            ("https://a.test/", true),
            ("http://localhost:3000/", true),
            ("http://api.shop.localhost:3000/", true),
            ("http://127.0.0.9/", true),
            ("http://[::1]:80/", true),
            ("http://a.test/", false),
            ("http://notlocalhost/", false),
            ("http://10.0.0.1/", false),
        ];
        for (text, want) in rows {
            assert_eq!(is_trustworthy(&Url::parse(text).expect("an address")), want, "{text}");
        }
    }
}
