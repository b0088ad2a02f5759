//! What all threads of a gate know together about the store that they ask.

use super::alone::Alone;
use super::batch::{self, Clock};
use super::clocks::Clocks;
use super::epoch::{self, Greeted, Known};
use super::figures::{Counts, count};
use super::leases::Leases;
use super::names::Names;
use super::notes::{Note, Notes};
use super::{Away, ValkeySettings};
use crate::denials::DenialList;
use crate::remote::{Greet, Greeting, Open, RemoteError, RemoteStore, heard};
use doorward_core::crypto;
use doorward_core::life::Life;
use redis::Value;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};
use std::thread::{self, ThreadId};
use tokio::sync::{Notify, watch};

/// Connections at the most: one for each thread that asks, beside that of the one that keeps watch.
const LINES_MAX: usize = 64;

/// Whether the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Present,
    /// It does not, and what has to ask it is refused.
    Away,
    /// It does not, and this gate goes on alone.
    Alone,
}

pub(super) struct Inner {
    pub(super) settings: ValkeySettings,
    pub(super) clock: Clock,
    pub(super) names: Names,
    pub(super) script: String,
    /// What servers call the script: the same everywhere.
    pub(super) hash: OnceLock<String>,
    /// One for each thread, because an answer that another thread reads wakes two.
    lines: RwLock<Vec<(ThreadId, Arc<RemoteStore>)>>,
    /// The epoch that is gone by, and how the store stands: changed together.
    known: Mutex<Option<Arc<Known>>>,
    is_away: AtomicBool,
    pub(super) standing: watch::Sender<Standing>,
    pub(super) clocks: Clocks,
    /// The denials that are known; none before they were read once.
    denials: Mutex<Option<Arc<DenialList>>>,
    /// The version that the server said last.
    pub(super) version: AtomicU64,
    pub(super) alone: Option<Alone>,
    pub(super) leases: Option<Leases>,
    pub(super) counts: Counts,
    pub(super) notes: Notes,
    /// Wakes who keeps watch.
    pub(super) wake: Arc<Notify>,
    is_over: AtomicBool,
    /// Tells this process's claims from those of others, and from each other.
    pub(super) maker: String,
    pub(super) batches: AtomicU64,
    pub(super) told: AtomicUsize,
}

impl Standing {
    /// One word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Away => "away",
            Self::Alone => "local",
        }
    }
}

impl Inner {
    pub(super) fn new(mut settings: ValkeySettings, clock: Clock) -> Self {
        let draw = || {
            let mut bytes = [0; 16];
            settings.chance.fill(&mut bytes);
            bytes
        };
        let alone = match settings.away {
            Away::Refuse => None,
            Away::Alone { instances } => Some(Alone::new(instances, draw())),
        };
        let maker = crypto::hex(&draw()[..8]);
        let leases = (settings.lease_percent > 0).then(|| Leases::new(settings.lease_percent));
        let script = batch::script(clock);
        let notes = Notes::new(std::mem::replace(&mut settings.note, Box::new(|_| {})));
        // Until it has answered there is no epoch: what is made meanwhile is this process's alone.
        (settings.live)(Life::Alone);
        let standing = if alone.is_some() { Standing::Alone } else { Standing::Away };
        Self {
            names: Names::new(&settings.secret, &settings.gate_id),
            settings,
            clock,
            script,
            hash: OnceLock::new(),
            lines: RwLock::default(),
            known: Mutex::default(),
            is_away: AtomicBool::new(true),
            standing: watch::Sender::new(standing),
            clocks: Clocks::default(),
            denials: Mutex::default(),
            version: AtomicU64::new(0),
            leases,
            alone,
            counts: Counts::default(),
            notes,
            wake: Arc::default(),
            is_over: AtomicBool::new(false),
            maker,
            batches: AtomicU64::new(0),
            told: AtomicUsize::new(0),
        }
    }

