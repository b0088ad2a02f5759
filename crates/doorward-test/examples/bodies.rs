//! What it costs to guard a body before any parser reads it, beside a parser that only skips.

use doorward_core::json::guard::{JsonGuard, Limits};
use serde::de::IgnoredAny;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

/// Bytes of a body, about.
const BODY_BYTES: usize = 4_000;
/// Rounds, of which the best counts, and readings of a round.
const ROUNDS: usize = 40;
const READINGS: u32 = 2_000;

fn main() {
    for (what, body) in [("records", records()), ("one long text", text())] {
        let (mut guard, mut parser) = (f64::MAX, f64::MAX);
        // Side by side, so that what slows the machine down meets both.
        for _ in 0..ROUNDS {
            guard = guard
                .min(nanoseconds(&body, |bytes| JsonGuard::read(Limits::default(), bytes).is_ok()));
            parser = parser.min(nanoseconds(&body, |bytes| {
                serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
            }));
        }
        let (bytes, ratio) = (body.len(), guard / parser);
        println!("{guard:>8.0} ns to guard {bytes} bytes of JSON, {what}");
        println!("{:>8.0} ns more than a parser that skips {what}", guard - parser);
        println!("{ratio:>8.2} times as long as it");
    }
}

fn nanoseconds(body: &str, read: impl Fn(&[u8]) -> bool) -> f64 {
    let begin = Instant::now();
    for _ in 0..READINGS {
        assert!(read(black_box(body.as_bytes())), "the body is good");
    }
    begin.elapsed().as_nanos() as f64 / f64::from(READINGS)
}

fn records() -> String {
    let mut body = String::from("[");
    for number in 0.. {
        let id = 1_000 + number;
        let is_first = number == 0;
        let _ = write!(
            body,
            "{}{{\"id\":{id},\"name\":\"user{number}\",\"active\":{},\"score\":{number}.5,\
             \"tags\":[\"a\",\"bc\"],\"created_at\":\"2026-11-28T12:00:00Z\"}}",
            if is_first { "" } else { "," },
            number % 2 == 0,
        );
        if body.len() >= BODY_BYTES {
            break;
        }
    }
    body + "]"
}

fn text() -> String {
    let sentence = "A body is guarded before a parser sees it, in one pass. ";
    let text = sentence.repeat(BODY_BYTES / sentence.len());
    format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"{text}\"}}]}}")
}
