//! Opening a connection to an upstream.

use crate::settings::{Upstream, UpstreamAddress, UpstreamHttp, UpstreamTls};
use crate::upstream_io::UpstreamIo;
use crate::upstream_socket::UpstreamSocket;
use doorward_core::fault::Fault;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

/// Opens a connection to an upstream; under TLS where it says so, and never without.
///
/// # Errors
/// [`Fault::UpstreamUnreachable`]; [`Fault::UpstreamCertificate`] when its TLS fails;
/// [`Fault::UpstreamBroken`] when it does not speak HTTP/2 and is to.
pub(crate) async fn dial(upstream: &Upstream) -> Result<UpstreamIo, Fault> {
    let socket = connect(&upstream.address).await.map_err(|_| Fault::UpstreamUnreachable)?;
    let Some(tls) = &upstream.tls else { return Ok(UpstreamIo::new(socket)) };
    // Few connections are opened; the others' future need not have room for a handshake.
    Box::pin(secure(socket, tls, upstream.http)).await
}

async fn secure(
    socket: UpstreamSocket,
    tls: &UpstreamTls,
    http: UpstreamHttp,
) -> Result<UpstreamIo, Fault> {
    let connector = TlsConnector::from(tls.config(http));
    let stream =
        connector.connect(tls.name(), socket).await.map_err(|_| Fault::UpstreamCertificate)?;
    // RFC 9113 3.2: over TLS, HTTP/2 is spoken where ALPN agreed on it, and only there.
    if http == UpstreamHttp::Two && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(Fault::UpstreamBroken);
    }
    Ok(UpstreamIo::new(UpstreamSocket::Tls(Box::new(stream))))
}

async fn connect(address: &UpstreamAddress) -> io::Result<UpstreamSocket> {
    let socket = match address {
        UpstreamAddress::Unix(path) => {
            return Ok(UpstreamSocket::Unix(UnixStream::connect(path).await?));
        }
        // RFC 6761 6.3: these are loopback, whatever a resolver says.
        UpstreamAddress::Tcp { host, port } if is_loopback_name(host) => {
            let loopback = [
                SocketAddr::from((Ipv4Addr::LOCALHOST, *port)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, *port)),
            ];
            TcpStream::connect(&loopback[..]).await?
        }
        UpstreamAddress::Tcp { host, port } => TcpStream::connect((host.as_str(), *port)).await?,
    };
    socket.set_nodelay(true)?;
    Ok(UpstreamSocket::Tcp(socket))
}

fn is_loopback_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = host.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}
