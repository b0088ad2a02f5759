//! Where the model and an engine differ.

use super::server::{Arrived, names_of};
use super::trial::Trial;
use serde_json::Value;

/// What the model says.
#[derive(Debug, Default)]
pub(super) struct Predicted {
    /// What arrives at servers.
    pub(super) arrived: Vec<Arrived>,
    /// What the page is told, each time.
    pub(super) page: Vec<End>,
    /// What the console says of CORS, each time that it says something.
    pub(super) console: Vec<String>,
}

/// What a page is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It reads.
    Read {
        /// The status.
        status: u16,
        /// The names of the headers that it sees.
        names: Vec<String>,
    },
    /// This word of the page's script.
    Is(&'static str),
    /// The model says nothing of it.
    Any,
}

/// What happened.
#[derive(Debug)]
pub(super) struct Seen {
    /// What arrived at the server.
    pub(super) arrived: Vec<Arrived>,
    /// What the page said, each time.
    pub(super) page: Vec<Value>,
    /// What the console said; none where it is not known.
    pub(super) console: Option<Vec<String>>,
}

/// Headers that are compared as they are. A browser's own others (languages, encodings) say
/// nothing about who asks.
const COMPARED: &[&str] = &[
    "origin",
    "referer",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-user",
    "access-control-request-method",
    "access-control-request-headers",
    "authorization",
    "x-custom",
    "x-requested-with",
    "x-http-method-override",
    "content-language",
    "last-event-id",
    "range",
    "proxy-authorization",
];

/// Cookies that every site sets at first.
const SEEDS: [&str; 4] = ["l", "n", "s", "u"];

/// What is said of one trial: what, by the model, by the engine.
pub(super) type Said = (String, String, String);

/// All differences.
pub(super) fn differences(trial: &Trial, predicted: &Predicted, seen: &Seen) -> Vec<Said> {
    let mut all = Vec::new();
    let steps = |arrived: &[Arrived]| arrived.iter().map(step).collect::<Vec<_>>().join(", ");
    let (ours, theirs) = (steps(&predicted.arrived), steps(&seen.arrived));
    if ours == theirs {
        for (ours, theirs) in predicted.arrived.iter().zip(&seen.arrived) {
            all.extend(headers(ours, theirs));
        }
    } else {
        all.push(("requests".to_owned(), ours, theirs));
    }
    for (ours, theirs) in predicted.page.iter().zip(&seen.page) {
        let ours = page(ours, trial);
        let theirs = said(theirs, trial);
        if ours != "any" && ours != theirs {
            all.push(("page".to_owned(), ours, theirs));
        }
    }
    if let Some(lines) = &seen.console {
        // `address line:column words`: the words are the browser's.
        const MARK: &str = " has been blocked by CORS policy";
        let theirs = lines
            .iter()
            .filter(|line| line.contains(MARK))
            .map(|line| line.split_once("Access to ").map_or(line.as_str(), |(_, words)| words));
        let ours =
            predicted.console.iter().filter(|line| line.contains(MARK)).map(|line| {
                line.split_once("Access to ").map_or(line.as_str(), |(_, words)| words)
            });
        let (ours, theirs): (Vec<_>, Vec<_>) = (ours.collect(), theirs.collect());
        if ours != theirs {
            all.push(("console".to_owned(), ours.join(" | "), theirs.join(" | ")));
        }
    }
    all
}

fn step(arrived: &Arrived) -> String {
    let kind = if arrived.is_preflight() { "asks" } else { "sends" };
    format!("{kind} {} to {}", arrived.method, arrived.hop)
}

fn headers(ours: &Arrived, theirs: &Arrived) -> Vec<Said> {
    let mut all = Vec::new();
    let kind = if ours.is_preflight() { "preflight" } else { "request" };
    let mut compare = |name: &str, ours: String, theirs: String| {
        if ours != theirs {
            all.push((format!("{kind}: {name}"), ours, theirs));
        }
    };
    let value = |arrived: &Arrived, name: &str| arrived.header(name).unwrap_or("-").to_owned();
    for name in COMPARED {
        compare(name, value(ours, name), value(theirs, name));
    }
    // Boundaries are random.
    let kind_of = |arrived: &Arrived| {
        let kind = value(arrived, "content-type");
        match kind.strip_prefix("multipart/form-data; boundary=") {
            Some(_) => "multipart/form-data".to_owned(),
            None => kind,
        }
    };
    compare("content-type", kind_of(ours), kind_of(theirs));
    let seeds = |arrived: &Arrived| {
        let mut names = names_of(arrived.header("cookie").unwrap_or_default());
        names.retain(|name| SEEDS.contains(&name.as_str()));
        names.sort();
        names.join(" ")
    };
    compare("cookie", seeds(ours), seeds(theirs));
    all
}

/// Names of headers that the trial's answers set; a server's own others are no matter.
fn own(names: impl Iterator<Item = String>, trial: &Trial) -> String {
    let set = |name: &String| {
        let mut headers = trial.replies.iter().flat_map(|reply| &reply.headers);
        headers.any(|(own, _)| own.eq_ignore_ascii_case(name))
    };
    let mut names: Vec<String> = names.filter(set).collect();
    names.sort();
    names.dedup();
    names.join(" ")
}

fn page(end: &End, trial: &Trial) -> String {
    match end {
        End::Any => "any".to_owned(),
        End::Is(word) => (*word).to_owned(),
        End::Read { status, names } => {
            format!("read {status}: {}", own(names.iter().cloned(), trial))
        }
    }
}

fn said(value: &Value, trial: &Trial) -> String {
    let end = value["end"].as_str().unwrap_or("nothing");
    if end != "read" {
        return end.to_owned();
    }
    let names = value["names"].as_array().into_iter().flatten();
    let names = names.filter_map(|name| name.as_str().map(str::to_owned));
    format!("read {}: {}", value["status"], own(names, trial))
}
