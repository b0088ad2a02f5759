//! What a request has come to, when its answer has ended.

use super::reading::Reading;
use super::share::Share;
use super::spending::{Spending, State};
use super::{Spent, Tokens, Unit};
use crate::moment::Now;
use crate::question::Questions;

impl Spending {
    /// What the store is told at the end, once.
    pub fn settle(&mut self, now: Now, spent: &Spent) -> Questions {
        let mut out = Questions::new();
        if self.is_settled {
            return out;
        }
        self.is_settled = true;
        self.hear_whole();
        for share in &self.shares {
            let used = self.used(share);
            spent.note(&share.budget.name, |counts| {
                counts.spent += u64::from(used);
                counts.cut += u64::from(self.state == State::Cut);
            });
            out.extend(share.settle(used, now));
        }
        out
    }

    /// What it came to. In doubt, what was taken in advance, or what went on if that is more.
    fn used(&self, share: &Share) -> u32 {
        if let Unit::Said { .. } = share.budget.unit {
            return match share.said {
                Some(said) => said,
                None if self.is_free => 0,
                None => share.all_taken(),
            };
        }
        let units = |tokens| share.units(tokens, self.plan.price);
        match self.usage {
            Some(usage) if self.is_final && !self.has_nonsense => return units(usage),
            None if self.is_free && !self.has_nonsense => return 0,
            Some(_) | None => {}
        }
        let input = self.usage.map_or(self.plan.prompt, |usage| usage.input);
        let gone = units(Tokens { input, cached: 0, output: self.output });
        let is_streaming = matches!(self.reading, Reading::Events(_)) && self.plan.can_be_cut;
        match self.state {
            // Whoever left is charged for what went on.
            State::Open if is_streaming && !self.has_nonsense => gone,
            State::Open | State::Whole | State::Broken | State::Cut => gone.max(share.all_taken()),
        }
    }
}
