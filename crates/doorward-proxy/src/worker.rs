//! A worker: one thread, one runtime, its own listener, connections, pool and log buffer.

use crate::client::{Client, Clients};
use crate::connection;
use crate::deadline::Pulse;
use crate::link::Link;
use crate::log::LogBuffer;
use crate::metrics::{Cells, Counted};
use crate::pool::Pool;
use crate::scan::ScanLimits;
use crate::shared::Shared;
use doorward_porter::denials;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// Read and write buffer of a client's connection at the most. The scan's own limit of a head comes
/// first by far.
const CLIENT_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// What hyper takes a head for too large: never met, because the scan refuses it before.
const HEAD_ROOM_BYTES: usize = 4 * 1024;
/// How long the queue of clients must be empty before the listener is closed.
const QUEUE_EMPTY: Duration = Duration::from_millis(100);
/// How long accepting rests when the system has no more sockets to give.
const ACCEPT_REST: Duration = Duration::from_millis(50);
/// How long an exchange that nobody waits for may go on, so that a write runs to its end.
const FINISH_TIME_MAX: Duration = Duration::from_secs(60);
/// How often a worker looks whether somebody was denied elsewhere.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// One worker's belongings. Used on one thread; the locks are never contended.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) log: Arc<LogBuffer>,
    pub(crate) cells: Arc<Cells>,
    pub(crate) server: hyper::server::conn::http1::Builder,
    clients: Mutex<Clients>,
    /// Streams of HTTP/2 connections.
    streams: Mutex<Clients>,
    /// Exchanges that outlive their client.
    background: AtomicUsize,
    is_draining: AtomicBool,
    left: Notify,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, log: Arc<LogBuffer>, cells: Arc<Cells>) -> Self {
        let bounds = &shared.bounds;
        let mut server = hyper::server::conn::http1::Builder::new();
        // `pipeline_flush` stays off: with it hyper's own refusals would never leave. Its timer for
        // heads stays off too: see `deadline`.
        server
            .header_read_timeout(None)
            .max_buf_size(CLIENT_BUFFER_BYTES_MAX.max(bounds.scan.head_bytes_max * 2))
            .max_header_size(bounds.scan.head_bytes_max + HEAD_ROOM_BYTES);
        if bounds.scan.headers_max > 100 {
            server.max_headers(bounds.scan.headers_max as usize);
        }
        let pool = Arc::new(Pool::new(bounds));
        shared.metrics.count(Counted {
            cells: Arc::clone(&cells),
            log: Arc::clone(&log),
            pool: Arc::downgrade(&pool),
        });
        Self {
            pulse: Arc::new(Pulse::new(bounds)),
            pool,
            cells,
            log,
            server,
            clients: Mutex::default(),
            streams: Mutex::default(),
            background: AtomicUsize::new(0),
            is_draining: AtomicBool::new(false),
            left: Notify::new(),
            shared,
        }
    }

    pub(crate) fn scan_limits(&self) -> ScanLimits {
        self.shared.bounds.scan
    }

    /// Takes back an upstream connection.
    pub(crate) fn give(&self, link: Link) {
        self.pool.give(link, self.pulse.now_ms());
    }

    /// Whether connections end after the request in flight.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Relaxed)
    }

    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> MutexGuard<'_, Clients> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn enter_stream(&self, stream: Arc<Client>) -> usize {
        self.streams().enter(stream)
    }

    pub(crate) fn leave_stream(&self, seat: usize) {
        self.streams().leave(seat);
    }

    pub(crate) fn enter(&self, client: Arc<Client>) -> usize {
        self.cells.entered();
        self.clients().enter(client)
    }

    pub(crate) fn leave(&self, seat: usize) {
        self.clients().leave(seat);
        self.cells.left();
        self.left.notify_waiters();
    }

    /// Runs what outlives its client, for a bounded time.
    pub(crate) fn in_background(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        // When a worker ends, what is dropped finds no runtime to go on in.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let worker = Arc::clone(self);
        worker.background.fetch_add(1, Relaxed);
        runtime.spawn(async move {
            // An upstream that takes longer is cut off after all.
            let _ = tokio::time::timeout(FINISH_TIME_MAX, task).await;
            worker.background.fetch_sub(1, Relaxed);
            worker.left.notify_waiters();
        });
    }

    fn is_empty(&self) -> bool {
        self.clients().count() == 0 && self.background.load(Relaxed) == 0
    }

    fn sweep(&self) {
        let now = self.pulse.beat();
        for client in self.clients().all().chain(self.streams().all()) {
            if client.line.deadline.check(now) {
                client.line.wake();
            }
        }
        let before = now.saturating_sub(self.pulse.limits.upstream_idle_ms);
        self.pool.sweep(&self.shared.setup.load(), now, before);
    }

    /// Accepts a client, or turns it away when there are too many.
    fn accept(self: &Arc<Self>, socket: TcpStream, peer: std::net::SocketAddr) {
        let is_busy = self.clients().count() >= self.shared.bounds.connections_max;
        self.cells.accepted(is_busy);
        let client = Arc::new(Client::new(Arc::clone(self), peer));
        // Both ends send whole messages; waiting to fill a packet would only delay them.
        let _ = socket.set_nodelay(true);
        tokio::spawn(connection::carry(client, socket, is_busy));
    }
}

