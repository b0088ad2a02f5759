//! The socket to an upstream: TCP or unix, in the clear or under TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// A socket to an upstream.
#[derive(Debug)]
pub(crate) enum UpstreamSocket {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// One of the others, under TLS.
    Tls(Box<TlsStream<UpstreamSocket>>),
}

impl UpstreamSocket {
    /// Whether what was written may still lie in a buffer of its own.
    pub(crate) const fn is_buffered(&self) -> bool {
        matches!(self, UpstreamSocket::Tls(_))
    }
}

impl AsyncRead for UpstreamSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            UpstreamSocket::Tcp(socket) => Pin::new(socket).poll_read(cx, into),
            UpstreamSocket::Unix(socket) => Pin::new(socket).poll_read(cx, into),
            UpstreamSocket::Tls(socket) => Pin::new(socket).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for UpstreamSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            UpstreamSocket::Tcp(socket) => Pin::new(socket).poll_write(cx, bytes),
            UpstreamSocket::Unix(socket) => Pin::new(socket).poll_write(cx, bytes),
            UpstreamSocket::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            UpstreamSocket::Tcp(socket) => Pin::new(socket).poll_write_vectored(cx, pieces),
            UpstreamSocket::Unix(socket) => Pin::new(socket).poll_write_vectored(cx, pieces),
            UpstreamSocket::Tls(socket) => Pin::new(socket).poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            // A plain socket has nothing to flush.
            UpstreamSocket::Tcp(_) | UpstreamSocket::Unix(_) => Poll::Ready(Ok(())),
            UpstreamSocket::Tls(socket) => Pin::new(socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            UpstreamSocket::Tcp(socket) => Pin::new(socket).poll_shutdown(cx),
            UpstreamSocket::Unix(socket) => Pin::new(socket).poll_shutdown(cx),
            UpstreamSocket::Tls(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}
