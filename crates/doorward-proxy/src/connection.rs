//! One client connection from its acceptance to its end. hyper speaks HTTP on it; this owns it.

use crate::arrival::{self, Left};
use crate::client::Client;
use crate::deadline::Phase;
use crate::forward;
use crate::http2;
use crate::io::ClientIo;
use crate::mount;
use crate::scan::Standing;
use crate::socket::{Ahead, Socket};
use crate::tunnel::{self, Leaving, Tunnel};
use doorward_core::fault::Fault;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a refusal that hyper does not write may take to leave.
const REFUSAL_TIME_MAX: Duration = Duration::from_secs(5);
/// What is read at once of a body that nobody wants.
const DROPPED_BYTES_AT_ONCE: usize = 64 * 1024;
/// What is read at most of a client that was told to stop sending frames.
const DROPPED_FRAME_BYTES_MAX: u64 = 1024 * 1024;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It came to its end: the client left, or an answer said that it closes.
    Done,
    /// The client's next request is not one; it is told so.
    Fault(Fault),
    /// It was silent for too long.
    Silent,
    /// An answer that has begun cannot go on: it must not look complete.
    Broken,
    /// Its bytes are HTTP/2's.
    Second,
}

/// The seat of a client, left when its task ends or is dropped.
struct Seat {
    client: Arc<Client>,
    number: usize,
}

impl Seat {
    fn take(client: Arc<Client>) -> Self {
        Self { number: client.worker.enter(Arc::clone(&client)), client }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.client.worker.leave(self.number);
    }
}

/// Serves a client until its connection ends.
pub(crate) async fn carry(client: Arc<Client>, socket: TcpStream, is_busy: bool) {
    let mut seat = Seat::take(client);
    let shared = &seat.client.worker.shared;
    let socket = if is_busy || shared.tls.is_some() || shared.is_told_by(seat.client.peer.ip()) {
        // Boxed, so that the others' tasks need not have room for it.
        match Box::pin(arrive(&mut seat, socket, is_busy)).await {
            Some(socket) => socket,
            None => return,
        }
    } else {
        Socket::Plain(Ahead::new(socket))
    };
    let client = &seat.client;
    let (end, is_quiet, socket, held) = {
        let io = TokioIo::new(ClientIo::new(socket, Arc::clone(client)));
        let served = Arc::clone(client);
        let service = service_fn(move |request| forward::serve(Arc::clone(&served), request));
        let mut server = client.worker.server.clone();
        if client.worker.is_draining() {
            server.keep_alive(false);
        }
        let mut connection = server.serve_connection(io, service);
        let mut is_remembered = false;
        let mut is_told_to_drain = client.worker.is_draining();
        let end = std::future::poll_fn(|cx| {
            if !is_remembered {
                client.line.remember(cx.waker());
                is_remembered = true;
            }
            loop {
                if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
                    let is_whole = result.is_ok() || client.line.is_at_rest();
                    return Poll::Ready(if is_whole { End::Done } else { End::Broken });
                }
                if let Some(end) = ending(client) {
                    return Poll::Ready(end);
                }
                if !client.worker.is_draining() || is_told_to_drain {
                    return Poll::Pending;
                }
                // Only after what lay in the socket was read: a request there is still served.
                is_told_to_drain = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        })
        .await;
        let parts = connection.into_parts();
        let is_quiet = parts.read_buf.is_empty() && !client.line.has_unread();
        let (socket, held) = parts.io.into_inner().into_socket();
        (end, is_quiet, socket, held)
    };
    match client.take_tunnel() {
        None => Box::pin(finish(client, socket, held, end)).await,
        Some(tunnel) if end == End::Done && is_quiet => {
            Box::pin(carry_tunnel(client, socket, tunnel)).await;
        }
        // RFC 6455 4.1: a client sends nothing before the 101 has left.
        Some(_) => reset(&socket),
    }
}

/// What comes before HTTP/1: a PROXY line, TLS. None when the connection did not come as far, or
/// was HTTP/2, which is carried to its end here.
async fn arrive(seat: &mut Seat, socket: TcpStream, is_busy: bool) -> Option<Socket> {
    let shared = Arc::clone(&seat.client.worker.shared);
    let mut ahead = Ahead::new(socket);
    if is_busy {
        // Not read on: a crowd that is turned away may not hold sockets for that, nor cost
        // handshakes.
        if shared.tls.is_none() {
            write_refusal(&seat.client, &mut Socket::Plain(ahead), Fault::GateBusy).await;
        }
        return None;
    }
    if shared.is_told_by(seat.client.peer.ip()) {
        match arrival::told_address(&seat.client, ahead).await {
            Ok((rest, told)) => {
                ahead = rest;
                if let Some(peer) = told {
                    let told = Client::new(Arc::clone(&seat.client.worker), peer);
                    *seat = Seat::take(Arc::new(told));
                }
            }
            Err(left) => {
                leave(&seat.client, left).await;
                return None;
            }
        }
    }
    let Some(tls) = &shared.tls else { return Some(Socket::Plain(ahead)) };
    match arrival::handshake(&seat.client, ahead, tls).await {
        Ok((socket, presented, is_second)) => {
            seat.client.turn_tls(presented);
            if !is_second {
                return Some(socket);
            }
            carry_second(&seat.client, socket, Vec::new()).await;
        }
        Err(left) => leave(&seat.client, left).await,
    }
    None
}

