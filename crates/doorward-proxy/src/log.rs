//! The log: one line a request, gathered by each worker, written by the housekeeping thread.
//!
//! Every byte of a client's is escaped (`log/escape.rs`), so that nobody can forge a line or steer
//! a terminal; queries, cookies, credentials and bodies are never looked at.

mod escape;
pub(crate) mod json;
mod pretty;
mod summary;

use crate::settings::LogForm;
use crate::shown::Noted;
use doorward_core::denial::Denial;
use doorward_core::moment::{Now, RequestId};
use doorward_core::reason::Reason;
use doorward_core::visit::WouldRefuse;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

pub(crate) use summary::Tally;

/// From this on a buffer is written at once.
const BUFFER_BYTES_FULL: usize = 64 * 1024;
/// From this on lines are dropped and counted: the log's reader is too slow.
const BUFFER_BYTES_MAX: usize = 1024 * 1024;

/// What the gate did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Admit,
    Reply,
    Refuse,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::Admit => "admit",
            Kind::Reply => "reply",
            Kind::Refuse => "refuse",
        }
    }
}

/// What one line says.
pub(crate) struct Entry<'a> {
    pub(crate) now: Now,
    pub(crate) id: RequestId,
    pub(crate) address: IpAddr,
    pub(crate) method: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) origin: Option<&'a [u8]>,
    pub(crate) route: Option<&'a str>,
    /// `page`, `program` or another word of the core's; none for what was not a request.
    pub(crate) caller: Option<&'a str>,
    /// The id of the pass that it came with.
    pub(crate) pass: Option<&'a str>,
    pub(crate) kind: Kind,
    pub(crate) reason: Option<Reason>,
    pub(crate) would_refuse: &'a WouldRefuse,
    /// None: the client left before there was an answer.
    pub(crate) status: Option<u16>,
    /// Why the gate ended the answer before its end.
    pub(crate) cut: Option<Reason>,
    /// The answer broke off, or the client did not wait for its end.
    pub(crate) is_broken: bool,
    /// What its client shows without being asked.
    pub(crate) shown: Option<&'a Noted>,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// WebSocket frames from the client and to it.
    pub(crate) frames: (u64, u64),
    pub(crate) took: Duration,
    pub(crate) upstream: Option<Duration>,
}

/// One worker's lines, until the housekeeping thread takes them.
pub(crate) struct LogBuffer {
    form: LogForm,
    /// Who writes; woken for the first line, and for a full buffer.
    writer: Option<Thread>,
    lines: Mutex<Lines>,
}

/// What a worker has gathered.
#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) text: Vec<u8>,
    pub(crate) tally: Tally,
    /// Since they were written last.
    pub(crate) dropped: u64,
    /// Since the beginning.
    pub(crate) dropped_ever: u64,
}

impl LogBuffer {
    pub(crate) fn new(form: LogForm, writer: Option<Thread>) -> Self {
        Self { form, writer, lines: Mutex::default() }
    }

    /// Whether there is a log at all.
    pub(crate) fn is_on(&self) -> bool {
        self.form != LogForm::Off
    }

    /// Adds a line.
    pub(crate) fn write(&self, entry: &Entry<'_>) {
        let mut lines = self.lines();
        lines.tally.count(entry);
        let before = lines.text.len();
        if before >= BUFFER_BYTES_MAX {
            lines.dropped += 1;
            lines.dropped_ever += 1;
            return;
        }
        match self.form {
            LogForm::Off => return,
            LogForm::Json => json::write(entry, &mut lines.text),
            LogForm::Pretty { unicode, colour } => {
                pretty::write(entry, unicode, colour, &mut lines.text);
            }
        }
        let after = lines.text.len();
        drop(lines);
        let is_first = before == 0;
        let is_full = before < BUFFER_BYTES_FULL && after >= BUFFER_BYTES_FULL;
        if let Some(writer) = &self.writer
            && (is_first || is_full)
        {
            writer.unpark();
        }
    }

    /// Adds a line about a denial that was put or lifted.
    pub(crate) fn audit(&self, denial: &Denial, now: Now) {
        let mut lines = self.lines();
        match self.form {
            LogForm::Off => return,
            LogForm::Json => json::audit(denial, now, &mut lines.text),
            LogForm::Pretty { unicode, .. } => pretty::audit(denial, unicode, now, &mut lines.text),
        }
        drop(lines);
        if let Some(writer) = &self.writer {
            writer.unpark();
        }
    }

    /// What was gathered, to be taken.
    pub(crate) fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lines about the log itself and about a minute.
pub(crate) fn write_summary(tally: &Tally, form: LogForm, now: Now, into: &mut Vec<u8>) {
    match form {
        LogForm::Off => {}
        LogForm::Json => json::summary(tally, now, into),
        LogForm::Pretty { unicode, .. } => pretty::summary(tally, unicode, now, into),
    }
}

/// Says that lines were dropped.
pub(crate) fn write_dropped(count: u64, form: LogForm, now: Now, into: &mut Vec<u8>) {
    match form {
        LogForm::Off => {}
        LogForm::Json => json::dropped(count, now, into),
        LogForm::Pretty { unicode, .. } => pretty::dropped(count, unicode, now, into),
    }
}

/// Writes a number in decimal digits, without the detour over `fmt`.
fn number(mut value: u64, into: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    into.extend_from_slice(&digits[at..]);
}

fn two_digits(value: u64, into: &mut Vec<u8>) {
    if value < 10 {
        into.push(b'0');
    }
    number(value, into);
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, `civil_from_days`).
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + (month <= 2) as u64, month, day)
}

/// `2026-11-23T12:00:01Z` (RFC 3339).
fn stamp(now: Now, into: &mut Vec<u8>) {
    let (year, month, day) = date(now.unix_s / 86_400);
    number(year, into);
    into.push(b'-');
    two_digits(month, into);
    into.push(b'-');
    two_digits(day, into);
    into.push(b'T');
    clock(now, into);
    into.push(b'Z');
}

/// `12:00:01`.
fn clock(now: Now, into: &mut Vec<u8>) {
    let second = now.unix_s % 86_400;
    two_digits(second / 3_600, into);
    into.push(b':');
    two_digits(second / 60 % 60, into);
    into.push(b':');
    two_digits(second % 60, into);
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
