//! An answer that is paid for while it goes by: the loop between what the core counts, the store
//! and whoever hands it on.

use crate::leave::World;
use bytes::Bytes;
use doorward_core::layers::quota::budget::{Next, Spending};
use doorward_core::question::{Answer, Answers, Questions};
use doorward_core::reason::Reason;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// How long an answer waits for the store. A store has a bound of its own; this is the answer's.
const STORE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Times in a row that the core may say that it waits for nothing. More is a mistake of ours, and
/// ends the answer.
const IDLE_MAX: u32 = 2;

/// What one answer spends. Dropped, it is settled.
pub struct Spend<W: World> {
    spending: Box<Spending>,
    world: Arc<W>,
    asking: Option<Asking>,
}

type Asking = Pin<Box<dyn Future<Output = Answers> + Send>>;

/// What is done with the answer next.
pub enum Piece<E> {
    /// These bytes go on.
    Data(Bytes),
    /// That was all.
    End,
    /// Nothing is left to spend: these bytes are the last, or it breaks off. Its backend is to be
    /// aborted now.
    Over(Option<Bytes>),
    /// It broke off.
    Broken(E),
}

impl<W: World> Spend<W> {
    /// What an answer spends whose head was looked at.
    pub fn new(spending: Box<Spending>, world: Arc<W>) -> Self {
        Self { spending, world, asking: None }
    }

    /// Why it was ended, where it was.
    #[must_use]
    pub fn cut(&self) -> Option<Reason> {
        self.spending.cut_for()
    }

    /// The next piece of it. `more` polls the backend for more of it.
    pub fn poll_piece<E>(
        &mut self,
        cx: &mut Context<'_>,
        mut more: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
    ) -> Poll<Piece<E>> {
        let mut idle = 0;
        loop {
            self.hear(cx);
            match self.spending.step() {
                Next::Pass(bytes) => {
                    // The next slice is asked for while this one goes out.
                    self.ask();
                    return Poll::Ready(Piece::Data(bytes));
                }
                Next::Done => {
                    self.settle();
                    return Poll::Ready(Piece::End);
                }
                Next::End(last) => {
                    self.settle();
                    return Poll::Ready(Piece::Over(last));
                }
                Next::Wait if self.asking.is_some() => return Poll::Pending,
                Next::Wait => {
                    self.ask();
                    idle += 1;
                    if idle > IDLE_MAX {
                        return Poll::Ready(Piece::Over(None));
                    }
                }
                Next::More => match more(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(piece))) => self.spending.feed(piece),
                    Poll::Ready(None) => self.spending.finish(true),
                    Poll::Ready(Some(Err(error))) => {
                        self.spending.finish(false);
                        self.settle();
                        return Poll::Ready(Piece::Broken(error));
                    }
                },
            }
        }
    }

    /// Hears what the store says, if it has said it.
    fn hear(&mut self, cx: &mut Context<'_>) {
        let Some(asking) = &mut self.asking else { return };
        let Poll::Ready(answers) = asking.as_mut().poll(cx) else { return };
        self.asking = None;
        self.spending.answered(&answers, self.world.now(), &self.world.memory().spent);
    }

    fn ask(&mut self) {
        if self.asking.is_some() {
            return;
        }
        let Some(questions) = self.spending.wants() else { return };
        let now = self.world.now();
        match self.world.store().at_once(&questions, now) {
            Some(answers) => {
                self.spending.answered(&answers, now, &self.world.memory().spent);
            }
            None => self.asking = Some(Box::pin(wait(Arc::clone(&self.world), questions))),
        }
    }

    /// Tells the store what it came to; the first time counts.
    fn settle(&mut self) {
        let (now, spent) = (self.world.now(), &self.world.memory().spent);
        let questions = self.spending.settle(now, spent);
        self.world.store().tell(&questions, now);
    }
}

impl<W: World> Drop for Spend<W> {
    fn drop(&mut self) {
        self.settle();
    }
}

/// Asks a store that has to be waited for. One that is too slow is away.
async fn wait<W: World>(world: Arc<W>, questions: Questions) -> Answers {
    let asked = world.store().answer(&questions, world.now());
    match tokio::time::timeout(STORE_WAIT_MAX, asked).await {
        Ok(answers) => answers,
        Err(_) => questions.iter().map(|_| Answer::Unavailable).collect(),
    }
}
