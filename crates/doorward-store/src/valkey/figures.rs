//! What is counted about a shared store, by all threads of a gate together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where the latency's buckets end, in microseconds; the last one has no end.
pub const LATENCY_ENDS_US: [u64; 8] = [100, 250, 500, 1_000, 5_000, 25_000, 100_000, 250_000];

/// What was counted so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Commands that were sent and waited for: with one batch each, mostly.
    pub trips: u64,
    /// Trips that came to nothing.
    pub errors: u64,
    /// How often it was found to be away.
    pub times_away: u64,
    /// Batches that were refused because it was away.
    pub refused: u64,
    /// Batches that this gate answered alone.
    pub alone: u64,
    /// Batches that were answered from what was taken in advance.
    pub leased: u64,
    /// What was told and never arrived: it stays spent.
    pub lost: u64,
    /// How often what was remembered was found to be forgotten, and a new epoch began.
    pub epochs: u64,
    /// Trips that took as long, by [`LATENCY_ENDS_US`].
    pub latency: [u64; LATENCY_ENDS_US.len() + 1],
    /// Microseconds of all trips together.
    pub latency_us: u64,
}

#[derive(Default)]
pub(super) struct Counts {
    pub(super) trips: AtomicU64,
    pub(super) errors: AtomicU64,
    pub(super) times_away: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) alone: AtomicU64,
    pub(super) leased: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) epochs: AtomicU64,
    latency: [AtomicU64; LATENCY_ENDS_US.len() + 1],
    latency_us: AtomicU64,
}

pub(super) fn count(cell: &AtomicU64) {
    cell.fetch_add(1, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn took(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_ENDS_US.iter().position(|end| us <= *end);
        count(&self.latency[bucket.unwrap_or(LATENCY_ENDS_US.len())]);
        self.latency_us.fetch_add(us, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Figures {
        let is = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        Figures {
            trips: is(&self.trips),
            errors: is(&self.errors),
            times_away: is(&self.times_away),
            refused: is(&self.refused),
            alone: is(&self.alone),
            leased: is(&self.leased),
            lost: is(&self.lost),
            epochs: is(&self.epochs),
            latency: std::array::from_fn(|bucket| is(&self.latency[bucket])),
            latency_us: is(&self.latency_us),
        }
    }
}
