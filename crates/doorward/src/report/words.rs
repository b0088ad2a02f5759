//! The report for a terminal. Every text of the log's is escaped: clients wrote it.

use super::gathered::{Group, Key, Was};
use super::said::{Ready, Said};
use doorward_core::explained::escaped;
use std::fmt::Write;

/// The report in words. Writing to a string does not fail.
pub(super) fn table(said: &Said<'_>, unicode: bool) -> String {
    let mut out = String::new();
    let gathered = said.gathered;
    let requests = gathered.admitted + gathered.replied + gathered.refused;
    let span = match gathered.from.as_str() {
        "" => String::new(),
        from => format!(", {} to {}", text(from), text(&gathered.to)),
    };
    let _ = writeln!(
        out,
        "{requests} requests{span}\n{} admitted, {} answered by the gate, {} refused; {} of the \
         admitted would be refused",
        gathered.admitted, gathered.replied, gathered.refused, gathered.would_refuse
    );
    if gathered.dropped > 0 {
        let _ = writeln!(out, "{} lines are missing: the gate dropped them", gathered.dropped);
    }
    if gathered.broken > 0 {
        let _ = writeln!(out, "{} lines cannot be read:", gathered.broken);
        for name in &gathered.broken_named {
            let _ = writeln!(out, "  {}", text(name));
        }
    }
    let (runs, refused) = if unicode { ("■", "□") } else { ("#", "o") };
    for (was, mark, title) in
        [(Was::WouldBe, runs, "would be refused"), (Was::Refused, refused, "was refused")]
    {
        let mut groups = said.groups.iter().filter(|(key, ..)| key.was == was).peekable();
        if groups.peek().is_some() {
            let _ = writeln!(out, "\nwhat {title}");
        }
        for (key, group, mend) in groups {
            row(&mut out, mark, key, group, mend);
        }
    }
    if said.rest > 0 {
        let _ = writeln!(out, "\nand {} more, of rarer kinds (--top shows more)", said.rest);
    }
    readiness(&mut out, said);
    out
}

fn row(out: &mut String, mark: &str, key: &Key, group: &Group, mend: &str) {
    let count = group.addresses();
    let more = if group.addresses_are_more { "more than " } else { "" };
    let noun = if count == 1 { "address" } else { "addresses" };
    let _ = writeln!(
        out,
        "{mark} {:<26} {:<20} {:<8} {} times from {more}{count} {noun}",
        text(&key.code),
        route(&key.route),
        text(&key.caller),
        group.times,
    );
    let example = &group.example;
    let _ = write!(out, "    as in  {} {}", text(&example.method), text(&example.path));
    if !example.origin.is_empty() {
        let _ = write!(out, " from {}", text(&example.origin));
    }
    let _ = writeln!(out, "  id {}", text(&example.id));
    // A mend holds texts of the log's, and an ellipsis of its own.
    let mend: String = mend.chars().filter(|c| !c.is_control()).collect();
    let _ = writeln!(out, "    to admit it,  {mend}");
}

fn readiness(out: &mut String, said: &Said<'_>) {
    for (title, list) in [("layers", &said.layers), ("routes", &said.routes)] {
        if list.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title} that can be enforced");
        for one in list {
            ready(out, one);
        }
    }
    if !said.is_of_config {
        out.push_str(
            "\nThe log does not say what is monitored: a layer that is off would refuse nobody \
             either.\n--config FILE tells only of what that file monitors.\n",
        );
    }
}

fn ready(out: &mut String, one: &Ready) {
    let word = if one.is_ready() { "ready" } else { "not yet" };
    let _ = writeln!(
        out,
        "  {word:<8} {:<20} {} of {} admitted requests would be refused",
        route(&one.name),
        one.would_refuse,
        one.admitted
    );
}

fn route(path: &str) -> String {
    if path.is_empty() { "(no route)".to_owned() } else { text(path) }
}

fn text(text: &str) -> String {
    escaped(text.as_bytes())
}
