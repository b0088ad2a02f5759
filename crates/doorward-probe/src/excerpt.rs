//! What a server said, cut short: it may be long, and it may be hostile.

use crate::call::{Answered, is_secret};
use crate::report::is_seen;

/// Characters of one line of evidence, at most.
const LINE_CHARS_MAX: usize = 200;

/// A text of a server's for one line: without control characters, and not longer than one reads.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let clean = |c: char| if is_seen(c) { c } else { '\u{fffd}' };
    let mut line: String = text.chars().take(LINE_CHARS_MAX).map(clean).collect();
    if text.chars().nth(LINE_CHARS_MAX).is_some() {
        line.push('…');
    }
    line
}

/// A header of an answer as a line of evidence, or that it is absent. Secrets are left out.
#[must_use]
pub fn header_line(answered: &Answered, name: &str) -> String {
    match answered.header(name) {
        None => format!("no {name}"),
        Some(_) if is_secret(name) => format!("{name}: …"),
        Some(value) => format!("{name}: {}", excerpt(&value)),
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn short_and_clean() {
        assert_eq!(excerpt("a, b"), "a, b");
        assert_eq!(excerpt("\u{1b}[2J"), "\u{fffd}[2J");
        assert_eq!(excerpt(&"ä".repeat(300)).chars().count(), 201);
        assert_eq!(excerpt(&"ä".repeat(200)).chars().count(), 200);
    }
}
