//! Lives: who remembers what was used, and since when. What was made in another life is refused,
//! because nobody may know any more whether it was used.

use crate::crypto;
use crate::moment::Now;
use crate::pass::SKEW_S;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// Who remembers what was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// This process, and nobody else.
    #[default]
    Own,
    /// A store that others ask too, in one of its epochs.
    Shared(Epoch),
    /// This process, while the store that others ask too is away. What bears no life's name, as
    /// integrations' signatures and webhooks' deliveries, could be used at each of them, so it is
    /// refused.
    Alone,
}

/// One span of a store's memory: it ends when the store forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Its name: random, and never given again.
    pub name: [u8; 16],
    /// The second in which it began, by this process's wall clock.
    pub begun_unix_s: u64,
}

/// A life's name, as passes and tickets bear it.
pub(crate) type Boot = [u8; 8];

/// Which life of which process, or of which store, this is. A clock that is set back begins a new
/// one too, because what was forgotten by time could be used again; a store's life is ended by
/// whoever asks it.
pub(crate) struct Lives {
    seed: [u8; 16],
    /// The wall clock's lead over the steady one, in seconds. Both are read together, so that a
    /// moment that is looked at late changes nothing.
    lead_s: AtomicU64,
    count: AtomicU64,
    /// The second in which this process's life began; 0: nobody has said.
    begun_s: AtomicU64,
    life: RwLock<Life>,
}

const NS_PER_S: u64 = 1_000_000_000;
/// Added to the lead, which is below zero where a steady clock is ahead of the wall clock.
const AHEAD_S: u64 = 1 << 40;

impl Lives {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        Self {
            seed,
            lead_s: AtomicU64::new(0),
            count: AtomicU64::new(0),
            begun_s: AtomicU64::new(0),
            life: RwLock::default(),
        }
    }

    /// The process begins; the first call counts.
    pub(crate) fn begin(&self, now: Now) {
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let _ = self.begun_s.compare_exchange(0, now.unix_s, order.0, order.1);
    }

    /// Who remembers from now on.
    pub(crate) fn live(&self, life: Life) {
        *self.life.write().unwrap_or_else(PoisonError::into_inner) = life;
    }

    /// Begins anew, as after a start: what was used is forgotten, and what was made holds again.
    pub(crate) fn rewind(&self) {
        self.lead_s.store(0, Ordering::Release);
        self.count.store(0, Ordering::Release);
        self.begun_s.store(0, Ordering::Release);
    }

    /// The second in which this life began. What was signed before may have been taken in another.
    /// `u64::MAX` where that can be told of nothing.
    pub(crate) fn begun_s(&self, now: Now) -> u64 {
        self.notice(now);
        match self.life() {
            Life::Own => self.begun_s.load(Ordering::Acquire),
            // Clocks may differ by as much: what was signed by one that is ahead is older.
            Life::Shared(epoch) => epoch.begun_unix_s.saturating_add(SKEW_S),
            Life::Alone => u64::MAX,
        }
    }

    /// This life's name.
    pub(crate) fn boot(&self, now: Now) -> Boot {
        self.notice(now);
        match self.life() {
            Life::Own | Life::Alone => {
                let count = self.count.load(Ordering::Acquire).to_be_bytes();
                named(&[b"boot", &self.seed, &count])
            }
            Life::Shared(epoch) => named(&[b"epoch", &epoch.name]),
        }
    }

    fn life(&self) -> Life {
        *self.life.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notices a clock that was set back.
    fn notice(&self, now: Now) {
        let latest = self.lead_s.load(Ordering::Acquire);
        let lead_s = now.unix_s.saturating_add(AHEAD_S).saturating_sub(now.steady_ns / NS_PER_S);
        if lead_s > latest {
            self.lead_s.fetch_max(lead_s, Ordering::AcqRel);
        } else if lead_s.saturating_add(SKEW_S) < latest {
            let order = (Ordering::AcqRel, Ordering::Acquire);
            let set = self.lead_s.compare_exchange(latest, lead_s, order.0, order.1);
            if set.is_ok() {
                self.count.fetch_add(1, Ordering::AcqRel);
                // Clocks may differ by as much: what was signed by one that is ahead is older.
                self.begun_s.store(now.unix_s.saturating_add(SKEW_S), Ordering::Release);
            }
        }
    }
}

fn named(parts: &[&[u8]]) -> Boot {
    crypto::sha256(&parts.concat()).first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn on(unix_s: u64) -> Now {
        Now { steady_ns: 0, unix_s }
    }

    #[test]
    fn a_clock_that_is_set_back_begins_a_new_life() {
        let lives = Lives::new([7; 16]);
        let at = |unix_s| lives.boot(on(unix_s));
        let first = at(1_000);
        assert_eq!(at(1_000), first);
        assert_eq!(at(2_000), first);
        assert_eq!(at(2_000 - SKEW_S), first);
        let second = at(1_000);
        assert_ne!(second, first);
        assert_eq!(at(1_001), second);
        assert_ne!(Lives::new([8; 16]).boot(on(1)), first);
    }

    #[test]
    fn gates_of_one_store_live_its_epoch() {
        let (one, other) = (Lives::new([7; 16]), Lives::new([8; 16]));
        let epoch = |name| Life::Shared(Epoch { name: [name; 16], begun_unix_s: 500 });
        let now = on(1_000);
        one.begin(now);
        let own = one.boot(now);
        for lives in [&one, &other] {
            lives.live(epoch(1));
        }
        let shared = one.boot(now);
        assert_ne!(shared, own);
        assert_eq!(other.boot(now), shared);
        // A gate that starts later takes what was signed before it did.
        assert_eq!(one.begun_s(now), 500 + SKEW_S);
        one.live(epoch(2));
        assert_ne!(one.boot(now), shared);
        // Away: its own life again, in which nothing counts that bears no life's name.
        one.live(Life::Alone);
        assert_eq!((one.boot(now), one.begun_s(now)), (own, u64::MAX));
        one.live(epoch(1));
        assert_eq!(one.boot(now), shared);
        one.live(Life::Own);
        assert_eq!((one.boot(now), one.begun_s(now)), (own, 1_000));
    }
}
