//! One batch, from the question to its answers: from what was taken in advance, from the server, or
//! from this process's own memory while the server is away.

use super::batch::{self, Clock, Told};
use super::epoch::{self, Known};
use super::figures::count;
use super::state::Inner;
use crate::remote::{RemoteError, RemoteStore};
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Question, Questions};
use redis::{Cmd, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Batches at once whose answers nobody waits for.
const TOLD_MAX: usize = 4_096;

impl Inner {
    /// Asks the server. What was taken while it was away goes back to where it was taken from.
    pub(super) async fn ask(self: &Arc<Self>, questions: &Questions, now: Now) -> Answers {
        let was_alone = self.counts.alone.load(Ordering::Relaxed) > 0;
        let Some(alone) = self.alone.as_ref().filter(|_| was_alone) else {
            return self.ask_server(questions, now).await;
        };
        let of_alone = |question: &Question| alone.has_taken(question, now);
        let (own, shared): (Vec<_>, Vec<_>) = questions.iter().partition(|one| of_alone(one));
        if own.is_empty() {
            return self.ask_server(questions, now).await;
        }
        let own = alone.answer(&own.into_iter().collect(), now);
        let shared: Questions = shared.into_iter().collect();
        let told = self.ask_server(&shared, now).await;
        // Whoever gives back listens to nothing but whether it arrived.
        own.into_iter().chain(told).collect()
    }

    /// What comes of a failure is [`Inner::without`].
    async fn ask_server(self: &Arc<Self>, questions: &Questions, now: Now) -> Answers {
        if questions.is_empty() {
            return Answers::new();
        }
        let line = self.line();
        let told = match &self.leases {
            None => self.asked(&line, questions, now).await,
            Some(leases) => {
                let wished = leases.wish(questions, now);
                let mut told = self.asked(&line, &wished, now).await;
                if let Ok(answers) = &mut told {
                    leases.learn(questions.len(), &wished, answers, now);
                }
                told
            }
        };
        match told {
            Ok(answers) => answers,
            Err(error) => {
                self.failed(&line, error);
                match self.alone.is_some() && !claims(questions) {
                    true => self.without(questions, now),
                    false => nothing(questions),
                }
            }
        }
    }

    async fn asked(
        &self,
        line: &RemoteStore,
        questions: &Questions,
        now: Now,
    ) -> Result<Answers, RemoteError> {
        if self.clock == Clock::Server && self.clocks.was_set_back(now) {
            self.renew(line).await?;
        }
        for _ in 0..2 {
            let Some(known) = self.known().clone() else {
                self.meet(line, None).await?;
                continue;
            };
            let said = self.run(line, &known, questions, now).await?;
            match batch::read(questions, &said).ok_or(RemoteError::Strange)? {
                Told::Answers(answers, server_s, version) => {
                    if self.version.swap(version, Ordering::Relaxed) != version {
                        self.wake.notify_one();
                    }
                    let leapt = self.clock == Clock::Server && self.clocks.leapt(now, server_s);
                    if leapt {
                        self.renew(line).await?;
                        return Ok(nothing(questions));
                    }
                    return Ok(answers);
                }
                Told::OtherEpoch => {
                    self.meet(line, None).await?;
                    if claims(questions) {
                        // It was judged in the epoch before.
                        return Ok(nothing(questions));
                    }
                }
            }
        }
        Ok(nothing(questions))
    }

    /// Calls the script, by its hash; once more with its text where the server has lost it.
    async fn run(
        &self,
        line: &RemoteStore,
        known: &Known,
        questions: &Questions,
        now: Now,
    ) -> Result<Value, RemoteError> {
        let number = self.batches.fetch_add(1, Ordering::Relaxed);
        let maker = (self.maker.as_str(), number);
        let write = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script);
            let of = (&self.names, known.record.as_str());
            batch::write(&mut command, of, questions, (now, self.clock), maker);
            command
        };
        let may_repeat = batch::may_repeat(questions);
        if let Some(hash) = self.hash.get() {
            let said = self.trip(line, &write("EVALSHA", hash), may_repeat).await;
            match said {
                Err(RemoteError::Said(text)) if is_script_lost(&text) => {}
                said => return said,
            }
        }
        self.trip(line, &write("EVAL", &self.script), may_repeat).await
    }

    /// One command, counted.
    pub(super) async fn trip(
        &self,
        line: &RemoteStore,
        command: &Cmd,
        may_repeat: bool,
    ) -> Result<Value, RemoteError> {
        let begun = Instant::now();
        let said = line.ask(command, may_repeat).await;
        count(&self.counts.trips);
        self.counts.took(begun.elapsed());
        if said.is_err() {
            count(&self.counts.errors);
        }
        said
    }

    /// Asks for the present epoch, and goes by it.
    pub(super) async fn meet(
        &self,
        line: &RemoteStore,
        ended: Option<&Known>,
    ) -> Result<(), RemoteError> {
        let command = epoch::command(&self.names, &*self.settings.chance, ended);
        let said = self.trip(line, &command, true).await.map_err(epoch::fault)?;
        self.present(epoch::read(&said, self.settings.insecure_evicting)?);
        Ok(())
    }

    /// Ends the present epoch: what was used in it may look unused.
    async fn renew(&self, line: &RemoteStore) -> Result<(), RemoteError> {
        let known = self.known().clone();
        self.meet(line, known.as_deref()).await
    }

    /// Answers a batch from what was taken in advance, if all of it can be.
    pub(super) fn leased(&self, questions: &Questions, now: Now) -> Option<Answers> {
        let answers = self.leases.as_ref()?.answer(questions, now)?;
        count(&self.counts.leased);
        Some(answers)
    }

    /// Gives back what was taken in advance, and not used in time.
    pub(super) async fn give_back(self: &Arc<Self>, now: Now) {
        let Some(leases) = &self.leases else { return };
        loop {
            let over = leases.over(now);
            if over.is_empty() {
                return;
            }
            if self.ask_server(&over, now).await.contains(&Answer::Unavailable) {
                self.lost();
            }
        }
    }

    /// What is said to a batch while the server is away.
    pub(super) fn without(&self, questions: &Questions, now: Now) -> Answers {
        match &self.alone {
            Some(alone) => {
                count(&self.counts.alone);
                alone.answer(questions, now)
            }
            None => {
                count(&self.counts.refused);
                nothing(questions)
            }
        }
    }
}

/// A place among the batches whose answers nobody waits for.
pub(super) struct TellSeat(Arc<Inner>);

impl TellSeat {
    pub(super) fn take(inner: &Arc<Inner>) -> Option<Self> {
        let seat = Self(Arc::clone(inner));
        let before = inner.told.fetch_add(1, Ordering::Relaxed);
        // Where there is none, dropping it gives it back.
        (before < TOLD_MAX).then_some(seat)
    }
}

impl Drop for TellSeat {
    fn drop(&mut self) {
        self.0.told.fetch_sub(1, Ordering::Relaxed);
    }
}

fn claims(questions: &Questions) -> bool {
    questions.iter().any(|question| matches!(question.ask, Ask::ClaimOnce { .. }))
}

/// In doubt nothing is granted.
fn nothing(questions: &Questions) -> Answers {
    questions.iter().map(|_| Answer::Unavailable).collect()
}

fn is_script_lost(text: &str) -> bool {
    text.to_ascii_lowercase().contains("noscript")
}
