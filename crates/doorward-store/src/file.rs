//! The store in a file: the memory store is the working copy, and what must outlive the process is
//! written behind it by one thread of its own.
//!
//! ## What is written
//!
//! * Windows of an hour and more, at most [`GATHER`] and one commit behind. Shorter shares are
//!   forgotten at a restart, and so are claims: no pass of an earlier life holds.
//! * Denials, before they are answered.
//! * What a budget takes is answered when it is on disk, and so is what settles it: after a crash
//!   more of it may be spent than was, and never less. A budget is a limit that was settled once.
//!
//! ## When the file cannot be written
//!
//! Whoever needs no commit goes on in memory, and all of it is written once there is room again.
//! What a budget takes is refused, or goes on in memory too ([`WhenAway`]). A settlement gives
//! nothing back meanwhile: what was taken in advance stays spent.

mod budgets;
mod changes;
mod error;
mod open;
pub mod repair;
mod rows;
mod writer;

pub use doorward_core::question::WhenAway;
pub use error::FileError;
pub use open::FileSettings;
pub use rows::look;
pub use writer::{Figures, GATHER};

use crate::MemoryStore;
use crate::denials::{DenialError, DenialList};
use budgets::Budgets;
use changes::Changes;
use doorward_core::denial::Denial;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Key, Question, Questions};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;
use writer::{Desk, Order};

/// Seconds of the shortest window that is written.
const WRITTEN_S_MIN: u32 = 3_600;
/// How long a commit is waited for; the disk may hang.
const COMMIT_TIME_MAX: Duration = Duration::from_secs(2);

/// A store in a file. Dropped, it writes what is left, and lets go of the file.
pub struct FileStore {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// What the store and its thread share.
struct Shared {
    memory: MemoryStore,
    changes: Changes,
    budgets: Budgets,
    desk: Desk,
    denials: Mutex<DenialList>,
    when_away: WhenAway,
}

/// How a batch is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From memory; what is written follows.
    AtOnce,
    /// When what it changes is on disk.
    Committed,
}

impl FileStore {
    /// Answers a batch without waiting; none where a budget takes or is settled.
    #[must_use]
    pub fn at_once(&self, questions: &Questions, now: Now) -> Option<Answers> {
        match self.way(questions) {
            Way::AtOnce => Some(self.note(questions, now)),
            Way::Committed => None,
        }
    }

    /// Takes a batch that is always granted, where nobody waits for its commit.
    pub fn tell(&self, questions: &Questions, now: Now) {
        self.learn(questions);
        let told = self.restricted(questions, self.shared.desk.is_away());
        drop(self.note(&told, now));
    }

    /// Answers a batch; where a budget takes or is settled, once that is on disk.
    pub async fn answer(&self, questions: &Questions, now: Now) -> Answers {
        if self.way(questions) == Way::AtOnce {
            return self.note(questions, now);
        }
        self.learn(questions);
        let is_away = self.shared.desk.is_away();
        let asked = self.restricted(questions, is_away);
        let mut answers = self.note(&asked, now);
        for ((question, asked), answer) in questions.iter().zip(&asked).zip(&mut answers) {
            if question != asked && *answer != Answer::Skipped {
                *answer = Answer::Unavailable;
            }
        }
        let says_yes = |(question, answer): (&Question, &Answer)| {
            self.waits(question) && matches!(answer, Answer::Yes { .. })
        };
        let is_changed = asked.iter().zip(&answers).any(says_yes);
        if is_away || !is_changed || self.is_committed().await {
            return answers;
        }
        // What was taken stays spent; nothing is served for it.
        if self.shared.when_away == WhenAway::Refuse {
            for (question, answer) in questions.iter().zip(&mut answers) {
                if self.waits(question) && *answer != Answer::Skipped {
                    *answer = Answer::Unavailable;
                }
            }
        }
        answers
    }

