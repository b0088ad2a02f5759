//! What is counted: in cells of each worker's own, put together only when somebody scrapes.
//!
//! Nothing on a request's path is hashed, locked or allocated for it, and nothing that a client
//! sends becomes a label: labels are the file's paths (a bounded number of them), upstreams, and
//! words of our own.

mod cells;
mod collect;
mod labels;
mod store;

pub(crate) use cells::{Cells, TunnelCells};
pub(crate) use collect::scrape;
use labels::Labels;

use crate::log::LogBuffer;
use crate::pool::Pool;
use crate::setup::Setup;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What the whole process counts, and where its workers' cells are.
pub struct Metrics {
    labels: Arc<Labels>,
    workers: Mutex<Vec<Counted>>,
    reloads_good: AtomicU64,
    reloads_bad: AtomicU64,
}

/// One worker, as far as it is counted.
#[derive(Clone)]
pub(crate) struct Counted {
    pub(crate) cells: Arc<Cells>,
    pub(crate) log: Arc<LogBuffer>,
    /// Its connections to upstreams; gone when it has ended.
    pub(crate) pool: Weak<Pool>,
}

impl Metrics {
    pub(crate) fn new(setup: &Setup) -> Self {
        let metrics = Self {
            labels: Arc::new(Labels::new()),
            workers: Mutex::default(),
            reloads_good: AtomicU64::new(0),
            reloads_bad: AtomicU64::new(0),
        };
        metrics.take(setup);
        metrics
    }

    /// Cells for one more worker. It keeps refusals' facts where `recent_max` is not 0.
    pub(crate) fn cells(&self, recent_max: usize) -> Arc<Cells> {
        Arc::new(Cells::new(Arc::clone(&self.labels), recent_max))
    }

    /// Counts a worker at each scrape.
    pub(crate) fn count(&self, worker: Counted) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }

    pub(crate) fn workers(&self) -> Vec<Counted> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A setup's routes and upstreams get their labels; called before it serves.
    pub(crate) fn take(&self, setup: &Setup) {
        let upstreams = setup.backends.iter().map(|backend| &backend.upstream);
        self.labels.take(&setup.gate, upstreams);
    }

    /// A configuration was read again: it is served now, or it was bad and the old one stays.
    pub fn reloaded(&self, is_good: bool) {
        let count = if is_good { &self.reloads_good } else { &self.reloads_bad };
        count.fetch_add(1, Relaxed);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
