//! TLS in front of whatever runs: browsers, and so the probe, hold an API by https to more.

use crate::Outcome;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A free port that ends TLS, and who trusts it.
pub(crate) struct Front {
    listener: TcpListener,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    server: Arc<ServerConfig>,
    /// What trusts it, and nobody else.
    pub(crate) client: Arc<ClientConfig>,
}

impl Front {
    /// A port, a certificate for it, and nobody behind it so far.
    pub(crate) async fn new() -> Outcome<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let made = rcgen::generate_simple_self_signed([address.ip().to_string()])?;
        let (certificate, key) = (made.cert.der().clone(), made.signing_key.serialize_der());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone())?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider.clone());
        let client = client.with_safe_default_protocol_versions()?;
        let client = client.with_root_certificates(roots).with_no_client_auth();
        let server = ServerConfig::builder_with_provider(provider);
        let server = server.with_safe_default_protocol_versions()?.with_no_client_auth();
        let server =
            server.with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.into()))?;
        Ok(Self { listener, address, server: Arc::new(server), client: Arc::new(client) })
    }

    /// Passes every connection on, until the test ends.
    pub(crate) fn pass_on(self, to: SocketAddr) {
        let acceptor = TlsAcceptor::from(self.server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = self.listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // What is short is sent at once.
                    stream.set_nodelay(true)?;
                    let mut stream = acceptor.accept(stream).await?;
                    let mut behind = TcpStream::connect(to).await?;
                    behind.set_nodelay(true)?;
                    copy_bidirectional(&mut stream, &mut behind).await
                });
            }
        });
    }
}
