//! Where a server of keys and values stands that others write to as well: Redis, Valkey.

use crate::secret::Secret;
use std::fmt;

/// The port of such servers where none is said.
pub const REMOTE_PORT: u16 = 6379;

/// A server, and as whom it is asked.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Where it listens.
    pub at: RemoteAt,
    /// The number of its database.
    pub database: u32,
    /// As whom the gate asks; none: as the server's default user.
    pub user: Option<String>,
    /// With what password; none: without.
    pub password: Option<Secret>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteAt {
    /// At a port.
    Port {
        /// A name, or an address without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Whether it is spoken to by TLS.
        is_tls: bool,
    },
    /// At a socket of this machine, by its path.
    Socket(String),
}

impl Remote {
    /// Whether it is the same server, asked in the same way.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let is_password_same = match (&self.password, &other.password) {
            (None, None) => true,
            (Some(own), Some(others)) => own.matches(others.expose()),
            (Some(_), None) | (None, Some(_)) => false,
        };
        is_password_same
            && self.at == other.at
            && self.database == other.database
            && self.user == other.user
    }
}

/// As the configuration writes it, without whatever is secret.
impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.database;
        match &self.at {
            RemoteAt::Socket(path) if database == 0 => write!(f, "unix:{path}"),
            RemoteAt::Socket(path) => write!(f, "unix:{path}?db={database}"),
            RemoteAt::Port { host, port, is_tls } => {
                let scheme = if *is_tls { "rediss" } else { "redis" };
                let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
                write!(f, "{scheme}://{open}{host}{close}:{port}/{database}")
            }
        }
    }
}
