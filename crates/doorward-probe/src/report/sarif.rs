//! SARIF 2.1.0, for code scanning: a rule for each check, a result for each finding.
//!
//! Sections named here are those of the OASIS standard.

use super::Told;
use super::text::{path, visible};
use crate::checks::{CHECKS, Check};
use crate::finding::{Confidence, Finding, Severity};
use serde_json::{Value, json};

/// The report as a log of SARIF.
#[must_use]
pub fn sarif(told: &Told<'_>) -> Value {
    let results: Vec<Value> =
        told.report.findings.iter().map(|finding| result(told, finding)).collect();
    let notes = told.report.left_out.iter().map(|(operation, why)| {
        let text = format!("not looked at: {}: {}", visible(operation), visible(why));
        json!({ "level": "warning", "message": { "text": message(&text) } })
    });
    let said = told
        .requests()
        .into_iter()
        .map(|line| json!({ "level": "note", "message": { "text": message(&line) } }));
    // 3.20: a run that reached nothing was not successful.
    let invocation = json!({
        "executionSuccessful": !told.report.looked_at.is_empty(),
        "toolExecutionNotifications": said.chain(notes).collect::<Vec<_>>(),
    });
    // 3.24: the file that the operations are from, where there is one.
    let artifacts = told
        .openapi
        .map(|file| json!({ "location": { "uri": uri_of(file) }, "roles": ["analysisTarget"] }));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "doorward-probe",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": CHECKS.iter().map(rule).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "doorward-probe/" },
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts.into_iter().collect::<Vec<_>>(),
            "invocations": [invocation],
            "results": results,
        }],
    })
}

/// 3.49: what a check looks for.
fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "name": check.id.replace('-', ""),
        "shortDescription": { "text": message(check.title) },
        "fullDescription": { "text": message(&check.section("What it is").replace('\n', " ")) },
        "help": { "text": message(&check.markdown()), "markdown": check.markdown() },
        "properties": { "tags": ["security"] },
    })
}

/// 3.27: a finding.
fn result(told: &Told<'_>, finding: &Finding) -> Value {
    let index = CHECKS.iter().position(|check| check.id == finding.check);
    let evidence = finding.evidence.iter().map(|line| format!("\n  {}", visible(line)));
    let text = format!(
        "{}. {}\n\nRequest:\n  {}\n\nEvidence:{}\n\nFix: {}",
        visible(&finding.title),
        visible(&finding.who),
        visible(&finding.request),
        evidence.collect::<String>(),
        visible(&finding.fix)
    );
    let operation = visible(&finding.operation);
    let mut result = json!({
        "ruleId": finding.check,
        "level": level(finding.severity),
        "kind": "fail",
        "message": { "text": message(&text) },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": place(told, finding) } },
            "logicalLocations": [{ "fullyQualifiedName": operation, "kind": "resource" }],
        }],
        "partialFingerprints": { "doorwardKey/v1": visible(&finding.key()) },
        "rank": rank(finding.confidence),
        "properties": {
            "severity": finding.severity.word(),
            "confidence": finding.confidence.word(),
            "security-severity": score(finding.severity),
        },
    });
    // 3.27.24: only against a former report.
    if !told.known.is_empty() {
        let state = if told.is_known(finding) { "unchanged" } else { "new" };
        result["baselineState"] = Value::from(state);
    }
    // 3.27.6: its place among the rules; a check of another version has none.
    if let Some(index) = index {
        result["ruleIndex"] = Value::from(index);
    }
    result
}

/// A text as messages want it. 3.11.5: braces are places to fill in, and are doubled. 3.11.6:
/// `[a](b)` is a link, and what a server says makes none.
fn message(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}").replace("](", "] (")
}

/// 3.27.10.
const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// 3.27.25: from 0 to 100, here how sure it is.
const fn rank(confidence: Confidence) -> f64 {
    match confidence {
        Confidence::Tentative => 30.0,
        Confidence::Firm => 70.0,
        Confidence::Certain => 100.0,
    }
}

/// The middle of the range that code scanning has for the word.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

/// A file of the repository, as code scanning wants one: the OpenAPI file, or a name that stands
/// for the address.
fn place(told: &Told<'_>, finding: &Finding) -> String {
    match told.openapi {
        Some(file) => uri_of(file),
        None => {
            let address = finding.operation.split_once(' ').map_or("", |(_, path)| path);
            format!("api/{}", path(address.trim_start_matches('/')))
        }
    }
}

/// A file's path, relative to where the probe was started.
fn uri_of(file: &str) -> String {
    path(file.trim_start_matches("./"))
}
