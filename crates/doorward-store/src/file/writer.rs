//! The thread that writes behind: one commit is in flight, and what arrives meanwhile is the next.

use super::changes::Change;
use super::error::FileError;
use super::rows::{Batch, Rows};
use super::{Shared, WhenAway};
use crate::denials::{DenialError, DenialList};
use doorward_core::denial::Denial;
use doorward_core::moment::Now;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long changes are gathered that nobody waits for. With a commit of a slow disk they are on it
/// within 50 ms.
pub const GATHER: Duration = Duration::from_millis(20);
/// How long a file that could not be written is left alone at first; twice as long each time.
const REST: Duration = Duration::from_millis(200);
/// And at the longest: opening a large file again is work.
const REST_MAX: Duration = Duration::from_secs(5);

/// What somebody waits for.
pub(super) enum Order {
    /// That all changes so far are on disk.
    Commit {
        /// Told whether they are.
        said: oneshot::Sender<bool>,
    },
    /// That a denial is.
    Deny {
        /// Whom; one that has ended comes off the list.
        denial: Denial,
        /// When it was said.
        now: Now,
        /// Told whether it is.
        said: oneshot::Sender<Result<(), DenialError>>,
    },
}

/// What is counted of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Commits so far.
    pub commits: u64,
    /// Commits that failed.
    pub failures: u64,
    /// Milliseconds for which the oldest change has waited; 0 where none does.
    pub behind_ms: u64,
    /// Windows in the file.
    pub rows: u64,
    /// Why it cannot be written; none where it can.
    pub away: Option<String>,
}

/// Where the thread is told what to do.
pub(super) struct Desk {
    orders: Mutex<Vec<Order>>,
    is_asked: AtomicBool,
    is_over: AtomicBool,
    is_away: AtomicBool,
    /// The latest time that was heard of: steady nanoseconds and seconds of the wall clock.
    now: [AtomicU64; 2],
    /// The millisecond since `begun` at which the oldest change was made, and one more; 0: none.
    waits_since_ms: AtomicU64,
    begun: Instant,
    commits: AtomicU64,
    failures: AtomicU64,
    rows: AtomicU64,
    why_away: Mutex<Option<String>>,
    writer: OnceLock<Thread>,
}

impl Desk {
    pub(super) fn new(now: Now, rows: u64) -> Self {
        Self {
            orders: Mutex::default(),
            // What was found ended at the start is taken out by the first commit.
            is_asked: AtomicBool::new(true),
            is_over: AtomicBool::default(),
            is_away: AtomicBool::default(),
            now: [now.steady_ns, now.unix_s].map(AtomicU64::new),
            waits_since_ms: AtomicU64::default(),
            begun: Instant::now(),
            commits: AtomicU64::default(),
            failures: AtomicU64::default(),
            rows: AtomicU64::new(rows),
            why_away: Mutex::default(),
            writer: OnceLock::new(),
        }
    }

    pub(super) fn written_by(&self, thread: Thread) {
        let _ = self.writer.set(thread);
        self.wake();
    }

    /// Something has changed that nobody waits for.
    pub(super) fn changed(&self, now: Now) {
        let [steady_ns, unix_s] = &self.now;
        steady_ns.store(now.steady_ns, Ordering::Relaxed);
        unix_s.store(now.unix_s, Ordering::Relaxed);
        if !self.is_asked.swap(true, Ordering::AcqRel) {
            let order = (Ordering::AcqRel, Ordering::Acquire);
            let _ = self.waits_since_ms.compare_exchange(0, self.ms() + 1, order.0, order.1);
            self.wake();
        }
    }

