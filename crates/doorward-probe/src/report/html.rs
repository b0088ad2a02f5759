//! One file of HTML: it fetches nothing and runs nothing, and its policy says so to the browser.

use super::text::{between_ticks, markup};
use super::words::{Shape, Whose, engines, notes, pieces, tone};
use super::{Told, counted};
use crate::checks::CHECKS;
use crate::finding::Finding;
use crate::fixes::{MENDS, Mend, mend};
use crate::grid::{Caller, Cell, Closing, Row};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

const STYLE: &str = include_str!("report.css");

/// The report as one page.
#[must_use]
pub fn html(told: &Told<'_>) -> String {
    let report = told.report;
    // CSP 3, 2.3.1: the one style that may be used, by its hash.
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
         http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" \
         content=\"no-referrer\">\n<title>Doorward probe: {0}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<header>\n<h1>What the API lets its callers do</h1>\n<p>{0}. {1} looked \
         at, {2}.</p>\n",
        told.found(),
        counted(report.looked_at.len(), "operation"),
        counted(CHECKS.len(), "check"),
    );
    for line in told.requests() {
        let _ = writeln!(out, "<p class=\"soft\">{}</p>", markup(&line));
    }
    out.push_str("</header>\n<main>\n");
    callers(&mut out, told);
    if !report.findings.is_empty() {
        out.push_str("<h2>What was found</h2>\n<div class=\"findings\">\n");
        for (at, finding) in report.findings.iter().enumerate() {
            details(&mut out, told, finding, at == 0);
        }
        out.push_str("</div>\n");
    }
    closing(&mut out, &report.findings);
    if !report.left_out.is_empty() {
        out.push_str("<h2>What was not looked at</h2>\n<ul>\n");
        for (operation, why) in &report.left_out {
            let (operation, why) = (markup(operation), markup(why));
            let _ = writeln!(out, "<li><code>{operation}</code>: {why}</li>");
        }
        out.push_str("</ul>\n");
    }
    out.push_str(
        "</main>\n<footer>\n<p>What a browser does is told by a model of its rules, with the live \
         API as the server. Whether the backend runs a request is seen from outside by its answer \
         alone: it is said where the answer is the one that an allowed page gets, and is not the \
         answer of an address that nobody has.</p>\n<p>Whatever is sent by a program, with any \
         Origin it likes, is in the column of the script: CORS stops none of it.</p>\n</footer>\n\
         </body>\n</html>\n",
    );
    out
}

/// Both tables, and what their shapes say.
fn callers(out: &mut String, told: &Told<'_>) {
    let grid = &told.report.grid;
    if grid.rows.is_empty() && grid.closing.is_none() {
        return;
    }
    out.push_str("<h2>Who can make the backend run it, and who may read the answer</h2>\n");
    if let Some(closing) = &grid.closing {
        address(out, closing);
    }
    if !grid.rows.is_empty() {
        map(out, &grid.rows);
    }
    out.push_str("<ul class=\"legend\">\n");
    for shape in Shape::ALL {
        let _ = writeln!(out, "<li>{}{}</li>", mark(shape), shape.meaning());
    }
    out.push_str("</ul>\n");
    for note in notes(grid) {
        let _ = writeln!(out, "<p class=\"soft\">{}</p>", markup(note));
    }
}

