//! A running proxy: its threads, and what can be done with it.

use crate::counts::Counts;
use crate::hints::Hints;
use crate::housekeeping::Housekeeping;
use crate::listen;
use crate::log::LogBuffer;
use crate::settings::{Certificate, ProxySettings};
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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use thiserror::Error;
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
    housekeeping: Option<JoinHandle<()>>,
    /// Disconnected when the housekeeping thread has ended.
    housekept: Receiver<()>,
    is_over: Arc<AtomicBool>,
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
        check_upstreams(&gate, settings.upstreams.len())?;
        let count = match settings.threads {
            0 => thread::available_parallelism().map_or(1, NonZero::get),
            count => count,
        };
        let (address, listeners) = listen::bind(settings.listen, count)
            .map_err(|source| StartError::Listen { address: settings.listen, source })?;
        let tls = settings.tls.map(|certificate| Tls::new(certificate, settings.http2));
        let shared = Arc::new(Shared {
            gate: ArcSwap::new(gate),
            store,
            memory,
            clock: settings.clock,
            chance: settings.chance,
            upstreams: settings.upstreams,
            forwarding: settings.forwarding,
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
            housekeeping: None,
            housekept,
            is_over: Arc::default(),
        };
        // The buffers wake the thread that writes them, so that thread comes first.
        let (give, take) = channel();
        let housekeeping = spawn("doorward-house", move || {
            let _keeping = keeping;
            if let Ok(housekeeping) = take.recv() {
                Housekeeping::run(housekeeping);
            }
        })?;
        let writer = housekeeping.thread().clone();
        proxy.housekeeping = Some(housekeeping);
        let mut buffers = Vec::with_capacity(count);
        for listener in listeners {
            let log = Arc::new(LogBuffer::new(settings.log, Some(writer.clone())));
            buffers.push(Arc::clone(&log));
            let worker = Worker::new(Arc::clone(&proxy.shared), log);
            proxy.workers.push(serve(Arc::new(worker), listener, stopping.clone())?);
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

    /// Where it listens; with the port that was taken for port 0.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes another gate for the next request; requests that are judged already keep theirs.
    ///
    /// # Errors
    /// When a route names an upstream that this proxy does not have.
    pub fn swap_gate(&self, gate: Arc<Gate>) -> Result<(), StartError> {
        check_upstreams(&gate, self.shared.upstreams.len())?;
        self.shared.gate.store(gate);
        Ok(())
    }

    /// Shows clients another certificate from the next handshake on; connections that stand keep
    /// theirs. Without effect where TLS is not spoken: that is settled at the start.
    pub fn swap_certificate(&self, certificate: Certificate) {
        if let Some(tls) = &self.shared.tls {
            tls.swap(certificate);
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

    /// Serves until SIGTERM or SIGINT, then drains.
    ///
    /// # Errors
    /// When signals cannot be waited for.
    pub fn run_until_signal(self) -> Result<(), StartError> {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(StartError::Thread)?;
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Thread)?;
            let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Thread)?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            Ok(())
        })?;
        self.stop();
        Ok(())
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

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

fn check_upstreams(gate: &Gate, count: usize) -> Result<(), StartError> {
    if count == 0 {
        return Err(StartError::NoUpstream);
    }
    match gate.routes().all().iter().find(|route| route.upstream >= count) {
        None => Ok(()),
        Some(route) => Err(StartError::UpstreamIndex {
            path: route.path.clone(),
            index: route.upstream,
            count,
        }),
    }
}

fn serve(
    worker: Arc<Worker>,
    listener: TcpListener,
    stopping: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(StartError::Thread)?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(StartError::Thread)?
    };
    spawn("doorward-worker", move || {
        runtime.block_on(worker::run(worker, listener, stopping));
    })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map_err(StartError::Thread)
}
