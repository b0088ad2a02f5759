//! Which slots of the working copy differ from the file: one bit each, so that however much changes
//! while the disk is slow or full, nothing grows.

use crate::MemoryStore;
use doorward_core::moment::Now;
use doorward_core::table::{Slot, Table, Window};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bits of a word.
const BITS: u32 = 64;

/// A bit for each slot.
pub(super) struct Changes {
    shards: Box<[Box<[AtomicU64]>]>,
}

/// A slot that is written: what stands in it, or that nothing does any more.
pub(super) type Change = (Slot, Option<Window>);

impl Changes {
    pub(super) fn new(table: &Table) -> Self {
        let words = table.shard_slots().div_ceil(BITS as usize);
        let shard = || (0..words).map(|_| AtomicU64::new(0)).collect();
        Self { shards: (0..table.shard_count()).map(|_| shard()).collect() }
    }

    /// The slot differs from the file. Who changes a slot calls it while the shard is locked, so
    /// that no copy misses it.
    pub(super) fn note(&self, slot: Slot) {
        let words = self.shards.get(usize::from(slot.shard));
        if let Some(word) = words.and_then(|words| words.get((slot.number / BITS) as usize)) {
            word.fetch_or(1 << (slot.number % BITS), Ordering::AcqRel);
        }
    }

    /// Takes all that differs, each shard as it is at one moment.
    pub(super) fn take(&self, memory: &MemoryStore, now: Now) -> Vec<Change> {
        let mut out = Vec::new();
        for (shard, words) in (0..).zip(&self.shards) {
            if words.iter().all(|word| word.load(Ordering::Acquire) == 0) {
                continue;
            }
            let numbers = || (0..).zip(words).flat_map(|(place, word)| bits(place, word));
            memory.table().copy_windows(shard, now, numbers, |slot, window| {
                out.push((slot, window));
            });
        }
        out
    }

    /// What was taken differs still: it could not be written.
    pub(super) fn put_back(&self, changes: &[Change]) {
        changes.iter().for_each(|(slot, _)| self.note(*slot));
    }
}

/// The slots whose bits are set in a word, which is cleared.
fn bits(place: u32, word: &AtomicU64) -> impl Iterator<Item = u32> {
    let mut rest = match word.load(Ordering::Acquire) {
        0 => 0,
        _ => word.swap(0, Ordering::AcqRel),
    };
    std::iter::from_fn(move || {
        let bit = (rest != 0).then(|| rest.trailing_zeros())?;
        rest &= rest - 1;
        Some(place * BITS + bit)
    })
}
