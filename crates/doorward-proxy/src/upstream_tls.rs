//! How an upstream proves who it is, and how this gate proves itself to it: one checked client
//! configuration, built once.

use crate::settings::UpstreamHttp;
use aws_lc_rs::digest::{Context, SHA256};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Who may vouch for an upstream.
#[derive(Clone, Copy)]
pub enum Roots<'a> {
    /// Whom this machine trusts. Read when the configuration is built.
    Platform,
    /// These authorities and no others: one certificate or more, in PEM.
    Pem(&'a [u8]),
}

/// The certificate by which this gate proves itself to an upstream (mutual TLS).
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The certificate and those that vouch for it, in PEM, its own first.
    pub chain_pem: &'a [u8],
    /// Its private key, in PEM.
    pub key_pem: &'a [u8],
}

/// Why there is no TLS to an upstream.
#[derive(Debug, Error)]
pub enum UpstreamTlsError {
    /// The name is neither a host name nor an address.
    #[error("{0:?} is no name that a certificate could be for")]
    ServerName(String),
    /// This machine's own authorities cannot be read.
    #[error("the authorities that this machine trusts cannot be read")]
    PlatformRoots(#[source] rustls::Error),
    /// The authorities are no PEM certificates, or there is none.
    #[error("the upstream's authorities are not certificates in PEM")]
    Roots,
    /// The client certificate is no PEM, or there is none.
    #[error("the certificate for the upstream is not one in PEM")]
    Chain,
    /// The private key is no PEM, or there is none.
    #[error("the private key for the upstream is not one in PEM")]
    Key,
    /// The private key is not the certificate's, or of no supported kind.
    #[error("the certificate for the upstream and its private key do not belong together")]
    Identity(#[source] rustls::Error),
}

/// TLS to an upstream, ready to be used. Two are equal when they were made of the same parts.
#[derive(Clone)]
pub struct UpstreamTls {
    name: ServerName<'static>,
    one: Arc<ClientConfig>,
    two: Arc<ClientConfig>,
    /// SHA-256 over all that it was made of: neither a comparison nor a log needs the key itself.
    content: [u8; 32],
}

impl UpstreamTls {
    /// Prepares TLS 1.2 and 1.3 to the upstream of this name, a host name or an address without
    /// brackets. Its certificate must be for this name; there is no way around that.
    ///
    /// # Errors
    /// When a part cannot be read, or the private key is not the certificate's.
    pub fn new(
        server_name: &str,
        roots: Roots<'_>,
        identity: Option<Identity<'_>>,
    ) -> Result<Self, UpstreamTlsError> {
        let name = ServerName::try_from(server_name.to_owned())
            .map_err(|_| UpstreamTlsError::ServerName(server_name.to_owned()))?;
        let builder = trusting(roots)?;
        let mut one = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = certificates(identity.chain_pem).ok_or(UpstreamTlsError::Chain)?;
                let key = PrivateKeyDer::from_pem_slice(identity.key_pem)
                    .map_err(|_| UpstreamTlsError::Key)?;
                builder.with_client_auth_cert(chain, key).map_err(UpstreamTlsError::Identity)?
            }
        };
        let mut two = one.clone();
        one.alpn_protocols = vec![b"http/1.1".to_vec()];
        two.alpn_protocols = vec![b"h2".to_vec()];
        let content = content(server_name, roots, identity);
        Ok(Self { name, one: Arc::new(one), two: Arc::new(two), content })
    }

    /// The name that its certificate must be for.
    pub(crate) fn name(&self) -> ServerName<'static> {
        self.name.clone()
    }

    /// What a connection is made with.
    pub(crate) fn config(&self, http: UpstreamHttp) -> Arc<ClientConfig> {
        match http {
            UpstreamHttp::One => Arc::clone(&self.one),
            UpstreamHttp::Two => Arc::clone(&self.two),
        }
    }
}

impl PartialEq for UpstreamTls {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Eq for UpstreamTls {}

impl fmt::Debug for UpstreamTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamTls").field("name", &self.name).finish_non_exhaustive()
    }
}

