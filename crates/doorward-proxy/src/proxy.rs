//! A running proxy: its threads, and what can be done with it.

use crate::listen;
use crate::log::LogBuffer;
use crate::settings::ProxySettings;
use crate::shared::Shared;
use crate::worker::{self, Worker};
use doorward_core::memory::Memory;
use doorward_store::Store;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use thiserror::Error;
use tokio::sync::watch;

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
    #[error("cannot start a worker")]
    Worker(#[source] io::Error),
    /// There is nothing to forward to.
    #[error("no upstream is configured")]
    NoUpstream,
}

/// A running proxy. Dropped, it is stopped.
pub struct Proxy {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

impl Proxy {
    /// start
    pub fn start(settings: ProxySettings, store: Arc<Store>, memory: Arc<Memory>) -> Result<Self, StartError> {
        let count = match settings.threads { 0 => thread::available_parallelism().map_or(1, std::num::NonZero::get), count => count };
        let (address, listeners) = listen::bind(settings.listen, count).map_err(|source| StartError::Listen { address: settings.listen, source })?;
        let shared = Arc::new(Shared { store, memory, clock: settings.clock, chance: settings.chance, upstreams: settings.upstreams, forwarding: settings.forwarding, bounds: settings.bounds });
        let (stop, stopping) = watch::channel(false);
        let mut workers = Vec::new();
        for listener in listeners {
            let worker = Arc::new(Worker::new(Arc::clone(&shared), Arc::new(LogBuffer {})));
            workers.push(spawn(worker, listener, stopping.clone()).map_err(StartError::Worker)?);
        }
        Ok(Self { address, stop, workers })
    }
    /// address
    pub fn address(&self) -> SocketAddr { self.address }
    /// stop
    pub fn stop(mut self) { let _ = self.stop.send(true); for w in self.workers.drain(..) { let _ = w.join(); } }
}

fn spawn(worker: Arc<Worker>, listener: TcpListener, stopping: watch::Receiver<bool>) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    thread::Builder::new().name("doorward-worker".to_owned()).spawn(move || {
        runtime.block_on(async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) { worker::run(worker, listener, stopping).await; }
        });
    })
}
