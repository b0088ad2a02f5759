//! What a proxy is started with. All of it is checked before a request is served.

use crate::hints::Talk;
use crate::scan::ScanLimits;
use doorward_porter::clock::Clock;
use http::HeaderValue;
use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// What a proxy is started with.
pub struct ProxySettings {
    /// Where to listen. Port 0 takes a free one; [`crate::Proxy::address`] says which.
    pub listen: SocketAddr,
    /// Worker threads; 0 takes one a core.
    pub threads: usize,
    /// The upstreams, in the order by which the gate names them by index. At least one.
    pub upstreams: Vec<Upstream>,
    /// Which forwarding headers the upstream is told.
    pub forwarding: Forwarding,
    /// Limits in time, bytes and number.
    pub bounds: Bounds,
    /// The shape of the log.
    pub log: LogForm,
    /// Where the log goes: written by one thread only, in whole lines.
    pub log_to: Box<dyn Write + Send>,
    /// Where hints go that are given once, beside the log.
    pub talk: Talk,
    /// The clock that requests are judged by. Deadlines are the machine's own.
    pub clock: Arc<dyn Clock>,
    /// Random bytes for request ids and proofs.
    pub chance: Arc<dyn doorward_core::moment::Chance>,
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySettings")
            .field("listen", &self.listen)
            .field("threads", &self.threads)
            .field("upstreams", &self.upstreams)
            .finish_non_exhaustive()
    }
}

/// One upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Where it is.
    pub address: UpstreamAddress,
    /// The `Host` it is told.
    pub host: UpstreamHost,
}

/// Where an upstream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamAddress {
    /// A host name or IP literal (without brackets), and a port.
    Tcp {
        /// Resolved at each new connection. `localhost` and names under it are loopback (RFC 6761).
        host: String,
        /// The port.
        port: u16,
    },
    /// A unix socket's path.
    Unix(PathBuf),
}

/// The `Host` an upstream is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamHost {
    /// The client's own.
    Keep,
    /// This one.
    Name(HeaderValue),
}

/// An upstream that cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UpstreamError {
    /// `https://`, which is not carried yet.
    #[error("https upstreams are not supported yet; use http:// or unix: for now")]
    Https,
    /// Neither `http://host[:port]` nor `unix:/path`.
    #[error("an upstream is http://host[:port] or unix:/absolute/path")]
    Form,
    /// A path, query or user in the address.
    #[error("an upstream has no path, query or user; routes say which paths go where")]
    Extra,
}

impl Upstream {
    /// Reads `http://host[:port]` or `unix:/path`; the host is kept.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, UpstreamError> {
        Ok(Self { address: UpstreamAddress::parse(text)?, host: UpstreamHost::Keep })
    }
}

impl UpstreamAddress {
    fn parse(text: &str) -> Result<Self, UpstreamError> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.starts_with('/') {
                return Err(UpstreamError::Form);
            }
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        if text.starts_with("https:") {
            return Err(UpstreamError::Https);
        }
        let rest = text.strip_prefix("http://").ok_or(UpstreamError::Form)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(UpstreamError::Extra);
        }
        let authority: http::uri::Authority = rest.parse().map_err(|_| UpstreamError::Form)?;
        let host = authority.host();
        let port = match rest.strip_prefix(host) {
            Some("") => 80,
            Some(port) => {
                let port = port.strip_prefix(':').and_then(|port| port.parse().ok());
                port.ok_or(UpstreamError::Form)?
            }
            None => return Err(UpstreamError::Form),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(UpstreamError::Form);
        }
        Ok(Self::Tcp { host: host.to_owned(), port })
    }

    /// Its `host:port`, as `Host` names it; `localhost` for a unix socket.
    #[must_use]
    pub fn authority(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Tcp { host, port } => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                if *port == 80 { host } else { format!("{host}:{port}") }
            }
        }
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { .. } => write!(f, "http://{}", self.authority()),
        }
    }
}

/// Which forwarding headers the upstream is told. The client's own are removed in any spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    pub x_forwarded: bool,
    /// `Forwarded` (RFC 7239).
    pub forwarded: bool,
}

impl Default for Forwarding {
    fn default() -> Self {
        Self { x_forwarded: true, forwarded: false }
    }
}

