//! Where the time comes from. The core cannot read a clock; it is handed a [`Now`].

use doorward_core::moment::Now;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time. Tests hand in [`FixedClock`].
pub trait Clock: Send + Sync {
    /// The present moment. `steady_ns` never goes back between two calls.
    fn now(&self) -> Now;
}

/// How long the distance between the two clocks is believed before it is measured again: as much as
/// the wall clock may be behind when somebody sets it.
const DISTANCE_NS: u64 = 100_000_000;

/// The machine's clocks. One of them is read for each moment; the wall clock is taken from its
/// distance to it.
#[derive(Debug)]
pub struct SystemClock {
    epoch: Instant,
    /// Nanoseconds from the steady clock's beginning to 1970.
    distance_ns: AtomicU64,
    /// When the distance was measured, steady.
    measured_ns: AtomicU64,
}

impl SystemClock {
    /// Clocks whose steady part begins now.
    #[must_use]
    pub fn new() -> Self {
        let clock = Self {
            epoch: Instant::now(),
            distance_ns: AtomicU64::new(0),
            measured_ns: AtomicU64::new(0),
        };
        clock.measure(0);
        clock
    }

    /// Measures how far the wall clock is from the steady one. Two threads may do it at once: both
    /// are right.
    fn measure(&self, steady_ns: u64) -> u64 {
        // A wall clock before 1970 makes every stamp come from the future, which is refused.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanoseconds);
        let distance_ns = wall.saturating_sub(steady_ns);
        self.distance_ns.store(distance_ns, Relaxed);
        self.measured_ns.store(steady_ns, Relaxed);
        distance_ns
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let steady_ns = nanoseconds(self.epoch.elapsed());
        let is_old = steady_ns.saturating_sub(self.measured_ns.load(Relaxed)) > DISTANCE_NS;
        let distance_ns =
            if is_old { self.measure(steady_ns) } else { self.distance_ns.load(Relaxed) };
        Now { steady_ns, unix_s: (distance_ns + steady_ns) / 1_000_000_000 }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2)
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock {
    now: Mutex<Now>,
}

impl FixedClock {
    /// A clock standing at `now`.
    #[must_use]
    pub const fn new(now: Now) -> Self {
        Self { now: Mutex::new(now) }
    }

    /// Moves the clock.
    pub fn set(&self, now: Now) {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Now {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
