//! The one connection: when it is opened, how long it is trusted, and when it is given up.

use super::bounded::{Allowance, Bounded};
use super::{Greet, Open, RemoteError, RemoteLimits, repeated};
use doorward_core::remote::Remote;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout, timeout_at};

/// How connections are opened, and the one that is.
pub(super) struct Lines {
    open: Open,
    greet: Option<Greet>,
    login: RedisConnectionInfo,
    pub(super) limits: RemoteLimits,
    state: Mutex<State>,
    /// Held by who opens one: whoever asks meanwhile waits for the same one.
    opening: Arc<tokio::sync::Mutex<()>>,
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
pub(super) struct Line {
    pub(super) connection: MultiplexedConnection,
    pub(super) allowance: Arc<Allowance>,
    /// The how manieth it is.
    number: u64,
}

impl Lines {
    pub(super) fn new(
        remote: &Remote,
        limits: RemoteLimits,
        open: Open,
        greet: Option<Greet>,
    ) -> Self {
        let (state, opening) = (Mutex::default(), Arc::default());
        Self { open, greet, login: login(remote), limits, state, opening }
    }

    /// A connection, and whether it was opened for this.
    pub(super) async fn line(
        self: &Arc<Self>,
        deadline: Instant,
    ) -> Result<(Line, bool), RemoteError> {
        if let Some(known) = self.known() {
            return known;
        }
        let late = |_| RemoteError::Opening(self.limits.answer_ms_max);
        let turn = Arc::clone(&self.opening).lock_owned();
        let turn = timeout_at(deadline, turn).await.map_err(late)?;
        if let Some(known) = self.known() {
            return known;
        }
        // It goes on when whoever waits for it here has gone: the next one finds it.
        let opened = tokio::spawn(Arc::clone(self).opened(turn));
        let opened = timeout_at(deadline, opened).await.map_err(late)?;
        opened.unwrap_or_else(|error| Err(RemoteError::Broken(error.to_string())))
    }

    /// The connection that there is, or why there is none; none where one is to be opened.
    fn known(&self) -> Option<Result<(Line, bool), RemoteError>> {
        let mut state = self.state();
        let now = Instant::now();
        if let Some((line, used)) = &mut state.line
            && now.duration_since(*used) < Duration::from_millis(self.limits.idle_ms_max)
        {
            *used = now;
            return Some(Ok((line.clone(), false)));
        }
        let away = state.away.as_ref().filter(|(_, until)| now < *until);
        away.map(|(error, _)| Err(error.clone()))
    }

    async fn opened(
        self: Arc<Self>,
        _turn: OwnedMutexGuard<()>,
    ) -> Result<(Line, bool), RemoteError> {
        let number = self.state().count + 1;
        let open_ms_max = self.limits.open_ms_max;
        let connected = timeout(Duration::from_millis(open_ms_max), self.connect(number)).await;
        let connected = connected.unwrap_or(Err(RemoteError::TooSlow(open_ms_max)));
        let mut state = self.state();
        match connected {
            Ok(line) => {
                let used = Instant::now();
                *state = State { line: Some((line.clone(), used)), count: number, away: None };
                Ok((line, true))
            }
            Err(error) => {
                *state = State { line: None, count: state.count, away: self.away(&error) };
                Err(error)
            }
        }
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
        if let Some(greet) = &self.greet {
            greet(connection.clone()).await?;
            allowance.renew();
        }
        Ok(Line { connection, allowance, number })
    }

    /// Gives a connection up, unless there is another one by now.
    pub(super) fn lose(&self, line: &Line, why: Option<&RemoteError>) {
        let mut state = self.state();
        if state.count == line.number {
            state.line = None;
            state.away = why.and_then(|error| self.away(error));
        }
    }

    /// Gives up the connection that there is.
    pub(super) fn forget(&self) {
        self.state().line = None;
    }

    /// Why the server is away, and until when nobody tries again.
    fn away(&self, error: &RemoteError) -> Option<(RemoteError, Instant)> {
        let away = Duration::from_millis(self.limits.away_ms);
        Some((error.clone(), Instant::now() + away))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
