//! Upstreams: what is guarded.

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
    "an upstream is http://host:port or unix:/absolute/path",
    "write upstream = \"http://127.0.0.1:3000\"",
);

impl UpstreamAddress {
    /// Reads `http://host[:port]` or `unix:/path`.
    pub(crate) fn parse(text: &str) -> Result<Self, UpstreamFault> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let plain = path.starts_with('/') && path.len() > 1 && !path.contains('\0');
            return if plain { Ok(Self::Unix(PathBuf::from(path))) } else { Err(FORM) };
        }
        if text.starts_with("https:") {
            return Err((
                "https upstreams are not in this version",
                "use http:// on a network of your own, or unix:/path, for now",
            ));
        }
        let rest = text.strip_prefix("http://").ok_or(FORM)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err((
                "an upstream has no path, query or user name",
                "write only scheme, host and port; requests keep their own path",
            ));
        }
        let authority: http::uri::Authority = rest.parse().map_err(|_| FORM)?;
        // `Authority::port` has none for a number that is too large, so the text itself is asked.
        let port = match rest.strip_prefix(authority.host()) {
            Some("") => 80,
            Some(port) => {
                let digits = port.strip_prefix(':').ok_or(FORM)?;
                port_number(digits).ok_or(FORM)?
            }
            None => return Err(FORM),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(FORM);
        }
        Ok(Self::Http { host, port })
    }

    /// `host:port` as `Host` names it; `localhost` for a unix socket.
    #[must_use]
    pub fn authority(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Http { host, port } => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                if *port == 80 { host } else { format!("{host}:{port}") }
            }
        }
    }

    /// Whether it looks as if strangers could reach it: a public address, or a name with dots under
    /// no suffix that is private by its nature. A name is not looked up.
    #[must_use]
    pub fn looks_public(&self) -> bool {
        const PRIVATE_SUFFIXES: &[&str] =
            &[".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".svc"];
        let Self::Http { host, .. } = self else { return false };
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
        }
    }
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
            ("https://api.example", None),
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
            ("http://localhost.example", true),
        ] {
            let address = UpstreamAddress::parse(text).expect("a row's upstream");
            assert_eq!(address.looks_public(), want, "{text}");
        }
    }
}
