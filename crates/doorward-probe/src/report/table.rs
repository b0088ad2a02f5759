//! For a terminal: a line for each finding, the worst first.

use crate::run::Report;
use std::fmt::Write;

/// How a terminal wants its text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Letters beyond ASCII may be used.
    pub unicode: bool,
    /// Colours may be used.
    pub colour: bool,
}

/// The report as text.
#[must_use]
pub fn table(report: &Report, _look: Look) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let _ = writeln!(
            out,
            "{:<8} {}  {}: {}",
            finding.severity.word(),
            finding.check,
            clean(&finding.operation),
            clean(&finding.title)
        );
    }
    for (operation, why) in &report.left_out {
        let _ = writeln!(out, "left out {}: {}", clean(operation), clean(why));
    }
    out
}

/// Text that came from outside steers no terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
