//! Two clocks that may be set: this machine's, by which stamps are judged, and the server's, by
//! which claims end. A step of either can make what was used look unused.

use doorward_core::moment::Now;
use doorward_core::pass::SKEW_S;
use std::sync::{Mutex, PoisonError};

/// Added to a lead, which is below zero where a steady clock is ahead.
const AHEAD_S: u64 = 1 << 40;
const NS_PER_S: u64 = 1_000_000_000;

/// How far both were ahead of the steady clock when they were seen last; 0: never.
#[derive(Default)]
pub(super) struct Clocks(Mutex<Leads>);

#[derive(Clone, Copy, Default)]
struct Leads {
    own_s: u64,
    server_s: u64,
}

impl Clocks {
    /// Whether this machine's clock was set back since it was seen last: what is too old would be
    /// good once more.
    pub(super) fn was_set_back(&self, now: Now) -> bool {
        let lead_s = lead(now.unix_s, now);
        let mut leads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_step = lead_s.saturating_add(SKEW_S) < leads.own_s;
        // It is followed where it drifts, and where it is set forward.
        leads.own_s = lead_s;
        is_step
    }

    /// Whether the server's clock was set forward since it was seen last: claims ended too early.
    pub(super) fn leapt(&self, now: Now, server_unix_s: u64) -> bool {
        let lead_s = lead(server_unix_s, now);
        let mut leads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_step = leads.server_s > 0 && lead_s > leads.server_s.saturating_add(SKEW_S);
        leads.server_s = lead_s;
        is_step
    }
}

const fn lead(unix_s: u64, now: Now) -> u64 {
    unix_s.saturating_add(AHEAD_S).saturating_sub(now.steady_ns / NS_PER_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(steady_s: u64, unix_s: u64) -> Now {
        Now { steady_ns: steady_s * NS_PER_S, unix_s }
    }

    #[test]
    fn steps_are_told_from_drift() {
        let clocks = Clocks::default();
        assert!(!clocks.was_set_back(at(10, 1_000)));
        assert!(!clocks.was_set_back(at(20, 1_010)));
        // Set forward, and back by as little as clocks may differ: nothing ends too late.
        assert!(!clocks.was_set_back(at(20, 5_000)));
        assert!(!clocks.was_set_back(at(20, 5_000 - SKEW_S)));
        assert!(clocks.was_set_back(at(20, 4_000)));
        assert!(!clocks.was_set_back(at(21, 4_001)), "said once");
    }

    #[test]
    fn the_servers_clock_may_not_leap() {
        let clocks = Clocks::default();
        assert!(!clocks.leapt(at(10, 0), 1_000));
        assert!(!clocks.leapt(at(20, 0), 1_010));
        assert!(!clocks.leapt(at(20, 0), 1_010 + SKEW_S));
        assert!(clocks.leapt(at(20, 0), 1_011 + 2 * SKEW_S));
        // Set back, claims are only kept for longer.
        assert!(!clocks.leapt(at(20, 0), 500));
        assert!(!clocks.leapt(at(90_000, 0), 90_480), "nobody asked for a day");
    }
}
