//! What is said of a shared store: a line for the log, once each way.

use crate::remote::RemoteError;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the same line is not said again.
const SILENCE: Duration = Duration::from_secs(60);

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The server does not answer.
    Away {
        /// Why.
        error: RemoteError,
        /// Whether this gate goes on alone.
        is_alone: bool,
    },
    /// It answers again.
    Back,
    /// It answers, and does not do what it is asked for.
    Refuses {
        /// What it says.
        error: RemoteError,
    },
    /// What was remembered is forgotten: a new epoch.
    Forgot,
    /// What could not be checked about it.
    Unchecked {
        /// What.
        what: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away { error, is_alone: false } => write!(
                f,
                "the shared store is away, and what has to ask it is refused: {error}; it is tried \
                 again by itself"
            ),
            Self::Away { error, is_alone: true } => write!(
                f,
                "the shared store is away, and this gate goes on alone with its part of every \
                 share: {error}; it is tried again by itself"
            ),
            Self::Back => f.write_str("the shared store answers again"),
            Self::Refuses { error } => write!(f, "the shared store does not do as asked: {error}"),
            Self::Forgot => f.write_str(
                "the shared store has forgotten what was used, or a clock was set: passes and \
                 tickets of before are refused, and pages ask for new ones by themselves",
            ),
            Self::Unchecked { what } => write!(
                f,
                "the shared store does not say {what}: allow INFO for the gate's user, or see to \
                 it yourself; it must be one primary with maxmemory-policy noeviction"
            ),
        }
    }
}

/// Says what was not said a moment ago.
pub(super) struct Notes {
    say: Box<dyn Fn(&Note) + Send + Sync>,
    last: Mutex<Vec<(Note, Instant)>>,
}

impl Notes {
    pub(super) fn new(say: Box<dyn Fn(&Note) + Send + Sync>) -> Self {
        Self { say, last: Mutex::default() }
    }

    /// Says it.
    pub(super) fn say(&self, note: &Note) {
        (self.say)(note);
    }

    /// Says it, unless the same was said within a minute.
    pub(super) fn say_seldom(&self, note: Note) {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|(_, at)| now.duration_since(*at) < SILENCE);
        if last.iter().any(|(other, _)| *other == note) {
            return;
        }
        (self.say)(&note);
        last.push((note, now));
    }
}
