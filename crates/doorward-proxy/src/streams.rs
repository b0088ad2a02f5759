//! HTTP/2 to an upstream: few connections, many streams on each.

use crate::body::RequestBody;
use crate::dial::dial;
use crate::link::{Place, Unsent};
use crate::setup::Backend;
use crate::upstream_io::Tally;
use doorward_core::fault::Fault;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Connections to one upstream, of one worker.
const CONNECTIONS_MAX: usize = 4;
/// Streams of one connection, if the upstream allows as many.
const STREAMS_MAX: usize = 100;
/// What an upstream may send on one stream beyond what the client has taken.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// The same for a whole connection: so much that clients who do not read theirs never hold up those
/// who do.
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * STREAMS_MAX as u32;
/// What is kept of a request's body that the upstream does not take.
const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Bytes of an answer's headers, as RFC 9113 10.5.1 counts them.
const ANSWER_HEAD_BYTES_MAX: u32 = 64 * 1024;
/// How often a connection with open streams, on which nothing comes, is asked whether it lives.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long it may take to say so.
const PONG_TIME_MAX: Duration = Duration::from_secs(10);

/// The connections to one upstream.
#[derive(Default)]
pub(crate) struct Group {
    connections: Mutex<Vec<Arc<Shared>>>,
    /// Held while one is opened: others who need it wait for that one.
    opening: tokio::sync::Mutex<()>,
}

/// One connection. It ends when nobody holds it any more.
struct Shared {
    sender: SendRequest<RequestBody>,
    tally: Arc<Tally>,
    state: Arc<State>,
    idle_since_ms: AtomicU64,
}

/// What the task that drives a connection says of it.
struct State {
    streams: AtomicUsize,
    /// As many as the upstream allows, and this gate uses.
    streams_max: AtomicUsize,
    /// Whether it ended, or takes no more requests.
    is_closed: AtomicBool,
    /// Whether it ever brought an answer.
    has_answered: AtomicBool,
}

impl Shared {
    fn has_room(&self) -> bool {
        self.state.streams.load(Relaxed) < self.state.streams_max.load(Relaxed)
    }
}

impl Group {
    fn connections(&self) -> MutexGuard<'_, Vec<Arc<Shared>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The least busy connection, if it has room, or there may be no other; then the request waits
    /// on it for its turn.
    fn least_busy(&self) -> Option<Arc<Shared>> {
        let mut connections = self.connections();
        connections.retain(|connection| !connection.state.is_closed.load(Relaxed));
        let is_full = connections.len() >= CONNECTIONS_MAX;
        let least = connections.iter().min_by_key(|one| one.state.streams.load(Relaxed))?;
        (is_full || least.has_room()).then(|| Arc::clone(least))
    }

    /// A stream to the upstream, of a connection that stands or of a new one.
    ///
    /// # Errors
    /// When no connection can be opened.
    pub(crate) async fn open(
        &self,
        backend: &Backend,
        place: Place,
        now_ms: u64,
    ) -> Result<Stream, Fault> {
        if let Some(connection) = self.least_busy() {
            return Ok(Stream::new(connection, place));
        }
        let _opening = self.opening.lock().await;
        if let Some(connection) = self.least_busy() {
            return Ok(Stream::new(connection, place));
        }
        let connection = Arc::new(connect(backend, now_ms).await?);
        self.connections().push(Arc::clone(&connection));
        Ok(Stream::new(connection, place))
    }

    /// Lets go of the connections without a stream since `before_ms`.
    pub(crate) fn close_idle(&self, now_ms: u64, before_ms: u64) {
        self.connections().retain(|connection| {
            if connection.state.streams.load(Relaxed) > 0 {
                connection.idle_since_ms.store(now_ms, Relaxed);
            }
            let is_idle = connection.idle_since_ms.load(Relaxed) < before_ms;
            !is_idle && !connection.state.is_closed.load(Relaxed)
        });
    }
}

