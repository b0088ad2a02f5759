//! TLS from clients: one certificate, exchanged for the next handshake while connections stand.
//!
//! TLS 1.2 and 1.3. No early data: a replayed first flight would be a request made twice.

use crate::certificate::Certificate;
use crate::clients::Clients;
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
    state: ArcSwap<State>,
    shown: Arc<Shown>,
    has_http2: bool,
}

/// What is exchanged when other authorities vouch for clients: with it the keys of all tickets, so
/// that no session goes on whose certificate was believed before.
pub(crate) struct State {
    /// Another one for each.
    pub(crate) number: u64,
    pub(crate) acceptor: tokio_rustls::TlsAcceptor,
    /// Whose certificates clients may show; none: they are asked for none.
    pub(crate) clients: Option<Clients>,
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
        let Certificate { key, clients, .. } = certificate;
        let shown = Arc::new(Shown(ArcSwap::new(key)));
        let state = ArcSwap::from_pointee(state(&shown, has_http2, clients, 0)?);
        Ok(Self { state, shown, has_http2 })
    }

    /// What the next handshake is made with.
    pub(crate) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Shows another certificate from the next handshake on, and believes those of other clients.
    ///
    /// # Errors
    /// As [`Tls::new`]; then nothing is exchanged.
    pub(crate) fn swap(&self, certificate: Certificate) -> Result<(), Error> {
        let Certificate { key, clients, .. } = certificate;
        let before = self.state.load_full();
        if before.clients != clients {
            let next = state(&self.shown, self.has_http2, clients, before.number + 1)?;
            self.state.store(Arc::new(next));
        }
        self.shown.0.store(key);
        Ok(())
    }
}

fn state(
    shown: &Arc<Shown>,
    has_http2: bool,
    clients: Option<Clients>,
    number: u64,
) -> Result<State, Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?;
    let builder = match &clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(Arc::clone(&clients.verifier)),
    };
    let mut config = builder.with_cert_resolver(Arc::clone(shown) as _);
    config.alpn_protocols = vec![ALPN_HTTP_1_1.to_vec()];
    if has_http2 {
        config.alpn_protocols.insert(0, ALPN_H2.to_vec());
    }
    // Tickets are sealed by keys that rotate, and so no session is kept here.
    config.ticketer = Ticketer::new()?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.max_early_data_size = 0;
    Ok(State { number, acceptor: Arc::new(config).into(), clients })
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
