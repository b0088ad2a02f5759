//! # doorward-store
//!
//! Answers the core's questions. A store takes a batch of questions and answers all of them in one
//! atomic step of two phases (`doorward_core::question`); it never hands out state to be changed
//! and put back. What every store must answer is in `tests/conformance`.

pub mod denials;
pub mod file;
mod memory;
pub mod remote;
pub mod valkey;

pub use denials::{DENIALS_MAX, DenialError, DenialList};
pub use doorward_core::table::{CLAIMS_MAX, KEYS_MAX, KNOWN_MAX, Sizes};
pub use file::{Figures, FileStore};
pub use memory::MemoryStore;
pub use valkey::ValkeyStore;

use doorward_core::denial::Denial;
use doorward_core::moment::Now;
use doorward_core::question::{Answers, Questions};

/// Whoever answers the questions of this gate.
pub enum Store {
    /// In the process's memory: of one gate, forgotten when it ends.
    Memory(MemoryStore),
    /// In the process's memory, and what must outlive it in a file: of one gate at a time.
    File(FileStore),
    /// In a server that all gates of a fleet ask.
    Valkey(ValkeyStore),
}

impl Store {
    /// Answers a batch without waiting; none, and nothing is done, where it has to be waited for.
    #[must_use]
    pub fn at_once(&self, questions: &Questions, now: Now) -> Option<Answers> {
        match self {
            Self::Memory(memory) => Some(memory.answer(questions, now)),
            Self::File(file) => file.at_once(questions, now),
            Self::Valkey(valkey) => valkey.at_once(questions, now),
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
            Self::File(file) => file.tell(questions, now),
            Self::Valkey(valkey) => valkey.tell(questions, now),
        }
    }

    /// Answers a batch, one answer for each question, in the questions' order. Never fails: a store
    /// that is away answers `Unavailable`.
    pub async fn answer(&self, questions: &Questions, now: Now) -> Answers {
        match self {
            Self::Memory(memory) => memory.answer(questions, now),
            Self::File(file) => file.answer(questions, now).await,
            Self::Valkey(valkey) => valkey.answer(questions, now).await,
        }
    }

    /// How what is kept stands to what is counted; none where nothing is kept.
    #[must_use]
    pub fn figures(&self) -> Option<Figures> {
        match self {
            Self::Memory(_) | Self::Valkey(_) => None,
            Self::File(file) => Some(file.figures()),
        }
    }

    /// The server that this store asks; none: it is in this process.
    #[must_use]
    pub const fn server(&self) -> Option<&ValkeyStore> {
        match self {
            Self::Memory(_) | Self::File(_) => None,
            Self::Valkey(valkey) => Some(valkey),
        }
    }

    /// Puts a denial onto the list, in place of one of the same whom; one that has ended takes it
    /// off. It is kept as well as the store keeps anything when this returns.
    ///
    /// # Errors
    /// When the list is full, or it could not be kept; then the list is as before.
    pub async fn put_denial(&self, denial: &Denial, now: Now) -> Result<(), DenialError> {
        match self {
            Self::Memory(memory) => memory.put_denial(denial, now),
            Self::File(file) => file.put_denial(denial, now).await,
            Self::Valkey(valkey) => valkey.put_denial(denial, now).await,
        }
    }

    /// The denials, with the version of the list; none while it is the version that is `known`, or
    /// the store is away: then the last ones hold. Whoever serves asks at its start and now and
    /// then. No list has version 0.
    pub async fn denials(&self, known: u64) -> Option<DenialList> {
        match self {
            Self::Memory(memory) => memory.denials(known),
            Self::File(file) => file.denials(known),
            Self::Valkey(valkey) => valkey.denials(known),
        }
    }
}
