//! A server of keys and values (Redis, Valkey): one connection for all questions, a deadline for
//! each of them, and no waiting while the server is away.
//!
//! Who uses it opens the connection: where it may lead, and whose certificate is believed, is not
//! known here.

mod bounded;
mod line;
pub mod sentinel;

use doorward_core::remote::Remote;
use line::{Line, Lines};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, ErrorKind, RedisError, Value};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
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

/// What is to be found out about a server before anything else is asked, over a new connection.
pub type Greet = Box<dyn Fn(MultiplexedConnection) -> Greeting + Send + Sync>;
/// What that comes to.
pub type Greeting = Pin<Box<dyn Future<Output = Result<(), RemoteError>> + Send>>;

/// How long a server is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteLimits {
    /// Milliseconds of one question, with the connection that it may need.
    pub answer_ms_max: u64,
    /// Milliseconds of opening a connection, which goes on when whoever asked for it has gone.
    pub open_ms_max: u64,
    /// Milliseconds for which nobody tries again, once a server was found to be away. Whoever asks
    /// meanwhile hears that at once.
    pub away_ms: u64,
    /// Milliseconds after which a connection that nobody used is not trusted any more: what stands
    /// between forgets it without a word, and a question would wait for nothing.
    pub idle_ms_max: u64,
}

impl Default for RemoteLimits {
    fn default() -> Self {
        Self { answer_ms_max: 4_000, open_ms_max: 4_000, away_ms: 1_000, idle_ms_max: 60_000 }
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
    /// There is no connection yet.
    #[error("it took longer than {0} ms to be reached, and is still tried")]
    Opening(u64),
    /// It cannot be what it is wanted for.
    #[error("{0}")]
    Unfit(String),
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
    lines: Arc<Lines>,
}

impl RemoteStore {
    /// A server to which `open` leads. Nothing is opened before the first question.
    #[must_use]
    pub fn new(remote: &Remote, limits: RemoteLimits, open: Open) -> Self {
        Self { lines: Arc::new(Lines::new(remote, limits, open, None)) }
    }

    /// The same; `greet` goes before all questions of a connection, and says whether there are any.
    #[must_use]
    pub fn greeted(remote: &Remote, limits: RemoteLimits, open: Open, greet: Greet) -> Self {
        Self { lines: Arc::new(Lines::new(remote, limits, open, Some(greet))) }
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
        match self.ask(&command, true).await? {
            Value::BulkString(bytes) if bytes.is_empty() => Ok(None),
            Value::BulkString(bytes) if bytes.len() > bytes_max => {
                Err(RemoteError::TooLong(bytes_max))
            }
            Value::BulkString(bytes) => Ok(Some(bytes)),
            _ => Err(RemoteError::Strange),
        }
    }

    /// What a server says to a command. `may_repeat`: it does no harm when it is done twice, so it
    /// is asked again where a connection broke that was open before.
    pub(crate) async fn ask(&self, command: &Cmd, may_repeat: bool) -> Result<Value, RemoteError> {
        let deadline = Instant::now() + Duration::from_millis(self.lines.limits.answer_ms_max);
        let (mut line, is_new) = self.lines.line(deadline).await?;
        let mut told = self.ask_by(&mut line, command, deadline).await;
        // A server that was started anew has closed what was open: that says nothing of now.
        if !is_new && may_repeat && matches!(told, Err(RemoteError::Broken(_))) {
            self.lines.lose(&line, None);
            (line, _) = self.lines.line(deadline).await?;
            told = self.ask_by(&mut line, command, deadline).await;
        }
        self.keep_or_lose(&line, told)
    }

    async fn ask_by(
        &self,
        line: &mut Line,
        command: &Cmd,
        deadline: Instant,
    ) -> Result<Value, RemoteError> {
        let told = timeout_at(deadline, line.connection.req_packed_command(command)).await;
        let told = match told {
            Err(_) => return Err(RemoteError::TooSlow(self.lines.limits.answer_ms_max)),
            Ok(told) => heard(told),
        };
        if !matches!(told, Err(RemoteError::Broken(_))) {
            line.allowance.renew();
        }
        told
    }

    /// What was told. A connection by which nothing is told is given up, and nobody tries again for
    /// a while.
    fn keep_or_lose<T>(&self, line: &Line, told: Result<T, RemoteError>) -> Result<T, RemoteError> {
        if let Err(error @ (RemoteError::TooSlow(_) | RemoteError::Broken(_))) = &told {
            self.lines.lose(line, Some(error));
        }
        told
    }

    /// Gives up whatever connection there is: what it leads to is not what it was.
    pub(crate) fn forget(&self) {
        self.lines.forget();
    }
}

/// What was said, in our words.
pub(crate) fn heard(told: Result<Value, RedisError>) -> Result<Value, RemoteError> {
    let told = match told {
        Ok(Value::ServerError(error)) => Err(RedisError::from(error)),
        told => told,
    };
    told.map_err(|error| match is_answer(&error) {
        true => RemoteError::Said(repeated(&error)),
        false => RemoteError::Broken(repeated(&error)),
    })
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStore").field("limits", &self.lines.limits).finish_non_exhaustive()
    }
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
