//! The world outside: what issuers of tokens say about their keys, and others about callers.
//!
//! Keys are fetched in the background, on a thread of its own, and because a request names a key
//! that is not known. Such a request waits for a look-up that begins after it came, so it is never
//! answered from what was known before; how many wait, and how often an issuer is asked because of
//! them, is bounded.

mod address;
mod bucket;
mod desk;
mod fetch;
mod fetch_error;
mod line;
mod note;
mod records;
mod roots;
mod supply;
mod waiting;

pub use address::Kind;
pub use fetch::Names;
pub use fetch_error::{FetchError, Why};
pub use note::{Note, Report};
pub use roots::client_tls;

use crate::clock::Clock;
use desk::Desk;
use doorward_core::address::Prefix;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{Errand, Issuer, LookedUp, Told};
use doorward_core::memory::Memory;
use doorward_core::moment::Chance;
use doorward_core::signing_in::SignedIn;
use doorward_store::Store;
use doorward_store::remote::sentinel::DialAt;
use fetch::Fetcher;
use records::Records;
use roots::Roots;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use supply::{Supply, Tools};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use waiting::Waiting;

/// Threads that ask the machine's resolver, which cannot be waited for otherwise.
const RESOLVERS_MAX: usize = 4;

/// How long and how often the world outside is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Milliseconds of one look-up: name, connection, TLS and answer. Shorter than a request
    /// waits, so that whoever caused it hears that it failed.
    pub fetch_ms_max: u64,
    /// Milliseconds that a request waits.
    pub wait_ms_max: u64,
    /// Look-ups because of requests that an issuer bears at once.
    pub fetches_burst: u32,
    /// Milliseconds from one of them to the next beyond that. Shorter than a request waits, so that
    /// one that comes in the worst moment still sees the next look-up end.
    pub fetch_every_ms_min: u64,
    /// Milliseconds until a failed look-up is tried again in the background; doubled each time.
    pub retry_ms_min: u64,
    /// Milliseconds until then at the most.
    pub retry_ms_max: u64,
    /// Requests that wait at once.
    pub waiting_max: usize,
    /// Those of them from one prefix, once half of all places are taken; before, a quarter of all.
    pub waiting_of_prefix_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fetch_ms_max: 4_000,
            wait_ms_max: 5_000,
            fetches_burst: 5,
            fetch_every_ms_min: 4_000,
            retry_ms_min: 1_000,
            retry_ms_max: 60_000,
            waiting_max: 1_024,
            waiting_of_prefix_max: 16,
        }
    }
}

/// What looking outside is started with.
pub struct OutsideSettings {
    /// The clock by which keys grow old. Deadlines are the machine's own.
    pub clock: Arc<dyn Clock>,
    /// Chance, so that not all gates of a fleet ask at once.
    pub chance: Arc<dyn Chance>,
    /// Authorities in PEM whose certificates are believed beside those that the machine believes;
    /// empty: none.
    pub roots_pem: Vec<u8>,
    /// Where names lead.
    pub names: Names,
    /// How long and how often.
    pub limits: Limits,
    /// Is told what is worth a line in the log, on the thread that looks: it must not wait.
    pub note: Box<dyn Fn(&Note) + Send + Sync>,
}

impl OutsideSettings {
    /// The machine's authorities and resolver, the default limits, and nobody who listens.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Self {
        Self {
            clock,
            chance,
            roots_pem: Vec::new(),
            names: Names::default(),
            limits: Limits::default(),
            note: Box::new(|_| {}),
        }
    }
}

/// Looks things up outside. One a process.
#[derive(Default)]
pub struct Outside {
    running: Option<Running>,
}

struct Running {
    tools: Arc<Tools>,
    waiting: Waiting,
    desk: Arc<Desk>,
    supplies: Mutex<Vec<Arc<Supply>>>,
    runtime: Handle,
    /// Its end ends the thread.
    _stop: oneshot::Sender<()>,
}

impl Outside {
    /// Nothing is ever looked up: what is not known stays so.
    #[must_use]
    pub const fn unreachable() -> Self {
        Self { running: None }
    }

    /// Starts the thread that looks. It ends with the last reference to what is given back.
    ///
    /// # Errors
    /// When there is no thread to be had, or `roots_pem` is none.
    pub fn start(settings: OutsideSettings) -> io::Result<Arc<Self>> {
        let OutsideSettings { clock, chance, roots_pem, names, limits, note } = settings;
        let roots = Roots::parse(&roots_pem).map_err(io::Error::other)?;
        let fetcher = Fetcher { names, roots, ms_max: limits.fetch_ms_max };
        let records = Records::default();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(RESOLVERS_MAX)
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("doorward-outside".to_owned()).spawn(move || {
            let _ = runtime.block_on(stopped);
            // A resolver that hangs must not keep the process.
            runtime.shutdown_background();
        })?;
        let waiting = Waiting::new(limits.waiting_max, limits.waiting_of_prefix_max);
        let running = Running {
            tools: Arc::new(Tools { fetcher, records, limits, clock, chance, note }),
            waiting,
            desk: Arc::new(Desk::new()),
            supplies: Mutex::default(),
            runtime: handle,
            _stop: stop,
        };
        Ok(Arc::new(Self { running: Some(running) }))
    }

