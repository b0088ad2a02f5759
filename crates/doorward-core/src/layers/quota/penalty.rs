//! Penalties: whoever goes beyond a limit is refused for a time, and for twice as long each further
//! time. What is remembered of one is a single number: until when, with the doublings in its lowest
//! bits; so that no flood of offenders can fill the process.

use crate::moment::Now;
use crate::question::Key;
use crate::table::{Kind, Locked, NotLocked, Shards, Sizes, Table};
use std::sync::atomic::{AtomicU64, Ordering};

/// How long whoever goes beyond a limit is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Penalty {
    /// The first time, in seconds; at least 1.
    pub first_s: u32,
    /// At the most.
    pub most_s: u32,
}

/// How long it is remembered that somebody was refused, in lengths of his last time.
const REMEMBERED: u64 = 10;
/// The bits that hold the doublings: 64 ns of the time are given up for them.
const DOUBLINGS: u64 = 63;
const NS_PER_S: u64 = 1_000_000_000;

impl Penalty {
    /// The time after so many doublings.
    fn length_ns(self, doublings: u64) -> u64 {
        let first = u64::from(self.first_s.max(1)).saturating_mul(NS_PER_S);
        let grown = first.saturating_mul(1_u64 << doublings.min(DOUBLINGS).min(62));
        grown.min(u64::from(self.most_s.max(self.first_s).max(1)).saturating_mul(NS_PER_S))
    }

    /// Nanoseconds that are left; none: it has ended, or there is none.
    fn left_ns(self, value: u64, now: Now) -> Option<u64> {
        let remembered = self.length_ns(value & DOUBLINGS).saturating_mul(REMEMBERED);
        let end = (value & !DOUBLINGS).saturating_sub(remembered);
        // After a reload with shorter times nobody waits for longer than these.
        let left = end.saturating_sub(now.steady_ns).min(self.length_ns(DOUBLINGS));
        (left > 0).then_some(left)
    }

    /// What is remembered of whoever goes beyond his limit now.
    fn next(self, value: u64, now: Now) -> u64 {
        if self.left_ns(value, now).is_some() {
            return value;
        }
        let is_remembered = value > now.steady_ns;
        let doublings = match value & DOUBLINGS {
            last if is_remembered && self.length_ns(last) < self.length_ns(last + 1) => last + 1,
            last if is_remembered => last,
            _ => 0,
        };
        let length = self.length_ns(doublings).saturating_mul(REMEMBERED + 1);
        now.steady_ns.saturating_add(length) & !DOUBLINGS | doublings
    }
}

/// Who is refused, and who was not long ago.
pub(crate) struct Boxes {
    table: Table,
    /// The steady nanosecond at which the last of them is forgotten.
    forgotten_ns: AtomicU64,
}

impl Boxes {
    /// Room for so many strangers, and as many known callers.
    pub(crate) fn new(most: usize, seed: [u8; 16]) -> Self {
        let sizes = Sizes { strangers_max: most, known_max: most, claims_max: 0 };
        Self { table: Table::new(sizes, seed), forgotten_ns: AtomicU64::new(0) }
    }

    /// Nanoseconds for which a caller is still refused.
    pub(super) fn left_ns(&self, key: &Key, penalty: Penalty, now: Now) -> Option<u64> {
        if self.forgotten_ns.load(Ordering::Acquire) <= now.steady_ns {
            return None;
        }
        let named = self.table.name(key, Kind::Bucket, self.table.digest(&key.subject));
        let mut locked = Locked::new(&self.table);
        locked.lock(Shards::default().with(&named));
        let value = locked.kept(&named, now).unwrap_or_else(|NotLocked| {
            locked.lock(self.table.chain(&named));
            // With the whole chain locked there is always an answer.
            locked.kept(&named, now).unwrap_or(0)
        });
        penalty.left_ns(value, now)
    }

    /// Refuses a caller from now on: for how many nanoseconds.
    pub(super) fn put(&self, key: &Key, penalty: Penalty, now: Now) -> u64 {
        let named = self.table.name(key, Kind::Bucket, self.table.digest(&key.subject));
        let mut locked = Locked::new(&self.table);
        locked.lock(Shards::default().with(&named));
        let next = |value| penalty.next(value, now);
        let value = locked.keep(&named, next, now).unwrap_or_else(|NotLocked| {
            locked.lock(self.table.chain(&named));
            locked.keep(&named, next, now).unwrap_or(0)
        });
        self.forgotten_ns.fetch_max(value, Ordering::AcqRel);
        penalty.left_ns(value, now).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Prefix;
    use crate::question::Subject;

    const PENALTY: Penalty = Penalty { first_s: 60, most_s: 300 };

    fn at(seconds: u64) -> Now {
        Now { steady_ns: seconds * NS_PER_S, unix_s: seconds }
    }

    fn of(address: [u8; 4]) -> Key {
        Key { limit: 7, subject: Subject::Address(Prefix::subscriber(address.into())) }
    }

    /// Whole seconds, to the nearest.
    fn left_s(boxes: &Boxes, key: &Key, now: Now) -> Option<u64> {
        boxes.left_ns(key, PENALTY, now).map(|ns| (ns + NS_PER_S / 2) / NS_PER_S)
    }

    #[test]
    fn each_further_time_is_twice_as_long_until_it_is_forgotten() {
        for key in [of([203, 0, 113, 7]), Key { limit: 7, subject: Subject::Known([1; 16]) }] {
            let boxes = Boxes::new(100, [7; 16]);
            assert_eq!(left_s(&boxes, &key, at(0)), None);
            boxes.put(&key, PENALTY, at(10));
            assert_eq!(left_s(&boxes, &key, at(10)), Some(60));
            // Whoever hammers on while he is refused does not make it longer.
            boxes.put(&key, PENALTY, at(40));
            assert_eq!(left_s(&boxes, &key, at(40)), Some(30));
            assert_eq!(left_s(&boxes, &key, at(70)), None);
            // Within ten times the last one, the next is twice as long.
            boxes.put(&key, PENALTY, at(669));
            assert_eq!(left_s(&boxes, &key, at(669)), Some(120));
            assert_eq!(left_s(&boxes, &key, at(790)), None);
            boxes.put(&key, PENALTY, at(1_900));
            assert_eq!(left_s(&boxes, &key, at(1_900)), Some(240));
            // Never longer than the most.
            for begin in [3_000, 4_000, 5_000] {
                boxes.put(&key, PENALTY, at(begin));
                assert_eq!(left_s(&boxes, &key, at(begin)), Some(300));
            }
            // Twin: whoever behaves begins anew.
            boxes.put(&key, PENALTY, at(5_000 + 300 * 11 + 1));
            assert_eq!(left_s(&boxes, &key, at(8_301)), Some(60));
            assert_eq!(left_s(&boxes, &of([203, 0, 113, 8]), at(8_301)), None);
        }
    }

    #[test]
    fn no_spray_of_offenders_lets_one_go() {
        let boxes = Boxes::new(100, [7; 16]);
        let bad = of([203, 0, 113, 7]);
        boxes.put(&bad, PENALTY, at(0));
        let bytes = boxes.table.bytes();
        for number in 0..20_000_u32 {
            boxes.put(&of((0x0a00_0000 + number).to_be_bytes()), PENALTY, at(0));
        }
        assert_eq!(left_s(&boxes, &bad, at(0)), Some(60));
        assert_eq!(boxes.table.bytes(), bytes);
        assert_eq!(left_s(&boxes, &of([198, 51, 100, 1]), at(0)), None);
    }
}
