//! A tap: passes requests on as they are, and notes what goes by.
//!
//! It stands before the backend, the gate and the cache. A new one of these can be put behind it at
//! any time; addresses and connections of browsers stay.

use super::{Node, What, Wire};
use crate::net::{Body, empty};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Addresses that programs of the lab pretend to call from, by the port of their socket.
#[derive(Debug, Default)]
pub(crate) struct Peers(Mutex<HashMap<u16, IpAddr>>);

impl Peers {
    /// Whoever calls from this port of this machine counts as that address.
    pub(crate) fn put(&self, port: u16, address: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(port, address);
    }

    /// The port is itself again.
    pub(crate) fn remove(&self, port: u16) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&port);
    }

    fn of(&self, peer: SocketAddr) -> SocketAddr {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peers.get(&peer.port()).map_or(peer, |address| SocketAddr::new(*address, peer.port()))
    }
}

/// What stands behind a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behind {
    /// Who it is.
    pub(crate) node: Node,
    pub(crate) address: SocketAddr,
    /// It is told whose connection it is by a PROXY line.
    pub(crate) is_told_peers: bool,
}

/// A tap.
pub(crate) struct Tap {
    /// Whose requests pass here.
    from: Node,
    wire: Arc<Wire>,
    peers: Arc<Peers>,
    behind: RwLock<Option<Behind>>,
}

impl Tap {
    pub(crate) fn new(from: Node, wire: Arc<Wire>, peers: Arc<Peers>) -> Arc<Self> {
        Arc::new(Self { from, wire, peers, behind: RwLock::new(None) })
    }

    /// Puts something else behind it, from the next request on.
    pub(crate) fn put(&self, behind: Option<Behind>) {
        *self.behind.write().unwrap_or_else(PoisonError::into_inner) = behind;
    }

    fn behind(&self) -> Option<Behind> {
        *self.behind.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What answers the requests of one connection.
    pub(crate) fn visitor(self: &Arc<Self>, peer: SocketAddr) -> Visitor {
        let peer = self.peers.of(peer);
        Visitor { tap: Arc::clone(self), peer, way: Arc::default() }
    }
}

/// One caller's connection, and the one that continues it.
#[derive(Clone)]
pub(crate) struct Visitor {
    tap: Arc<Tap>,
    peer: SocketAddr,
    way: Arc<tokio::sync::Mutex<Option<Way>>>,
}

/// The connection that requests go on by.
struct Way {
    to: Behind,
    sender: SendRequest<Incoming>,
}

impl Visitor {
    /// Passes one request on, and its answer back.
    pub(crate) async fn pass(self, request: Request<Incoming>) -> Response<Body> {
        let (tap, behind) = (Arc::clone(&self.tap), self.tap.behind());
        let exchange = behind.and_then(|behind| tap.wire.note(&request, (tap.from, behind.node)));
        let answer = self.send(request, behind).await;
        match (exchange, &answer) {
            (Some(exchange), Ok(answer)) => tap.wire.note_answer(exchange, answer),
            (Some(exchange), Err(_)) => tap.wire.answer(exchange, What::Broken),
            (None, _) => {}
        }
        match answer {
            Ok(answer) => answer.map(BodyExt::boxed_unsync),
            Err(_) => {
                let mut gone = Response::new(empty());
                *gone.status_mut() = StatusCode::BAD_GATEWAY;
                gone
            }
        }
    }

