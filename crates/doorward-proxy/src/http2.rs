//! One HTTP/2 connection of a client's (RFC 9113). hyper speaks it; this owns it.
//!
//! Each stream is a client of its own to the rest of the proxy, with one request and its own
//! deadlines. The connection keeps what streams cannot: the time of heads, of silence, of a socket
//! that takes no bytes, and the budgets of frames that serve nobody.
//!
//! Not refused, because hyper does not show it: a `:path` with a fragment loses it before it is
//! judged. What is judged is what goes upstream.

mod frames;
mod head;
mod io;
mod stream;
mod watch;

use self::io::StreamsIo;
use self::stream::{Spawn, serve};
use self::watch::Watch;
use crate::client::Client;
use crate::deadline::Phase;
use crate::mount;
use crate::socket::Socket;
use doorward_core::fault::Fault;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// What a client's side of an HTTP/2 connection begins with (RFC 9113 3.4).
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Streams at once.
const STREAMS_MAX: u32 = 100;
/// Unread bytes of one upload, and of all of a connection's.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
const FRAME_BYTES_MAX: u32 = 16 * 1024;
/// Unsent bytes of one answer, beyond a piece that is being handed over.
const UNSENT_BYTES_MAX: usize = 64 * 1024;
/// Streams that were reset before they were looked at.
const RESET_EARLY_MAX: usize = 20;
/// Streams that the client made this side reset by breaking the protocol (CVE-2025-8671).
const MADE_RESET_MAX: usize = 100;
/// Room over the scan's limit of a head, so that a head somewhat too large is told what it is.
const HEAD_ROOM_BYTES: usize = 16 * 1024;
const NO_ERROR: u32 = 0;
const ENHANCE_YOUR_CALM: u32 = 0xb;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It came to its end, or was silent for too long; it was told so.
    Done,
    /// It is told why, in a GOAWAY.
    Fault(Fault),
    /// It takes no bytes.
    Broken,
}

/// What a connection's bytes, its streams and its owner share.
pub(crate) struct Second {
    pub(crate) client: Arc<Client>,
    pub(crate) watch: Watch,
    /// The stream whose task is about to be made.
    next: Mutex<Option<Arc<Client>>>,
    /// Work since the last look: pieces of answers, their bytes, answers that ended whole, streams
    /// that ended otherwise.
    pieces: AtomicU64,
    piece_bytes: AtomicU64,
    whole: AtomicU64,
    broken: AtomicU64,
    /// Pieces of uploads that were read.
    read: Arc<AtomicU64>,
    /// Streams that were taken up.
    opened: AtomicU64,
    is_flooded: AtomicBool,
    last_stream: AtomicU64,
}

impl Second {
    fn new(client: Arc<Client>) -> Self {
        Self {
            watch: Watch::new(Arc::clone(&client.worker.pulse)),
            client,
            next: Mutex::new(None),
            pieces: AtomicU64::new(0),
            piece_bytes: AtomicU64::new(0),
            whole: AtomicU64::new(0),
            broken: AtomicU64::new(0),
            read: Arc::default(),
            opened: AtomicU64::new(0),
            is_flooded: AtomicBool::new(false),
            last_stream: AtomicU64::new(0),
        }
    }

    fn next(&self) -> std::sync::MutexGuard<'_, Option<Arc<Client>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves a client's HTTP/2 connection until it ends; `ahead` was read of it already.
///
/// Gives back the socket, with whatever is to be told already written, and why it ended.
pub(crate) async fn carry(client: Arc<Client>, socket: Socket, ahead: Vec<u8>) -> (Socket, End) {
    let worker = &client.worker;
    worker.shared.counts.second.fetch_add(1, Relaxed);
    let second = Arc::new(Second::new(Arc::clone(&client)));
    let mut io = StreamsIo::new(socket, ahead, Arc::clone(&second));
    let service = {
        let second = Arc::clone(&second);
        service_fn(move |request| {
            let stream = Arc::new(second.client.stream(Arc::clone(&second.read)));
            *second.next() = Some(Arc::clone(&stream));
            second.opened.fetch_add(1, Relaxed);
            serve(Arc::clone(&second), stream, request)
        })
    };
    let builder = builder(&second);
    let mut connection = builder.serve_connection(TokioIo::new(&mut io), service);
    let mut is_told = false;
    let mut is_remembered = false;
    second.watch.begin(&client.line.deadline);
    let end = std::future::poll_fn(|cx: &mut Context<'_>| {
        if !is_remembered {
            client.line.remember(cx.waker());
            is_remembered = true;
        }
        loop {
            if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(result.err().map_or(End::Done, |error| why(&second, &error)));
            }
            let is_leaving = match ending(&second, is_told) {
                Expiry::End(end) => return Poll::Ready(end),
                Expiry::Leave => true,
                Expiry::None => worker.is_draining(),
            };
            if !is_leaving || is_told {
                return Poll::Pending;
            }
            is_told = true;
            second.watch.leave(&client.line.deadline);
            Pin::new(&mut connection).graceful_shutdown();
        }
    })
    .await;
    drop(connection);
    if let End::Fault(fault) = end {
        // Told by code only: there is no stream that a sentence could be told on.
        drop(mount::faulted(&client, fault));
        if fault == Fault::Flood {
            worker.shared.counts.floods.fetch_add(1, Relaxed);
        }
        io.say_goodbye(if fault == Fault::Flood { ENHANCE_YOUR_CALM } else { NO_ERROR }).await;
    }
    (io.into_socket(), end)
}

fn builder(second: &Arc<Second>) -> Builder<Spawn> {
    let head_bytes_max = second.client.worker.scan_limits().head_bytes_max + HEAD_ROOM_BYTES;
    let mut builder = Builder::new(Spawn::new(Arc::clone(second)));
    builder
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(head_bytes_max).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_send_buf_size(UNSENT_BYTES_MAX)
        .max_pending_accept_reset_streams(RESET_EARLY_MAX)
        .max_local_error_reset_streams(MADE_RESET_MAX);
    builder
}

/// Why hyper gave the connection up.
fn why(second: &Second, error: &hyper::Error) -> End {
    if second.is_flooded.load(Relaxed) {
        return End::Fault(Fault::Flood);
    }
    let protocol = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
    let is_flood = protocol.is_some_and(|error| {
        error.is_library() && error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM)
    });
    if is_flood { End::Fault(Fault::Flood) } else { End::Done }
}

/// What a time that is up means.
enum Expiry {
    None,
    /// The client is told that nothing new is served.
    Leave,
    End(End),
}

fn ending(second: &Second, is_told: bool) -> Expiry {
    let deadline = &second.client.line.deadline;
    if !deadline.is_expired() {
        return Expiry::None;
    }
    match deadline.phase() {
        Phase::Idle if second.watch.has_streams() => {
            // One was opened in the same moment.
            second.watch.settle(deadline);
            Expiry::None
        }
        Phase::Idle if is_told => Expiry::End(End::Done),
        Phase::Idle => Expiry::Leave,
        Phase::Head => Expiry::End(End::Fault(Fault::HeadTooSlow)),
        // The end of an answer is not taken: first nothing new is served.
        Phase::Tail if !is_told => Expiry::Leave,
        Phase::Body | Phase::Upstream | Phase::Stream | Phase::Write | Phase::Tail => {
            Expiry::End(End::Broken)
        }
    }
}
