//! The process's bounded memory that the core reads while it decides: strikes per address prefix,
//! verified tokens, and what is known of passes.

use crate::address::Prefix;
use crate::crowd::Crowd;
use crate::layers::identity::Tokens;
use crate::layers::quota::budget::Spent;
use crate::layers::quota::{Boxes, Denials, Familiar, Streams};
use crate::life::{Life, Lives};
use crate::moment::Now;
use crate::pass::PassId;
use crate::question::{Key, Rate, Subject};
use crate::table::{Kind, Locked, NotLocked, Shards, Sizes, Table};
use arrayvec::ArrayVec;
use quick_cache::sync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Bounded memory of one process, shared by all its workers.
pub struct Memory {
    /// Failed identities, forgeries and malformed messages, per address prefix.
    pub strikes: Strikes,
    /// Tokens that were verified before.
    pub tokens: Tokens,
    /// Callers that somebody else was asked about and did not know, per address prefix.
    pub unknown: Strikes,
    /// Questions about callers that came to nothing, per address prefix.
    pub in_vain: Strikes,
    /// Passes that were asked for, per address prefix: what the next one costs depends on it.
    pub mints: Strikes,
    /// What was spent of budgets.
    pub spent: Spent,
    /// Who is denied since the gate runs.
    pub denials: Denials,
    /// Who went beyond a limit that has a penalty.
    pub(crate) boxes: Boxes,
    /// Streams of strangers that are open.
    pub(crate) streams: Arc<Streams>,
    /// Where accounts have signed in.
    pub(crate) familiar: Familiar,
    /// Which life of the process this is.
    pub(crate) lives: Lives,
    /// Where passes are used.
    pub(crate) travels: Travels,
    /// Who has how much of what is remembered of signatures.
    pub(crate) crowd: Crowd,
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
        let of_addresses =
            || Strikes { table: Table::new(sizes, seed), forgotten_ns: AtomicU64::new(0) };
        Self {
            strikes: of_addresses(),
            tokens: Tokens::default(),
            unknown: of_addresses(),
            in_vain: of_addresses(),
            mints: of_addresses(),
            crowd: Crowd::new(of_addresses()),
            spent: Spent::default(),
            denials: Denials::default(),
            boxes: Boxes::new(strikes_max, seed),
            streams: Arc::default(),
            familiar: Familiar::default(),
            lives: Lives::new(seed),
            travels: Travels::default(),
        }
    }
}

impl Memory {
    /// The process begins. What integrations and webhooks' senders signed before is refused: an
    /// earlier process may have taken it. Whoever carries visits calls it first; the first call
    /// counts.
    pub fn begin(&self, now: Now) {
        self.lives.begin(now);
    }

    /// Who remembers what was used from now on. Said by whoever asks a store that others share,
    /// before it answers by it.
    pub fn live(&self, life: Life) {
        self.lives.live(life);
    }

    /// Forgets that the clock was ever set back, so that passes of the first life hold again. For
    /// tests alone: what was used before could be used once more.
    pub fn insecure_rewind(&self) {
        self.lives.rewind();
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

/// Networks beside its own that a pass is used from.
const TRAVELS_MAX: usize = 3;
/// Passes whose travels are kept; one that was not seen for long is forgotten first.
const TRAVELLERS_MAX: usize = 20_000;

/// Where passes are used, beside the network that they were asked for in. Most are used there
/// alone, and are not kept here.
pub(crate) struct Travels {
    seen: Cache<PassId, ArrayVec<Prefix, TRAVELS_MAX>>,
    noting: Mutex<()>,
}

impl Default for Travels {
    fn default() -> Self {
        Self { seen: Cache::new(TRAVELLERS_MAX), noting: Mutex::new(()) }
    }
}

impl Travels {
    /// Whether a pass may be used from a network: one that it was seen in, or one of few. Changes
    /// nothing, so that a copy that is refused uses up nothing either.
    pub(crate) fn takes(&self, pass: PassId, prefix: Prefix) -> bool {
        let seen = self.seen.get(&pass);
        seen.is_none_or(|seen| !seen.is_full() || seen.contains(&prefix))
    }

    /// Notes that a pass is used from a network. No: it was seen in too many by now.
    pub(crate) fn note(&self, pass: PassId, prefix: Prefix) -> bool {
        // One at a time, or two at once would forget each other. Few passes travel.
        let _alone = self.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = self.seen.get(&pass).unwrap_or_default();
        if seen.contains(&prefix) {
            return true;
        }
        let is_room = seen.try_push(prefix).is_ok();
        if is_room {
            self.seen.insert(pass, seen);
        }
        is_room
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
    fn a_pass_is_used_from_few_networks() {
        let travels = Travels::default();
        let from = |last: u8| prefix(&format!("203.0.113.{last}"));
        for last in [1, 2, 1, 3, 2] {
            assert!(travels.takes([1; 16], from(last)), "{last}");
            assert!(travels.note([1; 16], from(last)), "{last}");
        }
        assert!(!travels.takes([1; 16], from(4)) && !travels.note([1; 16], from(4)));
        assert!(travels.takes([1; 16], from(3)));
        assert!(travels.takes([2; 16], from(4)));
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
