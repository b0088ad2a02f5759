//! # doorward-store
//!
//! Answers the core's questions. A store takes a batch of questions and answers all of them in one
//! atomic step of two phases (`doorward_core::question`); it never hands out state to be changed
//! and put back. What every store must answer is in `tests/conformance`.

mod memory;
pub mod remote;

pub use doorward_core::table::{CLAIMS_MAX, KEYS_MAX, KNOWN_MAX, Sizes};
pub use memory::MemoryStore;

use doorward_core::moment::Now;
use doorward_core::question::{Answers, Questions};

/// Whoever answers the questions of this gate.
pub enum Store {
    /// In the process's memory: of one gate, forgotten when it ends.
    Memory(MemoryStore),
}

impl Store {
    /// Answers a batch without waiting; none, and nothing is done, where it has to be waited for.
    #[must_use]
    pub fn at_once(&self, questions: &Questions, now: Now) -> Option<Answers> {
        match self {
            Self::Memory(memory) => Some(memory.answer(questions, now)),
        }
    }

    /// Takes a batch that is always granted, where nothing can wait for its answers: the end of a
    /// request. What gets lost on the way stays spent.
    pub fn tell(&self, questions: &Questions, now: Now) {
        if questions.is_empty() {
            return;
        }
        match self {
            Self::Memory(memory) => drop(memory.answer(questions, now)),
        }
    }

    /// Answers a batch, one answer for each question, in the questions' order. Never fails: a store
    /// that is away answers `Unavailable`.
    pub async fn answer(&self, questions: &Questions, now: Now) -> Answers {
        match self {
            Self::Memory(memory) => memory.answer(questions, now),
        }
    }
}
