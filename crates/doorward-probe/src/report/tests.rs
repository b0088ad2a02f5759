mod forms;
mod schema;

use super::*;
use crate::checks::CHECKS;
use crate::finding::{Confidence, Engines, Rung};
use crate::grid::{Backend, Caller, Cell, Closing, Fate, Grid, Kind, Row};
use doorward_browser::EngineId;
use serde_json::Value;

/// What somebody's server says who wants to steer those who read the report.
const HOSTILE: &str = "\u{1b}[2J</script><script>alert(1)</script> | `code` ``` \
    [a](http://evil.test) ](http://evil.test) @ann #1 \u{202e}gpj\r\nSet-Cookie: a=b ]]> \0 \
    \u{9b}31m -- --> {0} \"'&amp; ${x} <img src=x onerror=alert(1)> \u{200b}\u{2028}";

fn cell(fate: Fate, backend: Backend) -> Cell {
    Cell { browsers: vec![(Engines::all(), fate)], backend }
}

/// A run in which every text is somebody's.
fn hostile() -> Report {
    let finding = |check: usize, severity, variant: &str| Finding {
        check: CHECKS[check].id,
        title: format!("title {HOSTILE}"),
        severity,
        confidence: Confidence::Firm,
        who: format!("who {HOSTILE}"),
        engines: Engines::which(|id| id != EngineId::WebKit),
        operation: format!("GET /{HOSTILE}"),
        request: format!("curl {HOSTILE}"),
        evidence: vec![format!("evidence {HOSTILE}"), String::new()],
        rung: Some(Rung::Strong),
        fix: format!("fix {HOSTILE}"),
        variant: variant.to_owned(),
    };
    let runs = Backend::Answers { status: 200, rung: Rung::Strong };
    let mut differs = cell(Fate::Reads, runs);
    differs.browsers = vec![
        (Engines::which(|id| id == EngineId::Chromium), Fate::Reads),
        (Engines::which(|id| id != EngineId::Chromium), Fate::Hidden),
    ];
    let cells = vec![
        (Caller::AllowedPage, cell(Fate::Reads, runs)),
        (Caller::AnyPage, differs),
        (Caller::SiblingPage, cell(Fate::Hidden, runs)),
        (Caller::Form, cell(Fate::Sent, Backend::NotTried)),
        (Caller::Image, cell(Fate::NeverSent, Backend::NeverSent)),
        (Caller::Script, Cell { browsers: Vec::new(), backend: Backend::Silent }),
    ];
    let weak = Backend::Answers { status: 200, rung: Rung::Weak };
    let refused = Backend::Answers { status: 403, rung: Rung::Unknown };
    let seen = Backend::Answers { status: 303, rung: Rung::InPath };
    let rows = vec![
        (Kind::SimpleGet, cell(Fate::Hidden, runs), Some(cell(Fate::Reads, runs))),
        (
            Kind::AuthorisedGet,
            cell(Fate::NeverSent, Backend::NeverSent),
            Some(cell(Fate::Reads, weak)),
        ),
        (Kind::JsonPost, cell(Fate::Sent, Backend::NotTried), Some(cell(Fate::Hidden, refused))),
        (
            Kind::FormPost,
            cell(Fate::Hidden, Backend::Kept { status: 403 }),
            Some(cell(Fate::Hidden, seen)),
        ),
        (Kind::Script, Cell { browsers: Vec::new(), backend: runs }, None),
    ];
    let name = format!("GET /{HOSTILE}");
    Report {
        findings: vec![finding(0, Severity::High, HOSTILE), finding(1, Severity::Low, "")],
        looked_at: vec![name.clone()],
        left_out: vec![(format!("PUT /{HOSTILE}"), format!("why {HOSTILE}"))],
        requests: 41,
        others: vec![("api.example".to_owned(), 40)],
        grid: Grid {
            rows: vec![Row { operation: name, cells }],
            closing: Some(Closing { url: HOSTILE.to_owned(), allowed: HOSTILE.to_owned(), rows }),
            with_cookie: true,
        },
    }
}

fn told<'r>(report: &'r Report, known: &'r BTreeSet<String>) -> Told<'r> {
    Told { report, known, fail_on: Severity::Medium, openapi: None }
}

fn look(columns: Option<usize>, verbose: bool) -> TableLook {
    TableLook { unicode: true, colour: false, columns, verbose }
}

/// The texts that viewers of SARIF read marks in.
fn messages(log: &Value) -> String {
    let run = &log["runs"][0];
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array();
    let results = run["results"].as_array();
    let all = notes.into_iter().chain(results).flatten();
    let texts = all.map(|own| own["message"]["text"].as_str().unwrap_or_default());
    texts.collect::<Vec<_>>().join("\n")
}

/// Marks of Markdown that are not ours. Tables, headings and details are.
const MARKS: [&str; 8] = ["<script", "<img", "[a](", "](http", "http://", "@ann", "#1", " | `code"];

