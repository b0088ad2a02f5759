//! Reading a scenario's file, and saying where and how it is wrong.

use super::{Caller, Payload, Place, Said, Scenario, Side, Step, Way};
use std::fmt;
use thiserror::Error;

/// Bytes of a file, at most.
const FILE_BYTES_MAX: usize = 64 * 1024;
/// Steps of a scenario, at most.
const STEPS_MAX: usize = 40;
/// Requests of one step, at most.
const TIMES_MAX: u32 = 20_000;
/// Addresses of one step, at most: one network of IPv4. As many visitors.
const ADDRESSES_MAX: u32 = 250;
/// Cookies that one page writes, at most.
const SETS_MAX: usize = 20;
/// Seconds that a gate's clock is turned on, at most.
const SECONDS_MAX: u32 = 86_400;

/// What is wrong with a scenario's file: all of it.
#[derive(Clone, Debug, Error)]
pub struct ScenarioError {
    name: String,
    faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    /// The line, from 1; 0 where it is nowhere.
    line: usize,
    /// What, with the line's text and a caret where the parser says it.
    what: String,
    /// How to mend it.
    hint: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match fault.line {
                0 => write!(f, "{}: {}", self.name, fault.what)?,
                line => write!(f, "{}:{line}: {}", self.name, fault.what)?,
            }
            if !fault.hint.is_empty() {
                write!(f, "\n  help: {}", fault.hint)?;
            }
        }
        Ok(())
    }
}

/// Reads a file of that name.
///
/// # Errors
/// Everything that is wrong with it, each with its line and a hint.
pub fn read(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let wrong = |faults| ScenarioError { name: name.to_owned(), faults };
    if text.len() > FILE_BYTES_MAX {
        let what = format!("{} bytes, at most {FILE_BYTES_MAX}", text.len());
        return Err(wrong(vec![fault(0, what, "split it into two stories")]));
    }
    let scenario: Scenario = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let shown = text.lines().nth(line - 1).unwrap_or_default();
        let what = format!("{}\n  | {shown}", error.message());
        wrong(vec![fault(line, what, hint(error.message()))])
    })?;
    let mut faults = Vec::new();
    look(&scenario, text, &mut faults);
    if faults.is_empty() { Ok(scenario) } else { Err(wrong(faults)) }
}

fn fault(line: usize, what: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault { line, what: what.into(), hint: hint.into() }
}

/// A word of help for what the parser says.
fn hint(message: &str) -> &'static str {
    if message.contains("unknown field") {
        "take away the word, or spell it like one of those"
    } else if message.contains("unknown variant") {
        "write one of those words"
    } else if message.contains("missing field") {
        "add it; scenarios/README.md says what each is for"
    } else {
        "scenarios/README.md has an example of every part"
    }
}

/// What the parser cannot see.
fn look(scenario: &Scenario, text: &str, faults: &mut Vec<Fault>) {
    let line_of =
        |needle: &str| text.find(needle).map_or(0, |at| text[..at].matches('\n').count() + 1);
    let is_id = |id: &str| {
        !id.is_empty()
            && id.len() <= 40
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if !is_id(&scenario.id) {
        let hint = "lower-case letters, digits and hyphens, at most 40";
        faults.push(fault(line_of("id"), format!("`{}` is no id", scenario.id), hint));
    }
    // What waits for a layer and has no other side has nothing to do yet.
    let is_idle = scenario.gate_only && !scenario.waits_for.is_empty();
    if (scenario.steps.is_empty() && !is_idle) || scenario.steps.len() > STEPS_MAX {
        let what = format!("{} steps: from one to {STEPS_MAX}", scenario.steps.len());
        faults.push(fault(0, what, "add [[step]], or make two stories of it"));
    }
    let answers = scenario.ask.step.checked_sub(1).and_then(|at| scenario.steps.get(at));
    if answers.is_none() && !is_idle {
        let what = format!("the question is about step {}, and there is none", scenario.ask.step);
        faults.push(fault(line_of("ask"), what, "steps are counted from 1"));
    }
    for word in scenario.not_on_http.keys() {
        if doorward_browser::EngineId::of_word(word).is_none() {
            let hint = "chromium, firefox or webkit";
            faults.push(fault(line_of("not-on-http"), format!("`{word}` is no engine"), hint));
        }
    }
    let starts: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim() == "[[step]]")
        .map(|(at, _)| at + 1)
        .collect();
    for (at, step) in scenario.steps.iter().enumerate() {
        let line = starts.get(at).copied().unwrap_or_default();
        let mut doubts = doubts(scenario, step);
        doubts.extend(doubts_of_passes(scenario, at, step));
        faults.extend(doubts.into_iter().map(|(what, hint)| fault(line, what, hint)));
    }
}

