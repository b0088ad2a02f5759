//! A store that the gates of a fleet share, in Redis or Valkey.
//!
//! ## How it decides
//!
//! 1. A batch is one script, and so one step of the server and one trip. Whose key it is cannot be
//!    told from its name ([`names`](self)); the time is the server's; durations are sent, never
//!    instants.
//! 2. Every script says whether the store is in the epoch that the gate knows, and does nothing
//!    where it is not: what was spent before is forgotten then, so what was made before is refused.
//! 3. Who asks waits for no longer than the deadline. Once the server does not answer, nobody waits
//!    for it: a thread of the store's own tries again, and lets everybody ask when it is back.
//! 4. Until then batches are refused, or answered from this process's own memory and by its part of
//!    every share; see [`Away`].
//!
//! ## What it does not stop
//!
//! A server copies to its replicas a moment later. When one of them takes over, what was written in
//! that moment is gone: shares are larger by that much. What was used is not usable again, because
//! another server begins another epoch; but a gate that has not noticed yet asks the server of
//! before, which may say yes to a copy that the other one has seen.

mod alone;
mod asking;
mod batch;
mod clocks;
mod denials;
mod epoch;
mod figures;
mod keeper;
mod leases;
mod names;
mod notes;
mod state;

pub use figures::{Figures, LATENCY_ENDS_US};
pub use notes::Note;
pub use state::Standing;

use crate::denials::{DenialError, DenialList};
use crate::remote::{Opened, RemoteError, RemoteLimits};
use asking::TellSeat;
use doorward_core::denial::Denial;
use doorward_core::life::Life;
use doorward_core::moment::{Chance, Now};
use doorward_core::question::{Answer, Answers, Questions};
use doorward_core::remote::Remote;
use doorward_core::secret::Secret;
use state::Inner;
use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// Milliseconds that a request waits for the store at the most, where nothing is said.
pub const DEADLINE_MS: u64 = 250;
/// Milliseconds that the first connection is waited for, at a start.
const START_MS_MAX: u64 = 3_000;
/// Milliseconds of opening a connection.
const OPEN_MS_MAX: u64 = 2_000;

/// Opens a connection to the server.
pub type Dial = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Opened> + Send>> + Send + Sync>;

/// What happens while the server is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Away {
    /// Nothing is granted.
    #[default]
    Refuse,
    /// Each gate goes on alone, with its part of every share.
    Alone {
        /// How many gates there are.
        instances: NonZeroU32,
    },
}

/// What a shared store is made of.
pub struct ValkeySettings {
    /// As whom it is asked, and which of its databases.
    pub remote: Remote,
    /// How it is reached.
    pub dial: Dial,
    /// What all gates of the fleet have, and nobody else: names of keys are made with it.
    pub secret: Secret,
    /// Which gates count together.
    pub gate_id: String,
    /// Milliseconds that a request waits for it at the most.
    pub deadline_ms: u64,
    /// What happens while it is away.
    pub away: Away,
    /// Hundredths of a hot share that are taken in advance; 0: none.
    pub lease_percent: u8,
    /// Whether a server is taken that forgets when it is full.
    pub insecure_evicting: bool,
    /// The time by which requests are judged.
    pub clock: Arc<dyn Fn() -> Now + Send + Sync>,
    /// Where names of epochs come from.
    pub chance: Arc<dyn Chance>,
    /// Hears who remembers what was used; see `doorward_core::memory::Memory::live`.
    pub live: Box<dyn Fn(Life) + Send + Sync>,
    /// Hears what is worth a line of the log.
    pub note: Box<dyn Fn(&Note) + Send + Sync>,
}

impl ValkeySettings {
    const fn limits(&self) -> RemoteLimits {
        // Whether anybody tries is decided for all connections together.
        let (answer_ms_max, away_ms) = (self.deadline_ms, 0);
        RemoteLimits { answer_ms_max, open_ms_max: OPEN_MS_MAX, away_ms, idle_ms_max: 60_000 }
    }
}

/// A store that the gates of a fleet share.
pub struct ValkeyStore(Arc<Inner>);