/// Markdown without its code, in which nothing is a mark (CommonMark 6.1: it ends at as many
/// backticks as it began with).
fn outside_of_code(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        // A line of HTML, up to the next empty one, has marks of HTML alone (CommonMark 4.6).
        if line.starts_with("<details>") {
            let own = line.replace("<details><summary>", "").replace("</summary>", "");
            assert_eq!(own.replace("@<!-- -->", "").find(['<', '>']), None, "{own}");
            continue;
        }
        let mut rest = line;
        while let Some(at) = rest.find('`') {
            let (before, from) = rest.split_at(at);
            let ticks = from.len() - from.trim_start_matches('`').len();
            if before.ends_with('\\') {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
                continue;
            }
            out.push_str(before);
            let mut after = &from[ticks..];
            loop {
                let next = after.find('`').expect("code that begins ends in its line");
                let run = after[next..].len() - after[next..].trim_start_matches('`').len();
                after = &after[next + run..];
                if run == ticks {
                    break;
                }
            }
            rest = after;
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

/// Each form, with what may never stand in it beside what no form may have.
fn forms(told: &Told<'_>) -> Vec<(&'static str, String, &'static [&'static str])> {
    let wide = look(None, true);
    vec![
        ("table", table(told, look(Some(120), false)), &[]),
        ("verbose table", table(told, wide), &[]),
        ("json", json_text(&json(told)), &[]),
        ("sarif", json_text(&sarif(told)), &[]),
        ("sarif's messages", messages(&sarif(told)), &["](http", " {0}"]),
        ("junit", junit(told), &["<script", "<img", "]]>", "<a"]),
        ("markdown", markdown(told), &[]),
        ("marks of markdown", outside_of_code(&markdown(told)), &MARKS),
        ("html", html(told), &["<script", "<img", "<a ", "href="]),
    ]
}

#[test]
fn nothing_that_was_said_steers_a_report() {
    let (report, known) = (hostile(), BTreeSet::new());
    for (form, text, never) in forms(&told(&report, &known)) {
        for c in text.chars().filter(|c| *c != '\n') {
            assert!(is_seen(c), "{form}: U+{:04X}", u32::from(c));
        }
        for part in never {
            assert!(!text.contains(part), "{form}: {part:?} in\n{text}");
        }
        // It was shown, and not lost.
        assert!(text.contains("[2J"), "{form}\n{text}");
    }
}

#[test]
fn every_report_says_who_allowed_its_requests() {
    let (report, known) = (hostile(), BTreeSet::new());
    for (form, text, _) in forms(&told(&report, &known)) {
        let line = "40 requests to api.example, authorised by";
        assert!(text.contains(line), "{form}\n{text}");
        assert!(text.contains("1 request to this machine"), "{form}\n{text}");
    }
}

#[test]
fn what_was_known_fails_nothing() {
    let report = hostile();
    let none = BTreeSet::new();
    assert!(told(&report, &none).is_failed());
    let text = json_text(&json(&told(&report, &none)));
    let known = keys(&text).expect("a report of ours");
    assert_eq!(known.len(), 2);
    let after = told(&report, &known);
    assert!(!after.is_failed());
    assert!(junit(&after).contains("failures=\"0\""));
    assert!(table(&after, look(None, false)).contains("known: "));
    assert_eq!(sarif(&after)["runs"][0]["results"][0]["baselineState"], "unchanged");
    for bad in ["", "[]", "{\"findings\":[{}]}", "{\"findings\":{}}", "nonsense"] {
        assert!(keys(bad).is_err(), "{bad}");
    }
    assert_eq!(keys("{\"findings\":[]}"), Ok(BTreeSet::new()));
}

#[test]
fn one_address_takes_twelve_lines() {
    let (mut report, known) = (hostile(), BTreeSet::new());
    report.findings.clear();
    report.left_out.clear();
    for columns in [40, 60, 80, 120] {
        let text = table(&told(&report, &known), look(Some(columns), false));
        let first = text.split("\n\n").next().unwrap_or_default();
        assert!(first.lines().count() <= 12, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
    }
    let ascii = TableLook { unicode: false, ..look(Some(100), true) };
    report.grid.closing = None;
    assert!(table(&told(&report, &known), ascii).is_ascii());
}

#[test]
fn colours_are_for_terminals_that_have_them() {
    let (report, known) = (hostile(), BTreeSet::new());
    let painted = TableLook { colour: true, ..look(Some(80), true) };
    let text = table(&told(&report, &known), painted);
    // Ours are all that is left of what begins with an escape.
    for rest in text.split('\u{1b}').skip(1) {
        let is_ours = ["[31m", "[32m", "[33m", "[2m", "[0m"].iter().any(|c| rest.starts_with(c));
        assert!(is_ours, "{rest:?}");
    }
    assert!(text.contains("\u{1b}[31mhigh"), "{text}");
}

#[test]
fn what_is_written_can_be_read_back() {
    let report = hostile();
    for finding in &report.findings {
        let value = finding_json(finding);
        assert_eq!(finding_of(&value).as_ref(), Some(finding));
        for member in ["check", "severity", "engines", "title", "evidence"] {
            let mut broken = value.clone();
            broken[member] = Value::from("nonsense");
            let read = finding_of(&broken);
            assert!(read.is_none() || member == "title", "{member}: {read:?}");
        }
    }
    let value = grid_of(report.grid.rows.first(), report.grid.closing.as_ref());
    assert_eq!(row_of(&value["row"]).as_ref(), report.grid.rows.first());
    assert_eq!(closing_of(&value["address"]), report.grid.closing);
    assert_eq!(row_of(&Value::Null), None);
}

/// The strongest statement has words of its own, and is no refusal of the backend's.
#[test]
fn what_a_tap_saw_to_be_kept_out_is_said() {
    let report = hostile();
    let known = BTreeSet::new();
    let told = told(&report, &known);
    let text = table(&told, look(None, false));
    assert!(text.contains("□ does not run it (403), ┄ hidden"), "{text}");
    let own = &json(&told)["callers"]["address"]["rows"][3]["any"]["backend"];
    assert_eq!((&own["does"], &own["rung"]), (&"never came there".into(), &"E4".into()), "{own}");
}
