//! What happens on a connection before HTTP: the PROXY line, then TLS.
//!
//! It runs in the connection's own task, and takes from the time of the first head: whoever dawdles
//! here delays nobody else.

use crate::client::Client;
use crate::clients::Presented;
use crate::proxy_line::{self, LINE_BYTES_MAX, Read};
use crate::socket::{Ahead, Socket};
use crate::tls::{ALPN_H2, Tls};
use doorward_core::fault::Fault;
use doorward_core::fingerprint::hello::HelloReading;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What is read of a connection before its handshake: a hello fits, with its post-quantum key.
const HELLO_BYTES_AT_ONCE: usize = 4 * 1024;
/// What is read of a client whose handshake came to nothing.
const DROPPED_BYTES_MAX: u64 = 64 * 1024;
/// The first byte of a TLS record with a handshake in it (RFC 8446 5.1).
const HANDSHAKE_RECORD: u8 = 0x16;

/// Told to who speaks HTTP where TLS is spoken; it cannot be told otherwise.
const PLAIN_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    cache-control: no-store\r\n\
    content-length: 54\r\n\
    connection: close\r\n\r\n\
    This port speaks HTTPS: put https:// before its name.\n";

/// Why a connection does not come as far as HTTP.
pub(crate) enum Left {
    /// It has ended, or has nothing to be told.
    Silently,
    /// It is told, in plain bytes.
    Told(Ahead, Fault),
}

/// Reads the PROXY line of a peer that must send one: whom it speaks for, if not for itself.
pub(crate) async fn told_address(
    client: &Client,
    mut ahead: Ahead,
) -> Result<(Ahead, Option<SocketAddr>), Left> {
    let mut bytes = Vec::with_capacity(LINE_BYTES_MAX);
    loop {
        match proxy_line::read(&bytes) {
            Read::Whole { bytes: line, client } => {
                bytes.drain(..line);
                ahead.unread(bytes);
                return Ok((ahead, client));
            }
            Read::Wrong => return Err(Left::Told(ahead, Fault::ProxyLine)),
            Read::More => {}
        }
        match in_time(client, ahead.tcp.read_buf(&mut bytes)).await {
            Some(Ok(1..)) => {}
            // Balancers look whether a port is open in this way.
            Some(Ok(0) | Err(_)) => return Err(Left::Silently),
            None if bytes.is_empty() => return Err(Left::Silently),
            None => return Err(Left::Told(ahead, Fault::HeadTooSlow)),
        }
    }
}

/// Makes the TLS handshake. What the client has shown, and whether HTTP/2 was agreed on, come with
/// the socket.
pub(crate) async fn handshake(
    client: &Client,
    mut ahead: Ahead,
    tls: &Tls,
) -> Result<(Socket, Option<Presented>, bool), Left> {
    let counts = &client.worker.shared.counts;
    counts.handshakes.fetch_add(1, Relaxed);
    let mut hello = Vec::with_capacity(HELLO_BYTES_AT_ONCE);
    let read = in_time(client, ahead.read_buf(&mut hello)).await;
    if !matches!(read, Some(Ok(1..))) {
        // Browsers open connections ahead of need, and close them.
        return Err(Left::Silently);
    }
    if hello[0] != HANDSHAKE_RECORD {
        counts.handshakes_failed.fetch_add(1, Relaxed);
        if proxy_line::is_alike(&hello) {
            return Err(Left::Told(ahead, Fault::ProxyLine));
        }
        let _ = in_time(client, ahead.tcp.write_all(PLAIN_ANSWER)).await;
        let _ = ahead.tcp.shutdown().await;
        return Err(Left::Silently);
    }
    read_on(client, &mut ahead, &mut hello).await;
    ahead.unread(hello);
    let state = tls.state();
    match in_time(client, state.acceptor.accept(ahead).into_fallible()).await {
        Some(Ok(stream)) => {
            let session = stream.get_ref().1;
            let is_second = session.alpn_protocol() == Some(ALPN_H2);
            let presented = Presented::new(session.peer_certificates(), &state);
            Ok((Socket::Tls(Box::new(stream)), presented, is_second))
        }
        Some(Err((_, mut ahead))) => {
            counts.handshakes_failed.fetch_add(1, Relaxed);
            // Its alert says why; a socket that is closed unread would be reset, and the reset
            // overtake it. In TLS 1.3 the first request is on its way by now.
            let _ = ahead.tcp.shutdown().await;
            let mut rest = ahead.tcp.take(DROPPED_BYTES_MAX);
            let _ = in_time(client, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
            Err(Left::Silently)
        }
        None => {
            counts.handshakes_failed.fetch_add(1, Relaxed);
            Err(Left::Silently)
        }
    }
}

/// Reads what a client shows in its hello, which may come in several pieces; whatever is read here
/// is handed on to the handshake. What ends or stalls meanwhile, the handshake meets as well.
async fn read_on(client: &Client, ahead: &mut Ahead, hello: &mut Vec<u8>) {
    let Some(shown) = &client.shown else { return };
    let mut reading = HelloReading::new();
    let mut before = 0;
    while shown.read_hello(&mut reading, &hello[before..]) {
        before = hello.len();
        let read = in_time(client, ahead.read_buf(hello)).await;
        if !matches!(read, Some(Ok(1..))) {
            return shown.end_hello();
        }
    }
}

/// Awaits what must be over before the deadline of the connection's first head.
async fn in_time<T>(client: &Client, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut is_remembered = false;
    std::future::poll_fn(|cx| {
        if !is_remembered {
            client.line.remember(cx.waker());
            is_remembered = true;
        }
        match future.as_mut().poll(cx) {
            Poll::Ready(out) => Poll::Ready(Some(out)),
            Poll::Pending if client.line.deadline.is_expired() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
