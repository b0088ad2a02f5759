//! What an admitted request spends of its route's budgets.

use super::Admitted;
use crate::layers::quota::budget::Spending;
use crate::question::Question;

impl Admitted {
    /// Whether it spends what is counted: then its answer is asked for as it is, without a coding,
    /// and its upstream is aborted when its client leaves, whatever it may change.
    #[must_use]
    pub const fn spends(&self) -> bool {
        self.spending.is_some()
    }

    /// Whether its upstream runs to its end when its client leaves.
    #[must_use]
    pub fn finishes(&self) -> bool {
        self.writes() && !self.spends()
    }

    /// What it spends, which whoever hands on its answer takes: behind its head, once.
    pub fn take_spending(&mut self) -> Option<Box<Spending>> {
        self.spending.take()
    }

    /// What is given back if it never leaves for the backend.
    pub(super) fn spent_in_vain(&self) -> impl Iterator<Item = Question> {
        self.spending.iter().flat_map(|spending| spending.give_back())
    }
}
