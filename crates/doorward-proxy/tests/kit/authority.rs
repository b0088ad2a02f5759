//! An authority made for the test, the certificates that it gives out, and upstreams under TLS.

use super::{PATIENCE, Scripted};
use doorward_proxy::settings::{
    Identity, Roots, Upstream, UpstreamAddress, UpstreamHost, UpstreamHttp, UpstreamTls,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// Who vouches for certificates.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate and its key, in PEM.
pub(crate) struct Made {
    pub(crate) chain_pem: String,
    pub(crate) key_pem: String,
}

impl Made {
    /// For a client that proves itself by it.
    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity { chain_pem: self.chain_pem.as_bytes(), key_pem: self.key_pem.as_bytes() }
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("an authority of the tests")
    }

    /// One of a name of its own.
    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for `name`.
    pub(crate) fn vouch(&self, name: &str) -> Made {
        self.vouch_until(name, 4096)
    }

    /// A certificate for `name` that ends with the year before `year`.
    pub(crate) fn vouch_until(&self, name: &str, year: i32) -> Made {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer).expect("a certificate");
        Made { chain_pem: made.pem(), key_pem: key.serialize_pem() }
    }

    /// TLS as an upstream is spoken to whose certificate is for `upstream.test`.
    pub(crate) fn tls(&self, identity: Option<Identity<'_>>) -> UpstreamTls {
        let roots = Roots::Pem(self.pem.as_bytes());
        UpstreamTls::new("upstream.test", roots, identity).expect("all of it can be read")
    }

    fn store(&self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        let der = CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("PEM");
        store.add(der).expect("a certificate");
        store
    }

    /// A server's configuration; with `clients` it demands a certificate of theirs.
    pub(crate) fn server(own: &Made, clients: Option<&Self>, alpn: &[&str]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(authority.store()), provider)
                    .build()
                    .expect("a verifier"),
            ),
        };
        let chain = CertificateDer::pem_slice_iter(own.chain_pem.as_bytes());
        let chain = chain.collect::<Result<_, _>>().expect("PEM");
        let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes()).expect("PEM");
        let mut config = builder.with_single_cert(chain, key).expect("they belong together");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

/// The upstream at a URL of the kit's, under TLS.
pub(crate) fn under_tls(url: &str, tls: UpstreamTls, http: UpstreamHttp) -> Upstream {
    let address: SocketAddr = url.rsplit('/').next().expect("a host").parse().expect("an address");
    let address = UpstreamAddress::Tcp { host: address.ip().to_string(), port: address.port() };
    Upstream { address, host: UpstreamHost::Keep, tls: Some(tls), http }
}

/// A connection to an upstream under TLS.
pub(crate) struct Secured {
    pub(crate) number: usize,
    pub(crate) stream: StreamOwned<ServerConnection, TcpStream>,
    heads: Sender<String>,
}

impl Secured {
    /// Reads a request's head and tells the test of it; false at the end, whatever that is.
    pub(crate) fn request(&mut self) -> bool {
        let mut head = Vec::new();
        let mut byte = [0; 1];
        while !head.ends_with(b"\r\n\r\n") {
            if !matches!(self.stream.read(&mut byte), Ok(1)) {
                return false;
            }
            head.push(byte[0]);
        }
        // A test that is over does not listen any more.
        let _ = self.heads.send(String::from_utf8(head).expect("text"));
        true
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }
}

/// An upstream under TLS: each connection is given to the script.
pub(crate) fn secured(
    config: Arc<ServerConfig>,
    script: impl Fn(Secured) + Send + Sync + 'static,
) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let (give, heads) = channel();
    let script = Arc::new(script);
    thread::spawn(move || {
        for (place, socket) in listener.incoming().enumerate() {
            let Ok(socket) = socket else { return };
            let (heads, config, script) = (give.clone(), Arc::clone(&config), Arc::clone(&script));
            thread::spawn(move || {
                socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
                let connection = ServerConnection::new(config).expect("a server");
                let stream = StreamOwned::new(connection, socket);
                script(Secured { number: place + 1, stream, heads });
            });
        }
    });
    Scripted { url, heads }
}

/// One that answers each request without a body with the number of its connection.
pub(crate) fn numbering(config: Arc<ServerConfig>) -> Scripted {
    secured(config, |mut peer| {
        while peer.request() {
            let body = format!("connection {}", peer.number);
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            peer.send(head.as_bytes());
        }
    })
}
