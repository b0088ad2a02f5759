//! Upstream connections, kept by each worker for itself.

use crate::dial::dial;
use crate::link::{Lane, Link, Place};
use crate::settings::{Bounds, UpstreamHttp};
use crate::setup::{Backend, Setup};
use crate::streams::Group;
use doorward_core::fault::Fault;
use hyper::client::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Read buffer of an upstream connection at the most.
const UPSTREAM_BUFFER_BYTES_MAX: usize = 256 * 1024;

/// The connections of one worker.
pub(crate) struct Pool {
    shelves: Mutex<Vec<Shelf>>,
    builder: Builder,
    idle_max: usize,
    open_max: usize,
}

/// The connections to one upstream.
struct Shelf {
    /// The upstream's id.
    backend: u64,
    /// Idle ones, the longest idle first.
    idle: Vec<Link>,
    /// Open connections, idle ones too; over HTTP/2, requests.
    open: Arc<AtomicUsize>,
    http2: Arc<Group>,
}

impl Shelf {
    fn new(backend: u64) -> Self {
        Self { backend, idle: Vec::new(), open: Arc::default(), http2: Arc::default() }
    }
}

impl Pool {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        let mut builder = Builder::new();
        builder.max_buf_size(UPSTREAM_BUFFER_BYTES_MAX);
        Self {
            shelves: Mutex::default(),
            builder,
            idle_max: bounds.upstream_idle_max,
            open_max: bounds.upstream_open_max,
        }
    }

    /// The numbers of open connections, one an upstream of the setup.
    pub(crate) fn open_counts(&self, setup: &Setup) -> Vec<Arc<AtomicUsize>> {
        let mut shelves = self.shelves();
        let counts = setup.backends.iter().map(|backend| {
            let at = shelf_of(&mut shelves, backend.id);
            Arc::clone(&shelves[at].open)
        });
        counts.collect()
    }

    fn shelves(&self) -> MutexGuard<'_, Vec<Shelf>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection that still lives.
    pub(crate) fn take(&self, backend: &Backend) -> Option<Link> {
        loop {
            let mut link = {
                let mut shelves = self.shelves();
                let shelf = shelves.iter_mut().find(|shelf| shelf.backend == backend.id)?;
                shelf.idle.pop()?
            };
            if let Link::One(lane) = &mut link
                && lane.is_alive()
            {
                lane.is_reused = true;
                return Some(link);
            }
        }
    }

    /// Takes back a connection that can carry another request; any other is closed, and one to an
    /// upstream that is gone.
    pub(crate) fn give(&self, mut link: Link, now_ms: u64) {
        let Link::One(lane) = &mut link else { return };
        if !lane.is_ready() {
            return;
        }
        lane.idle_since_ms = now_ms;
        let backend = lane.backend;
        let mut shelves = self.shelves();
        if let Some(shelf) = shelves.iter_mut().find(|shelf| shelf.backend == backend)
            && shelf.idle.len() < self.idle_max
        {
            shelf.idle.push(link);
        }
    }

    /// Closes what was not used since `before_ms`, and what leads to an upstream that is gone.
    pub(crate) fn sweep(&self, setup: &Setup, now_ms: u64, before_ms: u64) {
        let mut old = Vec::new();
        let mut gone = Vec::new();
        let mut shelves = self.shelves();
        let is_there = |shelf: &Shelf| setup.backends.iter().any(|one| one.id == shelf.backend);
        if !shelves.iter().all(is_there) {
            let (kept, lost) = std::mem::take(&mut *shelves).into_iter().partition(is_there);
            *shelves = kept;
            gone = lost;
        }
        for shelf in &mut *shelves {
            // The list is used from its end, so that its beginning is the oldest.
            let count = shelf.idle.partition_point(|link| link.is_idle_since(before_ms));
            old.extend(shelf.idle.drain(..count));
            shelf.http2.close_idle(now_ms, before_ms);
        }
        // Sockets are closed after the lock is free.
        drop(shelves);
        drop((old, gone));
    }

    fn place(&self, backend: u64) -> Result<(Place, Arc<Group>), Fault> {
        let mut shelves = self.shelves();
        let at = shelf_of(&mut shelves, backend);
        let place = Place::take(&shelves[at].open, self.open_max)?;
        Ok((place, Arc::clone(&shelves[at].http2)))
    }

    /// Opens a connection, or a stream of one.
    ///
    /// # Errors
    /// What is the matter with the upstream.
    pub(crate) async fn open(&self, backend: &Backend, now_ms: u64) -> Result<Link, Fault> {
        let (place, group) = self.place(backend.id)?;
        match backend.upstream.http {
            UpstreamHttp::One => {
                let io = dial(&backend.upstream).await?;
                let tally = io.tally();
                let handshake = self.builder.handshake(TokioIo::new(io));
                let (sender, connection) =
                    handshake.await.map_err(|_| Fault::UpstreamUnreachable)?;
                let lane = Lane::new(backend.id, tally, place, sender, connection);
                Ok(Link::One(Box::new(lane)))
            }
            UpstreamHttp::Two => {
                let stream = group.open(backend, place, now_ms).await?;
                Ok(Link::Two(Box::new(stream)))
            }
        }
    }
}

/// Where the connections to an upstream are.
fn shelf_of(shelves: &mut Vec<Shelf>, backend: u64) -> usize {
    shelves.iter().position(|shelf| shelf.backend == backend).unwrap_or_else(|| {
        shelves.push(Shelf::new(backend));
        shelves.len() - 1
    })
}
