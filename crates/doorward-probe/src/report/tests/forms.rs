//! What SARIF 2.1.0 and readers of JUnit's XML ask for, by hand: the members and values that the
//! standard requires of what we write, with its sections.

use super::{hostile, told};
use crate::checks::CHECKS;
use crate::report::{junit, sarif};
use crate::run::Report;
use serde_json::Value;
use std::collections::BTreeSet;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[test]
fn sarif_has_what_the_standard_requires() {
    let (report, known) = (hostile(), BTreeSet::new());
    let mut told = told(&report, &known);
    let log = sarif(&told);
    // 3.13.2, 3.13.3: the log's version, and at least an empty list of runs.
    assert_eq!(log["version"], "2.1.0");
    let runs = log["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    // 3.19.8: a component's name; 3.19.13: its version in its own form.
    assert_eq!(run["tool"]["driver"]["name"], "doorward-probe");
    // 3.14.27: how columns are counted.
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    // 3.20.14: each invocation says whether it was successful.
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), CHECKS.len());
    for rule in rules {
        // 3.49.3, 3.49.9 to 3.49.13.
        assert!(text(&rule["id"]).contains('-'));
        for member in ["shortDescription", "fullDescription", "help"] {
            assert!(!text(&rule[member]["text"]).is_empty(), "{rule}");
        }
        assert!(text(&rule["help"]["markdown"]).contains("## How to close it"));
    }
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), report.findings.len());
    let mut prints = BTreeSet::new();
    for (result, finding) in results.iter().zip(&report.findings) {
        // 3.27.5 to 3.27.7: the rule, and where it stands.
        let at = usize::try_from(result["ruleIndex"].as_u64().expect("a place")).expect("small");
        assert_eq!(rules[at]["id"], result["ruleId"]);
        assert_eq!(result["ruleId"], finding.check);
        // 3.27.9, 3.27.10: only what fails has a level that is not `none`.
        assert_eq!(result["kind"], "fail");
        assert!(["error", "warning", "note"].contains(&text(&result["level"])));
        // 3.27.24, 3.27.25.
        assert!(result["baselineState"].is_null(), "there is no former report");
        let rank = result["rank"].as_f64().expect("a rank");
        assert!((0.0..=100.0).contains(&rank));
        // 3.11.5: no brace that is not doubled.
        let message = text(&result["message"]["text"]).replace("{{", "").replace("}}", "");
        assert!(!message.is_empty() && !message.contains(['{', '}']), "{message}");
        // 3.4.3: a relative reference (RFC 3986).
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        let is_path = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
        assert!(text(place).chars().all(is_path) && !text(place).starts_with('/'), "{place}");
        let name = &result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
        assert!(text(name).starts_with("GET /"));
        // 3.27.17: a print tells a finding from others, and is versioned.
        prints.insert(text(&result["partialFingerprints"]["doorwardKey/v1"]).to_owned());
    }
    assert_eq!(prints.len(), results.len());
    told.openapi = Some("./api/open api.yaml");
    let run = &sarif(&told)["runs"][0];
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "api/open%20api.yaml");
    // 3.24.2, 3.24.6.
    assert_eq!(run["artifacts"][0]["location"]["uri"], "api/open%20api.yaml");
    assert_eq!(run["artifacts"][0]["roles"][0], "analysisTarget");
    let one = BTreeSet::from([report.findings[1].key()]);
    let after = sarif(&super::told(&report, &one));
    let states = [0, 1].map(|at| after["runs"][0]["results"][at]["baselineState"].clone());
    assert_eq!(states, ["new", "unchanged"]);
    let nothing = Report::default();
    let empty = sarif(&super::told(&nothing, &known));
    assert_eq!(empty["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert_eq!(empty["runs"][0]["results"].as_array().map(Vec::len), Some(0));
}

/// The elements of a document in the order in which they begin, with their attributes. It is
/// stricter than XML: no comment, no CDATA, no entity but the five, no `<` in an attribute.
fn elements(document: &str) -> Vec<(String, Vec<(String, String)>)> {
    let body = document.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut rest = body.expect("a declaration");
    let (mut open, mut out): (Vec<String>, Vec<_>) = (Vec::new(), Vec::new());
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at]);
        let end = at + rest[at..].find('>').expect("a tag that ends");
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "the wrong end");
            continue;
        }
        let is_empty = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}");
        let mut found = Vec::new();
        let mut left = attributes.trim();
        while !left.is_empty() {
            let (name, after) = left.split_once("=\"").expect("a name and a value");
            let (value, after) = after.split_once('"').expect("a value that ends");
            check_text(value);
            found.push((name.to_owned(), value.to_owned()));
            left = after.trim_start();
        }
        out.push((name.to_owned(), found));
        if !is_empty {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    out
}

fn check_text(text: &str) {
    assert!(!text.contains(['<', '>']), "{text}");
    for part in text.split('&').skip(1) {
        let entity = part.split_once(';').map(|(entity, _)| entity);
        assert!(matches!(entity, Some("amp" | "lt" | "gt" | "quot" | "#39")), "{part}");
    }
}

#[test]
fn junit_is_xml_whose_counts_are_true() {
    let (report, known) = (hostile(), BTreeSet::new());
    let elements = elements(&junit(&told(&report, &known)));
    let number = |name: &str| elements.iter().filter(|(own, _)| own == name).count();
    assert_eq!(elements[0].0, "testsuites");
    assert_eq!(number("testsuite"), 2);
    let said = |name: &str| {
        let own = elements[0].1.iter().find(|(own, _)| own == name);
        own.map(|(_, value)| value.clone()).expect("a count")
    };
    assert_eq!(said("tests"), number("testcase").to_string());
    assert_eq!(said("failures"), number("failure").to_string());
    assert_eq!(said("errors"), number("error").to_string());
    // One fails, one is below what fails a run, every other check found nothing.
    assert_eq!((number("failure"), number("system-out"), number("error")), (1, 1, 1));
    assert_eq!(number("testcase"), CHECKS.len() + 1);
}
