//! An HTTP/2 client that keeps to the protocol.

use super::PATIENCE;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request};
use std::future::Future;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Runs a test's story to its end, which must come.
pub(crate) fn story(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let over = runtime.block_on(async { tokio::time::timeout(PATIENCE * 2, story).await });
    over.expect("the story comes to its end");
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The reason of the reset that broke it off.
    pub(crate) broken: Option<h2::Reason>,
}

impl Got {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.headers.get("doorward-refusal").map(|code| code.to_str().expect("text"))
    }
}

/// One connection.
pub(crate) struct Second {
    pub(crate) send: SendRequest<Bytes>,
    pub(crate) connection: JoinHandle<Result<(), h2::Error>>,
}

impl Second {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self::on(TcpStream::connect(address).await.expect("the proxy listens")).await
    }

    /// On a socket of any kind.
    pub(crate) async fn on(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (send, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
        Self { send, connection: tokio::spawn(connection) }
    }

    /// Begins a request; its body is sent by what comes back.
    pub(crate) async fn begin(
        &self,
        request: Request<()>,
        is_end: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut send = self.send.clone().ready().await.expect("the connection lives");
        send.send_request(request, is_end).expect("a request")
    }

    pub(crate) async fn ask(&self, request: Request<()>) -> Result<Got, h2::Error> {
        let (answer, _) = self.begin(request, true).await;
        got(answer).await
    }

    /// A request whose body is sent as fast as it is taken, for as long as it is taken.
    pub(crate) async fn upload(
        &self,
        request: Request<()>,
        body: Bytes,
    ) -> (Result<Got, h2::Error>, usize) {
        let (answer, sending) = self.begin(request, false).await;
        tokio::join!(got(answer), send_all(sending, body))
    }
}

/// How much of `body` was taken.
pub(crate) async fn send_all(mut sending: SendStream<Bytes>, mut body: Bytes) -> usize {
    let whole = body.len();
    while !body.is_empty() {
        sending.reserve_capacity(body.len());
        match std::future::poll_fn(|cx| sending.poll_capacity(cx)).await {
            Some(Ok(capacity)) => {
                let piece = body.split_to(capacity.min(body.len()));
                if sending.send_data(piece, body.is_empty()).is_err() {
                    break;
                }
            }
            Some(Err(_)) | None => break,
        }
    }
    whole - body.len()
}

/// Awaits an answer and its body.
pub(crate) async fn got(answer: ResponseFuture) -> Result<Got, h2::Error> {
    let (parts, body) = answer.await?.into_parts();
    let (body, broken) = read_out(body).await;
    Ok(Got { status: parts.status.as_u16(), headers: parts.headers, body, broken })
}

async fn read_out(mut body: RecvStream) -> (Vec<u8>, Option<h2::Reason>) {
    let mut out = Vec::new();
    while let Some(piece) = body.data().await {
        match piece {
            Ok(piece) => {
                let _ = body.flow_control().release_capacity(piece.len());
                out.extend_from_slice(&piece);
            }
            Err(error) => return (out, Some(error.reason().unwrap_or(h2::Reason::INTERNAL_ERROR))),
        }
    }
    (out, None)
}

/// A GET of the gate's own name.
pub(crate) fn get(path: &str) -> Request<()> {
    asking("GET", path, &[])
}

/// A request to the gate's own name.
pub(crate) fn asking(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(format!("http://localhost{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request")
}
