//! A throw-away authority: what `lab --tls` shows certificates of. It dies with the process.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// The names that the lab's sites have, with those under them.
const NAMES: [&str; 9] = [
    "localhost",
    "127.0.0.1",
    "shop.localhost",
    "*.shop.localhost",
    "admin.shop.localhost",
    "promo.shop.localhost",
    // A star directly under `localhost` is not taken by everybody.
    "*.localhost",
    "evil.localhost",
    "ai.localhost",
];

/// Why there is no TLS.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// No certificate can be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The certificate made is not taken.
    #[error("cannot speak TLS")]
    Tls(#[from] rustls::Error),
}

/// An authority, and the certificate of all of the lab's sites.
pub struct Authority {
    pem: String,
    certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Authority {
    /// Makes an authority and one certificate.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn new() -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Doorward lab, throw-away");
        let key = KeyPair::generate()?;
        let own = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);
        let names = NAMES.map(str::to_owned).to_vec();
        let site_key = KeyPair::generate()?;
        let site = CertificateParams::new(names)?.signed_by(&site_key, &issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(site_key.serialize_der()));
        let chain = vec![site.der().clone(), own.der().clone()];
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, private)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { pem: own.pem(), certificate: own.der().clone(), acceptor })
    }

    /// The authority's certificate, for whoever wants to trust it for a while.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}
