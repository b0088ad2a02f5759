//! Clients' certificates: whose are believed, and what a connection has shown.
//!
//! A client without one is let on: what it may do without is the gate's to say. One with a
//! certificate that does not hold learns so by its handshake's alert.

mod bounded;
mod names;

use crate::tls::State;
use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use bounded::Bounded;
use doorward_core::certificate::Certificate;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Bytes of a file at the most.
const PEM_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Authorities at the most: each is named in every handshake.
const AUTHORITIES_MAX: usize = 64;
/// Revocation lists at the most.
const LISTS_MAX: usize = 64;

/// Why clients' certificates cannot be judged.
#[derive(Debug, Error)]
pub enum ClientsError {
    /// A file is too long.
    #[error("a file of more than four megabytes")]
    TooLong,
    /// No certificate, one that is damaged, or too many.
    #[error("the authorities are not 1 to {AUTHORITIES_MAX} certificates in PEM")]
    Authorities,
    /// An authority that nothing can be checked by.
    #[error("one of the authorities is no X.509 certificate")]
    NotX509,
    /// No list, one that is damaged, or too many.
    #[error("the revocation lists are not 1 to {LISTS_MAX} lists in PEM (X509 CRL)")]
    Lists,
    /// A list that nothing can be checked by.
    #[error("one of the revocation lists cannot be read")]
    List(#[source] rustls::server::VerifierBuilderError),
}

/// Whose certificates clients may show.
#[derive(Clone)]
pub struct Clients {
    pub(crate) verifier: Arc<dyn ClientCertVerifier>,
    /// SHA-256 over all that it was made of.
    content: [u8; 32],
}

impl Clients {
    /// Reads the authorities, and the lists of what they have revoked, from PEM text. With lists,
    /// each authority on a certificate's way to its root must have one that has not ended.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(authorities_pem: &[u8], crl_pem: Option<&[u8]>) -> Result<Self, ClientsError> {
        let lists_pem = crl_pem.unwrap_or_default();
        if authorities_pem.len() > PEM_BYTES_MAX || lists_pem.len() > PEM_BYTES_MAX {
            return Err(ClientsError::TooLong);
        }
        let mut roots = RootCertStore::empty();
        for authority in CertificateDer::pem_slice_iter(authorities_pem) {
            let authority = authority.map_err(|_| ClientsError::Authorities)?;
            if roots.len() == AUTHORITIES_MAX {
                return Err(ClientsError::Authorities);
            }
            roots.add(authority).map_err(|_| ClientsError::NotX509)?;
        }
        if roots.is_empty() {
            return Err(ClientsError::Authorities);
        }
        let provider = Arc::new(default_provider());
        let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated();
        if crl_pem.is_some() {
            let lists = CertificateRevocationListDer::pem_slice_iter(lists_pem);
            let lists: Vec<_> = lists.collect::<Result<_, _>>().map_err(|_| ClientsError::Lists)?;
            if lists.is_empty() || lists.len() > LISTS_MAX {
                return Err(ClientsError::Lists);
            }
            // What nobody can say of a certificate any more is not that it holds.
            builder = builder.with_crls(lists).enforce_revocation_expiration();
        }
        let verifier = Arc::new(Bounded(builder.build().map_err(ClientsError::List)?));
        let mut context = Context::new(&SHA256);
        for part in [authorities_pem, &[u8::from(crl_pem.is_some())], lists_pem] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut content = [0; 32];
        content.copy_from_slice(context.finish().as_ref());
        Ok(Self { verifier, content })
    }
}

impl PartialEq for Clients {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Eq for Clients {}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

/// What a client has shown at its handshake; of a resumed session, at its first.
pub(crate) struct Presented {
    chain: Vec<CertificateDer<'static>>,
    read: Arc<Certificate>,
    /// What is told of it, and by which state of the listener.
    told: ArcSwap<(u64, Arc<Certificate>)>,
}

impl Presented {
    /// None: it has shown nothing.
    pub(crate) fn new(chain: Option<&[CertificateDer<'_>]>, state: &State) -> Option<Self> {
        let chain = chain.filter(|_| state.clients.is_some())?;
        let read = Arc::new(names::read(chain.first()?));
        Some(Self {
            chain: chain.iter().map(|one| one.clone().into_owned()).collect(),
            told: ArcSwap::from_pointee((state.number, Arc::clone(&read))),
            read,
        })
    }

    /// The certificate as it is lent to the core. Where the authorities were exchanged since it was
    /// shown, it is judged by them once more: connections live longer than files.
    pub(crate) fn certificate(&self, state: &State) -> Arc<Certificate> {
        let told = self.told.load();
        if told.0 == state.number {
            return Arc::clone(&told.1);
        }
        let certificate = match self.is_vouched_for(state) {
            true => Arc::clone(&self.read),
            false => Arc::new(self.read.withdrawn()),
        };
        self.told.store(Arc::new((state.number, Arc::clone(&certificate))));
        certificate
    }

    fn is_vouched_for(&self, state: &State) -> bool {
        let (Some(clients), Some((own, others))) = (&state.clients, self.chain.split_first())
        else {
            return false;
        };
        clients.verifier.verify_client_cert(own, others, UnixTime::now()).is_ok()
    }
}