async fn connect(backend: &Backend, now_ms: u64) -> Result<Shared, Fault> {
    let io = dial(&backend.upstream).await?;
    let tally = io.tally();
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_header_list_size(ANSWER_HEAD_BYTES_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_TIME_MAX);
    let (sender, mut connection) =
        builder.handshake(TokioIo::new(io)).await.map_err(|_| Fault::UpstreamBroken)?;
    let state = Arc::new(State {
        streams: AtomicUsize::new(0),
        streams_max: AtomicUsize::new(STREAMS_MAX),
        is_closed: AtomicBool::new(false),
        has_answered: AtomicBool::new(false),
    });
    let driven = Arc::clone(&state);
    tokio::spawn(async move {
        let end = std::future::poll_fn(|cx| {
            let end = Pin::new(&mut connection).poll(cx);
            let allowed = connection.current_max_send_streams().min(STREAMS_MAX);
            driven.streams_max.store(allowed, Relaxed);
            end
        });
        // How it ended shows at each of its streams.
        let _ = end.await;
        // Before what still waits on it is handed back, so that it is not sent here once more.
        driven.is_closed.store(true, Relaxed);
        drop(connection);
    });
    Ok(Shared { sender, tally, state, idle_since_ms: AtomicU64::new(now_ms) })
}

/// One request's stream.
pub(crate) struct Stream {
    connection: Arc<Shared>,
    /// The request once more, until it is known that it cannot be sent again.
    copy: Option<Request<RequestBody>>,
    /// Whether running it twice does no more than running it once.
    may_repeat: bool,
    _place: Place,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.state.streams.fetch_sub(1, Relaxed);
    }
}

impl Stream {
    fn new(connection: Arc<Shared>, place: Place) -> Self {
        connection.state.streams.fetch_add(1, Relaxed);
        Self { connection, copy: None, may_repeat: false, _place: place }
    }

    /// What went over its connection.
    pub(crate) fn tally(&self) -> &Tally {
        &self.connection.tally
    }

    /// Queues a request.
    pub(crate) fn send(
        &mut self,
        request: Request<RequestBody>,
        may_repeat: bool,
    ) -> impl Future<Output = Result<Response<Incoming>, Unsent>> + Send + use<> {
        // A connection that never brought an answer may be at fault itself.
        self.may_repeat = may_repeat && self.connection.state.has_answered.load(Relaxed);
        self.copy = copy(&request);
        let mut sender = self.connection.sender.clone();
        sender.try_send_request(request)
    }

    /// Its answer's head is there.
    pub(crate) fn answered(&mut self) {
        self.copy = None;
        self.connection.state.has_answered.store(true, Relaxed);
    }

    /// There will be no answer.
    pub(crate) fn failed(&mut self, mut unsent: Unsent) {
        if let Some(request) = unsent.take_message() {
            // It never left the queue.
            self.copy = Some(request);
            return;
        }
        let died = died(unsent.error());
        let may_repeat = match died {
            Died::NotRun => true,
            Died::Connection => self.may_repeat,
            Died::Unclear => false,
        };
        if !may_repeat {
            self.copy = None;
        }
    }

    /// The request once more, where it was not run, or may be run twice.
    pub(crate) fn again(&mut self) -> Option<Request<RequestBody>> {
        self.copy.take()
    }
}

/// How a stream came to its end without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Died {
    /// The upstream says that it did not run the request (RFC 9113 6.8, 8.7).
    NotRun,
    /// The whole connection ended.
    Connection,
    /// It may have been run.
    Unclear,
}

fn died(error: &hyper::Error) -> Died {
    let Some(source) = error.source() else { return Died::Unclear };
    if source.is::<std::io::Error>() {
        return Died::Connection;
    }
    let Some(error) = source.downcast_ref::<h2::Error>() else { return Died::Unclear };
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    // h2 gives the peer's GOAWAY to those streams only that are above the last one it names.
    let is_not_run = error.is_remote() && (is_refused || error.is_go_away());
    if is_not_run { Died::NotRun } else { Died::Unclear }
}

/// A request once more, where its body is not gone once it was sent.
fn copy(request: &Request<RequestBody>) -> Option<Request<RequestBody>> {
    let body = match request.body() {
        RequestBody::Empty => RequestBody::Empty,
        RequestBody::Held(bytes) => RequestBody::Held(bytes.clone()),
        RequestBody::Stream(_) => return None,
    };
    let mut out = Request::new(body);
    *out.method_mut() = request.method().clone();
    *out.uri_mut() = request.uri().clone();
    *out.version_mut() = request.version();
    *out.headers_mut() = request.headers().clone();
    Some(out)
}
