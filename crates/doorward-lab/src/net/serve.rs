//! Accepting connections of this machine, and answering the requests on them.

use super::bound::{Bound, is_loopback};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body as HttpBody, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// The body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// A body of these bytes.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(never).boxed_unsync()
}

/// No body.
pub(crate) fn empty() -> Body {
    Empty::new().map_err(never).boxed_unsync()
}

/// Why a body did not come to its end.
type Unsent = Box<dyn std::error::Error + Send + Sync>;

fn never(never: Infallible) -> hyper::Error {
    match never {}
}

/// Listeners that are served. Dropped, they and their connections are closed.
#[derive(Debug)]
pub struct Serving(Vec<JoinHandle<()>>);

impl Drop for Serving {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Serves a port: `connect` is asked for each connection who answers the requests on it.
pub(crate) fn serve<C, H, F, B>(bound: Bound, tls: Option<TlsAcceptor>, connect: C) -> Serving
where
    C: Fn(SocketAddr) -> H + Send + Sync + 'static,
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: HttpBody<Data = Bytes, Error: Into<Unsent>> + Send + 'static,
{
    let connect = Arc::new(connect);
    let listeners = bound.listeners().into_iter();
    let tasks =
        listeners.map(|listener| tokio::spawn(accept(listener, tls.clone(), Arc::clone(&connect))));
    Serving(tasks.collect())
}

async fn accept<C, H, F, B>(listener: TcpListener, tls: Option<TlsAcceptor>, connect: Arc<C>)
where
    C: Fn(SocketAddr) -> H + Send + Sync + 'static,
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: HttpBody<Data = Bytes, Error: Into<Unsent>> + Send + 'static,
{
    // Dropped with this task, it ends the connections.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it is accepted is nobody's loss.
                let Ok((stream, peer)) = accepted else { continue };
                if is_loopback(&peer) {
                    connections.spawn(connection(stream, tls.clone(), connect(peer)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection<H, F, B>(stream: TcpStream, tls: Option<TlsAcceptor>, answer: H)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: HttpBody<Data = Bytes, Error: Into<Unsent>> + Send + 'static,
{
    // Without it, small answers in two writes wait for the client's acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tls {
        None => requests(stream, answer).await,
        Some(tls) => {
            // A handshake that fails is a browser that does not trust the authority yet.
            if let Ok(stream) = tls.accept(stream).await {
                requests(stream, answer).await;
            }
        }
    }
}

async fn requests<H, F, B>(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, answer: H)
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: HttpBody<Data = Bytes, Error: Into<Unsent>> + Send + 'static,
{
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).preserve_header_case(true);
    // A browser that leaves ends its connection; there is nothing to mend.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