fn address(out: &mut String, closing: &Closing) {
    let url = markup(&closing.url);
    let is_public = closing.rows.first().is_some_and(|(_, any, _)| any.is_read());
    let head = format!("pages of {}", markup(&closing.allowed));
    let _ = write!(
        out,
        "<p><code>{url}</code></p>\n{}<thead><tr><th scope=\"col\">request</th><th \
         scope=\"col\">any page</th><th scope=\"col\">{head}</th></tr></thead>\n<tbody>\n",
        region("One address")
    );
    for (kind, any, allowed) in &closing.rows {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", kind.words());
        // A program is no page.
        let name = if allowed.is_none() { "a program" } else { "any page" };
        cell(out, Some(any), name, Whose::foreign(is_public));
        cell(out, allowed.as_ref(), &head, Whose::Allowed);
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn map(out: &mut String, rows: &[Row]) {
    out.push_str(&region("Operations and callers"));
    out.push_str("<thead><tr><th scope=\"col\">operation</th>");
    for caller in Caller::ALL {
        let _ = write!(out, "<th scope=\"col\">{}</th>", caller.words());
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let operation = markup(&row.operation);
        let _ = write!(out, "<tr><th scope=\"row\"><code>{operation}</code></th>");
        for caller in Caller::ALL {
            cell(out, row.cell(caller), caller.words(), Whose::of(row, caller));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// A table that may be wider than the page: it is reached and moved by keys too.
fn region(name: &str) -> String {
    format!("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><table>\n")
}

/// A cell under a head that is markup already.
fn cell(out: &mut String, cell: Option<&Cell>, head: &str, whose: Whose) {
    let Some(cell) = cell else {
        out.push_str("<td></td>");
        return;
    };
    let _ = write!(out, "<td class=\"{}\" data-head=\"{head}\"><div>", tone(cell, whose));
    for piece in pieces(cell) {
        let mark = piece.shape.map_or(String::new(), mark);
        let _ = write!(out, "<span class=\"piece\">{mark}{}</span>", markup(&piece.words));
    }
    out.push_str("</div></td>");
}

fn mark(shape: Shape) -> String {
    let (class, mark) = (shape.class(), shape.mark(true));
    format!("<span class=\"mark {class}\" aria-hidden=\"true\">{mark}</span>")
}

fn details(out: &mut String, told: &Told<'_>, finding: &Finding, is_open: bool) {
    let severity = finding.severity.word();
    let known = if told.is_known(finding) { " (known before)" } else { "" };
    let _ = write!(
        out,
        "<details{}><summary><span class=\"word {severity}\">{severity}</span><span>{}</span><span \
         class=\"what\">{}{known}</span><span class=\"where\"><code>{}</code></span></summary>\n\
         <dl>\n",
        if is_open { " open" } else { "" },
        finding.check,
        coded(&finding.title),
        markup(&finding.operation)
    );
    let mut row = |name: &str, text: &str| {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{text}</dd>");
    };
    row("who", &coded(&finding.who));
    let sure = format!("{}; {}", finding.confidence.word(), engines(&finding.engines));
    row("how sure", &markup(&sure));
    if let Some(rung) = finding.rung {
        row("backend", &markup(&format!("{}: {}", rung.id(), rung.words())));
    }
    row("request", &format!("<pre>{}</pre>", markup(&finding.request)));
    let evidence: Vec<String> = finding.evidence.iter().map(|line| markup(line)).collect();
    row("evidence", &format!("<pre>{}</pre>", evidence.join("\n")));
    row("fix", &coded(&finding.fix));
    if let Some(mend) = mend(finding.check) {
        let words = mend.words().collect::<Vec<_>>().join(", ");
        row("file", &format!("below, under <code>{}</code>: {words}", mend.id));
    }
    row("more", &format!("<code>doorward explain {}</code>", finding.check));
    out.push_str("</dl></details>\n");
}

/// The configurations that close what was found, each once.
fn closing(out: &mut String, findings: &[Finding]) {
    let is_met = |own: &&Mend| findings.iter().any(|finding| own.closes.contains(&finding.check));
    let mut mends = MENDS.iter().filter(is_met).peekable();
    if mends.peek().is_none() {
        return;
    }
    out.push_str("<h2>What closes it</h2>\n<div class=\"findings mends\">\n");
    for mend in mends {
        let (id, title) = (mend.id, markup(mend.title));
        let _ = writeln!(
            out,
            "<details><summary><span class=\"what\"><code>{id}</code>: {title}</span></summary>\n\
             <dl>"
        );
        for file in mend.files {
            let (word, text) = (file.product.word(), lines(file.text));
            let _ = writeln!(out, "<dt>{word}</dt><dd><pre>{text}</pre></dd>");
        }
        out.push_str("</dl></details>\n");
    }
    out.push_str("</div>\n");
}

/// Text of several lines.
fn lines(text: &str) -> String {
    text.trim_end().split('\n').map(markup).collect::<Vec<_>>().join("\n")
}

/// Text whose backticks stand in pairs, as our own do, with code between them.
fn coded(text: &str) -> String {
    let code = |text: &str| format!("<code>{}</code>", markup(text));
    between_ticks(text, &markup, &code)
}