/// What is wrong with one step.
fn doubts(scenario: &Scenario, step: &Step) -> Vec<(String, &'static str)> {
    let mut doubts = Vec::new();
    let mut doubt = |what: &str, hint: &'static str| {
        doubts.push((format!("the step `{}` {what}", step.says), hint));
    };
    if step.off.is_none() && step.on.is_none() {
        doubt("expects nothing", "add [step.off], [step.on] or both");
    }
    for side in [Side::Off, Side::On] {
        if step.expected(side).is_some_and(|expected| !expected.says_something()) {
            doubt("expects nothing of the caller or the backend", "add `gets` or `backend`");
        }
    }
    if !scenario.waits_for.is_empty() && step.on.is_some() {
        doubt("expects something of a gate that is not built yet", "take away [step.on]");
    }
    if scenario.gate_only && step.off.is_some() {
        doubt("has a side without the gate", "take away [step.off] or `gate-only`");
    }
    let own = step.with_gate.as_ref().map(|own| &own.request);
    let is_typed = |said: &Said| {
        let is_implied = said.asks.is_some() || step.copy_of.is_some();
        said.path.starts_with('/') || (said.path.is_empty() && is_implied)
    };
    if ![Some(&step.request), own].into_iter().flatten().all(is_typed) {
        doubt("has no path", "write request.path = \"/api/data\"");
    }
    let is_page = step.caller.is_page();
    if !is_page && step.way != Way::Fetch {
        doubt("is a program's, and has a page's way", "take away `way`");
    }
    if is_page && (step.times != 1 || step.addresses != 1) {
        doubt("is a page's, and happens often", "let a program do it: caller = \"script\"");
    }
    let said = &step.request;
    if is_page && (said.with_key || said.with_token || said.signed_as.is_some()) {
        doubt("is a page's, and takes what only programs are given", "take away `with-…`");
    }
    if step.sets_cookies() && (!is_page || step.way.is_without_scripts()) {
        doubt("writes cookies, and runs no script", "let a page do it, with way = \"fetch\"");
    }
    let sets = || [Some(said), own].into_iter().flatten().map(|said| &said.sets);
    let is_named =
        |line: &String| line.find('=').is_some_and(|at| at > 0 && !line[..at].contains(';'));
    if sets().any(|sets| sets.len() > SETS_MAX || !sets.iter().all(is_named)) {
        doubt("writes too many cookies, or one without a name", "sets = [\"name=value; Path=/\"]");
    }
    if step.times == 0 || step.times > TIMES_MAX {
        doubt("happens never or too often", "from 1 to 20000 times");
    }
    if step.addresses == 0 || step.addresses > ADDRESSES_MAX {
        doubt("comes from no or too many addresses", "from 1 to 250");
    }
    if step.to == Place::PaidAi && step.caller == Caller::Own {
        doubt("is of the paid service's own page, and it has none", "choose another caller");
    }
    doubts
}

