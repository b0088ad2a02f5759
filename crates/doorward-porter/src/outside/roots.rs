//! Whose certificates are believed: the machine's authorities, and some of one's own.

use rustls_platform_verifier::Verifier;
use std::sync::Arc;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// TLS for a call of the operator's own: the machine's authorities are believed.
///
/// # Errors
/// What is wrong with them, in words.
pub fn client_tls() -> Result<Arc<ClientConfig>, String> {
    Roots::default().client(&[b"http/1.1"])
}

/// Authorities of one's own, beside the machine's.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Reads certificates in PEM; none from no bytes. The error says what is wrong.
    pub(super) fn parse(pem: &[u8]) -> Result<Self, String> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        match certificates {
            Ok(certificates) if certificates.is_empty() && !pem.is_empty() => {
                Err("there is no certificate in PEM in it".to_owned())
            }
            Ok(certificates) => Ok(Self(certificates)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// TLS for one connection, by which one of these protocols is spoken. The error says what is
    /// wrong.
    pub(super) fn client(&self, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Verifier::new_with_extra_roots(self.0.iter().cloned(), provider.clone());
        let verifier = verifier.map_err(|error| error.to_string())?;
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions();
        let mut config = builder
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Arc::new(config))
    }
}
