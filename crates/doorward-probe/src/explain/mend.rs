//! The smallest change that makes it work, found by trying.

use super::{Answers, Judged, is_blind, judge};
use doorward_browser::{Answer, Credentials, Document, EngineId, Headers, Mode, Reading, Request};

/// A change of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Of which answer.
    pub on: On,
    /// What.
    pub what: What,
}

/// An answer of the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// That to the preflight.
    Preflight,
    /// That to the request.
    Answer,
}

/// What is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Its status.
    Status(u16),
    /// A header: it stands once, with this value.
    Set(&'static str, String),
    /// A header: it is left out.
    Remove(&'static str),
    /// A name more in a header that is a list.
    Add(&'static str, &'static str),
}

/// What was found.
pub(super) struct Mended {
    pub(super) changes: Vec<Change>,
    pub(super) page_changes: Vec<String>,
}

const ORIGIN: &str = "Access-Control-Allow-Origin";
const CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const METHODS: &str = "Access-Control-Allow-Methods";
const HEADERS: &str = "Access-Control-Allow-Headers";

/// Headers that a page seldom means to send to another origin.
const SELDOM_MEANT: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "cache-control",
    "pragma",
    "user-agent",
    "x-requested-with",
];

/// The smallest change of the answers, and changes of the call that are enough by themselves.
pub(super) fn mended(
    judged: &Judged,
    page: &Document,
    request: &Request,
    answers: &Answers,
) -> Mended {
    let none = Mended { changes: Vec::new(), page_changes: Vec::new() };
    if judged.works() {
        return none;
    }
    let (engine, mut page_changes) = (judged.engine, Vec::new());
    let mut wanted = request.clone();
    if is_blind(request) {
        wanted.mode = Mode::Cors;
        page_changes
            .push("leave `mode: \"no-cors\"` out: with it no answer can be read".to_owned());
    }
    let changes = smallest(engine, page, &wanted, answers);
    if !changes.is_empty() || !is_blind(request) {
        for (changed, how) in candidates(&wanted, judged) {
            if lets(engine, page, &changed, answers) {
                page_changes.push(how);
            }
        }
    }
    Mended { changes: dressed(changes, answers), page_changes }
}

/// Whether the page reads the answer; or is let so far, and goes on to the next address.
fn lets(engine: EngineId, page: &Document, request: &Request, answers: &Answers) -> bool {
    judge(engine, page, request, answers).goes_on()
}

/// Tries every set of changes, the smaller ones first.
fn smallest(
    engine: EngineId,
    page: &Document,
    request: &Request,
    answers: &Answers,
) -> Vec<Change> {
    if lets(engine, page, request, answers) {
        return Vec::new();
    }
    let possible = possible(engine, page, request, answers);
    let mut sets: Vec<u32> = (1..1u32 << possible.len()).collect();
    // Where several of one size work, the first of the list counts for most.
    sets.sort_by_key(|set| (set.count_ones(), *set));
    for set in sets {
        let chosen: Vec<&Change> = possible
            .iter()
            .enumerate()
            .filter(|(at, _)| set >> at & 1 == 1)
            .map(|(_, change)| change)
            .collect();
        let mut changed = whole(answers);
        for change in &chosen {
            apply(&mut changed, change);
        }
        if lets(engine, page, request, &changed) {
            return chosen.into_iter().cloned().collect();
        }
    }
    Vec::new()
}

/// The changes that are worth trying: seven at most, so 127 sets.
fn possible(
    engine: EngineId,
    page: &Document,
    request: &Request,
    answers: &Answers,
) -> Vec<Change> {
    let judged = judge(engine, page, request, answers);
    let verdict = &judged.verdict;
    // What is not sent at all is not mended by an answer, nor is one that never came.
    let is_asked = verdict.preflight.is_some() || verdict.sent.is_some();
    if judged.cause.id == "no-answer" || !is_asked {
        return Vec::new();
    }
    let origin = page.origin().to_string();
    let with_credentials = request.credentials == Credentials::Include;
    let mut out = Vec::new();
    let mut add = |on: On, what: What| out.push(Change { on, what });
    let asked = verdict.preflight.as_ref().and_then(|preflight| preflight.sent.as_ref());
    if let Some(asked) = asked {
        let answer = answers.to(asked);
        let value = |name: &str| asked.headers.joined(name).unwrap_or_default();
        if !(200..300).contains(&answer.status) {
            add(On::Preflight, What::Status(204));
        }
        add(On::Preflight, What::Set(ORIGIN, origin.clone()));
        if with_credentials {
            add(On::Preflight, What::Set(CREDENTIALS, "true".to_owned()));
        }
        let wanted = [value("access-control-request-method")];
        add(On::Preflight, What::Set(METHODS, longer(&answer.headers, METHODS, &wanted)));
        let names = value("access-control-request-headers");
        let wanted: Vec<String> = names.split(',').map(str::to_owned).collect();
        if names.is_empty() {
            // It is read all the same, and what is no list is no yes.
            add(On::Preflight, What::Remove(HEADERS));
        } else {
            add(On::Preflight, What::Set(HEADERS, longer(&answer.headers, HEADERS, &wanted)));
        }
    }
    add(On::Answer, What::Set(ORIGIN, origin));
    if with_credentials {
        add(On::Answer, What::Set(CREDENTIALS, "true".to_owned()));
    }
    out
}

