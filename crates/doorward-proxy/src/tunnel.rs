//! A WebSocket between a client and an upstream, once its handshake is done: bytes go both ways as
//! fast as whoever reads them takes them, and frames are watched by their headers.

use crate::client::Client;
use crate::deadline::Phase;
use crate::leave::Leave;
use crate::metrics::TunnelCells;
use crate::observe::Record;
use crate::upstream_socket::UpstreamSocket;
use crate::web_socket::{CloseCode, Frames};
use bytes::Bytes;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is held of each direction.
const BUFFER_BYTES: usize = 16 * 1024;
/// A close frame of the gate's own.
const CLOSE_BYTES: usize = 4;
/// How long the client may take to take it.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(5);

/// A tunnel that is to be opened when the 101 has left.
pub(crate) struct Tunnel {
    pub(crate) upstream: UpstreamSocket,
    /// What the upstream sent behind its 101.
    pub(crate) first: Bytes,
    pub(crate) from_client: Frames,
    pub(crate) from_upstream: Frames,
    /// How long its caller may stay.
    pub(crate) leave: Leave,
    pub(crate) record: Option<Box<Record>>,
}

/// What becomes of the client's socket when its tunnel has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// All was said: it is closed.
    Close,
    /// It is reset: what it was sent must not look complete.
    Reset,
}

/// Why a tunnel ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// The upstream has nothing more to say.
    Done,
    /// One side is gone.
    Broken,
    /// The gate ends it, and says why.
    Closed(CloseCode),
}

/// Carries a WebSocket to its end.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    client: &Client,
    socket: &mut S,
    tunnel: Box<Tunnel>,
) -> Leaving {
    let Tunnel { mut upstream, first, from_client, from_upstream, mut leave, record } = *tunnel;
    let mut up = Way::new(from_client, &[]);
    let mut down = Way::new(from_upstream, &first);
    client.line.deadline.forgive();
    let mut counted = TunnelCells::open(&client.worker.cells);
    let mut over = poll_fn(|cx| {
        if let Some(over) = ending(client, &mut leave, cx) {
            return Poll::Ready(over);
        }
        let went_up = up.poll(Pin::new(&mut *socket), Pin::new(&mut upstream), cx);
        let came_down = down.poll(Pin::new(&mut upstream), Pin::new(&mut *socket), cx);
        note(client, &mut up, &mut down);
        counted.saw([&up, &down].map(|way| (way.frames.count(), way.frames.bytes())));
        match (went_up, came_down) {
            (_, Poll::Ready(over)) => Poll::Ready(over),
            // A client that has said all is still told what is left.
            (Poll::Ready(Over::Done) | Poll::Pending, Poll::Pending) => Poll::Pending,
            (Poll::Ready(over), Poll::Pending) => Poll::Ready(over),
        }
    })
    .await;
    drop(upstream);
    if let Over::Closed(code) = over
        && !close(socket, &mut down, code).await
    {
        over = Over::Broken;
    }
    if let Some(mut record) = record {
        record.frames_in(up.frames.count(), up.frames.bytes());
        record.frames_out(down.frames.count(), down.frames.bytes());
        if over != Over::Done {
            record.broke_off();
        }
    }
    if over == Over::Broken { Leaving::Reset } else { Leaving::Close }
}

/// Whether what neither side says ends the tunnel now.
fn ending(client: &Client, leave: &mut Leave, cx: &mut Context<'_>) -> Option<Over> {
    if leave.poll_over(cx, true).is_some() {
        return Some(Over::Closed(CloseCode::Policy));
    }
    if client.worker.is_draining() {
        return Some(Over::Closed(CloseCode::GoingAway));
    }
    let deadline = &client.line.deadline;
    match deadline.phase() {
        _ if !deadline.is_expired() => None,
        Phase::Write | Phase::Tail => Some(Over::Broken),
        Phase::Idle | Phase::Head | Phase::Body | Phase::Upstream | Phase::Stream => {
            Some(Over::Closed(CloseCode::GoingAway))
        }
    }
}

/// Moves the deadline on: a tunnel on which nothing goes is idle, one whose client does not read is
/// stuck.
fn note(client: &Client, up: &mut Way, down: &mut Way) {
    let deadline = &client.line.deadline;
    let down_bytes = std::mem::take(&mut down.written);
    if down_bytes > 0 {
        deadline.wrote(down_bytes);
    }
    if down.is_empty() {
        deadline.flushed();
    }
    if down_bytes > 0 || std::mem::take(&mut up.written) > 0 {
        deadline.stream();
    }
    if !down.is_empty() {
        deadline.write_blocked();
    }
}

/// Says why to the client, where a frame may begin. Whether that was so, and it took it.
async fn close<S: AsyncWrite + Unpin>(socket: &mut S, down: &mut Way, code: CloseCode) -> bool {
    if !down.end_with(code) {
        return false;
    }
    let written = poll_fn(|cx| down.poll_write(Pin::new(&mut *socket), cx));
    matches!(tokio::time::timeout(CLOSE_TIME_MAX, written).await, Ok(Ok(())))
}

