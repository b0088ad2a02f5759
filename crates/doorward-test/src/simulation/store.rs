//! A store in moods: well, away, late, asked twice, short of answers, or mute.

use super::dice::Dice;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Questions};
use doorward_store::MemoryStore;

/// How the store is today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It answers.
    Well,
    /// It never hears the question.
    Away,
    /// It takes what is asked for, and its answer comes too late.
    Late,
    /// The first answer is lost, so it is asked again.
    Twice,
    /// Its last answer is missing.
    Short,
    /// It says of nothing what it did.
    Mute,
}

impl Mood {
    /// Mostly well.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        if !dice.one_in(8) {
            return Self::Well;
        }
        dice.pick(&[Self::Away, Self::Late, Self::Twice, Self::Short, Self::Mute])
    }

    /// How often the store really takes.
    pub(super) const fn times(self) -> usize {
        match self {
            Self::Well | Self::Late | Self::Short => 1,
            Self::Twice => 2,
            Self::Away | Self::Mute => 0,
        }
    }

    /// Whether its answers can be relied upon.
    pub(super) const fn is_clear(self) -> bool {
        match self {
            Self::Well | Self::Twice => true,
            Self::Away | Self::Late | Self::Short | Self::Mute => false,
        }
    }

    /// The answers that the gate gets.
    pub(super) fn answer(self, store: &MemoryStore, questions: &Questions, now: Now) -> Answers {
        let mut answers = Answers::new();
        for _ in 0..self.times() {
            answers = store.answer(questions, now);
        }
        let all = |answer| questions.iter().map(|_| answer).collect();
        match self {
            Self::Well | Self::Twice => answers,
            Self::Away | Self::Late => all(Answer::Unavailable),
            Self::Mute => all(Answer::Skipped),
            Self::Short => {
                let _ = answers.pop();
                answers
            }
        }
    }
}
