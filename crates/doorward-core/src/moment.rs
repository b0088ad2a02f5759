//! What a visit is given from outside: the time, chance, an id and the process's memory.

use crate::memory::Memory;
use std::fmt;

/// A point in time, read once by the mounting and handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Nanoseconds since the process's own epoch; never goes back. Limits are counted in it.
    pub steady_ns: u64,
    /// Seconds since 1970-01-01T00:00:00Z, by the wall clock. Stamps and days are judged by it.
    pub unix_s: u64,
}

impl Now {
    /// This moment, later by `ns` nanoseconds on both clocks.
    #[must_use]
    pub const fn later_ns(self, ns: u64) -> Self {
        Self { steady_ns: self.steady_ns + ns, unix_s: self.unix_s + ns / SECOND_NS }
    }

    /// This moment, later by so many seconds on both clocks, which may be until their end.
    #[must_use]
    pub const fn later_s(self, seconds: u64) -> Self {
        let ns = seconds.saturating_mul(SECOND_NS);
        let (steady_ns, unix_s) = (self.steady_ns, self.unix_s);
        Self { steady_ns: steady_ns.saturating_add(ns), unix_s: unix_s.saturating_add(seconds) }
    }
}

/// Nanoseconds of a second.
const SECOND_NS: u64 = 1_000_000_000;

/// Names one visit in the log, in the refusal and in the admission proof: 96 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 12]);

/// Length of a request id's text: 24 lower-case hexadecimal digits.
pub const REQUEST_ID_TEXT_BYTES: usize = 24;

impl RequestId {
    /// Draws an id.
    pub fn draw(chance: &dyn Chance) -> Self {
        let mut bytes = [0; 12];
        chance.fill(&mut bytes);
        Self(bytes)
    }

    /// The id's text, without allocating.
    #[must_use]
    pub fn text(self) -> RequestIdText {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut out = [0; REQUEST_ID_TEXT_BYTES];
        for (pair, byte) in out.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        RequestIdText(out)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

/// A request id as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestIdText([u8; REQUEST_ID_TEXT_BYTES]);

impl RequestIdText {
    /// The 24 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Where random bytes come from. Tests hand in a seeded one.
pub trait Chance: Send + Sync {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// What a visit is judged with: all that is not the request itself.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The time.
    pub now: Now,
    /// This visit's id.
    pub id: RequestId,
    /// Random bytes.
    pub chance: &'a dyn Chance,
    /// The process's bounded memory.
    pub memory: &'a Memory,
}