    async fn send(
        &self,
        mut request: Request<Incoming>,
        to: Option<Behind>,
    ) -> io::Result<Response<Incoming>> {
        let to = to.ok_or(io::ErrorKind::NotConnected)?;
        let mut way = self.way.lock().await;
        let mut kept = way.take().filter(|way| way.to == to && !way.sender.is_closed());
        loop {
            let is_kept = kept.is_some();
            let mut own = match kept.take() {
                Some(own) => own,
                None => Way { to, sender: connect(to, self.peer).await? },
            };
            // A kept connection may have been closed meanwhile: then nothing of the request left.
            if own.sender.ready().await.is_err() && is_kept {
                continue;
            }
            match own.sender.try_send_request(request).await {
                Ok(answer) => {
                    *way = Some(own);
                    return Ok(answer);
                }
                Err(mut error) => match error.take_message() {
                    Some(again) if is_kept => request = again,
                    Some(_) | None => return Err(io::Error::other(error.into_error())),
                },
            }
        }
    }
}

async fn connect(to: Behind, peer: SocketAddr) -> io::Result<SendRequest<Incoming>> {
    let mut stream = TcpStream::connect(to.address).await?;
    stream.set_nodelay(true)?;
    if to.is_told_peers {
        stream.write_all(proxy_line(peer, to.address).as_bytes()).await?;
    }
    let mut builder = http1::Builder::new();
    builder.preserve_header_case(true);
    let (sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // It ends with its sender, or when the other side closes it.
    tokio::spawn(connection);
    Ok(sender)
}

/// Version 1 of the PROXY protocol: whose connection this is.
fn proxy_line(peer: SocketAddr, to: SocketAddr) -> String {
    let family = if peer.is_ipv4() && to.is_ipv4() { "TCP4" } else { "TCP6" };
    let written = |address: SocketAddr| match (address.ip(), family) {
        (IpAddr::V4(four), "TCP6") => four.to_ipv6_mapped().to_string(),
        (address, _) => address.to_string(),
    };
    let (own, other) = (written(peer), written(to));
    format!("PROXY {family} {own} {other} {} {}\r\n", peer.port(), to.port())
}

#[cfg(test)]
mod tests {
    use super::{Behind, Peers, Tap, proxy_line};
    use crate::backend::{Backend, BackendOptions};
    use crate::net::{Bound, serve};
    use crate::wire::{Mark, Node, What, Wire};
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    #[test]
    fn proxy_lines() {
        let rows = [
            ("203.0.113.7:1", "127.0.0.1:2", "PROXY TCP4 203.0.113.7 127.0.0.1 1 2\r\n"),
            ("[2001:db8::1]:1", "127.0.0.1:2", "PROXY TCP6 2001:db8::1 ::ffff:127.0.0.1 1 2\r\n"),
        ];
        for (peer, to, want) in rows {
            let parsed = |text: &str| text.parse().expect("an address");
            assert_eq!(proxy_line(parsed(peer), parsed(to)), want);
        }
    }

    async fn ask(stream: &mut TcpStream, path: &str, end: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: api.shop.localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut seen = String::new();
        let mut bytes = [0; 4096];
        while !seen.ends_with(end) {
            let length = stream.read(&mut bytes).await.expect("reads");
            assert_ne!(length, 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        seen
    }

    #[tokio::test]
    async fn what_goes_by_is_noted_and_what_is_behind_may_change() {
        let wire = Arc::<Wire>::default();
        let tap = Tap::new(Node::Caller, Arc::clone(&wire), Arc::default());
        let bound = Bound::near(0).await.expect("a port");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, bound.port()));
        let own = Arc::clone(&tap);
        let _serving = serve(bound, None, move |peer| {
            let visitor = own.visitor(peer);
            move |request| visitor.clone().pass(request)
        });
        let mut caller = TcpStream::connect(address).await.expect("connects");
        let answer = ask(&mut caller, "/status?lab=1.0", "\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        for step in 1..3 {
            let backend = Backend::start(BackendOptions::default()).await.expect("a port");
            let (node, address) = (Node::Backend, backend.address());
            tap.put(Some(Behind { node, address, is_told_peers: false }));
            for _ in 0..2 {
                let path = format!("/status?a=1&lab=1.{step}");
                let answer = ask(&mut caller, &path, "}").await;
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            }
            assert_eq!(backend.events().len(), 2, "the other one is behind it no more");
            let messages = wire.of_step(Mark { run: 1, step });
            assert_eq!(messages.len(), 4);
            let What::Request { method, host, target, .. } = &messages[0].what else {
                panic!("{messages:?}")
            };
            assert_eq!((method.as_str(), target.as_str()), ("GET", "/status?a=1"));
            assert_eq!(host, "api.shop.localhost");
            assert!(matches!(messages[1].what, What::Answer { status: 200, .. }));
            ask(&mut caller, "/status", "}").await;
            let asked = wire.asked(Mark { run: 1, step });
            assert_eq!(asked, 2, "what has no mark is not noted");
        }
    }

    #[test]
    fn programs_pretend_to_be_elsewhere() {
        let peers = Peers::default();
        let real: SocketAddr = "127.0.0.1:4711".parse().expect("an address");
        peers.put(4711, "203.0.113.7".parse().expect("an address"));
        assert_eq!(peers.of(real).to_string(), "203.0.113.7:4711");
        peers.remove(4711);
        assert_eq!(peers.of(real), real);
    }
}