/// Ends a connection that did not come as far as HTTP.
async fn leave(client: &Arc<Client>, left: Left) {
    if let Left::Told(ahead, fault) = left {
        refuse(client, Socket::Plain(ahead), fault).await;
    }
}

/// HTTP/2, to its end.
async fn carry_second(client: &Arc<Client>, socket: Socket, ahead: Vec<u8>) {
    let (socket, end) = http2::carry(Arc::clone(client), socket, ahead).await;
    match end {
        http2::End::Done => close(socket).await,
        http2::End::Fault(_) => linger(client, socket, DROPPED_FRAME_BYTES_MAX).await,
        http2::End::Broken => reset(&socket),
    }
}

async fn carry_tunnel(client: &Arc<Client>, mut socket: Socket, tunnel: Box<Tunnel>) {
    match tunnel::run(client, &mut socket, tunnel).await {
        Leaving::Close => {
            linger(client, socket, client.worker.shared.bounds.linger_bytes_max).await;
        }
        Leaving::Reset => reset(&socket),
    }
}

/// Whether what hyper does not see ends the connection (or the stream) now.
pub(crate) fn ending(client: &Client) -> Option<End> {
    let line = &client.line;
    if line.is_second() {
        return Some(End::Second);
    }
    if let Some(found) = line.found() {
        let is_between = found.standing != Standing::Body;
        // Whatever was asked for before the fault is answered completely first.
        if is_between && line.is_quiet() {
            return Some(End::Fault(found.fault));
        }
        if !is_between && line.is_answering() && !line.is_told() && !line.is_at_rest() {
            return Some(End::Broken);
        }
    }
    if !line.deadline.is_expired() {
        return None;
    }
    match line.deadline.phase() {
        Phase::Idle => Some(End::Silent),
        Phase::Head => Some(End::Fault(Fault::HeadTooSlow)),
        Phase::Stream | Phase::Write | Phase::Tail => Some(End::Broken),
        // The request itself answers these: see `Line::trouble`.
        Phase::Body | Phase::Upstream => None,
    }
}

/// Ends the connection; `held` are the first bytes of what is not HTTP/1.
async fn finish(client: &Arc<Client>, socket: Socket, held: Vec<u8>, end: End) {
    match end {
        End::Second => carry_second(client, socket, held).await,
        End::Done if client.line.has_unread() => {
            linger(client, socket, client.worker.shared.bounds.linger_bytes_max).await;
        }
        End::Done | End::Silent => close(socket).await,
        End::Fault(fault) => refuse(client, socket, fault).await,
        End::Broken => reset(&socket),
    }
}

/// Closes. TLS says so first: without it, an answer that ends with its connection is cut off.
async fn close(mut socket: Socket) {
    if socket.is_tls() {
        let _ = tokio::time::timeout(REFUSAL_TIME_MAX, socket.shutdown()).await;
    }
}

/// A plain end could be taken for the end of an answer without a length; a reset cannot.
fn reset(socket: &Socket) {
    let _ = SockRef::from(socket.tcp()).set_linger(Some(Duration::ZERO));
}

/// Writes a refusal for what was not a request, and closes.
async fn refuse(client: &Arc<Client>, mut socket: Socket, fault: Fault) {
    if write_refusal(client, &mut socket, fault).await {
        linger(client, socket, client.worker.shared.bounds.linger_bytes_max).await;
    }
}

/// Whether it was written.
async fn write_refusal(client: &Arc<Client>, socket: &mut Socket, fault: Fault) -> bool {
    let bytes = mount::fault_response(client, fault);
    let write = async {
        socket.write_all(&bytes).await?;
        socket.flush().await
    };
    matches!(tokio::time::timeout(REFUSAL_TIME_MAX, write).await, Ok(Ok(())))
}

/// Closes so that a client that is still sending can read its answer: this side is closed, the
/// other read and dropped. A socket closed with unread bytes is reset, and the reset overtakes the
/// answer.
async fn linger(client: &Client, mut socket: Socket, bytes_max: u64) {
    let bounds = &client.worker.shared.bounds;
    let shut = tokio::time::timeout(REFUSAL_TIME_MAX, socket.shutdown()).await;
    if !matches!(shut, Ok(Ok(()))) {
        return;
    }
    let mut socket = socket.into_tcp();
    let drop_all = async {
        let mut into = vec![0; DROPPED_BYTES_AT_ONCE];
        let mut left = bytes_max;
        while left > 0 {
            let read = tokio::time::timeout(bounds.linger_silence, socket.read(&mut into)).await;
            match read {
                Ok(Ok(bytes @ 1..)) => left = left.saturating_sub(bytes as u64),
                Ok(Ok(0) | Err(_)) | Err(_) => return,
            }
        }
    };
    let _ = tokio::time::timeout(bounds.linger, drop_all).await;
}
