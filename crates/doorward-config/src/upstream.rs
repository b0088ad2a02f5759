//! Upstreams: what is guarded.

use crate::pem::PemFile;
use doorward_core::origin::is_local_host;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// One upstream; the gate names it by its index in [`crate::Config::upstreams`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Where it is.
    pub address: UpstreamAddress,
    /// The `Host` it is told.
    pub host: HostHeader,
    /// How it proves who it is, where it is spoken to over TLS. Always there with
    /// [`UpstreamAddress::Https`], and only there.
    pub tls: Option<UpstreamTls>,
    /// Which HTTP it is spoken to in.
    pub http: UpstreamHttp,
}

/// Which HTTP an upstream is spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpstreamHttp {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2.
    Two,
}

/// TLS to an upstream. What stands in the files is not looked into here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamTls {
    /// The name that its certificate must have: a host name, or an address without brackets.
    pub server_name: String,
    /// Whom alone to believe about it; none: whom the machine believes.
    pub ca: Option<PemFile>,
    /// By what this gate proves itself to it.
    pub identity: Option<UpstreamIdentity>,
}

/// A certificate of this gate's, for an upstream that asks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamIdentity {
    /// The certificate, and those that vouch for it.
    pub certificate: PemFile,
    /// Its private key.
    pub key: PemFile,
}

/// Where an upstream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAddress {
    /// `http://host:port`.
    Http {
        /// A name or an address, IPv6 without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// `https://host:port`.
    Https {
        /// A name or an address, IPv6 without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A unix socket's absolute path.
    Unix(PathBuf),
}

/// The `Host` an upstream is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostHeader {
    /// The client's own.
    Keep,
    /// This one: `host` or `host:port`.
    Name(String),
}

/// Why a text is no upstream: what is wrong and how to mend it.
pub(crate) type UpstreamFault = (&'static str, &'static str);

const FORM: UpstreamFault = (
    "an upstream is http://host:port, https://host:port or unix:/absolute/path",
    "write upstream = \"http://127.0.0.1:3000\"",
);

impl UpstreamAddress {
    /// Reads `http://host[:port]`, `https://host[:port]` or `unix:/path`.
    pub(crate) fn parse(text: &str) -> Result<Self, UpstreamFault> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let plain = path.starts_with('/') && path.len() > 1 && !path.contains('\0');
            return if plain { Ok(Self::Unix(PathBuf::from(path))) } else { Err(FORM) };
        }
        let (is_secure, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            Some(_) | None => return Err(FORM),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err((
                "an upstream has no path, query or user name",
                "write only scheme, host and port; requests keep their own path",
            ));
        }
        let default_port = if is_secure { 443 } else { 80 };
        let (host, port) = host_and_port(rest, default_port).ok_or(FORM)?;
        Ok(if is_secure { Self::Https { host, port } } else { Self::Http { host, port } })
    }

    /// Host, port, and the port that need not be said; none for a unix socket.
    fn parts(&self) -> Option<(&str, u16, u16)> {
        match self {
            Self::Http { host, port } => Some((host, *port, 80)),
            Self::Https { host, port } => Some((host, *port, 443)),
            Self::Unix(_) => None,
        }
    }

    /// `host:port` as `Host` names it; `localhost` for a unix socket.
    #[must_use]
    pub fn authority(&self) -> String {
        let Some((host, port, usual)) = self.parts() else { return "localhost".to_owned() };
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        if port == usual { host } else { format!("{host}:{port}") }
    }

    /// Whether this is its host.
    pub(crate) fn is_host(&self, name: &str) -> bool {
        self.parts().is_some_and(|(host, ..)| host == name)
    }

    /// Whether it looks as if strangers could reach it: a public address, or a name with dots under
    /// no suffix that is private by its nature. A name is not looked up.
    #[must_use]
    pub fn looks_public(&self) -> bool {
        const PRIVATE_SUFFIXES: &[&str] =
            &[".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".svc"];
        let Some((host, ..)) = self.parts() else { return false };
        if let Ok(address) = host.parse::<IpAddr>() {
            return !is_private(address);
        }
        let private = |suffix: &&str| host.to_ascii_lowercase().ends_with(*suffix);
        host.contains('.') && !is_local_host(host) && !PRIVATE_SUFFIXES.iter().any(private)
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Http { .. } => write!(f, "http://{}", self.authority()),
            Self::Https { .. } => write!(f, "https://{}", self.authority()),
        }
    }
}

/// Reads `host[:port]`; the host comes without brackets.
pub(crate) fn host_and_port(text: &str, default_port: u16) -> Option<(String, u16)> {
    let authority: http::uri::Authority = text.parse().ok()?;
    // `Authority::port` has none for a number that is too large, so the text itself is asked.
    let port = match text.strip_prefix(authority.host())? {
        "" => default_port,
        port => port_number(port.strip_prefix(':')?)?,
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() { None } else { Some((host, port)) }
}

/// 1 to 65535, in digits alone.
fn port_number(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok().filter(|port| *port > 0) } else { None }
}

/// Loopback, private (RFC 1918, RFC 4193) and link-local addresses.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match doorward_core::address::unwrap(address) {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_a_host_or_a_socket() {
        for (text, want) in [
            ("http://127.0.0.1:3000", Some("http://127.0.0.1:3000")),
            ("http://api.shop.localhost:3000/", Some("http://api.shop.localhost:3000")),
            ("http://backend", Some("http://backend")),
            ("http://[::1]:81", Some("http://[::1]:81")),
            ("unix:/run/app.sock", Some("unix:/run/app.sock")),
            ("unix:///run/app.sock", Some("unix:/run/app.sock")),
            ("unix:app.sock", None),
            ("unix:", None),
            ("https://api.example", Some("https://api.example")),
            ("https://api.example:443/", Some("https://api.example")),
            ("https://api.example:80", Some("https://api.example:80")),
            ("http://api.example:443", Some("http://api.example:443")),
            ("https://[::1]:8443", Some("https://[::1]:8443")),
            ("HTTPS://api.example", None),
            ("https:api.example", None),
            ("h2c://api.example", None),
            ("http://backend/api", None),
            ("http://a@backend", None),
            ("http://backend?x", None),
            ("http://backend:", None),
            ("http://backend:99999", None),
            ("http://backend:0", None),
            ("http://backend:+80", None),
            ("http://", None),
            ("127.0.0.1:3000", None),
            ("", None),
        ] {
            let read = UpstreamAddress::parse(text).ok().map(|address| address.to_string());
            assert_eq!(read.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn public_addresses_are_told_from_private_ones() {
        for (text, want) in [
            ("http://127.0.0.1", false),
            ("http://10.1.2.3", false),
            ("http://[fd00::1]", false),
            ("http://[::ffff:10.0.0.1]", false),
            ("http://backend", false),
            ("http://api.shop.localhost", false),
            ("http://app.internal", false),
            ("unix:/run/app.sock", false),
            ("http://203.0.113.7", true),
            ("http://[2001:db8::1]", true),
            ("http://api.example", true),
            ("https://api.example", true),
            ("https://api.internal", false),
            ("http://localhost.example", true),
        ] {
            let address = UpstreamAddress::parse(text).expect("a row's upstream");
            assert_eq!(address.looks_public(), want, "{text}");
        }
    }
}
