//! One page of a run, whole in itself: no script, nothing to fetch. It can be sent or embedded.
//!
//! Everything in it that somebody else wrote is text.

use crate::acts::escaped;
use crate::run::{Fault, FaultKind, Ran, StepRan};
use crate::scenario::{Backend, Gets, Scenario, Side};
use crate::wire::{Message, Node, What};
use std::fmt::Write;
use std::sync::Arc;

const STYLE: &str = include_str!("../../../web/record/record.css");

/// The page of these runs.
#[must_use]
pub fn page(runs: &[Arc<Ran>], scenarios: &[Arc<Scenario>]) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width\">\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src \
         'unsafe-inline'; img-src data:\">\n<link rel=icon href=\"data:,\">\n\
         <title>Doorward lab: what was seen</title>\n",
    );
    let _ = write!(out, "<style>\n{STYLE}</style>\n<body>\n<main>\n<h1>What was seen</h1>\n");
    let well = runs.iter().filter(|ran| ran.ok).count();
    let _ = writeln!(
        out,
        "<p>{} of {} runs agree with their file and with the model of the browser. What the \
         backend executed is read from its own log.</p>",
        well,
        runs.len()
    );
    for ran in runs {
        let scenario = scenarios.iter().find(|own| own.id == ran.scenario);
        run(ran, scenario.map(|own| &**own), &mut out);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn run(ran: &Ran, scenario: Option<&Scenario>, out: &mut String) {
    let title = scenario.map_or(ran.scenario.as_str(), |own| own.title.as_str());
    let gate = match ran.gate {
        Side::Off => "CORS alone",
        Side::On => "with the gate",
    };
    let _ = write!(
        out,
        "<section>\n<h2>{}, {gate}</h2>\n<p class=soft>{} in {}</p>\n",
        escaped(title),
        escaped(&ran.scenario),
        escaped(ran.engine)
    );
    for step in &ran.steps {
        step_of(step, out);
    }
    let balances = ran.balances.iter().map(|(name, balance)| format!("{name} {balance} €"));
    let balances = balances.collect::<Vec<_>>().join(", ");
    let _ = writeln!(out, "<p class=ledger>Ledger afterwards: {}</p>", escaped(&balances));
    if let Some(config) = &ran.config {
        let config = escaped(config);
        let _ = writeln!(
            out,
            "<details><summary>The gate's file</summary><pre>{config}</pre></details>"
        );
    }
    if let Some(scenario) = scenario {
        let _ = writeln!(out, "<p>{}</p>", escaped(&scenario.lesson));
        let _ = writeln!(
            out,
            "<p class=soft>What this does not stop: {}</p>",
            escaped(&scenario.not_stopped)
        );
    }
    out.push_str("</section>\n");
}

fn step_of(step: &StepRan, out: &mut String) {
    let _ = write!(
        out,
        "<article>\n<h3>{}</h3>\n<pre>{}</pre>\n<div class=columns>\n",
        escaped(&step.says),
        escaped(&step.shown)
    );
    let predicted = &step.predicted;
    let _ = write!(out, "<div><h4>predicted</h4><p>{}</p><ul>", gets(predicted.gets));
    for rule in &predicted.rules {
        let _ = write!(
            out,
            "<li>{} <small>{}</small></li>",
            escaped(&rule.says),
            escaped(&rule.section)
        );
    }
    let seen = &step.seen;
    let _ = write!(out, "</ul></div>\n<div><h4>the caller</h4><p>{}</p>", gets(seen.gets));
    if !seen.error.is_empty() {
        let _ = write!(out, "<pre>{}</pre>", escaped(&seen.error));
    }
    if let Some(status) = seen.status {
        let _ = write!(out, "<p>status {status}</p>");
    }
    let cookies = if seen.cookies.is_empty() { "none".to_owned() } else { seen.cookies.join(", ") };
    let _ = write!(out, "<p>cookies sent: {}</p>", escaped(&cookies));
    if let Some(price) = &seen.price {
        let _ = write!(
            out,
            "<p>passes: {}, of at most {} bits of work, {:.0} ms in all</p>",
            price.passes, price.bits, price.work_ms
        );
    }
    out.push_str("</div>\n<div><h4>the backend</h4>");
    for line in &seen.log {
        let (class, word) = ran_word(line.kind);
        let _ = write!(
            out,
            "<p class={class}>{word} {} <small>{}</small></p>",
            escaped(&line.request),
            escaped(&line.what)
        );
    }
    if let Some(code) = &seen.gate {
        let _ = write!(out, "<p class=refused>□ refused by the gate: {}</p>", escaped(code));
    }
    if seen.log.is_empty() {
        out.push_str("<p>⊘ not contacted</p>");
    }
    out.push_str("</div>\n</div>\n");
    for fault in &step.faults {
        let _ = writeln!(out, "<p class=fault>{}</p>", escaped(&fault_text(fault)));
    }
    wire(&step.wire, out);
    out.push_str("</article>\n");
}

fn wire(messages: &[Message], out: &mut String) {
    let Some(first) = messages.first() else { return };
    out.push_str("<details><summary>The wire</summary><ol class=wire>\n");
    for message in messages {
        let at = message.at_us.saturating_sub(first.at_us);
        let ms = format!("{}.{:02}", at / 1000, at % 1000 / 10);
        let (line, headers) = match &message.what {
            What::Request { method, target, headers, .. } => {
                (format!("{method} {target}"), headers)
            }
            What::Answer { status, headers } => (format!("{status}"), headers),
            What::Broken => ("no answer".to_owned(), &Vec::new()),
        };
        let _ = write!(
            out,
            "<li><code>{ms} ms {} → {}: {}</code><pre>",
            node(message.from),
            node(message.to),
            escaped(&line)
        );
        for (name, value) in headers {
            let _ = writeln!(out, "{}: {}", escaped(name), escaped(value));
        }
        out.push_str("</pre></li>\n");
    }
    out.push_str("</ol></details>\n");
}

/// A fault in a sentence.
#[must_use]
pub fn fault_text(fault: &Fault) -> String {
    let Fault { kind, about, wanted, got } = fault;
    match kind {
        FaultKind::Seen => format!("{about}: the file says {wanted}, seen was {got}"),
        FaultKind::Predicted => format!("{about}: predicted was {wanted}, seen was {got}"),
    }
}

const fn gets(gets: Option<Gets>) -> &'static str {
    match gets {
        Some(Gets::Read) => "reads the answer",
        Some(Gets::Hidden) => "┄ hidden: the script gets an error",
        Some(Gets::Opaque) => "┄ an answer without content",
        Some(Gets::Throws) => "⊘ never sent: the call throws",
        Some(Gets::Navigated) => "the visitor sees the answer, the page does not",
        Some(Gets::Silent) => "no script waits for it",
        Some(Gets::Nothing) => "nothing came back",
        None => "not modelled",
    }
}

