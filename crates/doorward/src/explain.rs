//! `doorward explain`: what a code, a layer or a check means, from its own file; what a refusal
//! saw; how a request is judged; why a page is not let.

mod answer;
mod check;
mod fetch;
mod refusal;
mod request;

use crate::EXIT_USAGE;
use crate::args::Explain;
use crate::machine;
use doorward_core::layers::{LAYERS, Meta};
use doorward_core::reason::Reason;
use std::fmt::Write;
use std::process::ExitCode;

/// Prints what is asked for.
pub(crate) fn run(asked: &Explain) -> ExitCode {
    if asked.trouble.is_there() {
        return fetch::run(asked);
    }
    if asked.request.is_some() {
        return request::run(asked);
    }
    if let (Some(subject), Some(product)) = (&asked.subject, &asked.product) {
        return check::configuration(subject, product);
    }
    match &asked.subject {
        Some(id) if refusal::is_id(id) => refusal::run(id, asked),
        subject => meaning(subject.as_deref()),
    }
}

/// Prints what `subject` means; without one, the list of layers and codes.
fn meaning(subject: Option<&str>) -> ExitCode {
    let text = match subject {
        None => Some(list()),
        Some(subject) => explain(subject),
    };
    if let Some(text) = text {
        machine::output(&text);
        return ExitCode::SUCCESS;
    }
    let subject = subject.unwrap_or_default();
    machine::talk(&format!(
        "error: there is no code, layer or check {:?}\n",
        subject.escape_debug().to_string()
    ));
    for name in near(subject).into_iter().chain(check::near(subject)) {
        machine::talk(&format!("  did you mean {name}?\n"));
    }
    machine::talk("  `doorward explain` lists them all\n");
    ExitCode::from(EXIT_USAGE)
}

fn explain(subject: &str) -> Option<String> {
    if let Some(meta) = LAYERS.iter().find(|meta| meta.id == subject) {
        return Some(layer(meta));
    }
    if let Some(check) = check::find(subject) {
        return Some(check::text(check));
    }
    let reason = Reason::find(subject)?;
    let words = reason.words();
    let mut out = format!("{}  {}\n\n", words.code, words.status);
    out.push_str(&paragraph(&format!("{}.", words.title)));
    out.push_str(&paragraph(words.advice));
    if let Some(meta) = LAYERS.iter().find(|meta| meta.id == reason.layer()) {
        let _ = writeln!(out, "\n{}: {}", meta.id, meta.title);
        let _ = writeln!(out, "`doorward explain {}` says how it decides.", meta.id);
    }
    Some(out)
}

fn list() -> String {
    let mut out = String::new();
    for meta in LAYERS {
        let _ = writeln!(out, "{}: {}", meta.id, meta.title);
    }
    out.push('\n');
    for reason in Reason::all() {
        let words = reason.words();
        let _ = writeln!(out, "{:<28} {}", words.code, words.title);
    }
    out.push('\n');
    out.push_str(&check::list());
    out
}

/// A layer's own file, from its first line to its code.
fn layer(meta: &Meta) -> String {
    let mut out = headings(meta.source);
    if let Some(away) = meta.store_away {
        let _ = writeln!(out, "\nWhen the store is away: {away}.");
    }
    let codes: Vec<&str> = Reason::all()
        .into_iter()
        .filter(|reason| reason.layer() == meta.id)
        .map(Reason::code)
        .collect();
    let _ = writeln!(out, "\nCodes");
    for code in codes {
        let _ = writeln!(out, "  {code}");
    }
    out
}

/// The headings of a layer's or a check's own file, and what stands below them.
fn headings(source: &str) -> String {
    let mut out = String::new();
    for line in source.lines().take_while(|line| line.starts_with("//!")) {
        let text = line.trim_start_matches("//!").strip_prefix(' ').unwrap_or_default();
        let heading = text.strip_prefix("## ").or_else(|| text.strip_prefix("# "));
        out.push_str(heading.unwrap_or(text));
        out.push('\n');
    }
    out
}

/// Text in lines of at most 80 columns.
pub(super) fn paragraph(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > 80 {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
    out
}

/// The codes that contain most parts of what was typed.
fn near(subject: &str) -> Vec<&'static str> {
    let parts: Vec<&str> = subject.split(['/', '-']).filter(|part| part.len() > 3).collect();
    let score = |code: &str| parts.iter().filter(|part| code.contains(**part)).count();
    let codes: Vec<&str> = Reason::all().into_iter().map(Reason::code).collect();
    let best = codes.iter().map(|code| score(code)).max().unwrap_or(0);
    codes.into_iter().filter(|code| best > 0 && score(code) == best).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::pass::WORK_BITS;

    #[test]
    fn the_price_of_passes_is_told_with_what_it_is_worth() {
        let text = explain("pass").expect("a known layer");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [
            "The work for 10,000 calls at 60 a pass takes one native core 0.1 to 0.2 s",
            &format!("at `work = {WORK_BITS}`, and twice as long for each bit more"),
            "a browser that has just begun takes some 20 times as long for it",
            "never that it is a browser or your page",
            "What holds a script back is the share of its addresses",
        ] {
            assert!(text.contains(words), "{words}");
        }
    }

    #[test]
    fn every_code_and_every_layer_is_explained() {
        for reason in Reason::all() {
            let text = explain(reason.code()).expect("a known code");
            assert!(text.contains(reason.words().status.as_str()), "{text}");
        }
        for meta in LAYERS {
            let text = explain(meta.id).expect("a known layer");
            for heading in ["What it stops", "How it decides", "What it does not stop"] {
                assert!(text.contains(heading), "{}: {heading}", meta.id);
            }
        }
        assert_eq!(explain("site/nothing"), None);
        assert_eq!(near("cross-site"), ["site/cross-site"]);
        assert!(near("x").is_empty());
    }
}
