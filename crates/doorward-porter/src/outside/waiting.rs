//! Who waits for keys: bounded in all, and for each prefix, so that no stranger takes every place.
//!
//! A server with many calls at once is one prefix, and its calls come with one new token. So a
//! prefix may have a quarter of all places as long as half of them are free.

use super::lock;
use doorward_core::address::Prefix;
use std::collections::HashMap;
use std::sync::Mutex;

/// The requests that wait.
pub(super) struct Waiting {
    all_max: usize,
    of_prefix_max: usize,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    of_prefix: HashMap<Prefix, usize>,
}

/// A place among them, until it is dropped.
pub(super) struct Seat<'w> {
    waiting: &'w Waiting,
    prefix: Prefix,
}

impl Waiting {
    pub(super) fn new(all_max: usize, of_prefix_max: usize) -> Self {
        Self { all_max, of_prefix_max, counts: Mutex::default() }
    }

    /// A place for a request from `prefix`, if there is one.
    pub(super) fn enter(&self, prefix: Prefix) -> Option<Seat<'_>> {
        let mut counts = lock(&self.counts);
        let own = counts.of_prefix.get(&prefix).copied().unwrap_or(0);
        let own_max = match counts.all < self.all_max / 2 {
            true => self.of_prefix_max.max(self.all_max / 4),
            false => self.of_prefix_max,
        };
        if counts.all >= self.all_max || own >= own_max {
            return None;
        }
        counts.all += 1;
        counts.of_prefix.insert(prefix, own + 1);
        Some(Seat { waiting: self, prefix })
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        lock(&self.counts).all
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut counts = lock(&self.waiting.counts);
        counts.all = counts.all.saturating_sub(1);
        let own = counts.of_prefix.get(&self.prefix).copied().unwrap_or(0);
        if own > 1 {
            counts.of_prefix.insert(self.prefix, own - 1);
        } else {
            counts.of_prefix.remove(&self.prefix);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let prefix = |last: u8| Prefix::subscriber([203, 0, 113, last].into());
        let waiting = Waiting::new(3, 2);
        let first = waiting.enter(prefix(1)).expect("a place");
        let second = waiting.enter(prefix(1)).expect("a place");
        assert!(waiting.enter(prefix(1)).is_none(), "a prefix has two");
        let third = waiting.enter(prefix(2)).expect("another prefix's place");
        assert!(waiting.enter(prefix(3)).is_none(), "all have three");
        drop(third);
        assert!(waiting.enter(prefix(3)).is_some());
        drop(first);
        assert!(waiting.enter(prefix(1)).is_some(), "given back");
        drop(second);
        assert_eq!(waiting.count(), 0);
        assert!(lock(&waiting.counts).of_prefix.is_empty(), "nothing is kept of those who left");
    }

    #[test]
    fn a_prefix_may_have_more_while_there_is_room() {
        let prefix = |last: u8| Prefix::subscriber([203, 0, 113, last].into());
        let waiting = Waiting::new(16, 2);
        let mut seats = Vec::new();
        let mut enter = |last, count: usize| {
            let before = seats.len();
            seats.extend((0..count).map_while(|_| waiting.enter(prefix(last))));
            seats.len() - before
        };
        assert_eq!(enter(1, 9), 4, "a quarter");
        assert_eq!(enter(2, 9), 4, "and another");
        assert_eq!(enter(1, 1), 0, "half of the places are taken");
        for last in 3..7 {
            assert_eq!(enter(last, 9), 2, "{last}");
        }
        assert_eq!(enter(7, 1), 0, "all are taken");
    }
}
