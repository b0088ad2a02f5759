//! A tap as a server: it passes requests on to one backend as they are, and notes what goes by.

use super::{MARK, Passed, Tap};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::Builder as Client;
use hyper::server::conn::http1::Builder as Server;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Marks that are kept until they are asked for. Whoever calls the tap may send any.
const MARKS_MAX: usize = 10_000;
/// Bytes of a mark; the probe's own have fewer than thirty.
const MARK_BYTES_MAX: usize = 64;
/// Requests with one mark: who stands before may ask again.
const PASSED_MAX: usize = 8;
/// Bytes of a path that are kept.
const PATH_BYTES_MAX: usize = 200;

/// The body of an answer.
type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// Why there is no tap.
#[derive(Debug, Error)]
#[error("nothing can listen on {0}: choose another --tap-listen, or port 0")]
pub struct NoTap(SocketAddr, #[source] io::Error);

/// A tap before one backend. Dropped, it and its connections are closed.
#[derive(Debug)]
pub struct TapServer {
    address: SocketAddr,
    notes: Arc<Notes>,
    task: JoinHandle<()>,
}

/// What went by.
#[derive(Debug, Default)]
struct Notes {
    by_mark: Mutex<HashMap<String, Vec<Passed>>>,
    /// A mark that was asked for has arrived.
    is_in_path: AtomicBool,
    /// There were more marks than are kept: what is absent may have been here.
    is_full: AtomicBool,
}

impl TapServer {
    /// Listens on `listen`, on the current runtime, and passes everything on to `upstream`.
    ///
    /// # Errors
    /// When nothing can listen there.
    pub async fn start(listen: SocketAddr, upstream: SocketAddr) -> Result<Self, NoTap> {
        let no = |error| NoTap(listen, error);
        let listener = TcpListener::bind(listen).await.map_err(no)?;
        let address = listener.local_addr().map_err(no)?;
        let notes = Arc::<Notes>::default();
        let task = tokio::spawn(accept(listener, upstream, Arc::clone(&notes)));
        Ok(Self { address, notes, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TapServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Tap for TapServer {
    fn arrived(&self, mark: &str) -> Vec<Passed> {
        let mut by_mark = self.notes.by_mark.lock().unwrap_or_else(PoisonError::into_inner);
        let own = by_mark.remove(mark).unwrap_or_default();
        if !own.is_empty() {
            self.notes.is_in_path.store(true, Ordering::Release);
        }
        own
    }

    fn is_in_path(&self) -> bool {
        let is_full = self.notes.is_full.load(Ordering::Acquire);
        self.notes.is_in_path.load(Ordering::Acquire) && !is_full
    }
}

impl Notes {
    /// Writes down that a request goes on to the backend. Returns its place among those of its
    /// mark; none where there is no room.
    fn arrives(&self, mark: &str, passed: Passed) -> Option<usize> {
        let mut by_mark = self.by_mark.lock().unwrap_or_else(PoisonError::into_inner);
        if by_mark.len() >= MARKS_MAX && !by_mark.contains_key(mark) {
            self.is_full.store(true, Ordering::Release);
            return None;
        }
        let own = by_mark.entry(mark.to_owned()).or_default();
        if own.len() >= PASSED_MAX {
            return None;
        }
        own.push(passed);
        Some(own.len() - 1)
    }

    /// Writes down what the backend answered.
    fn answers(&self, mark: &str, place: usize, status: StatusCode) {
        let mut by_mark = self.by_mark.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(passed) = by_mark.get_mut(mark).and_then(|own| own.get_mut(place)) {
            passed.status = Some(status.as_u16());
        }
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, notes: Arc<Notes>) {
    // Dropped with this task, it ends the connections.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it is accepted is nobody's loss.
                let Ok((stream, _)) = accepted else { continue };
                connections.spawn(connection(stream, upstream, Arc::clone(&notes)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, upstream: SocketAddr, notes: Arc<Notes>) {
    // Without it, small answers in two writes wait for the client's acknowledgement.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| {
        let notes = Arc::clone(&notes);
        async move { Ok::<_, Infallible>(pass(request, upstream, &notes).await) }
    });
    let mut builder = Server::new();
    builder.timer(TokioTimer::new()).preserve_header_case(true);
    // A client that leaves ends its connection; there is nothing to mend.
    let _ = builder.serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// Passes one request on, and its answer back.
async fn pass(request: Request<Incoming>, upstream: SocketAddr, notes: &Notes) -> Response<Body> {
    match exchange(request, upstream, notes).await {
        Ok(answer) => answer,
        Err(why) => {
            let text =
                format!("The probe's tap has no answer of the backend at {upstream}: {why}\n");
            let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
            let mut answer = Response::new(body.boxed_unsync());
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }
    }
}

async fn exchange(
    mut request: Request<Incoming>,
    upstream: SocketAddr,
    notes: &Notes,
) -> io::Result<Response<Body>> {
    let stream = TcpStream::connect(upstream).await?;
    stream.set_nodelay(true)?;
    let mut builder = Client::new();
    builder.preserve_header_case(true);
    // Each request has a connection of its own: none is ever sent twice.
    let handshake = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(io::Error::other)?;
    tokio::spawn(connection.with_upgrades());
    let mark = taken(&mut request);
    let wants_upgrade = request.headers().contains_key(header::UPGRADE);
    let client = wants_upgrade.then(|| hyper::upgrade::on(&mut request));
    let path = request.uri().path();
    let passed = Passed {
        method: request.method().to_string(),
        path: path.chars().take(PATH_BYTES_MAX).collect(),
        status: None,
    };
    let place = mark.as_ref().and_then(|mark| notes.arrives(mark, passed));
    let mut answer = sender.send_request(request).await.map_err(io::Error::other)?;
    if let (Some(mark), Some(place)) = (&mark, place) {
        notes.answers(mark, place, answer.status());
    }
    if let (Some(client), StatusCode::SWITCHING_PROTOCOLS) = (client, answer.status()) {
        tokio::spawn(tunnel(client, hyper::upgrade::on(&mut answer)));
    }
    Ok(answer.map(BodyExt::boxed_unsync))
}

/// Takes the mark off: the backend gets what it would get without a tap. What is no mark of ours
/// goes on as it is.
fn taken(request: &mut Request<Incoming>) -> Option<String> {
    let mut marks = request.headers().get_all(MARK).iter();
    let (Some(mark), None) = (marks.next(), marks.next()) else { return None };
    let mark = mark.to_str().ok().filter(|mark| mark.len() <= MARK_BYTES_MAX)?.to_owned();
    request.headers_mut().remove(MARK);
    Some(mark)
}

/// Carries what both sides say once they have left HTTP, until either ends.
async fn tunnel(client: OnUpgrade, backend: OnUpgrade) {
    let (Ok(client), Ok(backend)) = (client.await, backend.await) else { return };
    let _ = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(backend)).await;
}