    /// Keeps the keys of a gate's issuers fresh from now on, and no others'. To be called at the
    /// start and after each reload, when the new gate has adopted what the old one knew. It does
    /// not wait: a gate starts although an issuer is away.
    pub fn attend(&self, gate: &Gate) {
        let Some(running) = &self.running else { return };
        let now = running.tools.clock.now();
        let mut supplies = lock(&running.supplies);
        let mut kept = Vec::new();
        for issuer in gate.issuers() {
            if let Some(supply) = supplies.iter().find(|supply| supply.serves(issuer)) {
                supply.teach(issuer);
                if !issuer.is_believed(now) {
                    supply.want();
                }
                kept.push(Arc::clone(supply));
            } else if let Some(supply) = Supply::new(issuer) {
                let supply = Arc::new(supply);
                let keeping = Arc::clone(&supply).keep(Arc::clone(&running.tools));
                running.runtime.spawn(keeping);
                kept.push(supply);
            }
        }
        for supply in supplies.iter() {
            if !kept.iter().any(|other| Arc::ptr_eq(other, supply)) {
                supply.end();
            }
        }
        *supplies = kept;
    }

    /// Waits until an issuer's keys were looked up, for a caller at `prefix`. `Fresh`: by a look-up
    /// that began after the call. It waits on the caller's own runtime, which needs tokio's timer.
    pub async fn keys(&self, issuer: &Arc<Issuer>, prefix: Prefix) -> LookedUp {
        let Some(running) = &self.running else { return LookedUp::Away };
        let Some(_seat) = running.waiting.enter(prefix) else { return LookedUp::Busy };
        let Some(supply) = running.supply(issuer) else { return LookedUp::Away };
        let wait = Duration::from_millis(running.tools.limits.wait_ms_max);
        match supply.next(wait).await {
            Some(looked_up) => looked_up,
            // Nobody knows yet whether the key is a new one, so it must not be called unknown.
            None if issuer.is_believed(running.tools.clock.now()) && !supply.is_failing() => {
                LookedUp::Busy
            }
            None => LookedUp::Away,
        }
    }

    /// Asks about a caller at `prefix`, once for all that wait for the same answer. With it comes
    /// the steady nanosecond at which it was asked: what has changed since is not in it. It waits
    /// on the caller's own runtime, which needs tokio's timer.
    pub async fn caller(&self, errand: Errand, prefix: Prefix) -> (Told, u64) {
        let Some(running) = &self.running else { return (Told::Away, 0) };
        running.desk.ask(errand, prefix, &running.tools, &running.runtime).await
    }

    /// Asks whether an attempt to sign in has made somebody's session, and gives back what it took
    /// if it has. In the background, at the same desk: where too many ask, it counts as a failure.
    /// To be called when its answer is on its way; `clock` is the one that it was judged by.
    pub fn follow(
        &self,
        signed_in: SignedIn,
        store: &Arc<Store>,
        memory: &Arc<Memory>,
        clock: &Arc<dyn Clock>,
    ) {
        let Some(running) = &self.running else { return };
        let (desk, tools) = (Arc::clone(&running.desk), Arc::clone(&running.tools));
        let (store, memory, clock) = (Arc::clone(store), Arc::clone(memory), Arc::clone(clock));
        let runtime = running.runtime.clone();
        let begun_ns = tools.clock.now().steady_ns;
        running.runtime.spawn(async move {
            let (errand, prefix) = (signed_in.errand(), signed_in.prefix());
            let (told, asked_ns) = desk.ask(errand, prefix, &tools, &runtime).await;
            let late_ns = asked_ns.checked_sub(begun_ns);
            let questions = signed_in.told(&told, late_ns, &memory, clock.now());
            if !questions.is_empty() {
                signed_in.answered(&store.answer(&questions, clock.now()).await, &memory);
            }
        });
    }

    /// How a server of keys and values is reached: by the same names and authorities, and with the
    /// same care. `is_private`: its name may lead to a private address. The connection lives on
    /// whatever runtime opens it.
    #[must_use]
    pub fn dial(&self, is_private: bool) -> DialAt {
        let fetcher = self.running.as_ref().map(|running| running.tools.fetcher.clone());
        Arc::new(move |at| {
            let fetcher = fetcher.clone();
            Box::pin(async move {
                let fetcher = fetcher.ok_or_else(|| "nothing is looked up outside".to_owned())?;
                fetcher.open(&at, is_private).await.map_err(|why| why.to_string())
            })
        })
    }

    /// What looking for each issuer's keys came to so far.
    #[must_use]
    pub fn report(&self) -> Vec<Report> {
        let Some(running) = &self.running else { return Vec::new() };
        let now = running.tools.clock.now();
        lock(&running.supplies).iter().map(|supply| supply.report(now)).collect()
    }

    /// Requests that wait for keys.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.running.as_ref().map_or(0, |running| running.waiting.count())
    }
}

impl Running {
    /// Who looks for an issuer's keys. A request of the gate before finds it too.
    fn supply(&self, issuer: &Arc<Issuer>) -> Option<Arc<Supply>> {
        let supplies = lock(&self.supplies);
        let supply = supplies.iter().find(|supply| supply.serves(issuer))?;
        supply.teach(issuer);
        Some(Arc::clone(supply))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for supply in lock(&self.supplies).iter() {
            supply.end();
        }
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("report", &self.report()).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
