//! A connected client, and its seat in its worker's list.

use crate::clients::Presented;
use crate::line::Line;
use crate::shown::Connection;
use crate::tunnel::Tunnel;
use crate::worker::Worker;
use doorward_core::certificate::Certificate;
use doorward_core::fingerprint::http1::HeadOrder;
use doorward_porter::leave::Shows;
use http::HeaderValue;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A connected client; for HTTP/2, also each stream of its, which has a line of its own.
pub(crate) struct Client {
    pub(crate) line: Line,
    pub(crate) worker: Arc<Worker>,
    pub(crate) peer: SocketAddr,
    /// Whether its connection is TLS: so it came by https, whatever the gate's names say.
    is_tls: AtomicBool,
    /// What it has shown at its handshake; boxed by its `Arc`, since most have shown nothing.
    presented: OnceLock<Arc<Presented>>,
    /// What it shows without being asked; none where the gate does not look.
    pub(crate) shown: Option<Arc<Connection>>,
    /// The last head that was read to its end, by its number: the order of its names.
    order: Mutex<Option<(u64, HeadOrder)>>,
    peer_text: HeaderValue,
    /// What this connection becomes when its answer has left.
    tunnel: Mutex<Option<Box<Tunnel>>>,
}

impl Client {
    pub(crate) fn new(worker: Arc<Worker>, peer: SocketAddr) -> Self {
        let looks = worker.shared.setup.load().gate.looks();
        Self {
            line: Line::new(Arc::clone(&worker.pulse)),
            worker,
            peer,
            is_tls: AtomicBool::new(false),
            presented: OnceLock::new(),
            shown: looks.then(Arc::default),
            order: Mutex::new(None),
            peer_text: address_text(peer.ip()),
            tunnel: Mutex::new(None),
        }
    }

    /// Its handshake was made, and this is what it has shown.
    pub(crate) fn turn_tls(&self, presented: Option<Presented>) {
        self.is_tls.store(true, Relaxed);
        if let Some(presented) = presented {
            // A connection has one handshake.
            let _ = self.presented.set(Arc::new(presented));
        }
    }

    /// The certificate that it has shown, as it is believed now.
    pub(crate) fn certificate(&self) -> Option<Arc<Certificate>> {
        let presented = self.presented.get()?;
        let tls = self.worker.shared.tls.as_ref()?;
        Some(presented.certificate(&tls.state()))
    }

    /// What tells of it later, without holding the connection.
    pub(crate) fn shows(&self) -> Option<Shows> {
        let presented = Arc::clone(self.presented.get()?);
        let shared = Arc::clone(&self.worker.shared);
        Some(Box::new(move || Some(presented.certificate(&shared.tls.as_ref()?.state()))))
    }

    /// The head of this number was read to its end.
    pub(crate) fn saw_order(&self, number: u64, order: HeadOrder) {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, order));
    }

    /// The order of a head's names. None: another head came behind it before it was asked for.
    pub(crate) fn order(&self, number: u64) -> Option<HeadOrder> {
        let last = *self.order.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(last, _)| *last == number).map(|(_, order)| order)
    }

    /// Whether its connection is TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls.load(Relaxed)
    }

    /// One stream of this client's. Pieces of its upload that are read are counted in `read`.
    pub(crate) fn stream(&self, read: Arc<AtomicU64>) -> Self {
        Self {
            line: Line::stream(Arc::clone(&self.worker.pulse), read),
            worker: Arc::clone(&self.worker),
            peer: self.peer,
            is_tls: AtomicBool::new(self.is_tls()),
            presented: self.presented.clone(),
            shown: self.shown.clone(),
            order: Mutex::new(None),
            tunnel: Mutex::new(None),
            peer_text: self.peer_text.clone(),
        }
    }

    /// The answer that is about to leave is the last: then this connection is a tunnel.
    pub(crate) fn open_tunnel(&self, tunnel: Box<Tunnel>) {
        *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(tunnel);
    }

    /// The tunnel that this connection has become.
    pub(crate) fn take_tunnel(&self) -> Option<Box<Tunnel>> {
        self.tunnel.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// An address as the upstream is told it; mostly it is the peer's own.
    pub(crate) fn address_text(&self, address: IpAddr) -> HeaderValue {
        if address == doorward_core::address::unwrap(self.peer.ip()) {
            return self.peer_text.clone();
        }
        address_text(address)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// An address as a header's value.
fn address_text(address: IpAddr) -> HeaderValue {
    let address = doorward_core::address::unwrap(address);
    // An address has digits, dots, colons and letters: always a value.
    HeaderValue::try_from(address.to_string()).unwrap_or(HeaderValue::from_static("unknown"))
}

/// The clients (or the streams) of one worker, each in a seat that is free again when it leaves.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    seats: Vec<Option<Arc<Client>>>,
    free: Vec<usize>,
}

impl Clients {
    pub(crate) fn count(&self) -> usize {
        self.seats.len() - self.free.len()
    }

    pub(crate) fn enter(&mut self, client: Arc<Client>) -> usize {
        if let Some(seat) = self.free.pop() {
            self.seats[seat] = Some(client);
            return seat;
        }
        self.seats.push(Some(client));
        self.seats.len() - 1
    }

    pub(crate) fn leave(&mut self, seat: usize) {
        if self.seats.get_mut(seat).and_then(Option::take).is_some() {
            self.free.push(seat);
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.seats.iter().flatten()
    }
}
