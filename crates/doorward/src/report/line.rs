//! One line of the log, as it is read back. Whatever is in it was written by others.

use serde::Deserialize;
use std::borrow::Cow;
use std::io::{self, BufRead};

/// Bytes of a line at the most; the gate's own are far shorter.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// One request, as the gate logged it. What is not named here is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line<'a> {
    /// A line about the log itself.
    #[serde(borrow)]
    pub(super) event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) time: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) peer: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) method: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) path: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) verdict: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) code: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) route: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) caller: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) origin: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) would_refuse: Vec<Cow<'a, str>>,
    /// Of the event `log_dropped`.
    pub(super) lines: u64,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A line, without its end.
    Line,
    /// A line that is not kept.
    TooLong,
    /// No more.
    End,
}

/// Reads one line, of which never more than the limit is held.
pub(crate) fn next(from: &mut impl BufRead, into: &mut Vec<u8>) -> io::Result<Piece> {
    into.clear();
    let mut is_too_long = false;
    let mut has_begun = false;
    loop {
        let piece = match from.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = piece.iter().position(|byte| *byte == b'\n');
        let line = &piece[..end.unwrap_or(piece.len())];
        let is_over = end.is_some() || piece.is_empty();
        if piece.is_empty() && !has_begun {
            return Ok(Piece::End);
        }
        has_begun = true;
        if into.len() + line.len() > LINE_BYTES_MAX {
            is_too_long = true;
            into.clear();
        } else if !is_too_long {
            into.extend_from_slice(line);
        }
        let used = line.len() + usize::from(end.is_some());
        from.consume(used);
        if is_over {
            return Ok(if is_too_long { Piece::TooLong } else { Piece::Line });
        }
    }
}
