//! Requests that schemathesis makes up for each operation of a document: what fits it is taken, and
//! what does not is not.

use doorward_core::shape::openapi::{Known, OpenApi, Problem};
use doorward_core::shape::{ApiSettings, yaml};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use std::process::Command;

/// Requests of each operation, to and from, in the small campaign.
const NUMBER: u64 = 40;
/// Of what was asked for, so many must have come.
const OPERATIONS: u64 = 3;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/schemathesis/both_ways.py");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/schemathesis/shop.yaml");

/// What is made up, a line each.
fn made_up(number: u64) -> Vec<Value> {
    let python = std::env::var_os("DOORWARD_SCHEMATHESIS");
    let python = python.expect("DOORWARD_SCHEMATHESIS names no interpreter: `cargo xtask test`");
    let number = number.to_string();
    let output = Command::new(python).args([SCRIPT, DOCUMENT, &number]).output();
    let output = output.expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What is wrong with a request, in words; none where it is taken. What cannot even be sent as a
/// request is not taken either.
fn judge(api: &OpenApi, made: &Value) -> Option<String> {
    let text = |name: &str| made[name].as_str().expect("a text");
    let target = text("target");
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut headers = HeaderMap::new();
    for header in made["headers"].as_array().expect("headers") {
        let (name, value) = (header[0].as_str().expect("a name"), header[1].as_str().expect("one"));
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        else {
            return Some("no header".to_owned());
        };
        headers.append(name, value);
    }
    let method = Method::from_bytes(text("method").as_bytes()).expect("a method");
    let Known::Operation(found) = api.find(&method, path) else {
        return Some("unknown operation".to_owned());
    };
    let body = base64(text("body"));
    let judged = found
        .judge_head(query, &headers)
        .and_then(|()| found.expects(&headers, body.is_empty()).map(drop))
        .and_then(|()| found.judge_body(&headers, &body));
    judged.err().map(|problem| match problem {
        Problem::Parameters(all) | Problem::Body(all) => {
            all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        }
        other => format!("{other:?}"),
    })
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

#[test]
fn what_fits_is_taken_and_what_does_not_is_not() {
    let number = std::env::var("DOORWARD_CAMPAIGN").ok().and_then(|text| text.parse().ok());
    let number = number.unwrap_or(NUMBER);
    let document = std::fs::read_to_string(DOCUMENT).expect("the document");
    let document = yaml::read(&document).expect("YAML");
    let api = OpenApi::new(document, &ApiSettings::default()).expect("a document");
    let (mut counts, mut wrong) = ([0_u64; 2], Vec::new());
    for made in made_up(number) {
        let fits = made["fits"] == true;
        counts[usize::from(fits)] += 1;
        let judged = judge(&api, &made);
        if judged.is_none() != fits {
            wrong.push(format!("fits: {fits}, judged: {judged:?}, {made}"));
        }
    }
    let [unfit, fit] = counts;
    println!("schemathesis: {fit} that fit, {unfit} that do not, {} judged wrong", wrong.len());
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(fit.min(unfit) >= OPERATIONS * number / 2, "too few came");
}