    pub(super) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Acquire)
    }

    /// The store is not wanted any more.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    pub(super) fn lost(&self) {
        count(&self.counts.lost);
    }

    /// The server answers, and this is its epoch.
    pub(super) fn present(&self, greeted: Greeted) {
        let Greeted { known, server_s, unchecked } = greeted;
        let mut held = self.known();
        let is_other = held.as_ref().is_none_or(|held| **held != known);
        if is_other && held.is_some() {
            count(&self.counts.epochs);
            self.notes.say(&Note::Forgot);
            self.forget_leases();
        }
        let was_away = self.is_away();
        if is_other || was_away {
            let epoch = known.epoch(server_s, (self.settings.clock)());
            (self.settings.live)(Life::Shared(epoch));
            let is_first = held.is_none();
            *held = Some(Arc::new(known));
            self.is_away.store(false, Ordering::Release);
            self.standing.send_replace(Standing::Present);
            if was_away && !is_first {
                self.notes.say(&Note::Back);
            }
            if is_first && !unchecked.is_empty() {
                self.notes.say(&Note::Unchecked { what: unchecked.join(", ") });
            }
        }
    }

    /// A question came to nothing.
    pub(super) fn failed(&self, line: &RemoteStore, error: RemoteError) {
        match error {
            // Who waits for a connection has not heard anything about the server.
            RemoteError::Opening(_) => {}
            RemoteError::Said(ref text) if !is_not_serving(text) => {
                self.notes.say_seldom(Note::Refuses { error });
            }
            RemoteError::Said(_)
            | RemoteError::Closed(_)
            | RemoteError::NotLetIn(_)
            | RemoteError::Broken(_)
            | RemoteError::TooSlow(_)
            | RemoteError::Unfit(_)
            | RemoteError::TooLong(_)
            | RemoteError::Strange => {
                line.forget();
                self.away(error);
            }
        }
    }

    /// The server is away.
    fn away(&self, error: RemoteError) {
        let held = self.known();
        if self.is_away() && self.counts.times_away.load(Ordering::Relaxed) > 0 {
            return;
        }
        self.forget_leases();
        let is_alone = self.alone.is_some();
        if is_alone {
            (self.settings.live)(Life::Alone);
        }
        self.is_away.store(true, Ordering::Release);
        count(&self.counts.times_away);
        drop(held);
        self.notes.say(&Note::Away { error, is_alone });
        self.standing.send_replace(if is_alone { Standing::Alone } else { Standing::Away });
        self.wake.notify_one();
    }

    /// The denials that are known.
    pub(super) fn denials(&self) -> Option<Arc<DenialList>> {
        self.denials.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn know_denials(&self, list: DenialList) {
        let mut known = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::new(list));
    }

    fn forget_leases(&self) {
        if let Some(leases) = &self.leases {
            leases.forget();
        }
    }

    /// This thread's connection.
    pub(super) fn line(self: &Arc<Self>) -> Arc<RemoteStore> {
        let own = thread::current().id();
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, line)) = lines.iter().find(|(thread, _)| *thread == own) {
            return Arc::clone(line);
        }
        drop(lines);
        let mut lines = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES_MAX {
            // More threads than anybody has cores: they share, and wake each other.
            let place = usize::try_from(self.batches.load(Ordering::Relaxed)).unwrap_or(0);
            return Arc::clone(&lines[place % LINES_MAX].1);
        }
        let line = Arc::new(self.new_line());
        lines.push((own, Arc::clone(&line)));
        line
    }

    /// A connection that finds out about the server before anything else is asked.
    pub(super) fn new_line(self: &Arc<Self>) -> RemoteStore {
        let dial = Arc::clone(&self.settings.dial);
        let open: Open = Box::new(move || dial());
        let inner = Arc::downgrade(self);
        let greet: Greet = Box::new(move |connection| greeting(inner.clone(), connection));
        RemoteStore::greeted(&self.settings.remote, self.settings.limits(), open, greet)
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Option<Arc<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for the epoch and leaves the script there, in one trip.
fn greeting(inner: Weak<Inner>, mut connection: MultiplexedConnection) -> Greeting {
    Box::pin(async move {
        let ended = || RemoteError::Closed("the store has ended".to_owned());
        let inner = inner.upgrade().ok_or_else(ended)?;
        let mut both = redis::Pipeline::new();
        both.add_command(epoch::command(&inner.names, &*inner.settings.chance, None));
        both.cmd("SCRIPT").arg("LOAD").arg(&inner.script);
        count(&inner.counts.trips);
        let said = connection.req_packed_commands(&both, 0, 2).await;
        let said = said.map_err(|error| {
            epoch::fault(heard(Err(error)).err().unwrap_or(RemoteError::Strange))
        })?;
        let [greeted, hash] = <[Value; 2]>::try_from(said).map_err(|_| RemoteError::Strange)?;
        let greeted = heard(Ok(greeted)).map_err(epoch::fault)?;
        let greeted = epoch::read(&greeted, inner.settings.insecure_evicting)?;
        if let Ok(Value::BulkString(hash)) = heard(Ok(hash)) {
            // It may have been said before, and was the same.
            let _ = inner.hash.set(String::from_utf8_lossy(&hash).into_owned());
        }
        inner.present(greeted);
        Ok(())
    })
}

/// Whether the server says that it is not serving, and another one may be.
fn is_not_serving(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["readonly", "loading", "masterdown", "busyloading", "noauth"]
        .iter()
        .any(|word| text.contains(word))
}
