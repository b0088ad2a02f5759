//! What was seen of a step: by whoever asked, on the wire, and by the backend's own witness.

use crate::acts::{Price, Report};
use crate::backend::{Kind, Witness};
use crate::lab::Lab;
use crate::passes;
use crate::scenario::{Backend, Gets, Step};
use crate::wire::{Mark, Message, Node, What};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Lines of the backend's log that are shown of one step.
const LOG_LINES_MAX: usize = 12;

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Seen {
    /// What the caller got.
    pub gets: Option<Gets>,
    /// The status that it read.
    pub status: Option<u16>,
    /// The error that its script got, in the engine's words.
    pub error: String,
    /// The headers that its script could read.
    pub headers: BTreeMap<String, String>,
    /// The beginning of what it read.
    pub body: String,
    /// The names of the cookies that arrived, sorted.
    pub cookies: Vec<String>,
    /// What the answers set, as they said it.
    pub set_cookies: Vec<String>,
    /// The `Origin` that arrived.
    pub origin: Option<String>,
    /// What the backend's log says, each once. Only its witness writes here.
    pub backend: Vec<Backend>,
    /// How often it ran the request.
    pub executed: u64,
    /// The lines of its log.
    pub log: Vec<LogLine>,
    /// The gate's code for what it refused.
    pub gate: Option<String>,
    /// How many requests came to which status, where there were many.
    pub statuses: BTreeMap<u16, u64>,
    /// Whether a refusal said when to come back.
    pub retry_after: bool,
    /// Nothing reached the API: the shared cache answered.
    pub from_cache: bool,
    /// Euros that moved to the attacker.
    pub moved: i64,
    /// What the passes cost that a program asked for.
    pub price: Option<Price>,
    /// Whether the paid service's key was in anything that the caller sent or was sent.
    pub shows_key: bool,
}

/// One line of the backend's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LogLine {
    /// What became of the request.
    pub kind: Backend,
    /// The request.
    pub request: String,
    /// Who it said it was.
    pub origin: Option<String>,
    /// What happened.
    pub what: String,
}

impl LogLine {
    /// What a witness noted of one step.
    pub(crate) fn of(witness: &Witness, mark: Mark) -> Vec<Self> {
        let events = witness.events().into_iter();
        let own = events.filter(|event| event.mark == Some(mark));
        own.map(|event| Self {
            kind: match event.kind {
                Kind::Executed => Backend::Executed,
                Kind::Preflight => Backend::Asked,
                Kind::Refused => Backend::Refused,
                // A caller who left is told of by the execution before, if there was one.
                Kind::Missing | Kind::CutOff => Backend::Missing,
            },
            request: format!(
                "{} {}",
                event.method,
                Mark::off(&format!("{}?{}", event.path, event.query))
            ),
            origin: event.origin,
            what: event.what,
        })
        .collect()
    }
}

/// What the attacker has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger(i64);

impl Ledger {
    pub(super) fn of(lab: &Lab) -> Self {
        Self(lab.bank.balance("evil").unwrap_or_default())
    }
}

/// Where it is seen.
pub(super) struct Observed<'a> {
    /// Of all that stands behind: a mark is one step's.
    pub(super) witnesses: [&'a Witness; 2],
    pub(super) wire: &'a [Message],
    pub(super) mark: Mark,
    pub(super) step: &'a Step,
    pub(super) report: Option<Report>,
    pub(super) before: Ledger,
    /// The paid service's key.
    pub(super) key: &'a str,
    /// The request as its author wrote it.
    pub(super) shown: &'a str,
}

