//! A running proxy: its threads, and what can be done with it.

use crate::admin;
use crate::counts::Counts;
use crate::hints::Hints;
use crate::housekeeping::Housekeeping;
use crate::listen;
use crate::log::LogBuffer;
use crate::metrics::Metrics;
use crate::settings::{
    ADMIN_TOKEN_BYTES_MIN, AdminSettings, Certificate, Forwarding, ProxySettings, Upstream,
};
use crate::setup::Setup;
use crate::shared::Shared;
use crate::tls::Tls;
use crate::worker::{self, Worker};
use arc_swap::ArcSwap;
use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_store::Store;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How long the last lines of the log may take to be written at the end.
const LOG_TIME_MAX: Duration = Duration::from_secs(2);

/// Why a proxy does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says; `AddrInUse` when another program has it.
        source: io::Error,
    },
    /// A thread or its runtime could not be made.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The admin listener's token can be guessed.
    #[error("the admin token has fewer than {ADMIN_TOKEN_BYTES_MIN} bytes")]
    AdminToken,
    /// TLS cannot be spoken: the machine gives no randomness.
    #[error("cannot speak TLS")]
    Tls(#[source] rustls::Error),
    /// There is nothing to forward to.
    #[error("there is no upstream")]
    NoUpstream,
    /// A route names an upstream that is not in the list.
    #[error("the route {path:?} names upstream {index}, and there are only {count}")]
    UpstreamIndex {
        /// The route's path.
        path: String,
        /// The upstream that it names.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

/// A running proxy. Dropped, it is stopped as by [`Proxy::stop`].
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
    admin: Option<Admin>,
    housekeeping: Option<JoinHandle<()>>,
    /// Disconnected when the housekeeping thread has ended.
    housekept: Receiver<()>,
    is_over: Arc<AtomicBool>,
}

/// How many workers serve: one for each core where nothing is said.
fn workers_of(threads: usize) -> usize {
    match threads {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        count => count,
    }
}

impl Proxy {
    /// Starts to listen and to serve.
    ///
    /// # Errors
    /// When the address is taken, a thread cannot be had, or an upstream is missing.
    pub fn start(
        settings: ProxySettings,
        gate: Arc<Gate>,
        store: Arc<Store>,
        memory: Arc<Memory>,
    ) -> Result<Self, StartError> {
        let setup = Setup::new(gate, settings.upstreams, settings.forwarding, None)?;
        let metrics = Arc::new(Metrics::new(&setup));
        let count = workers_of(settings.threads);
        let (address, listeners) = listen::bind(settings.listen, count)
            .map_err(|source| StartError::Listen { address: settings.listen, source })?;
        memory.begin(settings.clock.now());
        let tls = settings.tls.map(|certificate| Tls::new(certificate, settings.http2));
        let shared = Arc::new(Shared {
            metrics,
            setup: ArcSwap::from_pointee(setup),
            exchange: Mutex::new(()),
            store,
            memory,
            outside: settings.outside,
            clock: settings.clock,
            chance: settings.chance,
            bounds: settings.bounds,
            hints: Hints::new(settings.talk),
            tls: tls.transpose().map_err(StartError::Tls)?,
            http2: settings.http2,
            proxy_protocol: settings.proxy_protocol,
            counts: Counts::default(),
            held_bytes: AtomicUsize::new(0),
        });
        let (stop, stopping) = watch::channel(false);
        let (keeping, housekept) = channel::<()>();
        let mut proxy = Self {
            address,
            shared,
            stop,
            workers: Vec::with_capacity(count),
            admin: None,
            housekeeping: None,
            housekept,
            is_over: Arc::default(),
        };
        // The buffers wake the thread that writes them, so that thread comes first.
        let (give, housekeeping) = housekeep(keeping)?;
        let writer = housekeeping.thread().clone();
        proxy.housekeeping = Some(housekeeping);
        let audit = Arc::new(LogBuffer::new(settings.log, Some(writer.clone())));
        proxy.admin = (settings.admin)
            .map(|admin| Admin::start(admin, (&proxy.shared, &audit), &stopping))
            .transpose()?;
        let mut buffers = Vec::with_capacity(count + 1);
        buffers.push(audit);
        for listener in listeners {
            let log = Arc::new(LogBuffer::new(settings.log, Some(writer.clone())));
            buffers.push(Arc::clone(&log));
            let worker = proxy.new_worker(log, count);
            proxy.workers.push(serve(worker, listener, stopping.clone())?);
        }
        let housekeeping = Housekeeping {
            buffers,
            form: settings.log,
            out: settings.log_to,
            clock: Arc::clone(&proxy.shared.clock),
            summary_every: proxy.shared.bounds.summary,
            is_over: Arc::clone(&proxy.is_over),
        };
        // The thread waits for it, so that it cannot be gone.
        let _ = give.send(housekeeping);
        Ok(proxy)
    }

    /// One of `count` workers. Each keeps its part of the last refusals, where somebody may ask for
    /// them.
    fn new_worker(&self, log: Arc<LogBuffer>, count: usize) -> Arc<Worker> {
        let is_asked = self.admin.is_some();
        let recent_max = if is_asked { admin::RECENT_MAX.div_ceil(count) } else { 0 };
        let cells = self.shared.metrics.cells(recent_max);
        Arc::new(Worker::new(Arc::clone(&self.shared), log, cells))
    }

    /// Where it listens; with the port that was taken for port 0.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the admin listener is, if there is one.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|admin| admin.address)
    }

    /// What is counted, for those parts that are not the proxy's own.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// Takes another gate, other upstreams and forwarding headers for the next request, all at
    /// once. Requests that are judged already keep theirs. Connections to an upstream that is there
    /// before and after stay; those to one that is gone end with their requests.
    ///
    /// # Errors
    /// When there is no upstream, or a route names one that is not in the list; then nothing
    /// changes.
    pub fn swap(
        &self,
        gate: Arc<Gate>,
        upstreams: Vec<Upstream>,
        forwarding: Forwarding,
    ) -> Result<(), StartError> {
        self.exchange(|before| Setup::new(gate, upstreams, forwarding, Some(before)))
    }

    /// Takes another gate for the next request; requests that are judged already keep theirs.
    ///
    /// # Errors
    /// When a route names an upstream that this proxy does not have.
    pub fn swap_gate(&self, gate: Arc<Gate>) -> Result<(), StartError> {
        self.exchange(|before| before.with_gate(gate))
    }

    fn exchange(
        &self,
        next: impl FnOnce(&Setup) -> Result<Setup, StartError>,
    ) -> Result<(), StartError> {
        let _one_at_a_time = self.shared.exchange.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next(&self.shared.setup.load())?;
        self.shared.metrics.take(&next);
        self.shared.setup.store(Arc::new(next));
        self.shared.metrics.reloaded(true);
        Ok(())
    }

    /// Shows clients another certificate from the next handshake on; connections that stand keep
    /// theirs. Whose certificates clients may show is exchanged with it, also for connections that
    /// stand: what they have shown is judged anew. Without effect where TLS is not spoken: that is
    /// settled at the start.
    ///
    /// # Errors
    /// When the machine gives no randomness for other keys of tickets; then nothing changes.
    pub fn swap_certificate(&self, certificate: Certificate) -> Result<(), StartError> {
        match &self.shared.tls {
            Some(tls) => tls.swap(certificate).map_err(StartError::Tls),
            None => Ok(()),
        }
    }

    /// TLS handshakes that came to nothing, of all that were begun.
    #[must_use]
    pub fn handshakes(&self) -> (u64, u64) {
        let counts = &self.shared.counts;
        (
            counts.handshakes_failed.load(Ordering::Relaxed),
            counts.handshakes.load(Ordering::Relaxed),
        )
    }

    /// Requests of clients that wrote the header in which trusted proxies tell fingerprints.
    #[must_use]
    pub fn fingerprint_claims(&self) -> u64 {
        self.shared.counts.claims.load(Ordering::Relaxed)
    }

    /// Drains: clients in the queue are still served, requests in flight come to their end, then
    /// the threads end. Waits for that, at most as long as [`crate::settings::Bounds::drain`] says.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Nobody listening any more means that it has stopped already.
        let _ = self.stop.send(true);
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
        // It answers until all is drained: whoever looks sees that the gate is not ready.
        self.admin = None;
        self.is_over.store(true, Ordering::Release);
        if let Some(housekeeping) = self.housekeeping.take() {
            housekeeping.thread().unpark();
            // Whoever reads the log may have stopped reading: the gate ends all the same.
            let ended = self.housekept.recv_timeout(LOG_TIME_MAX);
            if ended == Err(RecvTimeoutError::Disconnected) {
                let _ = housekeeping.join();
            }
        }
    }
}

