//! Which limits are budgets: those that were settled once.

use std::sync::atomic::{AtomicU64, Ordering};

/// Budgets that are told apart; where there are more, every window is taken for a budget's.
const BUDGETS_MAX: usize = 64;

/// The limits that are budgets. A limit of 0 stands for none, and counts as one.
pub(super) struct Budgets {
    limits: [AtomicU64; BUDGETS_MAX],
}

impl Budgets {
    pub(super) fn new(limits: &[u64]) -> Self {
        let out = Self { limits: [const { AtomicU64::new(0) }; BUDGETS_MAX] };
        limits.iter().for_each(|limit| out.add(*limit));
        out
    }

    pub(super) fn has(&self, limit: u64) -> bool {
        let free = |slot: &&AtomicU64| slot.load(Ordering::Acquire) != 0;
        let mut count = 0;
        for slot in self.limits.iter().take_while(free) {
            if slot.load(Ordering::Acquire) == limit {
                return true;
            }
            count += 1;
        }
        limit == 0 || count == BUDGETS_MAX
    }

    pub(super) fn add(&self, limit: u64) {
        for slot in &self.limits {
            let set = slot.compare_exchange(0, limit, Ordering::AcqRel, Ordering::Acquire);
            if set.is_ok() || set == Err(limit) {
                return;
            }
        }
    }

    /// All that are known; they are few.
    pub(super) fn list(&self) -> Vec<u64> {
        let limits = self.limits.iter().map(|slot| slot.load(Ordering::Acquire));
        limits.take_while(|limit| *limit != 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_budget_once_it_was_settled() {
        let budgets = Budgets::new(&[7]);
        assert!(budgets.has(7) && !budgets.has(8));
        budgets.add(8);
        budgets.add(8);
        assert_eq!((budgets.has(8), budgets.list()), (true, vec![7, 8]));
        // More than can be told apart: every one is taken for a budget.
        (100..200).for_each(|limit| budgets.add(limit));
        assert!(budgets.has(1_000));
        assert_eq!(budgets.list().len(), BUDGETS_MAX);
    }
}
