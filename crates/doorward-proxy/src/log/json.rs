//! The log as JSON lines.

use super::{Entry, Tally, escape, micros, number, stamp};
use doorward_core::denial::Denial;
use doorward_core::moment::Now;
use std::io::Write;

/// Bytes of a path, an origin or a method that a line shows.
const TEXT_BYTES_MAX: usize = 512;

/// One request.
pub(super) fn write(entry: &Entry<'_>, into: &mut Vec<u8>) {
    begin(entry.now, into);
    into.extend_from_slice(b",\"id\":\"");
    into.extend_from_slice(entry.id.text().as_str().as_bytes());
    // Writing to a vector does not fail.
    let _ = write!(into, "\",\"peer\":\"{}\"", entry.address);
    text("method", entry.method.map(str::as_bytes), into);
    text("path", entry.path.map(str::as_bytes), into);
    into.extend_from_slice(b",\"status\":");
    number(u64::from(entry.status.unwrap_or(0)), into);
    text("verdict", Some(entry.kind.word().as_bytes()), into);
    text("code", entry.reason.map(|reason| reason.code().as_bytes()), into);
    text("layer", entry.reason.map(|reason| reason.layer().as_bytes()), into);
    text("route", entry.route.map(str::as_bytes), into);
    text("caller", entry.caller.map(str::as_bytes), into);
    text("pass", entry.pass.map(str::as_bytes), into);
    text("origin", entry.origin, into);
    if let Some(shown) = entry.shown {
        text("ja4", shown.ja4.as_ref().map(|ja4| ja4.as_str().as_bytes()), into);
        text("http2", shown.http2.as_ref().map(String::as_bytes), into);
        let head = shown.head.map(|head| head.text().to_string());
        text("head", head.as_ref().map(String::as_bytes), into);
    }
    if !entry.would_refuse.is_empty() {
        into.extend_from_slice(b",\"would_refuse\":[");
        for (place, reason) in entry.would_refuse.iter().enumerate() {
            let _ = write!(into, "{}\"{}\"", if place > 0 { "," } else { "" }, reason.code());
        }
        into.push(b']');
    }
    count("bytes_in", entry.bytes_in, into);
    count("bytes_out", entry.bytes_out, into);
    if entry.frames != (0, 0) {
        count("frames_in", entry.frames.0, into);
        count("frames_out", entry.frames.1, into);
    }
    count("duration_us", micros(entry.took), into);
    if let Some(upstream) = entry.upstream {
        count("upstream_us", micros(upstream), into);
    }
    text("cut", entry.cut.map(|reason| reason.code().as_bytes()), into);
    if entry.is_broken || entry.status.is_none() {
        into.extend_from_slice(b",\"broken_off\":true");
    }
    into.extend_from_slice(b"}\n");
}

/// A minute in which something was refused.
pub(super) fn summary(tally: &Tally, now: Now, into: &mut Vec<u8>) {
    begin(now, into);
    into.extend_from_slice(b",\"event\":\"summary\"");
    count("admitted", tally.admitted(), into);
    into.extend_from_slice(b",\"refused\":{");
    for (place, (code, times)) in tally.refused().enumerate() {
        let _ = write!(into, "{}\"{code}\":{times}", if place > 0 { "," } else { "" });
    }
    into.push(b'}');
    count("addresses", tally.addresses() as u64, into);
    if tally.addresses_are_more() {
        into.extend_from_slice(b",\"addresses_are_more\":true");
    }
    into.extend_from_slice(b"}\n");
}

/// Lines that were dropped.
pub(super) fn dropped(times: u64, now: Now, into: &mut Vec<u8>) {
    begin(now, into);
    into.extend_from_slice(b",\"event\":\"log_dropped\"");
    count("lines", times, into);
    into.extend_from_slice(b"}\n");
}

/// A denial that was put or lifted.
pub(super) fn audit(denial: &Denial, now: Now, into: &mut Vec<u8>) {
    begin(now, into);
    let event = if denial.lives(now) { "denied" } else { "denial_lifted" };
    text("event", Some(event.as_bytes()), into);
    text("who", Some(denial.who.text().as_bytes()), into);
    if denial.lives(now) {
        count("until_unix_s", denial.until_unix_s, into);
    }
    text("why", Some(denial.why.as_bytes()).filter(|why| !why.is_empty()), into);
    into.extend_from_slice(b"}\n");
}

/// The beginning of a line's object, with its time.
pub(crate) fn begin(now: Now, into: &mut Vec<u8>) {
    into.extend_from_slice(b"{\"time\":\"");
    stamp(now, into);
    into.push(b'"');
}

/// A field of an object that has begun, escaped; nothing where there is no value.
pub(crate) fn text(name: &str, value: Option<&[u8]>, into: &mut Vec<u8>) {
    let Some(value) = value else { return };
    into.extend_from_slice(b",\"");
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b"\":\"");
    escape::json(value, TEXT_BYTES_MAX, into);
    into.push(b'"');
}

/// A number of an object that has begun.
pub(crate) fn count(name: &str, value: u64, into: &mut Vec<u8>) {
    into.extend_from_slice(b",\"");
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b"\":");
    number(value, into);
}