/// What is wrong with a step's passes and copies.
fn doubts_of_passes(scenario: &Scenario, at: usize, step: &Step) -> Vec<(String, &'static str)> {
    let mut doubts = Vec::new();
    let mut doubt = |what: &str, hint: &'static str| {
        doubts.push((format!("the step `{}` {what}", step.says), hint));
    };
    let gated = step.on_side(Side::On);
    let (said, is_page) = (&gated.request, step.caller.is_page());
    let is_gates = matches!(gated.to, Place::Api | Place::ShopHost);
    if said.signed && !is_gates {
        doubt("is signed where no gate is", "call `api` or `shop-host`, or take away `signed`");
    }
    if (said.signed || said.asks.is_some()) && step.on.is_none() {
        doubt("is signed, and never meets a gate", "add [step.on], or take away `signed`");
    }
    if is_page && said.signed && !matches!(step.way, Way::Fetch | Way::Xhr) {
        doubt("is signed in a way that carries no headers", "way = \"fetch\" or \"xhr\"");
    }
    if said.with_csrf && (!is_page || !is_gates || step.on.is_none()) {
        doubt("has a CSRF token where none is given", "let a page call `api`, with [step.on]");
    }
    let is_encoded = step.way == Way::Form && matches!(said.body, Some(Payload::Encoded { .. }));
    let carries = matches!(step.way, Way::Fetch | Way::Xhr | Way::Form) && !is_encoded;
    if said.with_csrf && !carries {
        doubt(
            "has a CSRF token in a way that carries none",
            "a \"fetch\", an \"xhr\", or a \"form\" with fields",
        );
    }
    if is_page && (step.copy_of.is_some() || said.asks.is_some()) {
        doubt("is a page's, and does what only programs do", "let a program do it");
    }
    if said.asks.is_some() && (!is_gates || said.signed || step.off.is_some()) {
        doubt("asks for a pass where none is given", "call `api`, with [step.on] alone");
    }
    if step.visitors == 0 || step.visitors > ADDRESSES_MAX {
        doubt("is of no or too many visitors", "from 1 to 250");
    }
    if step.visitors > 1 && (!said.signed || step.addresses > 1) {
        doubt("has visitors without passes", "add signed = true, from one address");
    }
    if step.over > SECONDS_MAX || step.later > SECONDS_MAX {
        doubt("takes too long", "at most a day: 86400 seconds");
    }
    if step.over > 0 && is_page {
        doubt("is a page's, and is spread over a time", "take away `over`");
    }
    if let Some(of) = step.copy_of {
        let copied = of.checked_sub(1).filter(|of| *of < at);
        let copied = copied.and_then(|of| scenario.steps.get(of));
        let is_there = |copied: &Step| {
            (step.off.is_none() || copied.off.is_some())
                && (step.on.is_none() || copied.on.is_some())
        };
        if !copied.is_some_and(is_there) {
            doubt("copies what was not sent before", "name an earlier step, counted from 1");
        }
        if step.to != Place::default() || step.with_gate.is_some() {
            doubt("is a copy, and says where to", "take it away: it goes where the other went");
        }
        if said.signed {
            doubt("is a copy, and signed anew", "take away `signed` or `copy-of`");
        }
    }
    if step.with_gate.is_some() && step.on.is_none() {
        doubt("has a `with-gate`, and no gate", "add [step.on]");
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::read;

    const GOOD: &str = r#"
id = "own"
title = "Mine"
story = "A page reads."
lesson = "It does."
not-stopped = "All else."
ask = { question = "Will it?", yes = "Yes", no = "No", about = "read" }

[[step]]
says = "it reads"
caller = "shop"
request.path = "/api/data"
off = { gets = "read", backend = "executed" }
"#;

    #[test]
    fn a_good_one() {
        let scenario = read("own.toml", GOOD).expect("good");
        assert_eq!(scenario.steps.len(), 1);
        assert_eq!(scenario.steps[0].method(), "GET");
    }

    #[test]
    fn a_page_may_write_cookies() {
        let text = GOOD.replace("/api/data\"", "/api/data\"\nrequest.sets = [\"a=1; Path=/\"]");
        let scenario = read("own.toml", &text).expect("good");
        assert!(scenario.steps[0].needs_window());
    }

    #[test]
    fn bad_ones_say_where_what_and_how_to_mend_it() {
        let rows = [
            (
                GOOD.replace("caller = \"shop\"", "caller = \"nobody\""),
                "own.toml:11: ",
                "write one",
            ),
            (GOOD.replace("says =", "sys ="), "own.toml:10: ", "spell it like"),
            (GOOD.replace("title = \"Mine\"\n", ""), "missing field `title`", "add it"),
            (GOOD.replace("id = \"own\"", "id = \"Own one\""), "own.toml:2: ", "lower-case"),
            (GOOD.replace("id = \"own\"", "id = "), "own.toml:2: ", "help"),
            (
                GOOD.replace("off = { gets = \"read\", backend = \"executed\" }", ""),
                "own.toml:9: ",
                "expects nothing",
            ),
            (GOOD.replace("\"/api/data\"", "\"api/data\""), "own.toml:9: ", "has no path"),
            (
                GOOD.replace("caller = \"shop\"", "caller = \"shop\"\ntimes = 3"),
                "own.toml:9: ",
                "let a program do it",
            ),
            (
                GOOD.replace("caller = \"shop\"", "caller = \"curl\"\nway = \"form\""),
                "own.toml:9: ",
                "a page's way",
            ),
            (
                GOOD.split("[[step]]").next().unwrap_or_default().to_owned(),
                "missing field `step`",
                "add it",
            ),
            (
                GOOD.replace("caller = \"shop\"", "caller = \"curl\"\ncopy-of = 1"),
                "own.toml:9: ",
                "an earlier step",
            ),
            (
                GOOD.replace("/api/data\"", "/api/data\"\nrequest.signed = true"),
                "own.toml:9: ",
                "never meets a gate",
            ),
            (
                GOOD.replace("caller = \"shop\"", "caller = \"curl\"\nvisitors = 2"),
                "own.toml:9: ",
                "add signed = true",
            ),
            (
                GOOD.replace(
                    "caller = \"shop\"",
                    "caller = \"curl\"\nrequest.asks = \"with-work\"",
                ),
                "own.toml:9: ",
                "with [step.on] alone",
            ),
            (
                GOOD.replace("/api/data\"", "/api/data\"\nrequest.with-csrf = true"),
                "own.toml:9: ",
                "with [step.on]",
            ),
            (
                GOOD.replace(
                    "/api/data\"",
                    "/api/data\"\nrequest.with-csrf = true\nway = \"link\"",
                )
                .replace("off =", "on ="),
                "own.toml:9: ",
                "a \"form\" with fields",
            ),
            (
                GOOD.replace("/api/data\"", "/api/data\"\nrequest.sets = [\"a=1\"]")
                    .replace("\"shop\"", "\"curl\""),
                "own.toml:9: ",
                "let a page do it",
            ),
            (
                GOOD.replace("/api/data\"", "/api/data\"\nrequest.sets = [\"; Path=/a=1\"]"),
                "own.toml:9: ",
                "name=value",
            ),
            ("x".repeat(70_000), "own.toml: ", "split it"),
        ];
        for (text, place, hint) in rows {
            let error = read("own.toml", &text).expect_err("bad").to_string();
            assert!(error.contains(place) && error.contains(hint), "{place} {hint}: {error}");
        }
    }
}
