//! For a terminal: who can make the backend run it and who may read, in twelve lines; then a line
//! for each finding, the worst first.

use super::text::{cut, visible, wrapped};
use super::words::{Shape, Whose, engines, marks, notes, said, tone};
use super::{Told, counted};
use crate::checks::CHECKS;
use crate::finding::{Finding, Severity};
use crate::fixes::mend;
use crate::grid::{Caller, Cell, Closing, Row};
use std::fmt::Write;

/// How a terminal wants its text.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Letters beyond ASCII may be used.
    pub unicode: bool,
    /// Colours may be used.
    pub colour: bool,
    /// Columns; none: it is no terminal, and nothing is cut.
    pub columns: Option<usize>,
    /// Each finding with its request, its evidence and its fix.
    pub verbose: bool,
}

/// The widest text where nobody says how wide a line may be.
const COLUMNS: usize = 100;

/// The report as text.
#[must_use]
pub fn table(told: &Told<'_>, look: Look) -> String {
    let report = told.report;
    let mut out = String::new();
    match &report.grid.closing {
        Some(closing) => address(&mut out, closing, report.grid.rows.first(), look),
        None => summary(&mut out, &report.grid.rows, look),
    }
    if !out.is_empty() {
        out.push('\n');
    }
    for finding in &report.findings {
        match look.verbose {
            true => whole(&mut out, told, finding, look),
            false => line(&mut out, told, finding, look),
        }
    }
    for (operation, why) in &report.left_out {
        let text = format!("not looked at: {}: {}", visible(operation), visible(why));
        let _ = writeln!(out, "{}", fit(&text, look));
    }
    if report.findings.is_empty() && !report.looked_at.is_empty() {
        let checks = counted(CHECKS.len(), "check");
        let operations = counted(report.looked_at.len(), "operation");
        let _ = writeln!(out, "nothing found: {checks}, {operations}");
    }
    end(&mut out, told, look);
    out
}

/// The table of the one address: at most twelve lines.
fn address(out: &mut String, closing: &Closing, row: Option<&Row>, look: Look) {
    let is_public = closing.rows.first().is_some_and(|(_, any, _)| any.is_read());
    let mut rows: Vec<(String, Option<&Cell>, Option<&Cell>)> = Vec::new();
    for (kind, any, allowed) in &closing.rows {
        rows.push((kind.words().to_owned(), Some(any), allowed.as_ref()));
    }
    // Before the program's: these are pages' too.
    let at = rows.len().saturating_sub(1);
    for (at, caller) in (at..).zip([Caller::Image, Caller::SiblingPage]) {
        let cell = row.and_then(|row| row.cell(caller));
        if cell.is_some() {
            rows.insert(at, (caller.words().to_owned(), cell, None));
        }
    }
    let text = |cell: Option<&Cell>| cell.map_or(String::new(), |cell| said(cell, look.unicode));
    let width = |text: &str| text.chars().count();
    let heads = ("any page".to_owned(), format!("pages of {}", visible(&closing.allowed)));
    let first = rows.iter().map(|(words, ..)| width(words)).max().unwrap_or_default();
    let second = rows.iter().map(|(_, any, _)| width(&text(*any))).max().unwrap_or_default();
    let third = rows.iter().map(|(.., allowed)| width(&text(*allowed))).max().unwrap_or_default();
    let is_wide = first + second + third + 4 <= look.columns.unwrap_or(usize::MAX);
    let short = |cell: Option<&Cell>| match (cell, is_wide) {
        (Some(cell), false) => marks(cell, look.unicode),
        (cell, _) => text(cell),
    };
    let second = if is_wide { second.max(width(&heads.0)) } else { width(&heads.0) };
    let _ = writeln!(out, "{}", fit(&visible(&closing.url), look));
    let head = format!("{:first$}  {:second$}  {}", "", heads.0, heads.1);
    let _ = writeln!(out, "{}", painted(&fit(&head, look), "soft", look));
    for (words, any, allowed) in rows {
        let any_text = format!("{:second$}", short(any));
        let any_tone = any.map_or("plain", |cell| tone(cell, Whose::foreign(is_public)));
        let allowed_tone = allowed.map_or("plain", |cell| tone(cell, Whose::Allowed));
        let line = format!(
            "{words:first$}  {}  {}",
            painted(&any_text, any_tone, look),
            painted(&short(allowed), allowed_tone, look)
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    legend(out, look, !is_wide);
}

/// What the shapes say, in one line.
fn legend(out: &mut String, look: Look, is_short: bool) {
    let mut parts: Vec<String> = Shape::ALL
        .iter()
        .map(|shape| format!("{} {}", shape.mark(look.unicode), shape.meaning()))
        .collect();
    if is_short {
        parts.push("= read".to_owned());
    }
    for line in filled(&parts, look.columns.unwrap_or(usize::MAX)) {
        let _ = writeln!(out, "{}", painted(&fit(&line, look), "soft", look));
    }
}

/// Parts that stay whole, as many in a line as fit.
fn filled(parts: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 2 + part.chars().count() <= columns => {
                last.push_str("  ");
                last.push_str(part);
            }
            Some(_) | None => lines.push(part.clone()),
        }
    }
    lines
}

