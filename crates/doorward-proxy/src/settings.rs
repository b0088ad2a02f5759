//! What a proxy is started with. All of it is checked before a request is served.

pub use crate::certificate::{Certificate, CertificateError};
pub use crate::clients::{Clients, ClientsError};
use crate::hints::Talk;
use crate::scan::ScanLimits;
use doorward_core::secret::Secret;
use doorward_porter::Outside;
use doorward_porter::clock::Clock;
use http::HeaderValue;
use ipnet::IpNet;
use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use crate::upstream_tls::{Identity, Roots, UpstreamTls, UpstreamTlsError};

/// What a proxy is started with.
pub struct ProxySettings {
    /// Where to listen. Port 0 takes a free one; [`crate::Proxy::address`] says which.
    pub listen: SocketAddr,
    /// The certificate that clients are shown: TLS is spoken, and nothing else. None: plain HTTP.
    pub tls: Option<Certificate>,
    /// Whether HTTP/2 is spoken beside HTTP/1.1: on TLS by ALPN, else by prior knowledge (RFC 9113
    /// 3.3). Callers set it unless told otherwise.
    pub http2: bool,
    /// Load balancers that begin each connection with a PROXY line (version 1 or 2), whose address
    /// counts as the client's. They must send it, and from anybody else it is refused. Empty: off.
    pub proxy_protocol: Vec<IpNet>,
    /// Worker threads; 0 takes one a core.
    pub threads: usize,
    /// The upstreams, in the order by which the gate names them by index. At least one.
    pub upstreams: Vec<Upstream>,
    /// Which forwarding headers the upstream is told.
    pub forwarding: Forwarding,
    /// Limits in time, bytes and number.
    pub bounds: Bounds,
    /// The admin listener; none: nothing of it is there.
    pub admin: Option<AdminSettings>,
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
    /// Whom visits may ask outside.
    pub outside: Arc<Outside>,
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

/// The admin listener: metrics, health, and what recent refusals saw.
#[derive(Clone, Debug)]
pub struct AdminSettings {
    /// Where to listen. Port 0 takes a free one; [`crate::Proxy::admin_address`] says which.
    pub listen: SocketAddr,
    /// The hosts by which it may be called, with or without its port, beside `localhost`,
    /// `127.0.0.1` and `[::1]`.
    pub hosts: Vec<String>,
    /// What callers send as `Authorization: Bearer`, 16 bytes at least.
    pub token: Secret,
}

/// An admin token has at least so many bytes.
pub const ADMIN_TOKEN_BYTES_MIN: usize = 16;

/// One upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Where it is.
    pub address: UpstreamAddress,
    /// The `Host` it is told.
    pub host: UpstreamHost,
    /// How it proves who it is, and this gate to it. None: the bytes go in the clear.
    pub tls: Option<UpstreamTls>,
    /// Which HTTP it is spoken to in.
    pub http: UpstreamHttp,
}

/// Which HTTP an upstream is spoken to in. Nothing is tried out: an upstream that does not speak it
/// is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpstreamHttp {
    /// HTTP/1.1, one request a connection at a time. WebSocket needs it.
    #[default]
    One,
    /// HTTP/2, by ALPN where there is TLS, by prior knowledge where not (RFC 9113 3.2, 3.3). gRPC
    /// needs it.
    Two,
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

impl From<SocketAddr> for Upstream {
    /// The upstream at an address, in the clear and by HTTP/1.1, told the client's own `Host`.
    fn from(address: SocketAddr) -> Self {
        let host = address.ip().to_string();
        Self {
            address: UpstreamAddress::Tcp { host, port: address.port() },
            host: UpstreamHost::Keep,
            tls: None,
            http: UpstreamHttp::One,
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
    /// Connections to one upstream, of one worker; over HTTP/2 its requests in flight or waiting.
    /// Requests that would need another are refused.
    pub upstream_open_max: usize,
    /// Client connections of one worker; more are refused.
    pub connections_max: usize,
    /// Bytes of bodies that are held at once, in all; more are refused.
    pub held_bytes_max: usize,
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
            held_bytes_max: 64 * 1024 * 1024,
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
