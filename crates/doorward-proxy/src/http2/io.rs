//! The socket of an HTTP/2 connection: its frames are counted on the way in, its writes watched.

use super::Second;
use super::frames::{Frames, Work};
use crate::gather::{Gathered, gather};
use crate::socket::Socket;
use doorward_core::fingerprint::http2::OpeningReading;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// How long a GOAWAY may take to leave.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(1);
/// The type of a GOAWAY frame (RFC 9113 6.8).
const GOAWAY: u8 = 0x7;

/// The socket of an HTTP/2 connection.
pub(crate) struct StreamsIo {
    socket: Socket,
    /// What was read before it was known to be HTTP/2.
    ahead: Vec<u8>,
    frames: Frames,
    /// Reads how the client opens the connection, until that is known.
    opening: Option<Box<OpeningReading>>,
    second: Arc<Second>,
}

impl StreamsIo {
    pub(crate) fn new(socket: Socket, ahead: Vec<u8>, second: Arc<Second>) -> Self {
        let opening = second.client.shown.as_ref().map(|_| Box::default());
        Self { socket, ahead, frames: Frames::new(), opening, second }
    }

    pub(crate) fn into_socket(self) -> Socket {
        self.socket
    }

    /// Writes a last GOAWAY, where the client takes it.
    pub(crate) async fn say_goodbye(&mut self, reason: u32) {
        if self.second.watch.is_write_blocked() {
            // A frame may have left in part, and this one would be read as its rest.
            return;
        }
        let last = u32::try_from(self.second.last_stream.load(Relaxed)).unwrap_or(0);
        let mut frame = [0; 17];
        frame[2] = 8;
        frame[3] = GOAWAY;
        frame[9..13].copy_from_slice(&last.to_be_bytes());
        frame[13..].copy_from_slice(&reason.to_be_bytes());
        let write = async {
            self.socket.write_all(&frame).await?;
            self.socket.flush().await
        };
        let _ = tokio::time::timeout(GOODBYE_TIME_MAX, write).await;
    }

    /// Looks at the frames of what was just read.
    fn look(&mut self, new: &[u8]) -> io::Result<()> {
        let second = &self.second;
        second.client.worker.cells.read(new.len());
        if let (Some(reading), Some(shown)) = (&mut self.opening, &second.client.shown)
            && !shown.read_opening(reading, new)
        {
            self.opening = None;
        }
        let take = |count: &AtomicU64| count.swap(0, Relaxed);
        let work = Work {
            pieces: take(&second.pieces),
            piece_bytes: take(&second.piece_bytes),
            whole: take(&second.whole),
            read: take(&second.read),
            opened: take(&second.opened),
            broken: take(&second.broken),
        };
        let now_ms = second.client.worker.pulse.now_ms();
        let fed = self.frames.feed(new, work, now_ms);
        second.last_stream.store(u64::from(self.frames.last_stream()), Relaxed);
        second.watch.head(self.frames.is_in_head(), &second.client.line.deadline);
        fed.map_err(|flood| {
            second.is_flooded.store(true, Relaxed);
            io::Error::other(flood)
        })
    }

    fn wrote<T>(&self, result: &Poll<io::Result<T>>, bytes: impl Fn(&T) -> usize) {
        let deadline = &self.second.client.line.deadline;
        match result {
            Poll::Ready(Ok(written)) => {
                self.second.client.worker.cells.wrote(bytes(written));
                self.second.watch.wrote(bytes(written), deadline);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.second.watch.write_blocked(deadline),
        }
    }
}

impl AsyncRead for StreamsIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.frames.yields() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = into.filled().len();
        if this.ahead.is_empty() {
            ready!(Pin::new(&mut this.socket).poll_read(cx, into))?;
        } else {
            let taken = this.ahead.len().min(into.remaining());
            into.put_slice(&this.ahead[..taken]);
            this.ahead.drain(..taken);
        }
        let looked = this.look(&into.filled()[before..]);
        if looked.is_err() {
            into.set_filled(before);
        }
        Poll::Ready(looked)
    }
}

impl AsyncWrite for StreamsIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.wrote(&result, |bytes| *bytes);
        result
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let socket = Pin::new(&mut this.socket);
        let result = match gather(pieces) {
            Gathered::One(piece) => socket.poll_write(cx, piece),
            Gathered::All(all) => socket.poll_write(cx, &all),
            Gathered::Many => socket.poll_write_vectored(cx, pieces),
        };
        this.wrote(&result, |bytes| *bytes);
        result
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.socket).poll_flush(cx);
        this.wrote(&result, |()| 0);
        result
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The owner closes the socket.
        self.poll_flush(cx)
    }
}
