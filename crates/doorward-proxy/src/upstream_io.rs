//! An upstream's socket as hyper sees it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// An upstream's socket.
///
/// An upstream may answer early and close while the request's body is still being written. Then the
/// answer lies ready in the socket while a write fails; so a failed write is forgotten here, what else
/// would be written is dropped, and reading decides: it yields the answer, or the end.
pub(crate) struct UpstreamIo {
    stream: Stream,
    has_read: bool,
    is_write_lost: bool,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl UpstreamIo {
    pub(crate) const fn tcp(socket: TcpStream) -> Self {
        Self { stream: Stream::Tcp(socket), has_read: false, is_write_lost: false }
    }

    pub(crate) const fn unix(socket: UnixStream) -> Self {
        Self { stream: Stream::Unix(socket), has_read: false, is_write_lost: false }
    }

    /// Whether a byte came since the last one was written.
    pub(crate) const fn has_read(&self) -> bool {
        self.has_read
    }

    fn written(
        &mut self,
        result: Poll<io::Result<usize>>,
        bytes: usize,
    ) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Err(_)) => {
                self.is_write_lost = true;
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Ok(written)) => {
                self.has_read = false;
                Poll::Ready(Ok(written))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for UpstreamIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        ready!(match &mut this.stream {
            Stream::Tcp(socket) => Pin::new(socket).poll_read(cx, into),
            Stream::Unix(socket) => Pin::new(socket).poll_read(cx, into),
        })?;
        this.has_read |= into.filled().len() > before;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpstreamIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_write_lost {
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = match &mut this.stream {
            Stream::Tcp(socket) => Pin::new(socket).poll_write(cx, bytes),
            Stream::Unix(socket) => Pin::new(socket).poll_write(cx, bytes),
        };
        this.written(result, bytes.len())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        if this.is_write_lost {
            return Poll::Ready(Ok(bytes));
        }
        let result = match &mut this.stream {
            Stream::Tcp(socket) => Pin::new(socket).poll_write_vectored(cx, pieces),
            Stream::Unix(socket) => Pin::new(socket).poll_write_vectored(cx, pieces),
        };
        this.written(result, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
