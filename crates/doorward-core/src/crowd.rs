//! Who has how much of what is remembered of signatures, and who is refused first when there is no
//! more room: the address that has the most of it.

use crate::address::Prefix;
use crate::memory::Strikes;
use crate::moment::Now;
use crate::pass::CLAIM_S;
use crate::question::Rate;
use std::sync::atomic::{AtomicU64, Ordering};

/// Signatures of one address that are remembered at once, at the most: a sixteenth of the table.
pub const CROWD_PART: u32 = 1 << 16;
/// What is counted of an address is forgotten as its signatures are.
const RATE: Rate =
    Rate { every_ns: CLAIM_S * 1_000_000_000 / CROWD_PART as u64, burst: CROWD_PART };
/// How often the part is halved at the first sign that there is no more room: to 4,096, which is
/// more than the default limits let an address use.
const HALVINGS_FIRST: u64 = 4;
/// And at the most: to 64.
const HALVINGS_LAST: u64 = 10;
/// Bits of the number of halvings; the second until which they hold stands above.
const HALVINGS_BITS: u32 = 8;

/// What addresses hold.
pub(crate) struct Crowd {
    held: Strikes,
    pressed: AtomicU64,
}

impl Crowd {
    pub(crate) const fn new(held: Strikes) -> Self {
        Self { held, pressed: AtomicU64::new(0) }
    }

    /// Whether one more signature of an address may be remembered.
    pub(crate) fn takes(&self, prefix: Prefix, now: Now) -> bool {
        let burst = CROWD_PART >> self.halvings(now);
        self.held.wait_ns(prefix, Rate { burst, ..RATE }, now).is_none()
    }

    /// One more is.
    pub(crate) fn note(&self, prefix: Prefix, now: Now) {
        self.held.strike(prefix, RATE, now);
    }

    /// There was no room for one: for as long as signatures are remembered, the part of each
    /// address is smaller, and smaller still with each second in which this happens again.
    pub(crate) fn press(&self, now: Now) {
        let (until, halvings) = self.read();
        let wanted = now.unix_s.saturating_add(CLAIM_S);
        let next = match until {
            until if until >= wanted => return,
            until if until < now.unix_s => HALVINGS_FIRST,
            _ => HALVINGS_LAST.min(halvings + 1),
        };
        self.pressed.store(wanted << HALVINGS_BITS | next, Ordering::Release);
    }

    fn read(&self) -> (u64, u64) {
        let packed = self.pressed.load(Ordering::Acquire);
        (packed >> HALVINGS_BITS, packed & ((1 << HALVINGS_BITS) - 1))
    }

    fn halvings(&self, now: Now) -> u64 {
        let (until, halvings) = self.read();
        if now.unix_s <= until { halvings } else { 0 }
    }
}
