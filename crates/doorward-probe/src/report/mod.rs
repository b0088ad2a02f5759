//! A run's report, in each form.
//!
//! Whatever a server or a file said is hostile in each of them: every form has its own escapes in
//! `text.rs`, and a test that puts the same hostile texts through all of them.

mod html;
mod json;
mod junit;
mod markdown;
mod read;
mod sarif;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use html::html;
pub use json::{json, text as json_text};
pub use junit::junit;
pub use markdown::markdown;
pub use read::{NotAReport, keys};
pub use sarif::sarif;
pub use table::{Look as TableLook, table};
pub(crate) use text::is_seen;
pub use text::visible;

pub(crate) use json::{finding as finding_json, grid_of};
pub(crate) use read::{closing as closing_of, finding as finding_of, row as row_of};

use crate::finding::{Finding, Severity};
use crate::run::Report;
use std::collections::BTreeSet;

/// What is told of a run.
#[derive(Clone, Copy, Debug)]
pub struct Told<'r> {
    /// What came of it.
    pub report: &'r Report,
    /// Keys of findings that a former report has: they are shown, and fail nothing.
    pub known: &'r BTreeSet<String>,
    /// From this severity on a finding fails the run.
    pub fail_on: Severity,
    /// The OpenAPI file that the operations are from.
    pub openapi: Option<&'r str>,
}

impl Told<'_> {
    /// Whether a former report has the finding.
    #[must_use]
    pub fn is_known(&self, finding: &Finding) -> bool {
        self.known.contains(&finding.key())
    }

    /// Whether the finding fails the run.
    #[must_use]
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.severity >= self.fail_on && !self.is_known(finding)
    }

    /// Whether any finding does.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.report.findings.iter().any(|finding| self.fails(finding))
    }

    /// How many findings there are: `2 high, 1 low`.
    #[must_use]
    pub fn found(&self) -> String {
        words::count(self.report)
    }

    /// How many requests went where, and by whose leave. Each report has these lines.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let others = self.report.others.iter();
        let elsewhere: usize = others.clone().map(|(_, sent)| sent).sum();
        let here = self.report.requests - elsewhere.min(self.report.requests);
        let mut lines: Vec<String> = others
            .map(|(host, sent)| {
                format!("{} to {host}, authorised by --i-am-authorised", counted(*sent, "request"))
            })
            .collect();
        if here > 0 || lines.is_empty() {
            lines.push(format!("{} to this machine", counted(here, "request")));
        }
        lines
    }
}

/// `1 request`, `2 requests`.
pub(crate) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
