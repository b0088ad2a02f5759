//! A server of keys and values (Redis, Valkey): one connection for all questions, a deadline for
//! each of them, and no waiting while the server is away.
//!
//! Who uses it opens the connection: where it may lead, and whose certificate is believed, is not
//! known here.

mod bounded;

use bounded::{Allowance, Bounded};
use doorward_core::remote::Remote;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, RedisConnectionInfo, RedisError, Value};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

/// Letters of the server's text that are repeated in a message.
const REPEATED_LETTERS_MAX: usize = 120;

/// What a connection is made of.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection, or why there is none, in words.
pub type Opened = Result<Box<dyn Stream>, String>;
/// Opens a connection to the server.
pub type Open = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Opened> + Send>> + Send + Sync>;

/// How long a server is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteLimits {
    /// Milliseconds of one question, with the connection that it may need.
    pub answer_ms_max: u64,
    /// Milliseconds for which nobody tries again, once a server was found to be away. Whoever asks
    /// meanwhile hears that at once.
    pub away_ms: u64,
    /// Milliseconds after which a connection that nobody used is not trusted any more: what stands
    /// between forgets it without a word, and a question would wait for nothing.
    pub idle_ms_max: u64,
}

impl Default for RemoteLimits {
    fn default() -> Self {
        Self { answer_ms_max: 4_000, away_ms: 1_000, idle_ms_max: 60_000 }
    }
}

/// Why a server did not answer, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// There is no connection.
    #[error("{0}")]
    Closed(String),
    /// It does not take who the gate says that it is, or has no such database.
    #[error("it does not let the gate in: {0}; compare user, password and database with its own")]
    NotLetIn(String),
    /// The connection broke.
    #[error("the connection broke: {0}; is it running, and is it the server that is meant?")]
    Broken(String),
    /// It takes too long.
    #[error("it took longer than {0} ms")]
    TooSlow(u64),
    /// It answers with an error.
    #[error("it answers with an error: {0}")]
    Said(String),
    /// What stands at this key is longer than is read.
    #[error("what stands at the key is longer than {0} bytes, and is not read")]
    TooLong(usize),
    /// It answers otherwise than it was asked.
    #[error("it answers something else than a text; is it the server that is meant?")]
    Strange,
}

/// A server.
pub struct RemoteStore {
    open: Open,
    login: RedisConnectionInfo,
    limits: RemoteLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The connection, while there is one, and when it was used last.
    line: Option<(Line, Instant)>,
    /// How many there were.
    count: u64,
    /// Why there is none, and until when nobody tries again.
    away: Option<(RemoteError, Instant)>,
}

/// One connection.
#[derive(Clone)]
struct Line {
    connection: MultiplexedConnection,
    allowance: Arc<Allowance>,
    /// The how manieth it is.
    number: u64,
}

impl RemoteStore {
    /// A server to which `open` leads. Nothing is opened before the first question.
    #[must_use]
    pub fn new(remote: &Remote, limits: RemoteLimits, open: Open) -> Self {
        Self { open, login: login(remote), limits, state: Mutex::default() }
    }

