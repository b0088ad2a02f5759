//! Clients with certificates, and who vouches for them.

use super::authority::Authority;
use super::tls;
use rcgen::{
    CertificateParams, CertificateRevocationListParams, ExtendedKeyUsagePurpose, KeyIdMethod,
    KeyPair, RevokedCertParams, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::sync::Arc;

/// A client's certificate and its key, in PEM.
pub(crate) struct Own {
    chain_pem: String,
    key_pem: String,
}

/// What a client's certificate is asked to be.
pub(crate) struct Wanted<'w> {
    pub(crate) uri: &'w str,
    pub(crate) serial: u64,
    /// It ends with the year before.
    pub(crate) year: i32,
    pub(crate) purpose: ExtendedKeyUsagePurpose,
}

impl<'w> Wanted<'w> {
    pub(crate) fn new(uri: &'w str) -> Self {
        Self { uri, serial: 7, year: 4096, purpose: ExtendedKeyUsagePurpose::ClientAuth }
    }
}

impl Authority {
    /// A certificate for a client.
    pub(crate) fn vouch_for(&self, wanted: &Wanted<'_>) -> Own {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.subject_alt_names = vec![SanType::URI(wanted.uri.try_into().expect("ASCII"))];
        params.serial_number = Some(SerialNumber::from(wanted.serial));
        params.extended_key_usages = vec![wanted.purpose.clone()];
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(wanted.year, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer).expect("a certificate");
        Own { chain_pem: made.pem(), key_pem: key.serialize_pem() }
    }

    /// The same, with its authority's own certificate so often behind it.
    pub(crate) fn vouch_with(&self, wanted: &Wanted<'_>, times: usize) -> Own {
        let own = self.vouch_for(wanted);
        Own { chain_pem: own.chain_pem + &self.pem.repeat(times), ..own }
    }

    /// The list of those that it has revoked, which ends with the year before `year`.
    pub(crate) fn crl(&self, serials: &[u64], year: i32) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: rcgen::date_time_ymd(2001, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2001, 1, 1),
            next_update: rcgen::date_time_ymd(year, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).and_then(|list| list.pem()).expect("a list")
    }
}

/// A client's configuration that knows the gate, shows `own`, and may resume its sessions.
pub(crate) fn showing(
    gate: &tls::Made,
    own: Option<&Own>,
    alpn: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(gate.der.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain = CertificateDer::pem_slice_iter(own.chain_pem.as_bytes());
            let chain = chain.collect::<Result<_, _>>().expect("PEM");
            let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes()).expect("PEM");
            builder.with_client_auth_cert(chain, key).expect("they belong together")
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}
