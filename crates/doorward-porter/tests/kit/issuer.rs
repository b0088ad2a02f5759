//! A server of keys whose every answer is a test's own, and what signs tokens.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use doorward_core::crypto;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use tokio::sync::watch;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

type Answer = Arc<dyn Fn(&mut dyn Write) + Send + Sync>;

/// A server that reads one head a connection and answers as it is told.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    asked: watch::Receiver<u64>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&mut dyn Write) + Send + Sync + 'static) -> Self {
        Self::serve(None, answer)
    }

    pub(crate) fn with_tls(
        config: Arc<ServerConfig>,
        answer: impl Fn(&mut dyn Write) + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(config), answer)
    }

    fn serve(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&mut dyn Write) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let answer: Arc<Mutex<Answer>> = Arc::new(Mutex::new(Arc::new(answer)));
        let (asked_to, asked) = watch::channel(0);
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (answers, seen) = (Arc::clone(&answer), Arc::clone(&heads));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let (answers, seen) = (Arc::clone(&answers), Arc::clone(&seen));
                let (asked_to, tls) = (asked_to.clone(), tls.clone());
                thread::spawn(move || match tls {
                    None => one(&mut stream, &answers, &asked_to, &seen),
                    Some(config) => {
                        let session = ServerConnection::new(config).expect("a session");
                        let mut stream: StreamOwned<_, TcpStream> =
                            StreamOwned::new(session, stream);
                        one(&mut stream, &answers, &asked_to, &seen);
                        stream.conn.send_close_notify();
                        let _ = stream.flush();
                    }
                });
            }
        });
        Self { address, answer, asked, heads }
    }

    /// Answers otherwise from the next request on.
    pub(crate) fn answer(&self, answer: impl Fn(&mut dyn Write) + Send + Sync + 'static) {
        *self.answer.lock().expect("no panic") = Arc::new(answer);
    }

    /// How often it was asked.
    pub(crate) fn count(&self) -> u64 {
        *self.asked.borrow()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked(&self, times: u64) {
        let mut asked = self.asked.clone();
        asked.wait_for(|asked| *asked >= times).await.expect("it lives");
    }

    /// What it was sent.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no panic").clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/jwks.json", self.address)
    }
}

fn one(
    stream: &mut (impl Read + Write),
    answers: &Mutex<Answer>,
    asked: &watch::Sender<u64>,
    heads: &Mutex<Vec<String>>,
) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let answer = Arc::clone(&answers.lock().expect("no panic"));
    heads.lock().expect("no panic").push(String::from_utf8_lossy(&head).into_owned());
    asked.send_modify(|asked| *asked += 1);
    answer(stream);
    let _ = stream.flush();
}

/// An answer with a body.
pub(crate) fn respond(out: &mut dyn Write, status: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n");
    // Whoever has read enough may go.
    let _ = out.write_all(head.as_bytes()).and_then(|()| out.write_all(body));
}

/// A key of ES256.
pub(crate) struct Signer {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl Signer {
    pub(crate) fn new(id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { id, pair }
    }

    /// The public key as it stands in a JWKS.
    fn jwk(&self) -> String {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (coded(&point[1..33]), coded(&point[33..]));
        let id = self.id;
        format!(r#"{{"kty":"EC","crv":"P-256","use":"sig","kid":"{id}","x":"{x}","y":"{y}"}}"#)
    }

    /// A set of some keys.
    pub(crate) fn set(signers: &[&Self]) -> Vec<u8> {
        let keys: Vec<String> = signers.iter().map(|signer| signer.jwk()).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into_bytes()
    }

    /// A token that lasts.
    pub(crate) fn token(&self, issuer: &str) -> String {
        let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, self.id);
        let claims = format!(r#"{{"iss":"{issuer}","aud":"api","sub":"ann","exp":9999999999}}"#);
        let message = format!("{}.{}", coded(header.as_bytes()), coded(claims.as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).expect("signed");
        format!("{message}.{}", coded(signature.as_ref()))
    }
}

fn coded(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    crypto::base64url(bytes, &mut out);
    String::from_utf8(out).expect("base64url is ASCII")
}