/// Many operations: how many of them who can run, and read; each of them on request.
fn summary(out: &mut String, rows: &[Row], look: Look) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", counted(rows.len(), "operation"));
    for caller in Caller::ALL {
        let cells = rows.iter().filter_map(|row| row.cell(caller));
        let runs = cells.clone().filter(|cell| cell.is_run()).count();
        let reads = cells.filter(|cell| cell.is_read()).count();
        let read = match caller {
            Caller::Script => String::new(),
            Caller::AllowedPage
            | Caller::AnyPage
            | Caller::SiblingPage
            | Caller::Form
            | Caller::Image => format!(", reads {reads}"),
        };
        let _ = writeln!(out, "{:<16}  makes the backend run {runs}{read}", caller.words());
    }
    if look.verbose {
        map(out, rows, look);
    }
}

/// Each operation by its shapes.
fn map(out: &mut String, rows: &[Row], look: Look) {
    out.push('\n');
    let width = rows.iter().map(|row| visible(&row.operation).chars().count()).max();
    let width = width.unwrap_or_default().min(40);
    let _ = write!(out, "{:width$}", "");
    for caller in Caller::ALL {
        let _ = write!(out, "  {}", caller.id());
    }
    out.push('\n');
    for row in rows {
        let _ = write!(out, "{:width$}", cut(&visible(&row.operation), width, look.unicode));
        for (caller, cell) in &row.cells {
            let columns = caller.id().len();
            let text = format!("{:columns$}", marks(cell, look.unicode));
            let tone = tone(cell, Whose::of(row, *caller));
            let _ = write!(out, "  {}", painted(&text, tone, look));
        }
        out.push('\n');
    }
    legend(out, look, true);
}

/// One finding in one line.
fn line(out: &mut String, told: &Told<'_>, finding: &Finding, look: Look) {
    let text = head(told, finding);
    let (severity, rest) = fit(&text, look).split_at_checked(8).map_or_else(
        || (String::new(), text.clone()),
        |(severity, rest)| (severity.to_owned(), rest.to_owned()),
    );
    let _ = writeln!(out, "{}{rest}", painted(&severity, colour(finding.severity), look));
}

fn head(told: &Told<'_>, finding: &Finding) -> String {
    let known = if told.is_known(finding) { "known: " } else { "" };
    format!(
        "{:<8} {}  {known}{}: {}",
        finding.severity.word(),
        finding.check,
        visible(&finding.operation),
        visible(&finding.title)
    )
}

/// One finding with all that is known of it.
fn whole(out: &mut String, told: &Told<'_>, finding: &Finding, look: Look) {
    line(out, told, finding, Look { columns: None, ..look });
    let how = format!("{}; {}", finding.confidence.word(), engines(&finding.engines));
    let rung = finding.rung.map(|rung| format!("{}: {}", rung.id(), rung.words()));
    let mut rows = vec![("who", finding.who.as_str(), true), ("how sure", &how, true)];
    if let Some(rung) = &rung {
        rows.push(("backend", rung, true));
    }
    // What is copied from here is one line.
    rows.push(("request", &finding.request, false));
    for (at, line) in finding.evidence.iter().enumerate() {
        rows.push((if at == 0 { "evidence" } else { "" }, line, false));
    }
    rows.push(("fix", &finding.fix, true));
    let command = mend(finding.check).map(|mend| mend.command(finding.check));
    if let Some(command) = &command {
        rows.push(("file", command, true));
    }
    let room = look.columns.unwrap_or(COLUMNS).saturating_sub(12).max(20);
    for (name, text, is_wrapped) in rows {
        let text = visible(text);
        let lines = if is_wrapped { wrapped(&text, room) } else { vec![text] };
        for (at, text) in lines.iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            let name = painted(&format!("{name:<8}"), "soft", look);
            let _ = writeln!(out, "  {name}  {text}");
        }
    }
    out.push('\n');
}

/// What was sent, what was not, and where to read more.
fn end(out: &mut String, told: &Told<'_>, look: Look) {
    let report = told.report;
    let mut lines: Vec<String> = notes(&report.grid).into_iter().map(str::to_owned).collect();
    let found = (!report.findings.is_empty()).then(|| told.found());
    lines.push(found.into_iter().chain(told.requests()).collect::<Vec<_>>().join("; "));
    if let Some(worst) = report.findings.first() {
        let verbose = if look.verbose { "" } else { "--verbose; " };
        lines.push(format!("more: {verbose}doorward explain {}; --format html", worst.check));
    }
    for line in lines {
        for line in wrapped(&visible(&line), look.columns.unwrap_or(usize::MAX)) {
            let _ = writeln!(out, "{}", painted(&line, "soft", look));
        }
    }
}

fn fit(text: &str, look: Look) -> String {
    cut(text, look.columns.unwrap_or(usize::MAX), look.unicode)
}

const fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "ill",
        Severity::Medium => "middle",
        Severity::Low | Severity::Info => "soft",
    }
}

/// A text in its colour, where colours are shown. The colours are the terminal's own, which fit its
/// background.
fn painted(text: &str, tone: &str, look: Look) -> String {
    let code = match tone {
        "ill" => "31",
        "middle" => "33",
        "good" => "32",
        "soft" => "2",
        _ => return text.to_owned(),
    };
    match look.colour && !text.trim().is_empty() {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}
