//! What is counted: in cells of each worker's own, put together only when somebody scrapes.
//!
//! Nothing on a request's path is hashed, locked or allocated for it, and nothing that a client
//! sends becomes a label: labels are the file's paths (a bounded number of them), upstreams, and
//! words of our own.

mod cells;
mod collect;
mod labels;

pub(crate) use cells::{Cells, TunnelCells};
pub(crate) use collect::scrape;
use labels::Labels;

use crate::log::LogBuffer;
use crate::pool::Pool;
use crate::setup::Setup;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// What the cache of verified identities and the keys say of themselves, when asked at a scrape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityFigures {
    /// Tokens and keys that were remembered.
    pub cache_hits: u64,
    /// Those that had to be verified anew.
    pub cache_misses: u64,
    /// Each issuer of the configuration, and how old its keys are in seconds; none: never fetched.
    pub keys_age_s: Vec<(String, Option<u64>)>,
}

/// Tells the figures of identity at each scrape.
type IdentitySource = Box<dyn Fn() -> IdentityFigures + Send + Sync>;

/// What the whole process counts, and where its workers' cells are.
pub struct Metrics {
    labels: Arc<Labels>,
    workers: Mutex<Vec<Counted>>,
    reloads_good: AtomicU64,
    reloads_bad: AtomicU64,
    identity: OnceLock<IdentitySource>,
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
            identity: OnceLock::new(),
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

    /// Says where identity's figures come from. The first source stays; it is asked on the admin
    /// thread, at each scrape.
    pub fn identity(&self, source: impl Fn() -> IdentityFigures + Send + Sync + 'static) {
        // A second source would count the same things twice.
        let _ = self.identity.set(Box::new(source));
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
