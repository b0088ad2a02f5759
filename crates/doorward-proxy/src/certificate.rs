//! The gate's own certificate and its key, checked before a client is shown it.

mod validity;

pub(crate) use validity::not_after;

use crate::clients::Clients;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::fmt;
use std::sync::Arc;
use thiserror::Error as ThisError;

/// Certificates of a chain at the most; public chains have two to four.
const CHAIN_MAX: usize = 16;
/// Bytes of either file at the most.
const PEM_BYTES_MAX: usize = 1024 * 1024;

/// Why a certificate cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum CertificateError {
    /// Either text is longer than a megabyte.
    #[error("a certificate or key of more than a megabyte")]
    TooLong,
    /// The chain's text has no certificate.
    #[error("there is no certificate in it (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    /// A block of the chain's text has no end, or is not base64.
    #[error("the certificate's PEM text is damaged")]
    ChainPem,
    /// More than sixteen certificates.
    #[error("the chain has more than {CHAIN_MAX} certificates")]
    ChainTooLong,
    /// The first certificate is not an X.509 certificate.
    #[error("the first certificate is not an X.509 certificate")]
    NotX509,
    /// The key's text has no private key.
    #[error("there is no private key in it (-----BEGIN PRIVATE KEY-----)")]
    NoKey,
    /// The key's text has an encrypted private key only.
    #[error(
        "the private key is encrypted; store it without a passphrase, readable by the gate only"
    )]
    KeyEncrypted,
    /// A block of the key's text has no end, or is not base64.
    #[error("the private key's PEM text is damaged")]
    KeyPem,
    /// The key's text has more than one private key.
    #[error("there are several private keys in it, and only one can be meant")]
    SeveralKeys,
    /// A key that is damaged, or of an algorithm that TLS does not sign with.
    #[error("the private key cannot be used: RSA of 2048 bits or more, ECDSA or Ed25519 can")]
    KeyKind,
    /// The key is another certificate's.
    #[error("the private key does not belong to the first certificate")]
    KeyDiffers,
}

/// A certificate with its chain, and the key that belongs to it.
#[derive(Clone)]
pub struct Certificate {
    pub(crate) key: Arc<CertifiedKey>,
    not_after_unix_s: i64,
    pub(crate) clients: Option<Clients>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("chain", &self.key.cert.len())
            .field("not_after_unix_s", &self.not_after_unix_s)
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a chain (the server's own certificate first) and its key from PEM text (RFC 7468).
    /// The key may be PKCS#8, PKCS#1 or SEC1.
    ///
    /// An expired certificate is read all the same: whether it is one is a question of the day, and
    /// [`Certificate::not_after_unix_s`] answers it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(chain_pem: &[u8], key_pem: &[u8]) -> Result<Self, CertificateError> {
        if chain_pem.len() > PEM_BYTES_MAX || key_pem.len() > PEM_BYTES_MAX {
            return Err(CertificateError::TooLong);
        }
        let chain = chain(chain_pem)?;
        let not_after_unix_s = chain
            .first()
            .ok_or(CertificateError::NoCertificate)
            .and_then(|own| not_after(own).ok_or(CertificateError::NotX509))?;
        let key = key(key_pem)?;
        match CertifiedKey::from_der(chain, key, &default_provider()) {
            Ok(key) => Ok(Self { key: Arc::new(key), not_after_unix_s, clients: None }),
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(CertificateError::KeyDiffers)
            }
            Err(Error::InvalidCertificate(_)) => Err(CertificateError::NotX509),
            Err(_) => Err(CertificateError::KeyKind),
        }
    }

    /// The same, for a listener that asks clients for theirs.
    #[must_use]
    pub fn with_clients(mut self, clients: Clients) -> Self {
        self.clients = Some(clients);
        self
    }

    /// The last second at which it is valid, in seconds since 1970.
    #[must_use]
    pub const fn not_after_unix_s(&self) -> i64 {
        self.not_after_unix_s
    }
}

fn chain(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let mut out = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text) {
        if out.len() == CHAIN_MAX {
            return Err(CertificateError::ChainTooLong);
        }
        out.push(certificate.map_err(|_| CertificateError::ChainPem)?);
    }
    if out.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(out) }
}

fn key(text: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let mut keys = PrivateKeyDer::pem_slice_iter(text);
    let first = match keys.next() {
        Some(Ok(key)) => key,
        Some(Err(pem::Error::NoItemsFound)) | None if is_encrypted(text) => {
            return Err(CertificateError::KeyEncrypted);
        }
        Some(Err(pem::Error::NoItemsFound)) | None => return Err(CertificateError::NoKey),
        Some(Err(_)) => return Err(CertificateError::KeyPem),
    };
    match keys.next() {
        None => Ok(first),
        Some(Ok(_)) => Err(CertificateError::SeveralKeys),
        Some(Err(_)) => Err(CertificateError::KeyPem),
    }
}

fn is_encrypted(text: &[u8]) -> bool {
    let mark = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    text.windows(mark.len()).any(|window| window == mark)
}
