//! The log for a terminal: a shape, a word and a colour for the same thing, never a colour alone.

use super::{Entry, Kind, Tally, clock, escape, micros};
use doorward_core::denial::Denial;
use doorward_core::moment::Now;
use std::io::Write;

/// Bytes of a path or an origin that a line shows.
const TEXT_BYTES_MAX: usize = 120;
/// Bytes of a name or a reason that a line shows: all that there can be.
const AUDIT_BYTES_MAX: usize = 2_000;
/// Where the words behind the path begin, if it is not longer.
const PATH_COLUMNS: usize = 28;

const RED: &str = "31";
const GREEN: &str = "32";
const GREY: &str = "90";

/// What a line's shape says: what became of the request.
struct Shape {
    unicode: &'static str,
    ascii: &'static str,
    colour: &'static str,
}

/// The backend ran it.
const EXECUTED: Shape = Shape { unicode: "■", ascii: "#", colour: GREEN };
/// The gate refused it.
const REFUSED: Shape = Shape { unicode: "□", ascii: "o", colour: RED };
/// The gate answered by itself: the backend was never asked.
const NEVER_SENT: Shape = Shape { unicode: "⊘", ascii: "x", colour: GREY };
/// Its answer did not arrive whole.
const HIDDEN: Shape = Shape { unicode: "┄", ascii: "~", colour: GREY };
/// Words of the log's own.
const PLAIN: Shape = Shape { unicode: "─", ascii: "-", colour: GREY };

/// One request.
pub(super) fn write(entry: &Entry<'_>, unicode: bool, colour: bool, into: &mut Vec<u8>) {
    let shape = match entry.kind {
        Kind::Refuse => REFUSED,
        Kind::Reply => NEVER_SENT,
        Kind::Admit if entry.is_broken || entry.status.is_none() => HIDDEN,
        Kind::Admit => EXECUTED,
    };
    begin(&shape, unicode, colour, entry.now, into);
    // Writing to a vector does not fail.
    let _ = match entry.status {
        Some(status) => write!(into, " {status} "),
        None => write!(into, " --- "),
    };
    escape::plain(entry.method.unwrap_or("-").as_bytes(), TEXT_BYTES_MAX, into);
    into.push(b' ');
    let before = into.len();
    escape::plain(entry.path.unwrap_or("-").as_bytes(), TEXT_BYTES_MAX, into);
    let columns = PATH_COLUMNS.saturating_sub(into.len() - before);
    into.extend(std::iter::repeat_n(b' ', columns));
    match entry.reason {
        Some(reason) => {
            let _ = write!(into, "  {}", reason.code());
            if let Some(origin) = entry.origin {
                into.extend_from_slice(b"  from ");
                escape::plain(origin, TEXT_BYTES_MAX, into);
            }
            let _ = write!(into, "  id {}", entry.id.text().as_str());
        }
        None => {
            let took = micros(entry.took);
            let _ = write!(into, "  {}.{} ms", took / 1_000, took % 1_000 / 100);
        }
    }
    for reason in entry.would_refuse {
        let _ = write!(into, "  would refuse: {}", reason.code());
    }
    if let Some(reason) = entry.cut {
        let _ = write!(into, "  ended: {}", reason.code());
    }
    if entry.kind == Kind::Admit && (entry.is_broken || entry.status.is_none()) {
        into.extend_from_slice(b"  broken off");
    }
    let _ = writeln!(into, "  {}", entry.address);
}

/// A minute in which something was refused.
pub(super) fn summary(tally: &Tally, unicode: bool, now: Now, into: &mut Vec<u8>) {
    begin(&PLAIN, unicode, false, now, into);
    let _ = write!(into, " last minute: {} admitted, refused", tally.admitted());
    for (place, (code, times)) in tally.refused().enumerate() {
        let _ = write!(into, "{} {times} {code}", if place > 0 { "," } else { "" });
    }
    let more = if tally.addresses_are_more() { "more than " } else { "" };
    let count = tally.addresses();
    let noun = if count == 1 { "address" } else { "addresses" };
    let _ = writeln!(into, ", from {more}{count} {noun}");
}

/// Lines that were dropped.
pub(super) fn dropped(times: u64, unicode: bool, now: Now, into: &mut Vec<u8>) {
    begin(&PLAIN, unicode, false, now, into);
    let _ = writeln!(into, " {times} lines of the log were dropped: its reader is too slow");
}

/// A denial that was put or lifted.
pub(super) fn audit(denial: &Denial, unicode: bool, now: Now, into: &mut Vec<u8>) {
    begin(&PLAIN, unicode, false, now, into);
    into.extend_from_slice(if denial.lives(now) { b" denied " } else { b" lifted " });
    escape::plain(denial.who.text().as_bytes(), AUDIT_BYTES_MAX, into);
    if denial.lives(now) {
        let _ = write!(into, " for {} s", denial.until_unix_s - now.unix_s);
    }
    if !denial.why.is_empty() {
        into.extend_from_slice(b": ");
        escape::plain(denial.why.as_bytes(), AUDIT_BYTES_MAX, into);
    }
    into.push(b'\n');
}

fn begin(shape: &Shape, unicode: bool, colour: bool, now: Now, into: &mut Vec<u8>) {
    clock(now, into);
    let mark = if unicode { shape.unicode } else { shape.ascii };
    let _ = if colour {
        write!(into, " \x1b[{}m{mark}\x1b[0m", shape.colour)
    } else {
        write!(into, " {mark}")
    };
}
