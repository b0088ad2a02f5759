//! Upstreams that speak HTTP/2: one that keeps to the protocol, and one made of frames by hand.

use super::{Client, PATIENCE, Scene, Scripted};
use bytes::Bytes;
use doorward_proxy::settings::{Upstream, UpstreamHttp};
use h2::RecvStream;
use h2::server::SendResponse;
use http::Request;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

/// One request of a connection.
pub(crate) struct Asked {
    /// Of which connection, from 1.
    pub(crate) connection: usize,
    pub(crate) request: Request<RecvStream>,
    pub(crate) answer: SendResponse<Bytes>,
    tell: Sender<String>,
}

impl Asked {
    pub(crate) fn tell(&self, text: &str) {
        // A test that is over does not listen any more.
        let _ = self.tell.send(text.to_owned());
    }

    /// All of the request's body, and its trailers.
    pub(crate) async fn body(&mut self) -> (String, Option<http::HeaderMap>) {
        let body = self.request.body_mut();
        let mut out = Vec::new();
        while let Some(piece) = body.data().await {
            let piece = piece.expect("a piece");
            body.flow_control().release_capacity(piece.len()).expect("it was taken");
            out.extend_from_slice(&piece);
        }
        let trailers = body.trailers().await.expect("an end");
        (String::from_utf8(out).expect("text"), trailers)
    }

    /// Answers with a short text.
    pub(crate) fn text(&mut self, text: &str) {
        let head = http::Response::new(());
        let mut send = self.answer.send_response(head, false).expect("the head leaves");
        send.send_data(Bytes::copy_from_slice(text.as_bytes()), true).expect("the body leaves");
    }
}

/// An upstream that gives each request to the script.
pub(crate) fn start<F: Future<Output = ()> + Send + 'static>(
    tls: Option<Arc<rustls::ServerConfig>>,
    script: impl Fn(Asked) -> F + Send + Sync + 'static,
) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("it can be");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, heads) = channel();
    let script = Arc::new(script);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let mut number = 0;
            while let Ok((socket, _)) = listener.accept().await {
                number += 1;
                let (script, tell, tls) = (Arc::clone(&script), tell.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(socket, number, script, tell).await,
                        Some(tls) => {
                            let Ok(socket) = TlsAcceptor::from(tls).accept(socket).await else {
                                return;
                            };
                            serve(socket, number, script, tell).await;
                        }
                    }
                });
            }
        });
    });
    Scripted { url, heads }
}

async fn serve<F: Future<Output = ()> + Send + 'static>(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    connection: usize,
    script: Arc<impl Fn(Asked) -> F>,
    tell: Sender<String>,
) {
    let Ok(mut server) = h2::server::handshake(socket).await else { return };
    while let Some(Ok((request, answer))) = server.accept().await {
        let asked = Asked { connection, request, answer, tell: tell.clone() };
        tokio::spawn(script(asked));
    }
}

/// The upstream at a URL of the kit's, spoken to in HTTP/2.
pub(crate) fn upstream(url: &str) -> Upstream {
    Upstream { http: UpstreamHttp::Two, ..super::upstream_at(url) }
}

/// A frame's type, flags, stream and payload.
pub(crate) type Frame = (u8, u8, u32, Vec<u8>);

pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const GOAWAY: u8 = 7;

/// A connection whose frames are read and written by hand.
pub(crate) struct Hand {
    pub(crate) number: usize,
    pub(crate) client: Client,
}

impl Hand {
    /// Reads the preface and says which settings hold.
    pub(crate) fn greet(scene: Scene) -> Self {
        let mut out = Self { number: scene.number, client: scene.client };
        assert_eq!(out.client.bytes(24), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        out.write((4, 0, 0, Vec::new()));
        out
    }

    pub(crate) fn write(&mut self, (kind, flags, stream, payload): Frame) {
        let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        // A gate that has gone does not take it.
        let _ = std::io::Write::write_all(&mut self.client.socket, &[head, payload].concat());
    }

    /// The next frame; none at the end.
    pub(crate) fn read(&mut self) -> Option<Frame> {
        let head = self.client.bytes_or_end(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let payload = self.client.bytes(length as usize);
        Some((head[3], head[4], stream, payload))
    }

    /// The stream of the next request; none at the end.
    pub(crate) fn request(&mut self) -> Option<u32> {
        loop {
            match self.read()? {
                (HEADERS, _, stream, _) => return Some(stream),
                // Settings are acknowledged; all else does not matter here.
                (4, 0, _, _) => self.write((4, 1, 0, Vec::new())),
                _ => {}
            }
        }
    }

    /// An answer without a body: `:status: 204` is 0x89 in HPACK's static table.
    pub(crate) fn answer(&mut self, stream: u32) {
        self.write((HEADERS, 0x5, stream, vec![0x89]));
    }

    /// Refuses a stream (RFC 9113 8.7), or resets it for another reason.
    pub(crate) fn reset(&mut self, stream: u32, reason: u32) {
        self.write((RST_STREAM, 0, stream, reason.to_be_bytes().to_vec()));
    }

    /// Says which stream was the last that it ran.
    pub(crate) fn go_away(&mut self, last: u32) {
        self.write((GOAWAY, 0, 0, [last.to_be_bytes(), [0; 4]].concat()));
    }
}

/// An upstream of frames by hand, each connection given to the script.
pub(crate) fn by_hand(script: impl Fn(Hand, &Sender<String>) + Send + Sync + 'static) -> Scripted {
    let (give, heads) = channel();
    let give = std::sync::Mutex::new(give);
    let made = Scripted::start(move |scene| {
        let give = give.lock().expect("no panic under this lock").clone();
        script(Hand::greet(scene), &give);
    });
    Scripted { url: made.url, heads }
}

/// The time that nothing is waited for longer than, for futures.
pub(crate) async fn patiently<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it comes in time")
}
