//! A trusted origin in its parts, and the canary that payloads are made of.

use url::{Host, Url};

/// A trusted origin in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trusted {
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// The host is a name, not an address.
    pub(crate) is_name: bool,
    /// The part that somebody registered; none for addresses and single labels.
    pub(crate) domain: Option<String>,
    /// What stands behind it; none where the host is nothing else.
    pub(crate) suffix: Option<String>,
    /// Anybody may publish under that suffix.
    pub(crate) is_platform: bool,
    /// The suffix is one that the list knows.
    is_listed: bool,
}

/// What is drawn for a run, in the forms that payloads need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canary<'c> {
    /// The origin of nobody's.
    pub(crate) origin: &'c str,
    /// Its host.
    pub(crate) host: &'c str,
    /// Its first label.
    pub(crate) word: &'c str,
    /// The number that it was made of.
    pub(crate) number: u32,
}

impl Trusted {
    /// None where it is no origin of a web page.
    pub(crate) fn of(origin: &str) -> Option<Self> {
        let url = Url::parse(origin).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let host = url.host_str()?.to_owned();
        let is_name = matches!(url.host()?, Host::Domain(_));
        let name = is_name.then_some(host.as_str());
        let domain = name.and_then(psl::domain_str).map(str::to_owned);
        let suffix = name.and_then(|name| psl::suffix(name.as_bytes()));
        let is_platform = suffix.is_some_and(|suffix| suffix.typ() == Some(psl::Type::Private));
        let is_listed = suffix.is_some_and(|suffix| suffix.is_known());
        let suffix = suffix.and_then(|suffix| str::from_utf8(suffix.as_bytes()).ok());
        let suffix = suffix.filter(|suffix| *suffix != host).map(str::to_owned);
        Some(Self {
            scheme: url.scheme().to_owned(),
            port: url.port(),
            is_name,
            domain,
            suffix,
            is_platform,
            is_listed,
            host,
        })
    }

    /// Whether somebody could register a host, or the name above it. Where the trusted name has
    /// an ending that the list does not know, as in `shop.localhost`, any ending will do.
    pub(crate) fn is_registrable(&self, host: &str) -> bool {
        let is_listed = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
        psl::domain_str(host).is_some() && (is_listed || !self.is_listed)
    }

    /// Whether it is this machine (RFC 6761 6.3).
    pub(crate) fn is_local(&self) -> bool {
        let host = self.host.as_str();
        matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
    }

    /// Another host with its scheme and port.
    pub(crate) fn with_host(&self, host: &str) -> String {
        written(&self.scheme, host, self.port)
    }
}

impl<'c> Canary<'c> {
    /// None where it is no origin.
    pub(crate) fn of(origin: &'c str) -> Option<Self> {
        let (_, host) = origin.split_once("://")?;
        let (word, _) = host.split_once('.')?;
        let number = word.rsplit('-').next()?;
        Some(Self {
            origin,
            host,
            word,
            number: u32::from_str_radix(number, 16).unwrap_or_default(),
        })
    }

    /// A port that nobody's list has by chance; it is one that browsers load pages from.
    pub(crate) const fn port(&self) -> u16 {
        20_000 + (self.number % 40_000) as u16
    }
}

/// `scheme://host[:port]`.
pub(crate) fn written(scheme: &str, host: &str, port: Option<u16>) -> String {
    match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}
