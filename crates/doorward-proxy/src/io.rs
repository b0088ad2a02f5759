//! The client's socket as hyper sees it: scanned on the way in, watched on the way out.

use crate::client::Client;
use crate::gather::{Gathered, gather};
use crate::http2::PREFACE;
use crate::proxy_line;
use crate::scan::{Fed, Scan};
use crate::socket::Socket;
use doorward_core::fault::Fault;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A client's socket. What is read is scanned where hyper's buffer holds it, and cut off before a
/// fault, so that hyper never sees a byte that could be read in two ways.
#[derive(Debug)]
pub(crate) struct ClientIo {
    socket: Socket,
    scan: Scan,
    client: Arc<Client>,
    /// Whether nothing was handed on yet: the first bytes tell which protocol they are.
    is_fresh: bool,
    /// Whether it may turn out to be HTTP/2.
    may_be_second: bool,
    /// First bytes that may be HTTP/2's preface, or are.
    held: Vec<u8>,
}

impl ClientIo {
    pub(crate) fn new(socket: Socket, client: Arc<Client>) -> Self {
        let scan = match client.shown {
            Some(_) => Scan::noting_order(client.worker.scan_limits()),
            None => Scan::new(client.worker.scan_limits()),
        };
        // On TLS it is agreed on in the handshake (RFC 9113 3.3).
        let may_be_second = client.worker.shared.http2 && !socket.is_tls();
        Self { socket, scan, client, is_fresh: true, may_be_second, held: Vec::new() }
    }

    /// The socket alone, when hyper is done with it, and what was read and not handed on.
    pub(crate) fn into_socket(self) -> (Socket, Vec<u8>) {
        (self.socket, self.held)
    }

    /// Reads the first bytes. Those of HTTP/1 go where hyper wants them, in the same call; only
    /// what begins as HTTP/2's preface does is kept until it differs or is whole.
    fn poll_first(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        while self.held.len() < PREFACE.len() {
            if self.held.is_empty() {
                ready!(Pin::new(&mut self.socket).poll_read(cx, into))?;
                let new = &into.filled()[before..];
                if !self.may_be_second || new.is_empty() || !is_preface(new) {
                    return self.hand_on(cx, into, before);
                }
                self.held.extend_from_slice(new);
                into.set_filled(before);
                continue;
            }
            let mut room = [0; PREFACE.len()];
            let mut more = ReadBuf::new(&mut room[self.held.len()..]);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut more))?;
            let is_end = more.filled().is_empty();
            self.held.extend_from_slice(more.filled());
            if is_end || !is_preface(&self.held) {
                let held = std::mem::take(&mut self.held);
                if held.len() > into.remaining() {
                    return Poll::Ready(Err(io::ErrorKind::StorageFull.into()));
                }
                into.put_slice(&held);
                return self.hand_on(cx, into, before);
            }
        }
        // The connection's owner takes over, with the bytes that are held.
        self.client.line.turn_second();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn hand_on(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
        before: usize,
    ) -> Poll<io::Result<()>> {
        let new = &into.filled()[before..];
        if new.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.client.worker.cells.read(new.len());
        let mut fed = self.scan.feed(new);
        if std::mem::replace(&mut self.is_fresh, false)
            && let Some(found) = &mut fed.found
            && proxy_line::is_alike(new)
        {
            found.fault = Fault::ProxyLine;
        }
        self.pass(cx, into, before, fed)
    }

    /// Hands on what the scan let pass.
    fn pass(
        &mut self,
        cx: &Context<'_>,
        into: &mut ReadBuf<'_>,
        before: usize,
        fed: Fed,
    ) -> Poll<io::Result<()>> {
        self.client.line.saw(&self.scan, fed.found);
        if let Some(order) = self.scan.take_order() {
            self.client.saw_order(self.scan.heads(), order);
        }
        if fed.found.is_some() {
            into.set_filled(before + fed.passed);
            cx.waker().wake_by_ref();
            if fed.passed == 0 {
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
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
        if this.is_fresh {
            return this.poll_first(cx, into);
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(cx, into))?;
        let new = &into.filled()[before..];
        if new.is_empty() {
            return Poll::Ready(Ok(()));
        }
        this.client.worker.cells.read(new.len());
        let fed = this.scan.feed(new);
        this.pass(cx, into, before, fed)
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

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper calls this when its own buffer is empty.
        let this = self.get_mut();
        let line = &this.client.line;
        let flushed = Pin::new(&mut this.socket).poll_flush(cx);
        if flushed.is_pending() {
            line.set_write_blocked(true);
            line.deadline.write_blocked();
            return Poll::Pending;
        }
        line.set_write_blocked(false);
        line.deadline.flushed();
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The owner closes the socket, because a refused sender must be read on for a while.
        Poll::Ready(Ok(()))
    }
}

/// Whether `bytes` begin as HTTP/2's preface does.
fn is_preface(bytes: &[u8]) -> bool {
    bytes.starts_with(PREFACE) || PREFACE.starts_with(bytes)
}
