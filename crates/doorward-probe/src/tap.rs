//! What stands before the backend and sees what arrives: the strongest witness there is.
//!
//! The asker marks each request. A request whose mark arrived has reached the backend; one that was
//! answered and whose mark did not arrive was kept from it. The second is believed only of a tap
//! that has seen a mark in this run: one that nobody sends anything through sees nothing either.

mod server;

pub use server::{NoTap, TapServer};

use std::fmt;

/// The header by which a tap tells requests apart. It does not begin with `Doorward-`: the gate
/// takes what claims to be its own away from a client's request, and passes other names on.
pub const MARK: &str = "Probe-Mark";

/// A request that came to the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its method, as it arrived.
    pub method: String,
    /// Its path, as it arrived. The query may hold secrets, and evidence is printed.
    pub path: String,
    /// What the backend answered; none where it gave no answer.
    pub status: Option<u16>,
}

/// Something that stands before the backend, and sees what arrives.
pub trait Tap: fmt::Debug + Send + Sync {
    /// What arrived with this mark, in its order; nothing where nothing did. A mark is asked for
    /// once, when its request was answered.
    fn arrived(&self, mark: &str) -> Vec<Passed>;

    /// Whether a mark that was asked for has ever arrived: then it does stand in the way.
    fn is_in_path(&self) -> bool;
}

/// Where a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Nobody watches, or who does has seen nothing of this run.
    Unwatched,
    /// It was answered, and never came to the backend.
    Kept,
    /// It came to the backend: once at least.
    Passed(Vec<Passed>),
}

impl Passed {
    /// Whether the backend did what it was asked.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tap: {} {} came to the backend, which ", self.method, self.path)?;
        match self.status {
            Some(status) => write!(f, "answered {status}"),
            None => f.write_str("gave no answer"),
        }
    }
}

impl Arrival {
    /// Whether the backend did what it was asked, whatever became of its answer.
    #[must_use]
    pub fn is_served(&self) -> bool {
        match self {
            Self::Passed(passed) => passed.iter().any(Passed::is_success),
            Self::Unwatched | Self::Kept => false,
        }
    }

    /// What is to be said of it.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Unwatched => Vec::new(),
            Self::Kept => vec!["tap: it never came to the backend".to_owned()],
            Self::Passed(passed) => passed.iter().map(Passed::to_string).collect(),
        }
    }
}
