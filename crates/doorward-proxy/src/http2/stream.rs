//! One stream: a request, its answer, and the task that carries both.

use super::Second;
use super::head;
use crate::body::{AnswerBody, Cut};
use crate::client::Client;
use crate::connection::ending;
use crate::{forward, mount, reply};
use bytes::{Buf, Bytes};
use doorward_core::fingerprint::http1::HeadOrder;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::Future;
use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

/// What is handed to HTTP/2 at once: what a client does not take is held in pieces of this size.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// Serves one stream's request.
pub(crate) async fn serve(
    second: Arc<Second>,
    stream: Arc<Client>,
    request: Request<Incoming>,
) -> Result<Response<StreamBody>, Infallible> {
    let (mut parts, incoming) = request.into_parts();
    if incoming.is_end_stream() {
        stream.line.ended();
    }
    if stream.shown.is_some() {
        // Before its lines are settled: then they are in another order.
        stream.saw_order(1, HeadOrder::of(&parts.headers));
    }
    let answered = match head::settle(&mut parts, stream.worker.scan_limits()) {
        Ok(()) => {
            let request = Request::from_parts(parts, incoming);
            match forward::serve(Arc::clone(&stream), request).await {
                Ok(response) => response,
            }
        }
        Err(fault) => {
            let number = stream.line.serve();
            let reply = mount::faulted(&stream, fault);
            let response = reply::response(reply, &stream, None, number);
            stream.line.answer();
            response
        }
    };
    Ok(answered.map(|body| StreamBody::new(second, stream, body)))
}

/// An answer on its way into a stream. HTTP/2 asks for a piece, and for the next one only when the
/// client has made room for the first: between the two, the client is waited for.
pub(crate) struct StreamBody {
    body: AnswerBody,
    second: Arc<Second>,
    stream: Arc<Client>,
    /// What is left of a piece that was too large.
    rest: Bytes,
    /// The piece that HTTP/2 has and may not have sent.
    given_bytes: usize,
    is_whole: bool,
}

impl StreamBody {
    fn new(second: Arc<Second>, stream: Arc<Client>, body: AnswerBody) -> Self {
        let is_whole = body.is_end_stream();
        Self { body, second, stream, rest: Bytes::new(), given_bytes: 0, is_whole }
    }

    fn give(&mut self, mut piece: Bytes) -> Frame<Piece> {
        self.rest = piece.split_off(piece.len().min(PIECE_BYTES_MAX));
        self.given_bytes = piece.len();
        self.stream.line.deadline.piece_given();
        add(&self.second.pieces, 1);
        add(&self.second.piece_bytes, piece.len() as u64);
        self.is_whole = self.is_end_stream();
        let second = &self.second;
        let tail = self.is_whole.then(|| Tail {
            number: second.watch.tail(piece.len(), &second.client.line.deadline),
            second: Arc::clone(second),
        });
        Frame::data(Piece { bytes: piece, _tail: tail })
    }
}

/// What HTTP/2 is handed of an answer at once. It is dropped when it was written, or given up.
pub(crate) struct Piece {
    bytes: Bytes,
    /// Only the last: behind the others their stream's own task waits.
    _tail: Option<Tail>,
}

/// A last piece that was not taken yet.
struct Tail {
    number: u64,
    second: Arc<Second>,
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.second.watch.taken(self.number, &self.second.client.line.deadline);
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(into)
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.store(count.load(Relaxed) + more, Relaxed);
}

impl Body for StreamBody {
    type Data = Piece;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Cut>>> {
        let this = self.get_mut();
        let given_bytes = std::mem::take(&mut this.given_bytes);
        if given_bytes > 0 {
            this.stream.line.deadline.wrote(given_bytes);
            this.stream.line.deadline.flushed();
        }
        if !this.rest.is_empty() {
            let rest = std::mem::take(&mut this.rest);
            return Poll::Ready(Some(Ok(this.give(rest))));
        }
        let frame = match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(cut)) => {
                this.is_whole = false;
                return Poll::Ready(Some(Err(cut)));
            }
            None => {
                this.is_whole = true;
                return Poll::Ready(None);
            }
        };
        let trailers = match frame.into_data() {
            Ok(piece) => return Poll::Ready(Some(Ok(this.give(piece)))),
            Err(frame) => frame.into_trailers(),
        };
        // Trailers, which are the last.
        this.is_whole = true;
        Poll::Ready(trailers.ok().map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        if self.is_whole {
            self.stream.line.whole();
        }
    }
}

/// Makes the tasks of a connection's streams.
#[derive(Clone)]
pub(crate) struct Spawn {
    second: Arc<Second>,
}

impl Spawn {
    pub(crate) const fn new(second: Arc<Second>) -> Self {
        Self { second }
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Spawn {
    fn execute(&self, future: F) {
        // Without a stream it is the tunnel of a CONNECT, which no gate admits.
        if let Some(stream) = self.second.next().take() {
            tokio::spawn(run(Seat::take(Arc::clone(&self.second), stream), future));
        }
    }
}

/// The seat of a stream, left when its task ends or is dropped.
struct Seat {
    second: Arc<Second>,
    stream: Arc<Client>,
    number: usize,
}

impl Seat {
    fn take(second: Arc<Second>, stream: Arc<Client>) -> Self {
        second.watch.open(&second.client.line.deadline);
        let number = stream.worker.enter_stream(Arc::clone(&stream));
        Self { second, stream, number }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let second = &self.second;
        // What ends without its whole answer counts against the connection, whoever broke it off.
        let is_whole = self.stream.line.is_whole();
        add(if is_whole { &second.whole } else { &second.broken }, 1);
        self.stream.worker.leave_stream(self.number);
        second.watch.close(&second.client.line.deadline);
        second.client.line.wake();
    }
}

/// Carries a stream to its end. Dropped before, hyper's future resets it.
async fn run(seat: Seat, future: impl Future<Output = ()>) {
    let line = &seat.stream.line;
    let mut future = pin!(future);
    let mut is_remembered = false;
    std::future::poll_fn(|cx| {
        if !is_remembered {
            line.remember(cx.waker());
            is_remembered = true;
        }
        if future.as_mut().poll(cx).is_ready() || ending(&seat.stream).is_some() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
}
