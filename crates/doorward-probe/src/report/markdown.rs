//! Markdown, for pull requests. What came from outside is code, or has its marks escaped.

use super::Told;
use super::text::{between_ticks, markdown as plain, markdown_code as code, markup};
use super::words::{engines, notes, said};
use crate::finding::Finding;
use crate::fixes::mend;
use crate::grid::{Caller, Closing, Row};
use std::fmt::Write;

/// The report as Markdown.
#[must_use]
pub fn markdown(told: &Told<'_>) -> String {
    let report = told.report;
    let mut out = format!("## What the API lets its callers do: {}\n", told.found());
    for line in told.requests() {
        let _ = writeln!(out, "\n{}.", plain(&line));
    }
    if let Some(closing) = &report.grid.closing {
        address(&mut out, closing);
    }
    if !report.grid.rows.is_empty() {
        map(&mut out, &report.grid.rows);
    }
    for note in notes(&report.grid) {
        let _ = writeln!(out, "\n{}.", plain(note));
    }
    if !report.findings.is_empty() {
        out.push_str("\n| severity | check | operation | what is wrong |\n");
        out.push_str("| --- | --- | --- | --- |\n");
        for finding in &report.findings {
            let known = if told.is_known(finding) { " (known)" } else { "" };
            let _ = writeln!(
                out,
                "| {}{known} | {} | {} | {} |",
                finding.severity.word(),
                finding.check,
                code(&finding.operation, true),
                mixed(&finding.title, true)
            );
        }
        for finding in &report.findings {
            details(&mut out, finding);
        }
    }
    for (operation, why) in &report.left_out {
        let _ = writeln!(out, "\nNot looked at: {}: {}", code(operation, false), plain(why));
    }
    out
}

fn address(out: &mut String, closing: &Closing) {
    let _ = write!(
        out,
        "\n{}\n\n| | any page | pages of {} |\n| --- | --- | --- |\n",
        code(&closing.url, false),
        code(&closing.allowed, true)
    );
    for (kind, any, allowed) in &closing.rows {
        let allowed = allowed.as_ref().map_or(String::new(), |cell| said(cell, true));
        let _ = writeln!(out, "| {} | {} | {allowed} |", kind.words(), said(any, true));
    }
}

fn map(out: &mut String, rows: &[Row]) {
    out.push_str("\n| operation |");
    for caller in Caller::ALL {
        let _ = write!(out, " {} |", caller.words());
    }
    out.push_str("\n| --- |");
    out.push_str(&" --- |".repeat(Caller::ALL.len()));
    out.push('\n');
    for row in rows {
        let _ = write!(out, "| {} |", code(&row.operation, true));
        for caller in Caller::ALL {
            let cell = row.cell(caller).map_or(String::new(), |cell| said(cell, true));
            let _ = write!(out, " {cell} |");
        }
        out.push('\n');
    }
}

fn details(out: &mut String, finding: &Finding) {
    let _ = write!(
        out,
        "\n<details><summary>{} {}: {}</summary>\n\n{}\n\n{}; {}.",
        finding.severity.word(),
        finding.check,
        // No Markdown is read in a line of HTML.
        markup(&finding.title).replace('@', "@<!-- -->"),
        mixed(&finding.who, false),
        finding.confidence.word(),
        plain(&engines(&finding.engines))
    );
    if let Some(rung) = finding.rung {
        let _ = write!(out, " {}: {}.", rung.id(), plain(rung.words()));
    }
    let _ = write!(out, "\n\n{}\n", code(&finding.request, false));
    for line in &finding.evidence {
        let _ = write!(out, "\n* {}", code(line, false));
    }
    let _ = write!(out, "\n\nFix: {}\n", mixed(&finding.fix, false));
    if let Some(mend) = mend(finding.check) {
        let command = code(&mend.command(finding.check), false);
        let _ = write!(out, "\nThe configuration, as it was tried: {command}\n");
    }
    out.push_str("\n</details>\n");
}

/// A sentence of ours, with the code in it.
fn mixed(text: &str, is_in_table: bool) -> String {
    between_ticks(text, &plain, &|text| code(text, is_in_table))
}
