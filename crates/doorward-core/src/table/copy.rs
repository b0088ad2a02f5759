//! A table's windows as they stand, for whoever keeps a copy of them, and from a copy again.
//!
//! A copy fits a table of the same sizes and the same seed, and no other: an entry says in which
//! slot it was, not whose it is.

use super::layout::{self, SLOT_WORDS};
use super::{Shard, Table, share};
use crate::moment::Now;
use std::sync::{MutexGuard, PoisonError};

/// One slot of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Its shard.
    pub shard: u8,
    /// Which one of the shard it is.
    pub number: u32,
}

/// A window's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Whose it is: a part of a keyed hash.
    pub tag: u64,
    /// When it ends, and what was taken from it.
    pub value: u64,
}

impl Window {
    /// Whether it has not ended.
    #[must_use]
    pub fn lives(self, now: Now) -> bool {
        layout::is_tag_of_window(self.tag) && share::read_window(self.value, now).0 > 0
    }
}

impl Table {
    /// How many shards there are.
    #[must_use]
    pub const fn shard_count(&self) -> usize {
        self.layout.shards()
    }

    /// How many slots each of them has.
    #[must_use]
    pub const fn shard_slots(&self) -> usize {
        self.layout.slots()
    }

    /// Reads slots of one shard, all of them at one moment: `numbers` is asked while the shard is
    /// locked. None stands for a slot in which there is no window that lives.
    pub fn copy_windows<I: Iterator<Item = u32>>(
        &self,
        shard: u8,
        now: Now,
        numbers: impl FnOnce() -> I,
        mut take: impl FnMut(Slot, Option<Window>),
    ) {
        let Some(one) = self.shards.get(usize::from(shard)) else { return };
        let words = one.lock();
        for number in numbers() {
            let Some(at) = self.at(one, number) else { continue };
            let window = Window { tag: words[at], value: words[at + 1] };
            take(Slot { shard, number }, window.lives(now).then_some(window));
        }
    }

    /// Puts a window back into its slot. No: it has ended, is none, or there is no such slot.
    #[must_use]
    pub fn put_back(&self, slot: Slot, window: Window, now: Now) -> bool {
        let shard = self.shards.get(usize::from(slot.shard));
        let Some((shard, at)) = shard.and_then(|one| Some((one, self.at(one, slot.number)?)))
        else {
            return false;
        };
        if !window.lives(now) {
            return false;
        }
        shard.lock()[at..at + SLOT_WORDS].copy_from_slice(&[window.tag, window.value]);
        true
    }

    /// The index of a slot's first word; none where there is no such slot.
    fn at(&self, shard: &Shard, number: u32) -> Option<usize> {
        let number = usize::try_from(number).ok()?;
        (number < self.layout.slots()).then(|| shard.first + number * SLOT_WORDS)
    }
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, Box<[u64]>> {
        // A panic of another thread leaves whole words: at worst an entry too many.
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