    /// The bytes at a key, of which there may be `bytes_max`. None: there is no such key, or
    /// nothing stands there. It must be called on a runtime of tokio, which then drives the
    /// connection.
    ///
    /// # Errors
    /// Why they could not be had.
    pub async fn bytes(&self, key: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, RemoteError> {
        // One more than may be read, in one atomic question: however long it is, no more is sent.
        let command = redis::cmd("GETRANGE").arg(key).arg(0).arg(bytes_max).take();
        match self.ask(&command).await? {
            Value::BulkString(bytes) if bytes.is_empty() => Ok(None),
            Value::BulkString(bytes) if bytes.len() > bytes_max => {
                Err(RemoteError::TooLong(bytes_max))
            }
            Value::BulkString(bytes) => Ok(Some(bytes)),
            _ => Err(RemoteError::Strange),
        }
    }

    async fn ask(&self, command: &Cmd) -> Result<Value, RemoteError> {
        let deadline = Instant::now() + Duration::from_millis(self.limits.answer_ms_max);
        let (mut line, is_new) = self.line(deadline).await?;
        let mut told = self.ask_by(&mut line, command, deadline).await;
        // A server that was started anew has closed what was open: that says nothing of now.
        if !is_new && matches!(told, Err(RemoteError::Broken(_))) {
            self.lose(&line, None).await;
            (line, _) = self.line(deadline).await?;
            told = self.ask_by(&mut line, command, deadline).await;
        }
        self.keep_or_lose(&line, told).await
    }

    async fn ask_by(
        &self,
        line: &mut Line,
        command: &Cmd,
        deadline: Instant,
    ) -> Result<Value, RemoteError> {
        let told = timeout_at(deadline, line.connection.req_packed_command(command)).await;
        let told = match told {
            Err(_) => return Err(self.too_slow()),
            Ok(Ok(Value::ServerError(error))) => Err(RedisError::from(error)),
            Ok(told) => told,
        };
        let told = match told {
            Ok(value) => Ok(value),
            Err(error) if is_answer(&error) => Err(RemoteError::Said(repeated(&error))),
            Err(error) => return Err(RemoteError::Broken(repeated(&error))),
        };
        line.allowance.renew();
        told
    }

    /// What was told. A connection by which nothing is told is given up, and nobody tries again for
    /// a while.
    async fn keep_or_lose<T>(
        &self,
        line: &Line,
        told: Result<T, RemoteError>,
    ) -> Result<T, RemoteError> {
        if let Err(error @ (RemoteError::TooSlow(_) | RemoteError::Broken(_))) = &told {
            self.lose(line, Some(error)).await;
        }
        told
    }

    /// A connection, and whether it was opened for this; whoever asks meanwhile waits for the same
    /// one.
    async fn line(&self, deadline: Instant) -> Result<(Line, bool), RemoteError> {
        let state = timeout_at(deadline, self.state.lock()).await;
        let mut state = state.map_err(|_| self.too_slow())?;
        let now = Instant::now();
        if let Some((line, used)) = &mut state.line
            && now.duration_since(*used) < Duration::from_millis(self.limits.idle_ms_max)
        {
            *used = now;
            return Ok((line.clone(), false));
        }
        if let Some((error, until)) = &state.away
            && now < *until
        {
            return Err(error.clone());
        }
        let connected = timeout_at(deadline, self.connect(state.count + 1)).await;
        match connected.unwrap_or_else(|_| Err(self.too_slow())) {
            Ok(line) => {
                let (count, used) = (line.number, Instant::now());
                *state = State { line: Some((line.clone(), used)), count, away: None };
                Ok((line, true))
            }
            Err(error) => {
                *state = State { line: None, count: state.count, away: self.away(&error) };
                Err(error)
            }
        }
    }

    const fn too_slow(&self) -> RemoteError {
        RemoteError::TooSlow(self.limits.answer_ms_max)
    }

    /// Why the server is away, and until when nobody tries again.
    fn away(&self, error: &RemoteError) -> Option<(RemoteError, Instant)> {
        let away = Duration::from_millis(self.limits.away_ms);
        Some((error.clone(), Instant::now() + away))
    }

    async fn connect(&self, number: u64) -> Result<Line, RemoteError> {
        let stream = (self.open)().await.map_err(RemoteError::Closed)?;
        let allowance = Arc::new(Allowance::default());
        let stream = Bounded::new(stream, Arc::clone(&allowance));
        // Its own deadline would cut a question off that another one may still take.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let connecting = MultiplexedConnection::new_with_config(&self.login, stream, config);
        let (connection, driver) = connecting.await.map_err(|error| match error.is_io_error() {
            true => RemoteError::Broken(repeated(&error)),
            false => RemoteError::NotLetIn(repeated(&error)),
        })?;
        // It ends with the last that may ask.
        tokio::spawn(driver);
        Ok(Line { connection, allowance, number })
    }

    /// Gives a connection up, unless there is another one by now.
    async fn lose(&self, line: &Line, why: Option<&RemoteError>) {
        let mut state = self.state.lock().await;
        if state.count == line.number {
            state.line = None;
            state.away = why.and_then(|error| self.away(error));
        }
    }
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStore").field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn login(remote: &Remote) -> RedisConnectionInfo {
    // Nothing that a server of an old version, or one with few rights, would not answer.
    let login = RedisConnectionInfo::default().set_skip_set_lib_name();
    let login = login.set_db(i64::from(remote.database));
    let Some(password) = &remote.password else { return login };
    let login = match &remote.user {
        Some(user) => login.set_username(user),
        None => login,
    };
    login.set_password(String::from_utf8_lossy(password.expose()))
}

/// Whether the server has answered, with an error: the connection is as good as before.
fn is_answer(error: &RedisError) -> bool {
    matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension)
}

/// Another's text, shortened, with what could disturb a terminal or a log escaped.
fn repeated(error: &RedisError) -> String {
    let text = error.to_string();
    let letters = text.chars().map(|letter| match letter {
        '\'' | '"' => letter.to_string(),
        letter => letter.escape_debug().to_string(),
    });
    letters.take(REPEATED_LETTERS_MAX).collect()
}