/// Limits in time, bytes and number. Times are kept to the granularity of [`Bounds::sweep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// What the scan allows a head.
    pub scan: ScanLimits,
    /// From a head's first byte to its last; on a new connection, from its beginning.
    pub head: Duration,
    /// A kept-alive connection without a request.
    pub idle: Duration,
    /// What a client may be waited for, in all, while it sends a body, beyond what its bytes earn
    /// at [`Bounds::rate_bytes_per_s`]. Also the longest single wait.
    pub body_stall: Duration,
    /// The same while it reads an answer.
    pub write_stall: Duration,
    /// The least rate of a body, in either direction, counted only while the client is waited for.
    pub rate_bytes_per_s: u32,
    /// Until a connection to an upstream stands.
    pub upstream_connect: Duration,
    /// From the last byte of the request that went upstream to the answer's head.
    pub upstream_head: Duration,
    /// An answer that has begun and of which nothing comes. Long: event streams are silent for
    /// minutes.
    pub stream_idle: Duration,
    /// How long an unused upstream connection is kept. Below the least keep-alive that servers
    /// commonly have (Node and uvicorn: 5 s), because a POST cannot be repeated.
    pub upstream_idle: Duration,
    /// Unused connections kept, for one upstream and worker.
    pub upstream_idle_max: usize,
    /// Connections to one upstream, of one worker; requests that would need another are refused.
    pub upstream_open_max: usize,
    /// Client connections of one worker; more are refused.
    pub connections_max: usize,
    /// How long `stop` waits for requests in flight.
    pub drain: Duration,
    /// What is read and dropped of a refused upload, so that its sender can read the refusal.
    pub linger_bytes_max: u64,
    /// How long such a sender may be silent.
    pub linger_silence: Duration,
    /// How long it is read in all.
    pub linger: Duration,
    /// How often deadlines are looked at.
    pub sweep: Duration,
    /// How often a summary is written when something was refused.
    pub summary: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            scan: ScanLimits::default(),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_stall: Duration::from_secs(30),
            write_stall: Duration::from_secs(60),
            rate_bytes_per_s: 500,
            upstream_connect: Duration::from_secs(5),
            upstream_head: Duration::from_secs(30),
            stream_idle: Duration::from_secs(600),
            upstream_idle: Duration::from_secs(4),
            upstream_idle_max: 128,
            upstream_open_max: 4_096,
            connections_max: 16_384,
            drain: Duration::from_secs(10),
            linger_bytes_max: 64 * 1024 * 1024,
            linger_silence: Duration::from_secs(2),
            linger: Duration::from_secs(10),
            sweep: Duration::from_millis(250),
            summary: Duration::from_secs(60),
        }
    }
}

/// The shape of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// None at all; nothing is collected for it.
    Off,
    /// One JSON object a line.
    Json,
    /// For a terminal.
    Pretty {
        /// Shapes outside of ASCII; off where the terminal is not UTF-8.
        unicode: bool,
        /// Colours; off with `NO_COLOR`.
        colour: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Result<UpstreamAddress, UpstreamError> {
        Ok(UpstreamAddress::Tcp { host: host.to_owned(), port })
    }

    #[test]
    fn an_upstream_is_a_host_or_a_socket() {
        let rows = [
            ("http://127.0.0.1:3000", tcp("127.0.0.1", 3000)),
            ("http://api.shop.localhost:3000/", tcp("api.shop.localhost", 3000)),
            ("http://backend", tcp("backend", 80)),
            ("http://[::1]:81", tcp("::1", 81)),
            ("unix:/run/app.sock", Ok(UpstreamAddress::Unix("/run/app.sock".into()))),
            ("unix:///run/app.sock", Ok(UpstreamAddress::Unix("/run/app.sock".into()))),
            ("https://api.example", Err(UpstreamError::Https)),
            ("http://backend/api", Err(UpstreamError::Extra)),
            ("http://a@backend", Err(UpstreamError::Extra)),
            ("http://backend?x", Err(UpstreamError::Extra)),
            ("http://backend:", Err(UpstreamError::Form)),
            ("http://backend:99999", Err(UpstreamError::Form)),
            ("http://", Err(UpstreamError::Form)),
            ("unix:app.sock", Err(UpstreamError::Form)),
            ("127.0.0.1:3000", Err(UpstreamError::Form)),
        ];
        for (text, want) in rows {
            assert_eq!(UpstreamAddress::parse(text), want, "{text}");
        }
    }

    #[test]
    fn the_authority_is_what_host_names() {
        for (text, want) in [
            ("http://127.0.0.1:3000", "127.0.0.1:3000"),
            ("http://backend", "backend"),
            ("http://[::1]:81", "[::1]:81"),
            ("unix:/run/app.sock", "localhost"),
        ] {
            let address = UpstreamAddress::parse(text).expect("a row's address");
            assert_eq!(address.authority(), want, "{text}");
        }
    }
}
