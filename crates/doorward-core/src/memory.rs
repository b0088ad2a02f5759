//! The process's bounded memory that the core reads while it decides: strikes per address prefix,
//! and verified tokens.

use crate::address::Prefix;
use crate::layers::identity::Tokens;
use crate::moment::Now;
use crate::question::{Key, Rate, Subject};
use crate::table::{Kind, Locked, NotLocked, Shards, Sizes, Table};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bounded memory of one process, shared by all its workers.
pub struct Memory {
    /// Failed identities, forgeries and malformed messages, per address prefix.
    pub strikes: Strikes,
    /// Tokens that were verified before.
    pub tokens: Tokens,
}

/// Strikes per address prefix: looked at before any work is done for a caller.
pub struct Strikes {
    table: Table,
    /// The steady nanosecond at which the last of all strikes is forgotten: before the first strike
    /// and long after the last nobody has to look further.
    forgotten_ns: AtomicU64,
}

/// Strikes have a table of their own, so any name does.
const LIMIT: u64 = 0;

impl Memory {
    /// Memory for `strikes_max` prefixes; `seed` keys its hashes and differs in each process.
    #[must_use]
    pub fn new(strikes_max: usize, seed: [u8; 16]) -> Self {
        let sizes = Sizes { strangers_max: strikes_max, known_max: 0, claims_max: 0 };
        let table = Table::new(sizes, seed);
        let strikes = Strikes { table, forgotten_ns: AtomicU64::new(0) };
        Self { strikes, tokens: Tokens::default() }
    }
}

impl Strikes {
    /// How long an address that is over `rate` has to wait, in nanoseconds; `None` when it is not
    /// over.
    #[must_use]
    pub fn wait_ns(&self, prefix: Prefix, rate: Rate, now: Now) -> Option<u64> {
        if self.forgotten_ns.load(Ordering::Acquire) <= now.steady_ns {
            return None;
        }
        let key = Key { limit: LIMIT, subject: Subject::Address(prefix) };
        let named = self.table.name(&key, Kind::Bucket, self.table.digest(&key.subject));
        let mut locked = Locked::new(&self.table);
        locked.lock(Shards::default().with(&named));
        locked.wait_ns(&named, rate, now).unwrap_or_else(|NotLocked| {
            locked.lock(self.table.chain(&named));
            // With the whole chain locked there is always an answer; a doubt is a wait.
            locked.wait_ns(&named, rate, now).unwrap_or(Some(rate.every_ns))
        })
    }

    /// Counts one strike. An address that is over its rate already stays just as far over it.
    pub fn strike(&self, prefix: Prefix, rate: Rate, now: Now) {
        let key = Key { limit: LIMIT, subject: Subject::Address(prefix) };
        let named = self.table.name(&key, Kind::Bucket, self.table.digest(&key.subject));
        let mut locked = Locked::new(&self.table);
        locked.lock(Shards::default().with(&named));
        let forgotten_ns = locked.strike(&named, rate, now).unwrap_or_else(|NotLocked| {
            locked.lock(self.table.chain(&named));
            locked.strike(&named, rate, now).unwrap_or(0)
        });
        self.forgotten_ns.fetch_max(forgotten_ns, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { every_ns: 100, burst: 2 };

    fn at(steady_ns: u64) -> Now {
        Now { steady_ns, unix_s: 0 }
    }

    fn prefix(text: &str) -> Prefix {
        Prefix::subscriber(text.parse().expect("a test address"))
    }

    #[test]
    fn an_address_over_its_strikes_waits_and_nobody_else_does() {
        let strikes = Memory::new(1_000, [7; 16]).strikes;
        let (bad, twin) = (prefix("203.0.113.7"), prefix("203.0.113.8"));
        assert_eq!(strikes.wait_ns(bad, RATE, at(0)), None);
        strikes.strike(bad, RATE, at(0));
        assert_eq!(strikes.wait_ns(bad, RATE, at(0)), None);
        strikes.strike(bad, RATE, at(0));
        assert_eq!(strikes.wait_ns(bad, RATE, at(0)), Some(100));
        // More of them fill the debt up, never beyond the burst.
        strikes.strike(bad, RATE, at(0));
        strikes.strike(bad, RATE, at(40));
        assert_eq!(strikes.wait_ns(bad, RATE, at(40)), Some(100));
        assert_eq!(strikes.wait_ns(bad, RATE, at(139)), Some(1));
        assert_eq!(strikes.wait_ns(bad, RATE, at(140)), None);
        assert_eq!(strikes.wait_ns(twin, RATE, at(40)), None);
        assert_eq!(strikes.wait_ns(prefix("2001:db8::1"), RATE, at(40)), None);
    }

    #[test]
    fn a_spray_of_strikes_forgets_no_offender() {
        let strikes = Memory::new(100, [7; 16]).strikes;
        let bad = prefix("203.0.113.7");
        let bytes = strikes.table.bytes();
        for _ in 0..2 {
            strikes.strike(bad, RATE, at(0));
        }
        for number in 0..20_000_u32 {
            let address = std::net::Ipv4Addr::from(0x0a00_0000 + number);
            strikes.strike(Prefix::subscriber(address.into()), RATE, at(0));
        }
        assert_eq!(strikes.wait_ns(bad, RATE, at(0)), Some(100));
        assert_eq!(strikes.table.bytes(), bytes);
        // A newcomer of the sprayer's neighbourhood pays with it; one from elsewhere does not.
        assert_eq!(strikes.wait_ns(prefix("10.0.1.250"), RATE, at(0)), Some(100));
        assert_eq!(strikes.wait_ns(prefix("198.51.100.1"), RATE, at(0)), None);
    }
}