impl Observed<'_> {
    pub(super) fn seen(self, after: Ledger) -> Seen {
        let mut seen = Seen { moved: after.0 - self.before.0, ..Seen::default() };
        self.backend(&mut seen);
        self.travelled(&mut seen);
        self.caller(&mut seen);
        seen.shows_key = self.shows_key();
        seen
    }

    /// Whether the key is in what the caller wrote, sent, heard or read.
    fn shows_key(&self) -> bool {
        let has = |text: &str| !self.key.is_empty() && text.contains(self.key);
        let in_any = |headers: &[(String, String)]| headers.iter().any(|(_, value)| has(value));
        let travelled = self.wire.iter().any(|message| {
            let is_callers = message.from == Node::Caller || message.to == Node::Caller;
            is_callers
                && match &message.what {
                    What::Request { target, headers, .. } => has(target) || in_any(headers),
                    What::Answer { headers, .. } => in_any(headers),
                    What::Broken => false,
                }
        });
        let read = self.report.as_ref().is_some_and(|report| {
            has(&report.body) || report.headers.values().any(|value| has(value))
        });
        travelled || read || has(self.shown)
    }

    /// What the page's script asks the gate for by itself, ahead of the request that it is for.
    fn asides(&self) -> HashSet<u64> {
        let said = &self.step.request;
        let is_meant = said.asks.is_some() || said.path.starts_with(passes::OWN);
        let own = self.wire.iter().filter(|_| !is_meant);
        own.filter(|message| message.what.is_aside()).map(|message| message.exchange).collect()
    }

    /// What the backend itself says. Nothing else is taken for an execution.
    fn backend(&self, seen: &mut Seen) {
        let lines = self.witnesses.iter().flat_map(|witness| LogLine::of(witness, self.mark));
        for line in lines {
            seen.executed += u64::from(line.kind == Backend::Executed);
            if !seen.backend.contains(&line.kind) {
                seen.backend.push(line.kind);
            }
            if seen.log.len() < LOG_LINES_MAX {
                seen.log.push(line);
            }
        }
        seen.backend.sort_unstable();
    }

    /// What the taps noted between the caller and whatever it called.
    fn travelled(&self, seen: &mut Seen) {
        let asides = self.asides();
        let is_own = |message: &&Message| !asides.contains(&message.exchange);
        let asked = |message: &&Message| message.from == Node::Caller && is_own(message);
        let requests = self.wire.iter().filter(asked).filter_map(|message| match &message.what {
            What::Request { method, headers, .. } => Some((method, headers)),
            What::Answer { .. } | What::Broken => None,
        });
        // The request itself is told of before the question that came ahead of it.
        let mut requests: Vec<_> = requests.collect();
        requests.sort_by_key(|(method, _)| *method == "OPTIONS");
        if let Some((_, headers)) = requests.first() {
            let value = |name: &str| {
                let own = headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
                own.map(|(_, value)| value.clone())
            };
            seen.origin = value("origin");
            seen.cookies = cookie_names(&value("cookie").unwrap_or_default());
        }
        for message in self.wire.iter().filter(is_own) {
            let What::Answer { headers, .. } = &message.what else { continue };
            let values = |name: &'static str| {
                let own = headers.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name));
                own.map(|(_, value)| value.clone())
            };
            if message.from == Node::Gate {
                seen.gate = values("doorward-refusal").next().or(seen.gate.take());
            }
            if message.to == Node::Caller {
                seen.set_cookies.extend(values("set-cookie"));
                seen.retry_after |= values("retry-after").next().is_some();
            }
        }
        let reached = |node| self.wire.iter().any(|message| message.to == node);
        let fetched = self
            .wire
            .iter()
            .any(|message| message.from == Node::Cache && message.to != Node::Caller);
        seen.from_cache = reached(Node::Cache) && !fetched;
    }

    /// What the caller got.
    fn caller(&self, seen: &mut Seen) {
        let is_answered = self.wire.iter().any(|message| {
            message.to == Node::Caller && matches!(message.what, What::Answer { .. })
        });
        let was_asked = self.wire.iter().any(|message| message.from == Node::Caller);
        let Some(report) = &self.report else {
            seen.gets = Some(match (is_answered, self.step.way.navigates()) {
                (true, true) => Gets::Navigated,
                (true, false) => Gets::Silent,
                (false, _) => Gets::Nothing,
            });
            return;
        };
        seen.status = report.status;
        seen.error.clone_from(&report.error);
        seen.headers.clone_from(&report.headers);
        seen.body.clone_from(&report.body);
        seen.statuses.clone_from(&report.statuses);
        seen.price = report.price;
        if seen.gate.is_none() && !self.step.caller.is_page() {
            // Of a flood the wire keeps the beginning; a program reads its last answer's headers.
            seen.gate = report.headers.get("doorward-refusal").cloned();
            seen.retry_after |= report.headers.contains_key("retry-after");
        }
        seen.gets = Some(match report.outcome.as_str() {
            "read" => Gets::Read,
            "opaque" => Gets::Opaque,
            "threw" if was_asked => Gets::Hidden,
            "threw" => Gets::Throws,
            "loaded" | "failed" | "unsupported" => Gets::Silent,
            _ => Gets::Nothing,
        });
    }
}