const fn ran_word(kind: Backend) -> (&'static str, &'static str) {
    match kind {
        Backend::Executed => ("executed", "■ executed"),
        Backend::Asked => ("asked", "─ asked"),
        Backend::Refused => ("refused", "□ refused"),
        Backend::Missing => ("missing", "┄ missing"),
    }
}

const fn node(node: Node) -> &'static str {
    match node {
        Node::Caller => "caller",
        Node::Cache => "cache",
        Node::Gate => "gate",
        Node::Backend => "backend",
        Node::PaidAi => "paid service",
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::gate::Layers;
    use crate::predict::Predicted;
    use crate::run::{Ran, Seen, StepRan};
    use crate::scenario::{Caller, CorsWord, Side};
    use std::sync::Arc;

    #[test]
    fn what_somebody_else_wrote_stays_text() {
        let hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>".to_owned();
        let seen = Seen {
            error: hostile.clone(),
            gate: Some(hostile.clone()),
            cookies: vec![hostile.clone()],
            ..Seen::default()
        };
        let step = StepRan {
            step: 0,
            says: hostile.clone(),
            caller: Caller::Evil,
            shown: hostile.clone(),
            predicted: Predicted::default(),
            elsewhere: Vec::new(),
            seen,
            expected: None,
            faults: Vec::new(),
            wire: Vec::new(),
        };
        let ran = Ran {
            run: 1,
            scenario: hostile.clone(),
            gate: Side::On,
            engine: "chromium",
            cors: CorsWord::Exact,
            layers: Layers::All,
            config: Some(hostile),
            steps: vec![step],
            ok: true,
            balances: Vec::new(),
        };
        let page = page(&[Arc::new(ran)], &[]);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing is fetched");
    }
}
