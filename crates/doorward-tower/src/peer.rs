//! Who is at the other end of the connection. A request does not say: its server does.

use doorward_core::certificate::Certificate;
use http::Extensions;
use std::net::IpAddr;
use std::sync::Arc;

/// The address at the other end of a request's connection, as an extension of the request.
///
/// Only the server that accepted the connection knows it, and puts it there. Without one a request
/// is refused: an address that is made up would be somebody's share, or a trusted proxy's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The certificate that the other end has shown, as an extension of the request.
///
/// Only a server that ends TLS by itself and has verified it may put it there. Without one nobody
/// is known by a certificate, and no token is taken that belongs to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate(pub Arc<Certificate>);

/// Finds the peer's address among a request's extensions; none refuses the request.
///
/// For axum: `|has| has.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())`.
pub type PeerSource = fn(&Extensions) -> Option<IpAddr>;

/// Takes it from [`Peer`].
pub(crate) fn of_extension(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.0)
}
