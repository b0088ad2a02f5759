//! For programs: `{"findings": […]}`, as `docs/probe-report.schema.json` has it.

use super::Told;
use super::text::is_seen;
use crate::finding::{Finding, Rung};
use crate::fixes::mend;
use crate::grid::{Backend, Cell, Closing, Row};
use doorward_browser::EngineId;
use serde_json::{Value, json};
use std::fmt::Write;

/// The report as JSON.
#[must_use]
pub fn json(told: &Told<'_>) -> Value {
    let report = told.report;
    let findings = report.findings.iter().map(|own| {
        let mut value = finding(own);
        value["known"] = Value::from(told.is_known(own));
        value["fails"] = Value::from(told.fails(own));
        value
    });
    let left_out = report
        .left_out
        .iter()
        .map(|(operation, why)| json!({ "operation": operation, "why": why }));
    let others = report.others.iter().map(|(host, sent)| json!({ "host": host, "requests": sent }));
    let rows = report.grid.rows.iter().map(|row| {
        let mut value = grid_of(Some(row), None)["row"].take();
        value["operation"] = Value::from(row.operation.as_str());
        value
    });
    let address = report.grid.closing.as_ref().map(closing);
    json!({
        "version": 1,
        "findings": findings.collect::<Vec<_>>(),
        "looked_at": report.looked_at,
        "left_out": left_out.collect::<Vec<_>>(),
        "requests": report.requests,
        "other_hosts": others.collect::<Vec<_>>(),
        "said_of_requests": told.requests(),
        "callers": { "operations": rows.collect::<Vec<_>>(), "address": address,
            "with_cookie": report.grid.with_cookie },
    })
}

/// JSON as text in which nothing steers a terminal: what is not seen is escaped, which changes no
/// value, since it can stand in strings alone.
#[must_use]
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    for c in format!("{value:#}").chars() {
        if is_seen(c) || c == '\n' {
            out.push(c);
            continue;
        }
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out.push('\n');
    out
}

/// One finding.
pub(crate) fn finding(finding: &Finding) -> Value {
    let mend = mend(finding.check)
        .map(|mend| json!({ "id": mend.id, "for": mend.words().collect::<Vec<_>>() }));
    json!({
        "check": finding.check,
        "title": finding.title,
        "severity": finding.severity.word(),
        "confidence": finding.confidence.word(),
        "who": finding.who,
        "engines": finding.engines.iter().map(EngineId::word).collect::<Vec<_>>(),
        "operation": finding.operation,
        "request": finding.request,
        "evidence": finding.evidence,
        "executed": finding.rung.map(|rung| json!({ "rung": rung.id(), "said": rung.words() })),
        "fix": finding.fix,
        "mend": mend,
        "variant": finding.variant,
        "key": finding.key(),
    })
}

/// What one operation has of the table of callers.
pub(crate) fn grid_of(row: Option<&Row>, address: Option<&Closing>) -> Value {
    let row = row.map(|row| {
        let cells = row.cells.iter().map(|(caller, own)| {
            let mut value = cell(own);
            value["caller"] = Value::from(caller.id());
            value
        });
        json!({ "operation": row.operation, "cells": cells.collect::<Vec<_>>() })
    });
    json!({ "row": row, "address": address.map(closing) })
}

fn closing(closing: &Closing) -> Value {
    let rows = closing.rows.iter().map(|(kind, any, allowed)| {
        json!({
            "kind": kind.words(),
            "any": cell(any),
            "allowed": allowed.as_ref().map(cell),
        })
    });
    json!({
        "url": closing.url,
        "allowed_origin": closing.allowed,
        "rows": rows.collect::<Vec<_>>(),
    })
}

fn cell(cell: &Cell) -> Value {
    let browsers = cell.browsers.iter().map(|(engines, fate)| {
        let engines: Vec<&str> = engines.iter().map(EngineId::word).collect();
        json!({ "engines": engines, "answer": fate.word() })
    });
    let backend = match cell.backend {
        Backend::Answers { status, rung } => json!({
            "does": "answers",
            "status": status,
            "rung": rung.id(),
            "said": rung.words(),
        }),
        Backend::Kept { status } => json!({
            "does": "never came there",
            "status": status,
            "rung": Rung::InPath.id(),
            "said": Backend::KEPT,
        }),
        Backend::NotTried => json!({ "does": "not tried" }),
        Backend::NeverSent => json!({ "does": "never sent" }),
        Backend::Silent => json!({ "does": "no answer" }),
    };
    json!({ "browsers": browsers.collect::<Vec<_>>(), "backend": backend })
}