/// Serves until `stop` turns true and all is drained.
pub(crate) async fn run(
    worker: Arc<Worker>,
    listener: TcpListener,
    mut stop: watch::Receiver<bool>,
) {
    // Who was denied before is so from the first request on.
    denials::refresh(&worker.shared.store, &worker.shared.memory).await;
    let sweeping = tokio::spawn(sweep(Arc::clone(&worker)));
    let following = tokio::spawn(follow(Arc::clone(&worker)));
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, peer)) => worker.accept(socket, peer),
                Err(_) => tokio::time::sleep(ACCEPT_REST).await,
            },
            changed = stop.changed() => {
                if changed.is_err() || *stop.borrow() {
                    break;
                }
            }
        }
    }
    drain(&worker, listener).await;
    sweeping.abort();
    following.abort();
}

/// Looks whether somebody was denied elsewhere: the store may be a fleet's.
async fn follow(worker: Arc<Worker>) {
    let mut beat = tokio::time::interval(FOLLOW_EVERY);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        beat.tick().await;
        denials::refresh(&worker.shared.store, &worker.shared.memory).await;
    }
}

async fn sweep(worker: Arc<Worker>) {
    let mut beat = tokio::time::interval(worker.shared.bounds.sweep);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        beat.tick().await;
        worker.sweep();
    }
}

/// A closing listener resets the clients in its queue: so the queue is served empty first. Clients
/// that never stop coming get half of the time, and what has come in by then.
async fn drain(worker: &Arc<Worker>, listener: TcpListener) {
    worker.is_draining.store(true, Relaxed);
    for client in worker.clients().all() {
        client.line.wake();
    }
    let begin = tokio::time::Instant::now();
    let until = begin + worker.shared.bounds.drain;
    let accept_until = begin + worker.shared.bounds.drain / 2;
    while tokio::time::Instant::now() < accept_until {
        match tokio::time::timeout(QUEUE_EMPTY, listener.accept()).await {
            Ok(Ok((socket, peer))) => worker.accept(socket, peer),
            Ok(Err(_)) => {}
            Err(_) => break,
        }
    }
    // The runtime may hold back what it knows of the queue; the socket itself does not.
    if let Ok(listener) = listener.into_std() {
        while let Ok((socket, peer)) = listener.accept() {
            let socket = socket.set_nonblocking(true).and_then(|()| TcpStream::from_std(socket));
            if let Ok(socket) = socket {
                worker.accept(socket, peer);
            }
        }
    }
    loop {
        let left = worker.left.notified();
        if worker.is_empty() || tokio::time::timeout_at(until, left).await.is_err() {
            return;
        }
    }
}
