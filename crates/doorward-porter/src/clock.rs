//! Where the time comes from. The core cannot read a clock; it is handed a [`Now`].

use doorward_core::moment::Now;
use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the time. Tests hand in [`FixedClock`].
pub trait Clock: Send + Sync {
    /// The present moment. `steady_ns` never goes back between two calls.
    fn now(&self) -> Now;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    epoch: Instant,
}

impl SystemClock {
    /// Clocks whose steady part begins now.
    #[must_use]
    pub fn new() -> Self {
        Self { epoch: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let steady = self.epoch.elapsed().as_nanos();
        // A wall clock before 1970 makes every stamp come from the future, which is refused.
        let unix_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Now { steady_ns: u64::try_from(steady).unwrap_or(u64::MAX), unix_s }
    }
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