fn trusting(
    roots: Roots<'_>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, UpstreamTlsError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(UpstreamTlsError::PlatformRoots)?;
    let pem = match roots {
        Roots::Platform => {
            return builder.with_platform_verifier().map_err(UpstreamTlsError::PlatformRoots);
        }
        Roots::Pem(pem) => pem,
    };
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem).ok_or(UpstreamTlsError::Roots)? {
        store.add(certificate).map_err(|_| UpstreamTlsError::Roots)?;
    }
    Ok(builder.with_root_certificates(store))
}

/// All certificates of a PEM text; none where one is broken, or there is none.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().ok()?;
    (!all.is_empty()).then_some(all)
}

fn content(server_name: &str, roots: Roots<'_>, identity: Option<Identity<'_>>) -> [u8; 32] {
    let roots = match roots {
        Roots::Platform => None,
        Roots::Pem(pem) => Some(pem),
    };
    let (chain, key) = match identity {
        None => (None, None),
        Some(identity) => (Some(identity.chain_pem), Some(identity.key_pem)),
    };
    let mut context = Context::new(&SHA256);
    for part in [Some(server_name.as_bytes()), roots, chain, key] {
        // Each with its length, so that no two lists of parts are written alike.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        context.update(&length.to_be_bytes());
        context.update(part.unwrap_or_default());
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str) -> (String, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn what_it_is_made_of_decides_whether_two_are_equal_and_nothing_secret_is_shown() {
        let (ca, key) = pair("upstream.test");
        let (other, other_key) = pair("upstream.test");
        let roots = Roots::Pem(ca.as_bytes());
        let own = Identity { chain_pem: ca.as_bytes(), key_pem: key.as_bytes() };
        let make = |name, roots, identity| UpstreamTls::new(name, roots, identity).expect("good");
        let first = make("upstream.test", roots, None);
        assert_eq!(first, make("upstream.test", roots, None));
        for unlike in [
            make("upstream2.test", roots, None),
            make("upstream.test", Roots::Pem(other.as_bytes()), None),
            make("upstream.test", roots, Some(own)),
        ] {
            assert_ne!(first, unlike);
        }
        let shown = format!("{:?}", make("upstream.test", roots, Some(own)));
        assert!(shown.contains("upstream.test") && !shown.contains("PRIVATE"), "{shown}");
        let crossed = Identity { chain_pem: ca.as_bytes(), key_pem: other_key.as_bytes() };
        let error = UpstreamTls::new("upstream.test", roots, Some(crossed)).expect_err("crossed");
        assert!(matches!(error, UpstreamTlsError::Identity(_)), "{error}");
    }

    #[test]
    fn each_part_that_cannot_be_read_has_its_own_error() {
        let (ca, key) = pair("upstream.test");
        let (ca, key) = (ca.as_bytes(), key.as_bytes());
        let broken = b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n";
        let make = |name, roots, identity| {
            UpstreamTls::new(name, Roots::Pem(roots), identity)
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        let own = |chain_pem, key_pem| Some(Identity { chain_pem, key_pem });
        for (made, want) in [
            (make("upstream.test", ca, own(ca, key)), None),
            (make("127.0.0.1", ca, None), None),
            (make("::1", ca, None), None),
            (make("", ca, None), Some("is no name")),
            (make("a b", ca, None), Some("is no name")),
            (make("upstream.test", b"", None), Some("authorities are not")),
            (make("upstream.test", key, None), Some("authorities are not")),
            (make("upstream.test", broken, None), Some("authorities are not")),
            (make("upstream.test", ca, own(key, key)), Some("certificate for the upstream is not")),
            (make("upstream.test", ca, own(ca, ca)), Some("private key for the upstream is not")),
        ] {
            match (made, want) {
                (Ok(()), None) => {}
                (Err(error), Some(want)) => assert!(error.contains(want), "{error}: {want}"),
                (made, want) => panic!("{made:?} where {want:?} was wanted"),
            }
        }
        UpstreamTls::new("upstream.test", Roots::Platform, None).expect("this machine has some");
    }
}
