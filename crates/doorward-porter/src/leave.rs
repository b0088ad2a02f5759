//! How long a stream's caller may stay: a stream does not outlive the leave that it was opened by,
//! and whoever opened it is judged again while it goes on.

use crate::Outside;
use doorward_core::certificate::Certificate;
use doorward_core::gate::Gate;
use doorward_core::layers::identity;
use doorward_core::memory::Memory;
use doorward_core::moment::{Chance, Moment, Now, RequestId};
use doorward_core::reason::Reason;
use doorward_core::standing::{AGAIN_S, Again, Question, Standing, UNSAID_S};
use doorward_store::Store;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior};

const NS_PER_S: u64 = 1_000_000_000;

/// What a mounting judges by.
pub trait World: Send + Sync + 'static {
    /// The gate as it is now: a reload makes another.
    fn gate(&self) -> Arc<Gate>;
    /// The world outside.
    fn outside(&self) -> &Outside;
    /// The time.
    fn now(&self) -> Now;
    /// Chance.
    fn chance(&self) -> &dyn Chance;
    /// What the process remembers.
    fn memory(&self) -> &Memory;
    /// The store.
    fn store(&self) -> &Store;

    /// All that a visit comes with now.
    fn moment(&self) -> Moment<'_> {
        Moment {
            now: self.now(),
            id: RequestId::draw(self.chance()),
            chance: self.chance(),
            memory: self.memory(),
        }
    }
}

/// The leave of one stream. The clock that requests are judged by is asked, at every sweep while
/// nothing else comes. Most answers end before they wait at all, so only waiting takes a timer.
pub struct Leave<W> {
    world: Arc<W>,
    ends_unix_s: Option<u64>,
    ask_every: Duration,
    shows: Option<Shows>,
    /// None while somebody is asked about it.
    standing: Option<Standing>,
    asking: Option<Asking>,
    /// When it was last judged, steady: an answer is that old.
    judged_ns: u64,
    /// When it is judged again, steady.
    again_ns: u64,
    /// When it was last known who its caller is, steady.
    known_ns: u64,
    tick: Option<Interval>,
}

/// Tells the certificate that a connection has shown, as it is believed now.
pub type Shows = Box<dyn Fn() -> Option<Arc<Certificate>> + Send + Sync>;

type Asking = Pin<Box<dyn Future<Output = (Standing, Again)> + Send>>;

impl<W: World> Leave<W> {
    /// The leave of a stream that is opened now, by whom, and until when. `ask_every`: how often
    /// the clock is asked.
    pub fn new(
        world: Arc<W>,
        standing: Option<Standing>,
        ends_unix_s: Option<u64>,
        ask_every: Duration,
    ) -> Self {
        let known_ns = world.now().steady_ns;
        Self {
            ends_unix_s,
            standing,
            again_ns: known_ns + AGAIN_S * NS_PER_S - early_ns(known_ns),
            known_ns,
            judged_ns: known_ns,
            ask_every,
            shows: None,
            asking: None,
            tick: None,
            world,
        }
    }

    /// What tells of its connection's certificate, where there is one.
    #[must_use]
    pub fn showing(mut self, shows: Option<Shows>) -> Self {
        self.shows = shows;
        self
    }

    /// Why it has ended. None: it has not; the task is woken to ask again, if it `waits`.
    pub fn poll_over(&mut self, cx: &mut Context<'_>, waits: bool) -> Option<Reason> {
        let now = self.world.now();
        if self.ends_unix_s.is_some_and(|ends| ends <= now.unix_s) {
            return Some(Reason::Identity(identity::Reason::Expired));
        }
        if let Some(reason) = self.judge(now, cx) {
            return Some(reason);
        }
        if waits {
            let ask_every = self.ask_every;
            let tick = self.tick.get_or_insert_with(|| {
                let mut tick = tokio::time::interval(ask_every);
                tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
                tick
            });
            while tick.poll_tick(cx).is_ready() {}
        }
        None
    }

    fn judge(&mut self, now: Now, cx: &mut Context<'_>) -> Option<Reason> {
        if self.asking.is_none() {
            if now.steady_ns < self.again_ns {
                return None;
            }
            self.judged_ns = now.steady_ns;
            self.again_ns = now.steady_ns + AGAIN_S * NS_PER_S;
            let mut standing = self.standing.take()?;
            let certificate = self.shows.as_ref().and_then(|shows| shows());
            let (gate, at) = (self.world.gate(), self.world.moment());
            match standing.again(&gate, certificate.as_deref(), at) {
                Again::Ask(question) => {
                    let world = Arc::clone(&self.world);
                    self.asking = Some(Box::pin(ask(world, standing, question)));
                }
                again => {
                    self.standing = Some(standing);
                    return self.take(&again);
                }
            }
        }
        let Poll::Ready((standing, again)) = self.asking.as_mut()?.as_mut().poll(cx) else {
            return None;
        };
        (self.asking, self.standing) = (None, Some(standing));
        self.take(&again)
    }

    fn take(&mut self, again: &Again) -> Option<Reason> {
        match again {
            Again::Stays => {
                self.known_ns = self.judged_ns;
                None
            }
            Again::Ends(reason) => Some(*reason),
            // Nobody is asked twice for one answer.
            Again::Unsaid | Again::Ask(_) => {
                let unsaid_ns = self.judged_ns.saturating_sub(self.known_ns);
                let is_long = unsaid_ns >= UNSAID_S * NS_PER_S;
                is_long.then_some(Reason::Identity(identity::Reason::CheckAway))
            }
        }
    }
}

/// By how much a stream is judged early for the first time. Streams that are opened at about one
/// moment, because a gate started, are not to be judged at one: so it is spread evenly (Fibonacci
/// hashing).
const fn early_ns(opened_ns: u64) -> u64 {
    let part = opened_ns.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    ((AGAIN_S * NS_PER_S / 2 / 1_000 * part) >> 32) * 1_000
}

/// Asks about a stream's caller.
async fn ask<W: World>(
    world: Arc<W>,
    mut standing: Standing,
    question: Question,
) -> (Standing, Again) {
    let (told, asked_ns) = world.outside().caller(question.errand(), question.prefix()).await;
    let again = standing.told(&world.gate(), &question, (&told, asked_ns), world.moment());
    (standing, again)
}