    /// Puts a denial onto the list, in place of one of the same whom; one that has ended takes it
    /// off. Answered when it is on disk.
    ///
    /// # Errors
    /// When the list is full, or it could not be written; then the list is as before.
    pub async fn put_denial(&self, denial: &Denial, now: Now) -> Result<(), DenialError> {
        let (said, told) = oneshot::channel();
        self.shared.desk.order(Order::Deny { denial: denial.clone(), now, said });
        match timeout(COMMIT_TIME_MAX, told).await {
            Ok(Ok(told)) => told,
            Ok(Err(_)) | Err(_) => Err(DenialError::Unwritten("the disk does not answer".into())),
        }
    }

    /// The denials, where their version is not the one that is known.
    #[must_use]
    pub fn denials(&self, known: u64) -> Option<DenialList> {
        self.shared.denials.lock().unwrap_or_else(PoisonError::into_inner).unless(known)
    }

    /// What is counted of the file, and how it is.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.shared.desk.figures()
    }

    /// Waits until everything that was changed before is on disk, however long that takes; no: it
    /// could not be written.
    pub async fn flush(&self) -> bool {
        self.commit().await == Ok(true)
    }

    fn note(&self, questions: &Questions, now: Now) -> Answers {
        let mut is_changed = false;
        let answers = self.shared.memory.answer_noting(questions, now, |locked| {
            for (slot, window_s) in locked.windows() {
                if window_s >= WRITTEN_S_MIN {
                    self.shared.changes.note(slot);
                    is_changed = true;
                }
            }
        });
        if is_changed {
            self.shared.desk.changed(now);
        }
        answers
    }

    fn way(&self, questions: &Questions) -> Way {
        match questions.iter().any(|question| self.waits(question)) {
            true => Way::Committed,
            false => Way::AtOnce,
        }
    }

    /// Whether this has to be on disk before it is answered. What is only watched stops nobody, and
    /// is waited for by nobody.
    fn waits(&self, question: &Question) -> bool {
        match question.ask {
            Ask::TakeFromWindow { key, window_s, cost, .. } => {
                window_s >= WRITTEN_S_MIN
                    && cost > 0
                    && !question.watch
                    && self.shared.budgets.has(key.limit)
            }
            Ask::Settle { window_s, .. } => window_s >= WRITTEN_S_MIN,
            Ask::TakeTokens { .. }
            | Ask::ClaimOnce { .. }
            | Ask::Unclaim { .. }
            | Ask::Answered { .. }
            | Ask::GiveTokens { .. } => false,
        }
    }

    /// Whoever is settled is a budget from now on.
    fn learn(&self, questions: &Questions) {
        for question in questions {
            if let Ask::Settle { key: Key { limit, .. }, window_s, .. } = question.ask
                && window_s >= WRITTEN_S_MIN
            {
                self.shared.budgets.add(limit);
            }
        }
    }

    /// The questions as they are asked of memory while the file cannot be written: what a budget
    /// takes never fits, and what is settled gives nothing back.
    fn restricted(&self, questions: &Questions, is_away: bool) -> Questions {
        let restrict = |question: &Question| {
            let ask = match question.ask {
                _ if !is_away || !self.waits(question) => question.ask,
                Ask::TakeFromWindow { key, window_s, cost, .. }
                    if self.shared.when_away == WhenAway::Refuse =>
                {
                    Ask::TakeFromWindow { key, window_s, limit: 0, cost }
                }
                Ask::Settle { key, window_s, taken, used, age_s } => {
                    Ask::Settle { key, window_s, taken: taken.min(used), used, age_s }
                }
                ask => ask,
            };
            Question { ask, ..*question }
        };
        questions.iter().map(restrict).collect()
    }

    async fn is_committed(&self) -> bool {
        matches!(timeout(COMMIT_TIME_MAX, self.commit()).await, Ok(Ok(true)))
    }

    /// Told whether the next commit was made.
    fn commit(&self) -> oneshot::Receiver<bool> {
        let (said, told) = oneshot::channel();
        self.shared.desk.order(Order::Commit { said });
        told
    }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        self.shared.desk.end();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").finish_non_exhaustive()
    }
}