/// The names in a `Cookie` line, sorted; twice where it came twice.
pub(crate) fn cookie_names(line: &str) -> Vec<String> {
    let pairs = line.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    let mut names: Vec<String> =
        pairs.map(|pair| pair.split('=').next().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Observed};
    use crate::acts::Report;
    use crate::backend::Witness;
    use crate::scenario::{Gets, Step};
    use crate::wire::{Mark, Message, Node, What};

    /// The wire, the page and even the backend's own answer may say what they like.
    #[test]
    fn what_no_witness_saw_was_not_executed() {
        let step: Step =
            toml::from_str("says = \"x\"\ncaller = \"evil\"\nrequest.path = \"/transfer\"")
                .expect("a step");
        let mark = Mark { run: 1, step: 0 };
        let message = |from, to, what| Message { mark, at_us: 0, exchange: 1, from, to, what };
        let headers = vec![("x-executed".to_owned(), "true".to_owned())];
        let wire = [
            message(
                Node::Caller,
                Node::Backend,
                What::Request {
                    method: "POST".to_owned(),
                    host: "api.shop.localhost".to_owned(),
                    target: "/transfer".to_owned(),
                    headers: headers.clone(),
                },
            ),
            message(Node::Backend, Node::Caller, What::Answer { status: 200, headers }),
        ];
        let report = Report {
            outcome: "read".to_owned(),
            status: Some(200),
            body: "executed: 100 € moved".to_owned(),
            ..Report::default()
        };
        let witness = Witness::new(None);
        let observed = Observed {
            witnesses: [&witness, &witness],
            wire: &wire,
            mark,
            step: &step,
            report: Some(report),
            before: Ledger(0),
            key: "sk-lab-1",
            shown: "fetch(…)",
        };
        let seen = observed.seen(Ledger(0));
        assert_eq!(seen.gets, Some(Gets::Read));
        assert_eq!((seen.executed, seen.backend, seen.moved), (0, Vec::new(), 0));
        assert!(!seen.shows_key);
    }

    #[test]
    fn a_key_is_found_wherever_the_caller_can_see_it() {
        let step: Step =
            toml::from_str("says = \"x\"\ncaller = \"shop\"\nrequest.path = \"/v1/chat\"")
                .expect("a step");
        let mark = Mark { run: 1, step: 0 };
        let headers = vec![("authorization".to_owned(), "Bearer sk-lab-1".to_owned())];
        let (method, host) = ("POST".to_owned(), "ai.localhost".to_owned());
        let what = What::Request { method, host, target: "/v1/chat".to_owned(), headers };
        let on = |from, to| Message { mark, at_us: 0, exchange: 1, from, to, what: what.clone() };
        let read = Report { body: "your key is sk-lab-1".to_owned(), ..Report::default() };
        let rows = [
            (on(Node::Caller, Node::PaidAi), None, "fetch(…)", true),
            (on(Node::Gate, Node::PaidAi), None, "fetch(…)", false),
            (on(Node::Gate, Node::PaidAi), Some(read), "fetch(…)", true),
            (on(Node::Gate, Node::PaidAi), None, "curl -H 'Authorization: Bearer sk-lab-1'", true),
        ];
        let witness = Witness::new(None);
        for (message, report, shown, want) in rows {
            let wire = [message];
            let (witnesses, before, key) = ([&witness, &witness], Ledger(0), "sk-lab-1");
            let observed =
                Observed { witnesses, wire: &wire, mark, step: &step, report, before, key, shown };
            assert_eq!(observed.seen(Ledger(0)).shows_key, want, "{shown}");
        }
    }
}
