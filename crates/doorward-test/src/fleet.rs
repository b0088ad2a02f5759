//! Stores of several gates on one server, each with connections of its own.

use crate::record_house::at_port;
use doorward_core::life::Life;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Answers, Ask, Key, Question, Questions, Rate, Subject};
use doorward_core::remote::Remote;
use doorward_core::secret::Secret;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, SystemClock};
use doorward_store::ValkeyStore;
use doorward_store::remote::{Opened, RemoteError, Stream};
use doorward_store::valkey::{Away, Dial, Standing, ValkeySettings};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// One gate's store, with what it said.
pub struct Member {
    /// The store.
    pub store: ValkeyStore,
    clock: Arc<SystemClock>,
    lives: Arc<Mutex<Vec<Life>>>,
    notes: Arc<Mutex<Vec<String>>>,
}

/// How a gate of the fleet is made.
pub struct Joining {
    /// Where the server is.
    pub dial: Dial,
    /// As whom it is asked.
    pub remote: Remote,
    /// Milliseconds that are waited for it.
    pub deadline_ms: u64,
    /// What happens while it is away.
    pub away: Away,
    /// Hundredths of a hot share that are taken in advance.
    pub lease_percent: u8,
    /// Whether one that forgets when it is full is taken.
    pub insecure_evicting: bool,
}

impl Joining {
    /// At a socket, with a deadline that no busy machine misses.
    #[must_use]
    pub fn at_socket(socket: &Path) -> Self {
        let path = socket.to_owned();
        let dial: Dial = Arc::new(move || {
            let path = path.clone();
            Box::pin(async move { opened(UnixStream::connect(path).await) })
        });
        Self::new(dial)
    }

    /// At a port of this machine.
    #[must_use]
    pub fn at_port(port: u16) -> Self {
        let dial: Dial = Arc::new(move || {
            Box::pin(async move { opened(TcpStream::connect(("127.0.0.1", port)).await) })
        });
        Self::new(dial)
    }

    fn new(dial: Dial) -> Self {
        let remote = at_port("127.0.0.1", 1, false);
        let (deadline_ms, away) = (10_000, Away::Refuse);
        Self { dial, remote, deadline_ms, away, lease_percent: 0, insecure_evicting: false }
    }

    /// The same, with this deadline.
    #[must_use]
    pub fn within_ms(self, deadline_ms: u64) -> Self {
        Self { deadline_ms, ..self }
    }

    /// The same, one of so many that go on alone.
    ///
    /// # Panics
    /// When there are none.
    #[must_use]
    pub fn alone_of(self, instances: u32) -> Self {
        let instances = NonZeroU32::new(instances).expect("at least one");
        Self { away: Away::Alone { instances }, ..self }
    }

    /// Joins, from a runtime that has to go on meanwhile.
    ///
    /// # Errors
    /// Why the server is not taken.
    ///
    /// # Panics
    /// When joining does.
    pub async fn join_beside(self) -> Result<Member, RemoteError> {
        tokio::task::spawn_blocking(|| self.join()).await.expect("it does not panic")
    }

    /// Joins.
    ///
    /// # Errors
    /// Why the server is not taken.
    pub fn join(self) -> Result<Member, RemoteError> {
        let clock = Arc::new(SystemClock::new());
        let (lives, notes) = (Arc::default(), Arc::default());
        let (lived, noted) = (Arc::clone(&lives), Arc::clone(&notes));
        let tells = Arc::clone(&clock);
        let store = ValkeyStore::start(ValkeySettings {
            remote: self.remote,
            dial: self.dial,
            secret: Secret::new(*b"a secret of all gates of this fleet"),
            gate_id: "fleet".to_owned(),
            deadline_ms: self.deadline_ms,
            away: self.away,
            insecure_evicting: self.insecure_evicting,
            lease_percent: self.lease_percent,
            clock: Arc::new(move || tells.now()),
            chance: Arc::new(SystemChance),
            live: Box::new(move |life| keep(&lived, life)),
            note: Box::new(move |note| keep(&noted, note.to_string())),
        })?;
        Ok(Member { store, clock, lives, notes })
    }
}

fn keep<T>(list: &Mutex<Vec<T>>, value: T) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(value);
}

fn opened<S: Stream + 'static>(stream: std::io::Result<S>) -> Opened {
    match stream {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(error.to_string()),
    }
}

impl Member {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// Asks a batch.
    pub async fn ask(&self, questions: &[Question]) -> Answers {
        let questions: Questions = questions.iter().copied().collect();
        self.store.answer(&questions, self.now()).await
    }

    /// Asks one question.
    pub async fn one(&self, question: Question) -> Answer {
        self.ask(&[question]).await[0]
    }

    /// Who remembers what was used, as the gate was told last.
    #[must_use]
    pub fn life(&self) -> Life {
        let lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.last().copied().unwrap_or_default()
    }

    /// What was said so far.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the server stands so.
    ///
    /// # Panics
    /// When that takes too long.
    pub async fn until(&self, standing: Standing) {
        let mut watch = self.store.watch();
        let waiting = timeout(PATIENCE, watch.wait_for(|now| *now == standing));
        let _ = waiting.await.expect("it takes too long").expect("the store lives");
    }
}

/// A caller's key.
#[must_use]
pub const fn key(limit: u64, caller: u8) -> Key {
    Key { limit, subject: Subject::Known([caller; 16]) }
}

/// Takes one of a share that does not come back while a test runs.
#[must_use]
pub const fn take(limit: u64, burst: u32) -> Question {
    // A token in a day.
    let rate = Rate { every_ns: 86_400_000_000_000, burst };
    plain(Ask::TakeTokens { key: key(limit, 1), rate, cost: 1 })
}

/// Takes one from a window of a hundred years.
#[must_use]
pub const fn window(limit: u64, most: u32) -> Question {
    let window_s = 1 << 30;
    plain(Ask::TakeFromWindow { key: key(limit, 1), window_s, limit: most, cost: 1 })
}

/// Claims what is good for a minute.
#[must_use]
pub const fn claim(number: u64, now: Now) -> Question {
    plain(Ask::ClaimOnce { key: key(number, 2), until_unix_s: now.unix_s + 60 })
}

const fn plain(ask: Ask) -> Question {
    Question { ask, always: false, watch: false }
}

/// Whether that is a yes.
#[must_use]
pub const fn is_yes(answer: Answer) -> bool {
    matches!(answer, Answer::Yes { .. })
}
