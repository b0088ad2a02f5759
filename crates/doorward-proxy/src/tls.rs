//! TLS from clients: one certificate, exchanged for the next handshake while connections stand.
//!
//! TLS 1.2 and 1.3. No early data: a replayed first flight would be a request made twice.

use crate::certificate::Certificate;
use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{Error, ServerConfig};
use std::fmt;
use std::sync::Arc;

/// HTTP/2 as ALPN names it (RFC 9113 3.2).
pub(crate) const ALPN_H2: &[u8] = b"h2";
const ALPN_HTTP_1_1: &[u8] = b"http/1.1";

/// What handshakes are made with.
pub(crate) struct Tls {
    pub(crate) acceptor: tokio_rustls::TlsAcceptor,
    shown: Arc<Shown>,
}

/// The certificate that is shown now.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// # Errors
    /// When the machine gives no randomness for the keys of session tickets.
    pub(crate) fn new(certificate: Certificate, has_http2: bool) -> Result<Self, Error> {
        let shown = Arc::new(Shown(ArcSwap::new(certificate.key)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = vec![ALPN_HTTP_1_1.to_vec()];
        if has_http2 {
            config.alpn_protocols.insert(0, ALPN_H2.to_vec());
        }
        // Tickets are sealed by keys that rotate, and so no session is kept here.
        config.ticketer = Ticketer::new()?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.max_early_data_size = 0;
        Ok(Self { acceptor: Arc::new(config).into(), shown })
    }

    /// Shows another certificate from the next handshake on.
    pub(crate) fn swap(&self, certificate: Certificate) {
        self.shown.0.store(certificate.key);
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
