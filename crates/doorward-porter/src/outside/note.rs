//! What is said of looking outside: lines for the log, and numbers for metrics.

use super::fetch_error::FetchError;
use std::fmt;

/// Notes of one issuer in one minute at the most: one that comes and goes must not fill the log.
const NOTES_PER_MINUTE_MAX: u32 = 6;
const MINUTE_NS: u64 = 60_000_000_000;

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An issuer's keys could not be had. Said of the first failure in a row, of the first in
    /// another way, and of one in a minute.
    Away {
        /// The issuer's name.
        issuer: String,
        /// Why.
        error: FetchError,
        /// Failures in a row.
        failures: u64,
    },
    /// Questions about callers got no answer.
    NoAnswer {
        /// Why the last one did not.
        error: FetchError,
        /// How many did not since it was said last.
        failures: u64,
    },
    /// They can be had again.
    Back {
        /// The issuer's name.
        issuer: String,
        /// Failures in a row, up to now.
        failures: u64,
    },
    /// They are others than before.
    Changed {
        /// The issuer's name.
        issuer: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away { issuer, error, failures } => {
                write!(f, "the keys of {issuer} cannot be had (failure {failures}): {error}")
            }
            Self::NoAnswer { error, failures } => {
                write!(f, "nobody says who a caller is (failure {failures}): {error}")
            }
            Self::Back { issuer, failures } => {
                write!(f, "the keys of {issuer} are had again, after {failures} failures")
            }
            Self::Changed { issuer } => write!(f, "the keys of {issuer} have changed"),
        }
    }
}

/// What looking for one issuer's keys came to so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The issuer's name.
    pub issuer: String,
    /// Look-ups that ended.
    pub fetches: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Seconds since the last one that was well.
    pub success_age_s: Option<u64>,
    /// Why the last one failed; none when it was well.
    pub error: Option<FetchError>,
}

/// What is counted of one issuer, and what was said of it.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) fetches: u64,
    pub(super) failures: u64,
    pub(super) success_ns: Option<u64>,
    pub(super) error: Option<FetchError>,
    pub(super) in_a_row: u64,
    /// When the last failure was said, steady.
    said_ns: u64,
    minute_ns: u64,
    in_minute: u32,
}

impl Tally {
    /// Counts a failure; the note of it, where one is due.
    pub(super) fn fail(&mut self, issuer: &str, error: FetchError, now_ns: u64) -> Option<Note> {
        self.fetches += 1;
        self.failures += 1;
        self.in_a_row += 1;
        let is_new = self.in_a_row == 1 || self.error.as_ref() != Some(&error);
        let is_due = is_new || now_ns.saturating_sub(self.said_ns) >= MINUTE_NS;
        self.error = Some(error.clone());
        if !is_due || !self.may_speak(now_ns) {
            return None;
        }
        self.said_ns = now_ns;
        Some(Note::Away { issuer: issuer.to_owned(), error, failures: self.in_a_row })
    }

    /// Counts a success; the note of it, where one is due.
    pub(super) fn succeed(&mut self, issuer: &str, has_changed: bool, now_ns: u64) -> Option<Note> {
        let is_first = self.success_ns.is_none();
        let failures = std::mem::take(&mut self.in_a_row);
        self.fetches += 1;
        self.success_ns = Some(now_ns);
        self.error = None;
        let issuer = issuer.to_owned();
        let note = match (failures, has_changed && !is_first) {
            (0, false) => return None,
            (0, true) => Note::Changed { issuer },
            (failures, _) => Note::Back { issuer, failures },
        };
        self.may_speak(now_ns).then_some(note)
    }

    fn may_speak(&mut self, now_ns: u64) -> bool {
        if now_ns.saturating_sub(self.minute_ns) >= MINUTE_NS {
            self.minute_ns = now_ns;
            self.in_minute = 0;
        }
        self.in_minute += 1;
        self.in_minute <= NOTES_PER_MINUTE_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::super::fetch_error::Why;
    use super::*;

    fn error(status: u16) -> FetchError {
        FetchError { from: "https://id.example/k".to_owned(), why: Why::Status(status) }
    }

    #[test]
    fn failures_are_said_once_and_returns_too() {
        let mut tally = Tally::default();
        let second = 1_000_000_000;
        assert_eq!(tally.succeed("i", true, 0), None, "the first keys are no change");
        let said = |note: Option<Note>| note.map(|note| note.to_string());
        let away = |failures, status| {
            Some(format!(
                "the keys of i cannot be had (failure {failures}): \
                 https://id.example/k: it answers {status} instead of 200"
            ))
        };
        assert_eq!(said(tally.fail("i", error(500), second)), away(1, 500));
        assert_eq!(said(tally.fail("i", error(500), 2 * second)), None);
        assert_eq!(said(tally.fail("i", error(502), 3 * second)), away(3, 502));
        assert_eq!(said(tally.fail("i", error(502), 63 * second)), away(4, 502));
        let back = "the keys of i are had again, after 4 failures".to_owned();
        assert_eq!(said(tally.succeed("i", true, 64 * second)), Some(back));
        let changed = "the keys of i have changed".to_owned();
        assert_eq!(said(tally.succeed("i", true, 65 * second)), Some(changed));
        assert_eq!(said(tally.succeed("i", false, 66 * second)), None);
        assert_eq!((tally.fetches, tally.failures), (8, 4));
    }

    #[test]
    fn one_that_comes_and_goes_does_not_fill_the_log() {
        let mut tally = Tally::default();
        let mut said = 0;
        for at in 0..1_000 {
            said += usize::from(tally.fail("i", error(500), at).is_some());
            said += usize::from(tally.succeed("i", false, at).is_some());
        }
        assert_eq!(said, 6);
        assert!(tally.fail("i", error(500), MINUTE_NS).is_some());
    }
}