/// The admin listener's thread; it ends when this is dropped.
struct Admin {
    address: SocketAddr,
    over: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Admin {
    fn start(
        settings: AdminSettings,
        (shared, log): (&Arc<Shared>, &Arc<LogBuffer>),
        stopping: &watch::Receiver<bool>,
    ) -> Result<Self, StartError> {
        let told = (Arc::clone(shared), Arc::clone(log));
        let stopping = stopping.clone();
        if settings.token.expose().len() < ADMIN_TOKEN_BYTES_MIN {
            return Err(StartError::AdminToken);
        }
        let listen = settings.listen;
        let bound = TcpListener::bind(listen).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        });
        let (address, listener) =
            bound.map_err(|source| StartError::Listen { address: listen, source })?;
        let (runtime, listener) = inside_runtime(listener)?;
        let (over, is_over) = watch::channel(false);
        let thread = spawn("doorward-admin", move || {
            runtime.block_on(admin::serve(listener, settings, told, stopping, is_over));
        })?;
        Ok(Self { address, over, thread: Some(thread) })
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        // A thread that has ended does not listen.
        let _ = self.over.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The housekeeping thread, and where its work is given to it; `keeping` is dropped at its end.
fn housekeep(keeping: Sender<()>) -> Result<(Sender<Housekeeping>, JoinHandle<()>), StartError> {
    let (give, take) = channel();
    let thread = spawn("doorward-house", move || {
        let _keeping = keeping;
        if let Ok(housekeeping) = take.recv() {
            Housekeeping::run(housekeeping);
        }
    })?;
    Ok((give, thread))
}

fn serve(
    worker: Arc<Worker>,
    listener: TcpListener,
    stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let (runtime, listener) = inside_runtime(listener)?;
    spawn("doorward-worker", move || {
        runtime.block_on(worker::run(worker, listener, stopping));
    })
}

/// A runtime of one thread, and a listener in it.
fn inside_runtime(listener: TcpListener) -> Result<(Runtime, tokio::net::TcpListener), StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(StartError::Thread)?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(StartError::Thread)?
    };
    Ok((runtime, listener))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map_err(StartError::Thread)
}
