//! A configuration that was read and found good.

use crate::bound::Bounds;
use crate::credited;
use crate::effective::Said;
use crate::given::LogKind;
use crate::pem::PemFile;
use crate::report::Report;
use crate::upstream::Upstream;
use doorward_core::gate::Gate;
use doorward_core::question::WhenAway;
use doorward_core::remote::{Remote, RemoteAt};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything a start needs. Nothing in it is unchecked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The certificate that clients are shown; none: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether clients may speak HTTP/2.
    pub http2: bool,
    /// Load balancers that begin each connection with a PROXY line; empty: nobody does. Never
    /// everybody.
    pub proxy_protocol: Vec<IpNet>,
    /// The operator's own listener; none: nothing of it is there.
    pub admin: Option<Admin>,
    /// The upstreams, by the index that the gate names; the first is the file's `upstream`.
    pub upstreams: Vec<Upstream>,
    /// Worker threads; 0 takes one a core.
    pub threads: usize,
    /// The shape of the log.
    pub log: LogKind,
    /// Limits in time, bytes and number.
    pub bounds: Bounds,
    /// Where shares are kept.
    pub store: StoreAt,
    /// The gate.
    pub gate: Arc<Gate>,
    /// What the gate was made of.
    pub settings: Settings,
    /// Which set of defaults.
    pub profile: Profile,
    /// Listening on loopback or private addresses only.
    pub trying_out: bool,
    /// Signing secrets: the first signs, all are accepted. At least one.
    pub signing: Vec<Secret>,
    /// The signing secret was drawn at this start, and dies with it.
    pub secret_was_generated: bool,
    /// Warnings and notes, for every start.
    pub warnings: Report,
    /// Every permissive word with its place, for every start: `layers.site.mode = "off"`.
    pub permissive: Vec<String>,
    pub(crate) said: Said,
}

impl Config {
    /// Where a value was said, by its path of keys: `doorward.toml:12` or a flag for
    /// `tls.certificate` or `route[0].upstream.ca`; none where it is a default.
    #[must_use]
    pub fn said_at(&self, path: &str) -> Option<&str> {
        self.said.at(path)
    }

    /// Whether all that goes to an upstream has a credential, so that whoever calls it past the
    /// gate is a stranger to it.
    #[must_use]
    pub fn knows_strangers(&self, upstream: usize) -> bool {
        credited::gets_one_always(&self.settings, upstream)
    }
}

/// The certificate that clients are shown. What stands in the files is not looked into here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The gate's own certificate first, then those that vouch for it.
    pub certificate: PemFile,
    /// Its private key.
    pub key: PemFile,
    /// Whose certificates clients may show; none: they are asked for none.
    pub clients: Option<ClientFiles>,
}

/// Whose certificates clients may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// The authorities that vouch for them.
    pub authorities: PemFile,
    /// Those that were revoked.
    pub crl: Option<PemFile>,
}

/// Where shares are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreAt {
    /// In the process's memory.
    #[default]
    Memory,
    /// In memory, and what must outlive the process in a file. It is not looked into here.
    File {
        /// Which file.
        path: PathBuf,
        /// As it was written.
        written: String,
        /// What becomes of budgets while it cannot be written.
        when_away: WhenAway,
    },
    /// In a server that all gates of a fleet ask.
    Shared(Box<SharedStore>),
}

/// A store that the gates of a fleet share.
#[derive(Clone, Debug)]
pub struct SharedStore {
    /// The server; of Sentinels' primary, as whom and which of its databases.
    pub remote: Remote,
    /// Who knows where the server is; none: it is where `remote` says.
    pub sentinels: Option<Sentinels>,
    /// Whether its name may lead to a private address.
    pub is_private: bool,
    /// What names in it are made with; none: the first signing secret.
    pub secret: Option<Secret>,
    /// How long a request waits for it.
    pub deadline: Duration,
    /// What happens while it is away.
    pub when_gone: WhenGone,
    /// Hundredths of a hot share that each gate takes in advance; 0: none.
    pub lease_percent: u8,
    /// Whether a server is taken that forgets when it is full.
    pub insecure_evicting: bool,
    /// Its address as it was written, without what is secret.
    pub written: String,
    pub(crate) password_written: Option<String>,
    pub(crate) secret_written: Option<String>,
}

/// Who knows which server is the primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentinels {
    /// Where they are.
    pub at: Vec<RemoteAt>,
    /// What they call the primary.
    pub primary: String,
}

/// What happens while a store that is shared is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenGone {
    /// What has to ask it is refused.
    #[default]
    Refuse,
    /// Each of so many gates goes on with its part of every share.
    Local {
        /// How many there are.
        instances: NonZeroU32,
    },
}

impl PartialEq for SharedStore {
    fn eq(&self, other: &Self) -> bool {
        let is_secret_same = match (&self.secret, &other.secret) {
            (None, None) => true,
            (Some(own), Some(others)) => own.matches(others.expose()),
            (Some(_), None) | (None, Some(_)) => false,
        };
        is_secret_same
            && self.remote.is_same(&other.remote)
            && self.sentinels == other.sentinels
            && self.is_private == other.is_private
            && self.deadline == other.deadline
            && self.when_gone == other.when_gone
            && self.lease_percent == other.lease_percent
            && self.insecure_evicting == other.insecure_evicting
    }
}

impl Eq for SharedStore {}

/// The operator's own listener.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Names by which it may be called beside `localhost`, `127.0.0.1` and `[::1]`: `host` or
    /// `host:port`.
    pub hosts: Vec<String>,
    /// What callers send as `Authorization: Bearer`: 16 bytes or more that can stand in a header.
    /// None, on loopback only: one is drawn at each start and printed.
    pub token: Option<Secret>,
}

/// Which set of defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// For pages that anybody may open.
    #[default]
    Public,
    /// For known callers.
    Authenticated,
}

impl Profile {
    /// Both by their words.
    pub const WORDS: &[(&'static str, Self)] =
        &[("public", Self::Public), ("authenticated", Self::Authenticated)];
}
