//! Who is at the other end of the connection. A request does not say: its server does.

use http::Extensions;
use std::net::IpAddr;

/// The address at the other end of a request's connection, as an extension of the request.
///
/// Only the server that accepted the connection knows it, and puts it there. Without one a request
/// is refused: an address that is made up would be somebody's share, or a trusted proxy's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Finds the peer's address among a request's extensions; none refuses the request.
///
/// For axum: `|has| has.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())`.
pub type PeerSource = fn(&Extensions) -> Option<IpAddr>;

/// Takes it from [`Peer`].
pub(crate) fn of_extension(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.0)
}
