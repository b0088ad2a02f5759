//! Findings that another finding of the same operation explains: one mistake is told once.

use crate::finding::{Confidence, Finding};

/// Leaves out what others explain.
pub(crate) fn narrowed(mut findings: Vec<Finding>) -> Vec<Finding> {
    // What was only promised by preflights is what is said of preflights.
    let is_of_preflights = |finding: &Finding| matches!(finding.check, "C-16" | "C-17");
    if findings.iter().any(is_of_preflights) {
        findings.retain(|finding| {
            finding.confidence != Confidence::Tentative || !matches!(finding.check, "C-01" | "C-02")
        });
    }
    findings
}
