//! The store in the process's memory: the core's bounded table, asked in batches.
//!
//! ## How it decides
//!
//! 1. The shards that the batch needs are locked, in their order, until the batch is answered; so
//!    nobody sees half a batch.
//! 2. Every question is tested by doing it, claims last. If none says no, that is the commit.
//! 3. At the first no that is not only watched everything is taken back; then only what is `always`
//!    is done again, and what is only watched is tested and taken back.
//! 4. A stranger without a slot of his own needs the shards of his wider prefixes: then all is let
//!    go and the batch begins again with those too.

use crate::denials::{DenialError, DenialList};
use arrayvec::ArrayVec;
use doorward_core::denial::Denial;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Key, QUESTIONS_MAX, Question, Questions};
use doorward_core::table::{Kind, Locked, Named, NotLocked, Shards, Sizes, Table};
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// A store in the process's memory, shared by all its workers. Fixed in size.
pub struct MemoryStore {
    table: Table,
    denials: Mutex<DenialList>,
}

impl MemoryStore {
    /// A store for so many keys and claims; `seed` keys its hash and differs in each process.
    #[must_use]
    pub fn new(sizes: Sizes, seed: [u8; 16]) -> Self {
        Self { table: Table::new(sizes, seed), denials: Mutex::default() }
    }

    /// Bytes of address space that the store has, and never more; untouched pages cost nothing.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Answers a batch, one answer for each question. Atomic; allocates nothing, and waits for
    /// nothing but other batches.
    #[must_use]
    pub fn answer(&self, questions: &Questions, now: Now) -> Answers {
        self.answer_noting(questions, now, |_| {})
    }

    /// Puts a denial onto the list, in place of one of the same whom; one that has ended takes it
    /// off.
    ///
    /// # Errors
    /// When the list is full.
    pub fn put_denial(&self, denial: &Denial, now: Now) -> Result<(), DenialError> {
        let mut list = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        drop(list.drop_ended(now));
        if denial.lives(now) && !list.has_room(denial) {
            return Err(DenialError::Full);
        }
        list.put(denial, now);
        list.version += 1;
        Ok(())
    }

    /// The denials, where their version is not the one that is known.
    #[must_use]
    pub fn denials(&self, known: u64) -> Option<DenialList> {
        self.denials.lock().unwrap_or_else(PoisonError::into_inner).unless(known)
    }

    /// The table, for whoever keeps a copy of it.
    pub(crate) const fn table(&self) -> &Table {
        &self.table
    }

    /// Answers a batch; `note` sees what it has changed before anybody else can change it again.
    pub(crate) fn answer_noting(
        &self,
        questions: &Questions,
        now: Now,
        note: impl FnOnce(&Locked<'_>),
    ) -> Answers {
        let note = match questions.as_slice() {
            [question] => match self.answer_alone(question, now, note) {
                Ok(answer) => return std::iter::once(answer).collect(),
                Err(note) => note,
            },
            _ => note,
        };
        let mut names = ArrayVec::new();
        self.name(questions, &mut names);
        let mut locked = Locked::new(&self.table);
        let own = names.iter().fold(Shards::default(), |shards, named| shards.with(named));
        locked.lock(own);
        locked.fetch(&names);
        let mut answers = Answers::new();
        let mut batch = Batch { questions, names: &names, now, locked: &mut locked };
        if batch.answer(&mut answers).is_ok() {
            note(batch.locked);
            return answers;
        }
        let all = names.iter().fold(own, |shards, named| shards.and(self.table.chain(named)));
        batch.locked.undo(0);
        batch.locked.lock(all);
        if batch.answer(&mut answers).is_err() {
            // Every shard that a key of this batch can need is locked; were one missing, nothing is
            // granted.
            batch.locked.undo(0);
            answers.fill(Answer::Unavailable);
        }
        note(batch.locked);
        answers
    }

    /// Answers a question that is asked alone: many are, and nothing of a batch is needed for it.
    /// Gives `note` back where more shards are needed than the key's own; nothing was done then.
    fn answer_alone<N: FnOnce(&Locked<'_>)>(
        &self,
        question: &Question,
        now: Now,
        note: N,
    ) -> Result<Answer, N> {
        let (key, kind) = subject_of(&question.ask);
        let named = self.table.name(key, kind, self.table.digest(&key.subject));
        let mut locked = Locked::new(&self.table);
        locked.lock(Shards::default().with(&named));
        match commit(&mut locked, &named, &question.ask, now) {
            Ok(answer) => {
                note(&locked);
                Ok(answer)
            }
            Err(NotLocked) => Err(note),
        }
    }

    /// Where each question's key is. Questions of one batch are mostly of one or two subjects, in a
    /// row, so the last digest is kept.
    fn name<'q>(&self, questions: &'q Questions, names: &mut Names<'q>) {
        let mut last = None;
        for question in questions {
            let (key, kind) = subject_of(&question.ask);
            let digest = match last {
                Some((subject, digest)) if subject == key.subject => digest,
                _ => self.table.digest(&key.subject),
            };
            last = Some((key.subject, digest));
            names.push(self.table.name(key, kind, digest));
        }
    }
}