/// One direction: what was read and not written yet.
struct Way {
    frames: Frames,
    buffer: Box<[u8]>,
    /// Where what is to be written begins.
    begin: usize,
    /// Where it ends. Behind it lies the beginning of a header that is not all there.
    passed: usize,
    /// Where what was read ends.
    end: usize,
    /// The last place between two frames that is known of what is in the buffer.
    boundary: Option<usize>,
    is_malformed: bool,
    is_read_out: bool,
    /// Whether the other side was told that nothing follows.
    is_shut: bool,
    /// Whether what was written has left: TLS keeps records of a reader who does not read.
    is_flushed: bool,
    /// Bytes written since this was last asked.
    written: usize,
}

impl Way {
    fn new(frames: Frames, first: &[u8]) -> Self {
        let mut buffer = vec![0; BUFFER_BYTES.max(first.len()) + CLOSE_BYTES].into_boxed_slice();
        buffer[..first.len()].copy_from_slice(first);
        let mut way = Self {
            frames,
            buffer,
            begin: 0,
            passed: 0,
            end: first.len(),
            boundary: Some(0),
            is_malformed: false,
            is_read_out: false,
            is_shut: false,
            is_flushed: true,
            written: 0,
        };
        way.feed();
        way
    }

    const fn is_empty(&self) -> bool {
        self.begin == self.passed && self.is_flushed
    }

    /// Looks at what lies in the buffer, none of which was looked at before.
    fn feed(&mut self) {
        let fed = self.frames.feed(&self.buffer[..self.end]);
        self.passed = fed.passed;
        self.boundary = fed.boundary;
        self.is_malformed = fed.is_malformed;
        if self.frames.is_over() {
            // RFC 6455 5.5.1: what comes behind a close is nobody's.
            self.end = self.passed;
        }
    }

    /// Writes what may go on.
    fn poll_write<W: AsyncWrite>(
        &mut self,
        mut to: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Over>> {
        while self.begin < self.passed {
            let bytes = &self.buffer[self.begin..self.passed];
            match ready!(to.as_mut().poll_write(cx, bytes)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Over::Broken)),
                Ok(bytes) => {
                    self.begin += bytes;
                    self.written += bytes;
                }
            }
        }
        let flushed = to.poll_flush(cx).map_err(|_| Over::Broken);
        self.is_flushed = flushed.is_ready();
        flushed
    }

    /// Reads what fits. Everything before was written.
    fn poll_read<R: AsyncRead>(
        &mut self,
        from: Pin<&mut R>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Over>> {
        self.buffer.copy_within(self.passed..self.end, 0);
        self.end -= self.passed;
        (self.begin, self.passed) = (0, 0);
        self.boundary = self.frames.is_between().then_some(0);
        let room = self.buffer.len() - CLOSE_BYTES;
        let mut into = ReadBuf::new(&mut self.buffer[self.end..room]);
        ready!(from.poll_read(cx, &mut into)).map_err(|_| Over::Broken)?;
        let bytes = into.filled().len();
        self.is_read_out = bytes == 0;
        self.end += bytes;
        self.feed();
        Poll::Ready(Ok(()))
    }

    /// Goes on as far as both ends let it.
    fn poll<R: AsyncRead, W: AsyncWrite>(
        &mut self,
        mut from: Pin<&mut R>,
        mut to: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<Over> {
        loop {
            if let Err(over) = ready!(self.poll_write(to.as_mut(), cx)) {
                return Poll::Ready(over);
            }
            if self.is_malformed {
                return Poll::Ready(Over::Closed(CloseCode::Protocol));
            }
            if self.is_read_out {
                if !self.is_shut {
                    // One that cannot be told is gone, which shows when it is read.
                    let _ = ready!(to.as_mut().poll_shutdown(cx));
                    self.is_shut = true;
                }
                return Poll::Ready(Over::Done);
            }
            if let Err(over) = ready!(self.poll_read(from.as_mut(), cx)) {
                return Poll::Ready(over);
            }
        }
    }

    /// Puts a close behind the last whole frame, in place of what has begun behind it. False where
    /// a frame has begun to leave and is not complete, or this side was closed already.
    fn end_with(&mut self, code: CloseCode) -> bool {
        let Some(boundary) = self.boundary.filter(|boundary| *boundary >= self.begin) else {
            return false;
        };
        self.passed = boundary;
        if !self.frames.is_over() {
            self.buffer[boundary..boundary + CLOSE_BYTES].copy_from_slice(&code.frame());
            self.passed += CLOSE_BYTES;
        }
        self.end = self.passed;
        true
    }
}

#[cfg(test)]
mod tests;