    /// Somebody waits.
    pub(super) fn order(&self, order: Order) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order);
        self.is_asked.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Acquire)
    }

    pub(super) fn figures(&self) -> Figures {
        let since = self.waits_since_ms.load(Ordering::Acquire);
        Figures {
            commits: self.commits.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            behind_ms: since.checked_sub(1).map_or(0, |since| self.ms().saturating_sub(since)),
            rows: self.rows.load(Ordering::Relaxed),
            away: self.why_away.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> Now {
        let [steady_ns, unix_s] = &self.now;
        let read = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        Now { steady_ns: read(steady_ns), unix_s: read(unix_s) }
    }

    fn has_orders(&self) -> bool {
        !self.orders.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// The thread's own.
pub(super) struct Writer {
    shared: Arc<Shared>,
    path: PathBuf,
    /// None while it cannot be opened again.
    rows: Option<Rows>,
    /// Budgets that are in the file.
    budgets: usize,
    /// The shard that is looked through next for windows that have ended, and the second of the
    /// last look.
    sweep: (u8, u64),
    rest: Duration,
    talk: Box<dyn Fn(&str) + Send>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, rows: Rows, talk: Box<dyn Fn(&str) + Send>) -> Self {
        let (path, budgets) = (rows.path().to_owned(), shared.budgets.list().len());
        Self { shared, path, rows: Some(rows), budgets, sweep: (0, 0), rest: REST, talk }
    }

    /// Works until it is over, and writes what is left then.
    pub(super) fn run(mut self) {
        loop {
            let is_over = self.wait();
            let desk = &self.shared.desk;
            desk.is_asked.store(false, Ordering::Release);
            let since = desk.waits_since_ms.swap(0, Ordering::AcqRel);
            let orders = {
                let mut orders = desk.orders.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *orders)
            };
            self.commit(orders, since);
            if is_over {
                return;
            }
            self.sweep();
        }
    }

    /// Until there is something to write; yes: it is the last time.
    fn wait(&self) -> bool {
        let desk = &self.shared.desk;
        let is_over = || desk.is_over.load(Ordering::Acquire);
        while !is_over() && !desk.is_asked.load(Ordering::Acquire) {
            thread::park();
        }
        let rest = if desk.is_away() { self.rest } else { GATHER };
        let until = Instant::now() + rest;
        // Whoever waits ends the gathering.
        while !is_over() && !desk.has_orders() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
        is_over()
    }

    /// Writes all that differs, and tells who waits.
    fn commit(&mut self, orders: Vec<Order>, since: u64) {
        let Sorted { commits, rows, list, told } = self.sort(orders);
        let changes = self.shared.changes.take(&self.shared.memory, self.shared.desk.now());
        match self.write(&changes, &rows) {
            Ok(()) => {
                if let Some(list) = list {
                    let version = list.version + 1;
                    *self.list() = DenialList { version, ..list };
                }
                self.rest = REST;
                self.well();
                tell(commits, &true);
                tell(told, &Ok(()));
            }
            Err(error) => {
                // It differs still, and is written when there is room again.
                self.shared.changes.put_back(&changes);
                let desk = &self.shared.desk;
                let order = (Ordering::AcqRel, Ordering::Acquire);
                let since = since.max(1);
                let _ = desk.waits_since_ms.compare_exchange(0, since, order.0, order.1);
                desk.is_asked.store(true, Ordering::Release);
                self.rest = (self.rest * 2).min(REST_MAX);
                let text = error.to_string();
                self.ill(error);
                tell(commits, &false);
                tell(told, &Err(DenialError::Unwritten(text)));
            }
        }
    }

    /// Who waits for a commit, what is denied and who waits for that. Who is told no at once is
    /// told here.
    fn sort(&self, orders: Vec<Order>) -> Sorted {
        let mut sorted = Sorted::default();
        for order in orders {
            match order {
                Order::Commit { said } => sorted.commits.push(said),
                Order::Deny { denial, now, said } => {
                    let list = sorted.list.get_or_insert_with(|| self.list().clone());
                    sorted.rows.extend(list.drop_ended(now).into_iter().map(|one| (one, false)));
                    let is_put = denial.lives(now);
                    if is_put && !list.has_room(&denial) {
                        let _ = said.send(Err(DenialError::Full));
                        continue;
                    }
                    list.put(&denial, now);
                    sorted.rows.push((denial, is_put));
                    sorted.told.push(said);
                }
            }
        }
        sorted
    }

    fn write(&mut self, changes: &[Change], denials: &[(Denial, bool)]) -> Result<(), FileError> {
        let budgets = self.shared.budgets.list();
        let new = budgets.get(self.budgets..).unwrap_or_default();
        if changes.is_empty() && denials.is_empty() && new.is_empty() && self.rows.is_some() {
            return Ok(());
        }
        let rows = match &mut self.rows {
            Some(rows) => rows,
            // After an error the database must be opened anew.
            closed => closed.insert(Rows::open_again(&self.path)?),
        };
        let written = rows.write(&Batch { changes, budgets: new, denials });
        let counted = written.and_then(|()| rows.len());
        match counted {
            Ok(rows) => {
                self.budgets = budgets.len();
                self.shared.desk.rows.store(rows, Ordering::Relaxed);
                self.shared.desk.commits.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                self.rows = None;
                Err(error)
            }
        }
    }

    fn list(&self) -> MutexGuard<'_, DenialList> {
        self.shared.denials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn well(&self) {
        let desk = &self.shared.desk;
        if desk.is_away.swap(false, Ordering::AcqRel) {
            *desk.why_away.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let path = self.path.display();
            (self.talk)(&format!("the store {path} is written again, and nothing was lost"));
        }
    }

    fn ill(&self, error: FileError) {
        let desk = &self.shared.desk;
        desk.failures.fetch_add(1, Ordering::Relaxed);
        let text = error.to_string();
        let mut why = desk.why_away.lock().unwrap_or_else(PoisonError::into_inner);
        *why = Some(text.clone());
        drop(why);
        if !desk.is_away.swap(true, Ordering::AcqRel) {
            let budgets = match self.shared.when_away {
                WhenAway::Refuse => "what a budget takes is refused",
                WhenAway::Memory => "budgets too",
            };
            (self.talk)(&format!("{text}; until then shares go on in memory, and {budgets}"));
        }
    }

    /// Looks through one shard for windows that have ended: their rows go with the next commit.
    fn sweep(&mut self) {
        let now = self.shared.desk.now();
        let (shard, last_s) = self.sweep;
        let Some(rows) = &self.rows else { return };
        if now.unix_s == last_s {
            return;
        }
        let count = self.shared.memory.table().shard_count();
        let next = if usize::from(shard) + 1 < count { shard + 1 } else { 0 };
        self.sweep = (next, now.unix_s);
        let mut has_ended = false;
        let looked = rows.shard(shard, |slot, window| {
            if !window.lives(now) {
                self.shared.changes.note(slot);
                has_ended = true;
            }
        });
        // A file that cannot be read is found by the next commit.
        if looked.is_ok() && has_ended {
            self.shared.desk.is_asked.store(true, Ordering::Release);
        }
    }
}

/// Tells all of them; whoever does not wait any more needs to know nothing.
fn tell<T: Clone>(waiting: Vec<oneshot::Sender<T>>, what: &T) {
    for said in waiting {
        let _ = said.send(what.clone());
    }
}

/// Orders by what they want.
#[derive(Default)]
struct Sorted {
    commits: Vec<oneshot::Sender<bool>>,
    /// Denials, and whether each is put into the file or taken out.
    rows: Vec<(Denial, bool)>,
    /// The list as it is then; none where it stays.
    list: Option<DenialList>,
    told: Vec<oneshot::Sender<Result<(), DenialError>>>,
}
