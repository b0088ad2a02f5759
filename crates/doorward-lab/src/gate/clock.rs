//! The clock of the lab's gates: the machine's, and what a story has turned it on by.

use doorward_core::moment::Now;
use doorward_porter::clock::{Clock, SystemClock};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const NS_PER_S: u64 = 1_000_000_000;

/// A clock that can be turned on, never back.
#[derive(Debug, Default)]
pub(crate) struct LabClock {
    own: SystemClock,
    ahead_ns: AtomicU64,
}

impl LabClock {
    /// Turns it on.
    pub(crate) fn turn_on(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX / 4);
        self.ahead_ns.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for LabClock {
    fn now(&self) -> Now {
        let ahead_ns = self.ahead_ns.load(Ordering::Relaxed);
        turned_on(self.own.now(), ahead_ns)
    }
}

/// The moment that is so much later.
pub(crate) const fn turned_on(now: Now, ahead_ns: u64) -> Now {
    Now {
        steady_ns: now.steady_ns.saturating_add(ahead_ns),
        unix_s: now.unix_s.saturating_add(ahead_ns / NS_PER_S),
    }
}

#[cfg(test)]
mod tests {
    use super::LabClock;
    use doorward_porter::clock::Clock;
    use std::time::Duration;

    #[test]
    fn a_clock_that_is_turned_on_is_ahead_by_that_much() {
        let clock = LabClock::default();
        let before = clock.now();
        clock.turn_on(Duration::from_secs(120));
        let after = clock.now();
        assert!(after.unix_s >= before.unix_s + 120);
        assert!(after.steady_ns >= before.steady_ns + 120_000_000_000);
        assert!(after.unix_s <= before.unix_s + 180, "and by no more");
    }
}
