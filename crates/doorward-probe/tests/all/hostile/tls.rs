//! TLS that is none, or is somebody else's.

use super::{options, run};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// A server that has no TLS answers what it takes for nonsense, or breaks off.
#[tokio::test]
async fn what_speaks_no_tls_is_named() {
    for said in
        [&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], b"\0\0\0\0\0\0", b""]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read_buf(&mut Vec::new()).await;
                let _ = stream.write_all(said).await;
            }
        });
        let url = Url::parse(&format!("https://localhost:{port}/")).expect("an address");
        let (report, _) = run(&[(&url, "/")], options()).await;
        assert_eq!((report.looked_at.len(), report.left_out.len()), (0, 1));
    }
}

/// A certificate that nobody vouches for: nothing is sent behind it.
#[tokio::test]
async fn a_certificate_of_nobodys_ends_it() {
    for names in [vec!["localhost".to_owned()], vec!["other.example".to_owned()]] {
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            let mut shaken = 0;
            while let Ok((stream, _)) = listener.accept().await {
                shaken += usize::from(acceptor.accept(stream).await.is_ok());
                if shaken > 0 {
                    break;
                }
            }
        });
        let url = Url::parse(&format!("https://localhost:{port}/")).expect("an address");
        let (report, _) = run(&[(&url, "/")], options()).await;
        assert_eq!(report.looked_at.len(), 0);
        let (_, why) = report.left_out.first().expect("it is named");
        assert!(why.contains("certificate"), "{why}");
        assert!(!serving.is_finished(), "no handshake went well");
    }
}
