//! The client's socket as hyper sees it: scanned on the way in, watched on the way out.

use crate::client::Client;
use crate::gather::{Gathered, gather};
use crate::scan::Scan;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A client's socket. What is read is scanned where hyper's buffer holds it, and cut off before a
/// fault, so that hyper never sees a byte that could be read in two ways.
#[derive(Debug)]
pub(crate) struct ClientIo {
    socket: TcpStream,
    scan: Scan,
    client: Arc<Client>,
}

impl ClientIo {
    pub(crate) fn new(socket: TcpStream, client: Arc<Client>) -> Self {
        let scan = Scan::new(client.worker.scan_limits());
        Self { socket, scan, client }
    }

    /// The socket alone, when hyper is done with it.
    pub(crate) fn into_socket(self) -> TcpStream {
        self.socket
    }

    fn wrote(&self, result: &Poll<io::Result<usize>>) {
        let line = &self.client.line;
        match result {
            Poll::Ready(Ok(bytes)) => {
                line.set_write_blocked(false);
                line.deadline.wrote(*bytes);
                self.client.worker.cells.wrote(*bytes);
            }
            Poll::Ready(Err(_)) => line.set_write_blocked(false),
            Poll::Pending => {
                line.set_write_blocked(true);
                line.deadline.write_blocked();
            }
        }
    }
}

impl AsyncRead for ClientIo {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.client.line.is_faulty() {
            // Nothing behind a fault is read; the connection's owner ends it, and was woken.
            return Poll::Pending;
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(cx, into))?;
        let new = &into.filled()[before..];
        if new.is_empty() {
            return Poll::Ready(Ok(()));
        }
        this.client.worker.cells.read(new.len());
        let fed = this.scan.feed(new);
        this.client.line.saw(&this.scan, fed.found);
        if fed.found.is_some() {
            into.set_filled(before + fed.passed);
            cx.waker().wake_by_ref();
            if fed.passed == 0 {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientIo {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.wrote(&result);
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
        this.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A socket has nothing to flush; hyper calls this when its own buffer is empty.
        self.client.line.deadline.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The owner closes the socket, because a refused sender must be read on for a while.
        Poll::Ready(Ok(()))
    }
}