type Names<'q> = ArrayVec<Named<'q>, QUESTIONS_MAX>;

/// A batch being answered.
struct Batch<'a, 't> {
    questions: &'a Questions,
    names: &'a [Named<'a>],
    now: Now,
    locked: &'a mut Locked<'t>,
}

impl Batch<'_, '_> {
    /// Both phases. On an error the caller takes back what was done.
    fn answer(&mut self, answers: &mut Answers) -> Result<(), NotLocked> {
        answers.clear();
        answers.extend(self.questions.iter().map(|_| Answer::Skipped));
        for turn in self.turns() {
            let Some(index) = self.index(turn) else { continue };
            answers[index] = self.commit(index)?;
            if stops(&self.questions[index], answers[index]) {
                return self.refuse(turn, answers);
            }
        }
        Ok(())
    }

    /// The second phase after a no at `stopped`: takes all back and commits what is `always`.
    fn refuse(&mut self, stopped: usize, answers: &mut Answers) -> Result<(), NotLocked> {
        self.locked.undo(0);
        for turn in self.turns() {
            let Some(index) = self.index(turn) else { continue };
            let Question { always, watch, .. } = self.questions[index];
            let said_yes = matches!(answers[index], Answer::Yes { .. });
            let again = match turn.cmp(&stopped) {
                Ordering::Less => said_yes,
                Ordering::Equal => false,
                Ordering::Greater => always || watch,
            };
            if again {
                answers[index] = if always { self.commit(index)? } else { self.test(index)? };
            }
        }
        Ok(())
    }

    /// Every question has two turns and takes one: claims the second, the others the first.
    fn turns(&self) -> Range<usize> {
        0..2 * self.questions.len()
    }

    /// Whose turn it is; none when the question's turn is its other one.
    fn index(&self, turn: usize) -> Option<usize> {
        let second = turn >= self.questions.len();
        let index = if second { turn - self.questions.len() } else { turn };
        let is_claim = matches!(self.questions[index].ask, Ask::ClaimOnce { .. });
        (is_claim == second).then_some(index)
    }

    /// What the answer would be; nothing is changed, and nothing is counted as taken in it.
    fn test(&mut self, index: usize) -> Result<Answer, NotLocked> {
        let mark = self.locked.mark();
        let answer = self.commit(index)?;
        self.locked.undo(mark);
        if !matches!(answer, Answer::Yes { .. }) {
            return Ok(answer);
        }
        let named = &self.names[index];
        match self.questions[index].ask {
            Ask::TakeTokens { rate, .. } | Ask::GiveTokens { rate, .. } => {
                self.locked.take(named, rate, 0, self.now)
            }
            Ask::TakeFromWindow { limit, .. } => {
                self.locked.take_from_window(named, limit, 0, self.now)
            }
            Ask::Settle { .. }
            | Ask::ClaimOnce { .. }
            | Ask::Unclaim { .. }
            | Ask::Answered { .. } => Ok(answer),
        }
    }

    /// Answers one question, and does what it asks for if the answer is yes.
    fn commit(&mut self, index: usize) -> Result<Answer, NotLocked> {
        commit(self.locked, &self.names[index], &self.questions[index].ask, self.now)
    }
}

/// Answers one question, and does what it asks for if the answer is yes.
fn commit(
    locked: &mut Locked<'_>,
    named: &Named<'_>,
    ask: &Ask,
    now: Now,
) -> Result<Answer, NotLocked> {
    match *ask {
        Ask::TakeTokens { rate, cost, .. } => locked.take(named, rate, cost, now),
        Ask::TakeFromWindow { limit, cost, .. } => locked.take_from_window(named, limit, cost, now),
        Ask::ClaimOnce { until_unix_s, .. } => locked.claim(named, until_unix_s, now),
        Ask::Unclaim { .. } => locked.unclaim(named),
        Ask::Answered { .. } => locked.answered(named),
        Ask::GiveTokens { rate, cost, .. } => locked.give(named, rate, cost, now),
        Ask::Settle { taken, used, age_s, .. } => locked.settle(named, (taken, used), age_s, now),
    }
}

/// Whether this answer stops the batch. What is unavailable does: in doubt nothing is granted.
const fn stops(question: &Question, answer: Answer) -> bool {
    let is_no = matches!(answer, Answer::No { .. } | Answer::Used { .. } | Answer::Unavailable);
    is_no && !question.watch
}

const fn subject_of(ask: &Ask) -> (&Key, Kind) {
    match ask {
        Ask::TakeTokens { key, .. } | Ask::GiveTokens { key, .. } => (key, Kind::Bucket),
        Ask::TakeFromWindow { key, window_s, .. } | Ask::Settle { key, window_s, .. } => {
            (key, Kind::Window { window_s: *window_s })
        }
        Ask::ClaimOnce { key, .. } | Ask::Unclaim { key } | Ask::Answered { key } => {
            (key, Kind::Claim)
        }
    }
}
