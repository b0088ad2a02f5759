//! For programs: `{"findings": […]}`.

use crate::finding::Finding;
use crate::run::Report;
use serde_json::{Value, json};

/// The report as JSON.
#[must_use]
pub fn json(report: &Report) -> Value {
    let findings: Vec<Value> = report.findings.iter().map(finding).collect();
    let left_out = report
        .left_out
        .iter()
        .map(|(operation, why)| json!({ "operation": operation, "why": why }));
    json!({
        "findings": findings,
        "looked_at": report.looked_at,
        "left_out": left_out.collect::<Vec<_>>(),
        "requests": report.requests,
        "other_hosts": report.others,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "check": finding.check,
        "title": finding.title,
        "severity": finding.severity.word(),
        "confidence": finding.confidence.word(),
        "who": finding.who,
        "engines": finding.engines.iter().map(doorward_browser::EngineId::word).collect::<Vec<_>>(),
        "operation": finding.operation,
        "request": finding.request,
        "evidence": finding.evidence,
        "executed": finding.rung.map(|rung| json!({ "rung": rung.id(), "said": rung.words() })),
        "fix": finding.fix,
        "key": finding.key(),
    })
}
