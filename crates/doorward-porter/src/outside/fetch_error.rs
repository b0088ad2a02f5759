//! Why keys were not had: where, what, and how to mend it.

use super::address::Kind;
use doorward_core::layers::identity::KeySetError;
use doorward_store::remote::RemoteError;
use std::fmt;
use std::net::IpAddr;

/// Why keys were not had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    /// The address that was asked, without its query.
    pub from: String,
    /// Why.
    pub why: Why,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.from, self.why)
    }
}

impl std::error::Error for FetchError {}

impl FetchError {
    /// An answer of this status is none.
    pub(super) fn status(url: &str, status: u16) -> Self {
        Self { from: super::fetch::shown(url), why: Why::Status(status) }
    }
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Its address is none.
    #[error("{0}; write it like https://id.example/jwks.json")]
    Url(&'static str),
    /// Asked in the clear, over the Internet.
    #[error(
        "{0} is a public address: what comes in the clear can be anybody's; use https or rediss"
    )]
    Plain(IpAddr),
    /// Its name is not found.
    #[error("its name cannot be resolved: {0}; check its spelling, and the machine's resolver")]
    Name(String),
    /// Its name leads nowhere.
    #[error("its name has no address; check its spelling")]
    NoAddress,
    /// Its name leads into a network of one's own.
    #[error("its name resolves to the {1} address {0}; if that is meant, say private = true")]
    Inside(IpAddr, Kind),
    /// Its address is no server's.
    #[error("{0} is no address of a server; correct the address or the name")]
    Never(IpAddr),
    /// Nobody answers there.
    #[error("no connection to {0}: {1}; is it running, and may this machine reach it?")]
    Connect(IpAddr, String),
    /// Nobody answers at a socket of this machine.
    #[error("no connection to the socket {0}: {1}; is it running, and may the gate open it?")]
    Socket(String, String),
    /// A server of keys and values does not answer.
    #[error("{0}")]
    Remote(RemoteError),
    /// A session's record is in another form.
    #[error("a session's record is no JSON object; have the backend write its sessions in JSON")]
    NoJson,
    /// There is nothing to believe certificates by.
    #[error("no root certificates: {0}; install the system's (ca-certificates)")]
    Roots(String),
    /// Its certificate is not believed.
    #[error("its certificate is not believed: {0}; if its authority is your own, trust that")]
    Certificate(String),
    /// TLS failed otherwise.
    #[error("no TLS with it: {0}")]
    Tls(String),
    /// It speaks no HTTP/1.1.
    #[error("no answer in HTTP/1.1: {0}")]
    Http(String),
    /// The head of its answer is too long.
    #[error("the head of its answer is longer than 16 KiB")]
    HeadTooLong,
    /// It sends elsewhere.
    #[error("it redirects ({0}) to {1}, which is not followed; name the last address itself")]
    Redirect(u16, String),
    /// It answers otherwise than 200.
    #[error("it answers {0} instead of 200")]
    Status(u16),
    /// Its answer is compressed.
    #[error("its answer is encoded as {0}, although only identity is accepted")]
    Encoded(String),
    /// Its answer is too long.
    #[error("its answer is longer than 256 KiB")]
    TooLong,
    /// Its answer is cut off.
    #[error("its answer is cut off: {0}")]
    CutOff(String),
    /// It takes too long.
    #[error("it took longer than {0} ms")]
    TooSlow(u64),
    /// Its answer is no set of keys.
    #[error("its answer is no set of keys: {0}")]
    Keys(KeySetError),
}
