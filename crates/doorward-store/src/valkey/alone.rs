//! What one gate of a fleet goes on with while the store that they share is away: its own memory,
//! and its part of every share.

use crate::memory::MemoryStore;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Question, Questions, Rate};
use doorward_core::table::Sizes;
use std::num::NonZeroU32;

/// One gate's own memory, of so many.
pub(super) struct Alone {
    memory: MemoryStore,
    instances: NonZeroU32,
}

impl Alone {
    pub(super) fn new(instances: NonZeroU32, seed: [u8; 16]) -> Self {
        Self { memory: MemoryStore::new(Sizes::default(), seed), instances }
    }

    /// Answers a batch by this gate's part of what it is about.
    pub(super) fn answer(&self, questions: &Questions, now: Now) -> Answers {
        let parts: Questions = questions.iter().map(|question| self.part(*question)).collect();
        self.memory.answer(&parts, now)
    }

    /// Whether something of this was taken here, so that it is to be given back here.
    pub(super) fn has_taken(&self, question: &Question, now: Now) -> bool {
        let look = match self.part(*question).ask {
            Ask::GiveTokens { key, rate, .. } => Ask::TakeTokens { key, rate, cost: 0 },
            Ask::Settle { key, window_s, .. } => {
                Ask::TakeFromWindow { key, window_s, limit: u32::MAX, cost: 0 }
            }
            Ask::TakeTokens { .. }
            | Ask::TakeFromWindow { .. }
            | Ask::ClaimOnce { .. }
            | Ask::Unclaim { .. }
            | Ask::Answered { .. } => return false,
        };
        let look = Question { ask: look, always: false, watch: false };
        let said = self.memory.answer(&[look].into_iter().collect(), now);
        matches!(said.first(), Some(Answer::Yes { reset_s: 1.., .. }))
    }

    /// The part that falls to one gate, rounded down; at least 1 of everything.
    fn part(&self, question: Question) -> Question {
        let of = self.instances.get();
        let rated = |rate: Rate| Rate {
            every_ns: rate.every_ns.saturating_mul(u64::from(of)),
            burst: (rate.burst / of).max(1),
        };
        let ask = match question.ask {
            Ask::TakeTokens { key, rate, cost } => Ask::TakeTokens { key, rate: rated(rate), cost },
            Ask::GiveTokens { key, rate, cost } => Ask::GiveTokens { key, rate: rated(rate), cost },
            Ask::TakeFromWindow { key, window_s, limit, cost } => {
                Ask::TakeFromWindow { key, window_s, limit: (limit / of).max(1), cost }
            }
            ask @ (Ask::Settle { .. }
            | Ask::ClaimOnce { .. }
            | Ask::Unclaim { .. }
            | Ask::Answered { .. }) => ask,
        };
        Question { ask, ..question }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::question::{Key, Subject};

    const NOW: Now = Now { steady_ns: 5_000_000_000, unix_s: 1_790_000_000 };

    fn ask(alone: &Alone, ask: Ask) -> Answer {
        let question = Question { ask, always: false, watch: false };
        alone.answer(&[question].into_iter().collect(), NOW)[0]
    }

    #[test]
    fn every_gate_has_its_part_and_never_less_than_one() {
        let alone = Alone::new(NonZeroU32::new(3).expect("three"), [1; 16]);
        let key = |limit| Key { limit, subject: Subject::Known([1; 16]) };
        let passed = |limit, burst| {
            let rate = Rate { every_ns: 1_000_000_000, burst };
            let take = Ask::TakeTokens { key: key(limit), rate, cost: 1 };
            (0..20).filter(|_| matches!(ask(&alone, take), Answer::Yes { .. })).count()
        };
        assert_eq!([passed(1, 11), passed(2, 3), passed(3, 2), passed(4, 1)], [3, 1, 1, 1]);
        let of_window = |limit, most| {
            let take = Ask::TakeFromWindow { key: key(limit), window_s: 60, limit: most, cost: 1 };
            (0..20).filter(|_| matches!(ask(&alone, take), Answer::Yes { .. })).count()
        };
        assert_eq!([of_window(5, 11), of_window(6, 2)], [3, 1]);
        // Three seconds for a token that comes back each second to all of them together.
        let rate = Rate { every_ns: 1_000_000_000, burst: 3 };
        let take = Ask::TakeTokens { key: key(2), rate, cost: 1 };
        assert_eq!(ask(&alone, take), Answer::No { retry_ns: 3_000_000_000 });
    }

    #[test]
    fn what_was_taken_here_is_given_back_here() {
        let alone = Alone::new(NonZeroU32::new(2).expect("two"), [1; 16]);
        let key = |limit| Key { limit, subject: Subject::Known([1; 16]) };
        let rate = Rate { every_ns: 1_000_000_000, burst: 8 };
        let has_taken = |ask| alone.has_taken(&Question { ask, always: true, watch: false }, NOW);
        let give = |limit| Ask::GiveTokens { key: key(limit), rate, cost: 1 };
        let settle =
            |limit| Ask::Settle { key: key(limit), window_s: 60, taken: 2, used: 1, age_s: 0 };
        assert!(!has_taken(give(1)) && !has_taken(settle(1)));
        let _ = ask(&alone, Ask::TakeTokens { key: key(1), rate, cost: 1 });
        let _ = ask(&alone, Ask::TakeFromWindow { key: key(2), window_s: 60, limit: 9, cost: 2 });
        assert!(has_taken(give(1)) && has_taken(settle(2)));
        assert!(!has_taken(give(2)) && !has_taken(settle(1)));
    }
}
