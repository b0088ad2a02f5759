//! Certificates made for the test, and clients that know them.

use doorward_proxy::settings::Certificate;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// A certificate for `localhost`, and its key.
pub(crate) struct Made {
    pub(crate) chain_pem: String,
    pub(crate) key_pem: String,
    pub(crate) der: CertificateDer<'static>,
}

impl Made {
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
            .expect("a certificate can be made");
        Self {
            chain_pem: made.cert.pem(),
            key_pem: made.signing_key.serialize_pem(),
            der: made.cert.der().clone(),
        }
    }

    pub(crate) fn certificate(&self) -> Certificate {
        Certificate::parse(self.chain_pem.as_bytes(), self.key_pem.as_bytes())
            .expect("the certificate fits its key")
    }
}

/// A client's configuration that knows these certificates and offers these protocols.
pub(crate) fn config(known: &[&Made], alpn: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for made in known {
        roots.add(made.der.clone()).expect("a certificate");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    // Each handshake is a whole one, and sees the certificate.
    config.resumption = rustls::client::Resumption::disabled();
    Arc::new(config)
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

/// A blocking TLS connection.
pub(crate) fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let socket = TcpStream::connect(address).expect("the proxy listens");
    socket.set_read_timeout(Some(super::PATIENCE)).expect("a timeout can be set");
    let connection = ClientConnection::new(Arc::clone(config), localhost()).expect("a client");
    StreamOwned::new(connection, socket)
}

/// A TLS connection of a runtime's.
pub(crate) async fn connect_in_story(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
    let socket = tokio::net::TcpStream::connect(address).await?;
    TlsConnector::from(Arc::clone(config)).connect(localhost(), socket).await
}
