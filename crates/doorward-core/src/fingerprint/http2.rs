//! How a client opens HTTP/2 (RFC 9113 3.4): its SETTINGS, its window, its tree of priorities, and
//! the order of its pseudo-headers. Each library writes them in its own way.
//!
//! Read beside the connection, never instead of it: what the protocol forbids, the library that
//! speaks it refuses. What this reader cannot read gives no fingerprint.

mod hpack;
mod opening;
#[cfg(test)]
mod tests;

use super::{DIGEST_DIGITS, digest};
use arrayvec::{ArrayString, ArrayVec};
use std::fmt::{self, Write};
use thiserror::Error;

pub use opening::OpeningReading;

/// Bytes of a connection that are looked at, at the most.
pub const OPENING_BYTES_MAX: usize = 16 * 1024;
/// Settings at the most; seven are registered.
pub const SETTINGS_MAX: usize = 16;
/// PRIORITY frames at the most. Older Firefox sends six.
pub const PRIORITIES_MAX: usize = 16;
/// Pseudo-headers at the most: those of RFC 9113 8.3.1, and `:protocol` of RFC 8441.
pub const PSEUDO_MAX: usize = 5;
/// Bytes of the text at the most.
const TEXT_BYTES_MAX: usize = 1024;

/// Why bytes are no opening of HTTP/2.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OpeningError {
    /// Another preface (RFC 9113 3.4).
    #[error("not the preface of HTTP/2")]
    Preface,
    /// No SETTINGS behind the preface.
    #[error("the first frame is not SETTINGS")]
    NotSettings,
    /// A frame whose length its kind does not have, or that is too long (RFC 9113 4.2).
    #[error("a frame of a length that it cannot have")]
    Length,
    /// A frame of a connection on a stream, or the other way round.
    #[error("a frame on the wrong stream")]
    Stream,
    /// A head that is cut up by other frames (RFC 9113 6.10).
    #[error("a head that another frame interrupts")]
    Interrupted,
    /// More of something than any client sends.
    #[error("too many settings, priorities or pseudo-headers")]
    TooMany,
    /// More bytes before the first request than any client sends.
    #[error("no request within {OPENING_BYTES_MAX} bytes")]
    TooLong,
    /// A head that cannot be read (RFC 7541).
    #[error("a head that is not HPACK")]
    Hpack,
    /// A pseudo-header that there is not, or one twice (RFC 9113 8.3).
    #[error("a pseudo-header that is unknown or repeated")]
    Pseudo,
    /// It was read to its end before, or given up.
    #[error("bytes behind an opening that is over")]
    Over,
}

/// A pseudo-header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pseudo {
    /// `:method`.
    Method,
    /// `:authority`.
    Authority,
    /// `:scheme`.
    Scheme,
    /// `:path`.
    Path,
    /// `:protocol` (RFC 8441).
    Protocol,
}

impl Pseudo {
    /// Its letter in the text.
    const fn letter(self) -> char {
        match self {
            Self::Method => 'm',
            Self::Authority => 'a',
            Self::Scheme => 's',
            Self::Path => 'p',
            Self::Protocol => 'r',
        }
    }
}

/// Where a stream stands in the tree of priorities (RFC 7540 5.3, which RFC 9113 has given up).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority {
    /// The stream that depends.
    pub stream: u32,
    /// Whether alone.
    pub is_exclusive: bool,
    /// On which stream.
    pub on: u32,
    /// Its weight, from 1 to 256.
    pub weight: u16,
}

/// How a client has opened HTTP/2, up to its first request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Its first SETTINGS, in their order, without reserved ones.
    pub settings: ArrayVec<(u16, u32), SETTINGS_MAX>,
    /// What it adds to the connection's window.
    pub window: Option<u32>,
    /// Its PRIORITY frames.
    pub priorities: ArrayVec<Priority, PRIORITIES_MAX>,
    /// The priority that its first request has with it.
    pub own_priority: Option<Priority>,
    /// The order of its first request's pseudo-headers.
    pub pseudo: ArrayVec<Pseudo, PSEUDO_MAX>,
}

impl Opening {
    /// The text that is common in the field: `1:65536;4:6291456|15663105|0|m,a,s,p`. Settings,
    /// window (`00`: none), priorities (`0`: none), pseudo-headers.
    #[must_use]
    pub fn text(&self) -> impl fmt::Display {
        Text(self)
    }

    /// Our own digest: of the text, and of the first request's priority, which the text leaves out.
    #[must_use]
    pub fn digest(&self) -> OpeningDigest {
        let mut text: ArrayString<TEXT_BYTES_MAX> = ArrayString::new();
        let mut written = write!(text, "{}|", Text(self));
        if let Some(Priority { stream: _, is_exclusive, on, weight }) = self.own_priority {
            written = written.and(write!(text, "{}:{on}:{weight}", u8::from(is_exclusive)));
        }
        // Sixteen settings and sixteen priorities fit.
        debug_assert!(written.is_ok(), "an opening longer than its bounds");
        OpeningDigest(digest(text.as_bytes()))
    }
}

struct Text<'o>(&'o Opening);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (id, value)) in self.0.settings.iter().enumerate() {
            let between = if place == 0 { "" } else { ";" };
            write!(f, "{between}{id}:{value}")?;
        }
        match self.0.window {
            Some(window) => write!(f, "|{window}|")?,
            None => f.write_str("|00|")?,
        }
        if self.0.priorities.is_empty() {
            f.write_char('0')?;
        }
        for (place, priority) in self.0.priorities.iter().enumerate() {
            let between = if place == 0 { "" } else { "," };
            let Priority { stream, is_exclusive, on, weight } = priority;
            write!(f, "{between}{stream}:{}:{on}:{weight}", u8::from(*is_exclusive))?;
        }
        for (place, pseudo) in self.0.pseudo.iter().enumerate() {
            f.write_char(if place == 0 { '|' } else { ',' })?;
            f.write_char(pseudo.letter())?;
        }
        Ok(())
    }
}

/// Our own digest of an opening.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpeningDigest([u8; DIGEST_DIGITS]);

impl OpeningDigest {
    /// Its twelve hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for OpeningDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
