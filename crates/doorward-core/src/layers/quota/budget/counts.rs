//! What came of each budget in this process, for metrics: by its name, never by a caller.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What was counted of one budget, in its units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Taken in advance.
    pub reserved: u64,
    /// What it came to, of requests that have ended.
    pub spent: u64,
    /// Requests that were refused because of it.
    pub refused: u64,
    /// Answers that were ended because of it.
    pub cut: u64,
}

/// The counts of all budgets. Their names come from files, so there are few.
#[derive(Debug, Default)]
pub struct Spent(Mutex<BTreeMap<String, Counts>>);

impl Spent {
    pub(super) fn note(&self, name: &str, change: impl FnOnce(&mut Counts)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(name) {
            Some(counts) => change(counts),
            None => change(all.entry(name.to_owned()).or_default()),
        }
    }

    /// What was counted so far, by the budgets' names.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Counts)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(name, counts)| (name.clone(), *counts)).collect()
    }
}