/// A list with more members; what was in it stays, but for what is no name.
fn longer(headers: &Headers, name: &str, wanted: &[String]) -> String {
    let said = headers.joined(name).unwrap_or_default();
    let is_name = |one: &&str| {
        !one.is_empty() && one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let mut members: Vec<String> =
        said.split(',').map(str::trim).filter(is_name).map(str::to_owned).collect();
    for one in wanted {
        let is_there = match name {
            // Methods are compared as they are; names of headers are not.
            METHODS => members.contains(one),
            _ => members.iter().any(|own| own.eq_ignore_ascii_case(one)),
        };
        if !is_there {
            members.push(one.clone());
        }
    }
    members.join(", ")
}

/// The answers with both of them written out, so that one can change without the other.
pub(super) fn whole(answers: &Answers) -> Answers {
    let answer = answers.answer.clone();
    let answer = answer.unwrap_or_else(|| Answer { status: 200, ..Answer::default() });
    let preflight = answers.preflight.clone().unwrap_or_else(|| answer.clone());
    Answers { preflight: Some(preflight), answer: Some(answer), ..*answers }
}

pub(super) fn apply(answers: &mut Answers, change: &Change) {
    let answer = match change.on {
        On::Preflight => &mut answers.preflight,
        On::Answer => &mut answers.answer,
    };
    let Some(answer) = answer else { return };
    let without = |name: &str| -> Headers {
        let others = answer.headers.iter().filter(|(own, _)| !own.eq_ignore_ascii_case(name));
        others.collect()
    };
    match &change.what {
        What::Status(status) => answer.status = *status,
        What::Set(name, value) => {
            let mut headers = without(name);
            headers.append(*name, value.as_str());
            answer.headers = headers;
        }
        What::Remove(name) => answer.headers = without(name),
        What::Add(name, value) => answer.headers.append(*name, *value),
    }
}

/// Adds `Vary: Origin` where an origin is named: a cache must not give one page's answer to
/// another.
fn dressed(changes: Vec<Change>, answers: &Answers) -> Vec<Change> {
    let whole = whole(answers);
    let varies = |answer: Option<&Answer>| {
        let said = answer.and_then(|answer| answer.headers.joined("vary")).unwrap_or_default();
        said.split(',').any(|one| matches!(one.trim(), "*") || is_origin(one.trim()))
    };
    let mut out = Vec::new();
    for change in changes {
        let on = change.on;
        let names_origin = matches!(change.what, What::Set(ORIGIN, _));
        out.push(change);
        let answer = match on {
            On::Preflight => whole.preflight.as_ref(),
            On::Answer => whole.answer.as_ref(),
        };
        if names_origin && !varies(answer) {
            out.push(Change { on, what: What::Add("Vary", "Origin") });
        }
    }
    out
}

fn is_origin(text: &str) -> bool {
    text.eq_ignore_ascii_case("origin")
}

/// Other calls that a page could make, and how to write them.
fn candidates(request: &Request, judged: &Judged) -> Vec<(Request, String)> {
    let mut out = Vec::new();
    let upper = request.method.to_ascii_uppercase();
    if upper != request.method {
        let changed = Request { method: upper.clone(), ..request.clone() };
        out.push((changed, format!("write the method in capitals: `{upper}`")));
    }
    if request.credentials == Credentials::Include {
        let changed = Request { credentials: Credentials::SameOrigin, ..request.clone() };
        out.push((changed, "leave `credentials: \"include\"` out".to_owned()));
    }
    if request.mode == Mode::SameOrigin {
        let changed = Request { mode: Mode::Cors, ..request.clone() };
        out.push((changed, "leave `mode: \"same-origin\"` out".to_owned()));
    }
    let is_thrown = judged.reading == Reading::Throws;
    if is_thrown && judged.cause.id == "body-not-allowed" {
        let changed = Request { method: "POST".to_owned(), ..request.clone() };
        out.push((changed, "use `method: \"POST\"`: GET and HEAD have no body".to_owned()));
    }
    let seldom = |name: &str| SELDOM_MEANT.contains(&name.to_ascii_lowercase().as_str());
    let named: Vec<&str> =
        request.headers.iter().map(|(name, _)| name).filter(|name| seldom(name)).collect();
    if !named.is_empty() {
        let mut changed = request.clone();
        changed.headers = request.headers.iter().filter(|(name, _)| !seldom(name)).collect();
        let what = if named.len() == 1 { "this header" } else { "these headers" };
        out.push((changed, format!("do not send {what}: {}", named.join(", "))));
    }
    out
}
