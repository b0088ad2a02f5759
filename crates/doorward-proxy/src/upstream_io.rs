//! An upstream's socket as hyper sees it.

use crate::gather::{Gathered, gather};
use crate::upstream_socket::UpstreamSocket;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// An upstream's socket.
///
/// An upstream may answer early and close while the request's body is still being written. Then the
/// answer lies ready in the socket while a write fails; so a failed write is forgotten here, what
/// else would be written is dropped, and reading decides: it yields the answer, or the end.
pub(crate) struct UpstreamIo {
    socket: UpstreamSocket,
    tally: Arc<Tally>,
    is_write_lost: bool,
}

/// What went over a connection for the request that it carries.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Whether what is written is kept.
    keeps: AtomicBool,
    kept: Mutex<Vec<u8>>,
    has_read: AtomicBool,
    /// Whether TLS broke after the handshake: an upstream says only then that it wants another
    /// client certificate (RFC 8446 4.4.2.4).
    has_tls_failed: AtomicBool,
}

impl Tally {
    /// A new request begins. Its bytes are kept if it may be sent once more: that is cheaper than
    /// to copy every head for the few whose connection has died.
    pub(crate) fn begin(&self, keeps: bool) {
        self.keeps.store(keeps, Relaxed);
        self.has_read.store(false, Relaxed);
        self.kept().clear();
    }

    /// Whether a byte of its answer came.
    pub(crate) fn has_read(&self) -> bool {
        self.has_read.load(Relaxed)
    }

    /// Whether TLS broke after the handshake.
    pub(crate) fn has_tls_failed(&self) -> bool {
        self.has_tls_failed.load(Relaxed)
    }

    fn failed(&self, error: &io::Error) {
        if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
            self.has_tls_failed.store(true, Relaxed);
        }
    }

    /// The bytes that were written of it, where they are kept.
    pub(crate) fn kept(&self) -> MutexGuard<'_, Vec<u8>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrote(&self, bytes: &[u8]) {
        if self.keeps.load(Relaxed) {
            self.kept().extend_from_slice(bytes);
        }
    }
}

impl UpstreamIo {
    pub(crate) fn new(socket: UpstreamSocket) -> Self {
        Self { socket, tally: Arc::default(), is_write_lost: false }
    }

    /// The socket alone, when it no longer carries HTTP.
    pub(crate) fn into_socket(self) -> UpstreamSocket {
        self.socket
    }

    /// What goes over it.
    pub(crate) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    fn written(
        &mut self,
        result: Poll<io::Result<usize>>,
        bytes: usize,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Err(_)) = result {
            self.is_write_lost = true;
            return Poll::Ready(Ok(bytes));
        }
        result
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
        if let Err(error) = ready!(Pin::new(&mut this.socket).poll_read(cx, into)) {
            this.tally.failed(&error);
            return Poll::Ready(Err(error));
        }
        if into.filled().len() > before {
            this.tally.has_read.store(true, Relaxed);
        }
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
        let result = Pin::new(&mut this.socket).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = result {
            this.tally.wrote(&bytes[..written]);
        }
        this.written(result, bytes.len())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match gather(pieces) {
            Gathered::One(piece) => return Pin::new(this).poll_write(cx, piece),
            Gathered::All(all) => return Pin::new(this).poll_write(cx, &all),
            Gathered::Many => {}
        }
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        if this.is_write_lost {
            return Poll::Ready(Ok(bytes));
        }
        let result = Pin::new(&mut this.socket).poll_write_vectored(cx, pieces);
        this.written(result, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_write_lost || !this.socket.is_buffered() {
            return Poll::Ready(Ok(()));
        }
        if ready!(Pin::new(&mut this.socket).poll_flush(cx)).is_err() {
            this.is_write_lost = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
