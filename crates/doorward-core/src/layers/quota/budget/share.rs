//! What one request has taken of one budget.

use super::{Budget, Path, Price, Tokens, Unit};
use crate::moment::Now;
use crate::question::{Ask, Key, Question};
use serde_json::Value;
use std::sync::Arc;

/// How long ago what is given back may have been taken: as long as it may take to find out that a
/// backend cannot be reached. Nothing goes back to a window that was not there then.
const GIVEN_BACK_S: u64 = 10;

/// What one request has taken of one budget.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) budget: Arc<Budget>,
    key: Key,
    /// From the window of `since`, and from those before.
    taken: u32,
    earlier: u32,
    since: Option<Now>,
    /// What the answer has said that it cost.
    pub(super) said: Option<u32>,
}

impl Share {
    pub(super) fn new(budget: Arc<Budget>, key: Key) -> Self {
        Self { budget, key, taken: 0, earlier: 0, since: None, said: None }
    }

    /// Where the answer says what it cost, if it does so in a place of its own.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.budget.unit {
            Unit::Said { usage, .. } => Some(usage),
            Unit::Tokens | Unit::Money => None,
        }
    }

    /// Hears what the answer's members say.
    pub(super) fn hear<'v>(&mut self, member: impl Fn(&str) -> Option<&'v Value>) {
        let Some(path) = self.path() else { return };
        let said = member(path.first()).and_then(|first| path.read(first));
        self.said = self.said.max(said);
    }

    /// What tokens cost of this budget.
    pub(super) fn units(&self, tokens: Tokens, price: Option<Price>) -> u32 {
        match (&self.budget.unit, price) {
            (Unit::Tokens, _) => tokens.units(),
            (Unit::Money, Some(price)) => price.units(tokens),
            // What nobody has priced costs more than there is.
            (Unit::Money, None) => u32::MAX,
            (Unit::Said { reserve, .. }, _) => *reserve,
        }
    }

    /// All that was taken.
    pub(super) fn all_taken(&self) -> u32 {
        self.earlier.saturating_add(self.taken)
    }

    /// The question by which `units` in all are taken. None: they are.
    pub(super) fn take(&self, units: u32, watch: bool) -> Option<Question> {
        let cost = units.checked_sub(self.all_taken()).filter(|cost| *cost > 0)?;
        let Budget { window_s, limit, .. } = *self.budget;
        let ask = Ask::TakeFromWindow { key: self.key, window_s, limit, cost };
        Some(Question { ask, always: false, watch })
    }

    /// It was taken; how much more that is.
    pub(super) fn has_taken(&mut self, units: u32, now: Now) -> u32 {
        let more = units.saturating_sub(self.all_taken());
        let window = |now: Now| now.unix_s / u64::from(self.budget.window_s.max(1));
        match self.since {
            Some(since) if window(since) == window(now) => self.taken += more,
            Some(_) | None => {
                // What a window was charged that has ended is no business of this one.
                self.earlier = self.all_taken();
                (self.taken, self.since) = (more, Some(now));
            }
        }
        more
    }

    /// The question by which what was taken becomes what was used. None: it is the same.
    pub(super) fn settle(&self, used: u32, now: Now) -> Option<Question> {
        const SECOND_NS: u64 = 1_000_000_000;
        let since_ns = self.since.unwrap_or(now).steady_ns;
        let age_s = now.steady_ns.saturating_sub(since_ns).div_ceil(SECOND_NS);
        self.settled(used, age_s)
    }

    /// The question by which all of it goes back. None: nothing was taken.
    pub(super) fn give_back(&self) -> Option<Question> {
        self.settled(0, GIVEN_BACK_S)
    }

    fn settled(&self, used: u32, age_s: u64) -> Option<Question> {
        let used = used.saturating_sub(self.earlier);
        if used == self.taken {
            return None;
        }
        let ask = Ask::Settle {
            key: self.key,
            window_s: self.budget.window_s,
            taken: self.taken,
            used,
            age_s: u32::try_from(age_s).unwrap_or(u32::MAX),
        };
        Some(Question { ask, always: true, watch: false })
    }
}