impl ValkeyStore {
    /// Begins to ask a server, and waits for its first word. One that does not answer is tried
    /// again, for as long as the store lives.
    ///
    /// # Errors
    /// When the server answers, and cannot be what gates share: it does not let the gate in, is a
    /// cluster or a replica, or forgets when it is full. Or when there is no thread to be had.
    pub fn start(settings: ValkeySettings) -> Result<Self, RemoteError> {
        Self::begin(settings, batch::Clock::Server)
    }

    /// The same, where the time of every batch is that of who asks: nothing ends by the server's
    /// clock. For tests alone, whose time is not that of any clock.
    ///
    /// # Errors
    /// As [`ValkeyStore::start`].
    pub fn insecure_by_callers_clock(settings: ValkeySettings) -> Result<Self, RemoteError> {
        Self::begin(settings, batch::Clock::Caller)
    }

    fn begin(settings: ValkeySettings, clock: batch::Clock) -> Result<Self, RemoteError> {
        let inner = Arc::new(Inner::new(settings, clock));
        let store = Self(Arc::clone(&inner));
        let first = keeper::start(&inner)?;
        match first.recv_timeout(Duration::from_millis(START_MS_MAX)) {
            Ok(Err(error @ (RemoteError::Unfit(_) | RemoteError::NotLetIn(_)))) => Err(error),
            // It is away for now, or says nothing: that has been noted.
            Ok(Ok(()) | Err(_))
            | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(store),
        }
    }

    /// Answers a batch without waiting: while the server is away, and what was taken in advance.
    #[must_use]
    pub fn at_once(&self, questions: &Questions, now: Now) -> Option<Answers> {
        match self.0.is_away() {
            true => Some(self.0.without(questions, now)),
            false => self.0.leased(questions, now),
        }
    }

    /// Answers a batch, one answer for each question. Waits for no longer than the deadline.
    pub async fn answer(&self, questions: &Questions, now: Now) -> Answers {
        match self.at_once(questions, now) {
            Some(answers) => answers,
            None => self.0.ask(questions, now).await,
        }
    }

    /// Sends a batch whose answers nobody waits for. It leaves before whatever is asked later over
    /// the same connection, by the same thread.
    pub fn tell(&self, questions: &Questions, now: Now) {
        if self.0.is_away() {
            drop(self.0.without(questions, now));
            return;
        }
        // Without a runtime nobody could wait for the answer, and it could not be told that there
        // is none.
        let (Ok(runtime), Some(seat)) = (Handle::try_current(), TellSeat::take(&self.0)) else {
            self.0.lost();
            return;
        };
        let (inner, questions) = (Arc::clone(&self.0), questions.clone());
        let mut telling = Box::pin(async move {
            let answers = inner.ask(&questions, now).await;
            if answers.contains(&Answer::Unavailable) {
                inner.lost();
            }
            drop(seat);
        });
        // The first step writes it down behind what was asked before.
        let polled = telling.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if polled.is_pending() {
            runtime.spawn(telling);
        }
    }

    /// Puts a denial onto the list of all gates, or takes it off.
    ///
    /// # Errors
    /// When the list is full, or the server could not be asked.
    pub async fn put_denial(&self, denial: &Denial, now: Now) -> Result<(), DenialError> {
        self.0.put_denial(denial, now).await
    }

    /// The denials: as of the last second, or of before the server went away. None while they are
    /// of the version that is known, and before it has answered once.
    #[must_use]
    pub fn denials(&self, known: u64) -> Option<DenialList> {
        let list = self.0.denials().filter(|list| list.version != known)?;
        Some(DenialList::clone(&list))
    }

    /// Whether the server answers, at the moment.
    #[must_use]
    pub fn standing(&self) -> Standing {
        *self.0.standing.borrow()
    }

    /// Hears every change of [`ValkeyStore::standing`].
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.0.standing.subscribe()
    }

    /// What was counted so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.0.counts.read()
    }
}

impl Drop for ValkeyStore {
    fn drop(&mut self) {
        self.0.wake.notify_one();
        self.0.end();
    }
}

impl fmt::Debug for ValkeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValkeyStore").field("standing", &self.standing()).finish_non_exhaustive()
    }
}
