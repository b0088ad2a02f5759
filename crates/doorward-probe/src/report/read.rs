//! Reads back what the probe wrote: the keys of a former report, and the operations of a run that
//! was broken off. A file is as hostile as an answer: what is not as it was written is refused.

use crate::checks::CHECKS;
use crate::finding::{Confidence, Engines, Finding, Rung, Severity};
use crate::grid::{Backend, Caller, Cell, Closing, Fate, Kind, Row};
use doorward_browser::EngineId;
use serde_json::Value;
use std::collections::BTreeSet;
use thiserror::Error;

/// A text that is no report of the probe's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("it is no report of `doorward probe --format json`: {0}")]
pub struct NotAReport(pub String);

/// The keys of a report's findings.
///
/// # Errors
/// When it is no report.
pub fn keys(text: &str) -> Result<BTreeSet<String>, NotAReport> {
    let no = |why: &str| NotAReport(why.to_owned());
    let value: Value = serde_json::from_str(text).map_err(|error| no(&error.to_string()))?;
    let findings = value["findings"].as_array().ok_or_else(|| no("there are no `findings`"))?;
    let key = |finding: &Value| finding["key"].as_str().map(str::to_owned);
    let keys = findings.iter().map(key).collect::<Option<BTreeSet<_>>>();
    keys.ok_or_else(|| no("a finding has no `key`"))
}

/// A finding; none where something is not as it was written.
pub(crate) fn finding(value: &Value) -> Option<Finding> {
    let id = value["check"].as_str()?;
    let rung = match &value["executed"] {
        Value::Null => None,
        said => Some(rung(&said["rung"])?),
    };
    let severity = value["severity"].as_str()?;
    let confidence = value["confidence"].as_str()?;
    let all = [Confidence::Tentative, Confidence::Firm, Confidence::Certain];
    Some(Finding {
        check: CHECKS.iter().find(|check| check.id == id)?.id,
        title: text(&value["title"])?,
        severity: Severity::ALL.into_iter().find(|own| own.word() == severity)?,
        confidence: all.into_iter().find(|own| own.word() == confidence)?,
        who: text(&value["who"])?,
        engines: engines(&value["engines"])?,
        operation: text(&value["operation"])?,
        request: text(&value["request"])?,
        evidence: value["evidence"].as_array()?.iter().map(text).collect::<Option<_>>()?,
        rung,
        fix: text(&value["fix"])?,
        variant: text(&value["variant"])?,
    })
}

/// A row of the table of callers.
pub(crate) fn row(value: &Value) -> Option<Row> {
    let cells = value["cells"].as_array()?.iter().map(|own| {
        let id = own["caller"].as_str()?;
        Some((Caller::ALL.into_iter().find(|caller| caller.id() == id)?, cell(own)?))
    });
    Some(Row { operation: text(&value["operation"])?, cells: cells.collect::<Option<_>>()? })
}

/// The table of one address.
pub(crate) fn closing(value: &Value) -> Option<Closing> {
    let rows = value["rows"].as_array()?.iter().map(|own| {
        let words = own["kind"].as_str()?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.words() == words)?;
        let allowed = match &own["allowed"] {
            Value::Null => None,
            allowed => Some(cell(allowed)?),
        };
        Some((kind, cell(&own["any"])?, allowed))
    });
    Some(Closing {
        url: text(&value["url"])?,
        allowed: text(&value["allowed_origin"])?,
        rows: rows.collect::<Option<_>>()?,
    })
}

fn cell(value: &Value) -> Option<Cell> {
    let browsers = value["browsers"].as_array()?.iter().map(|own| {
        let word = own["answer"].as_str()?;
        let fate = Fate::ALL.into_iter().find(|fate| fate.word() == word)?;
        Some((engines(&own["engines"])?, fate))
    });
    let said = &value["backend"];
    let backend = match said["does"].as_str()? {
        "answers" => Backend::Answers {
            status: u16::try_from(said["status"].as_u64()?).ok()?,
            rung: rung(&said["rung"])?,
        },
        "never came there" => {
            Backend::Kept { status: u16::try_from(said["status"].as_u64()?).ok()? }
        }
        "not tried" => Backend::NotTried,
        "never sent" => Backend::NeverSent,
        "no answer" => Backend::Silent,
        _ => return None,
    };
    Some(Cell { browsers: browsers.collect::<Option<_>>()?, backend })
}

fn engines(value: &Value) -> Option<Engines> {
    let words = value.as_array()?.iter().map(|word| EngineId::of_word(word.as_str()?));
    let found = words.collect::<Option<Vec<_>>>()?;
    Some(Engines::which(|id| found.contains(&id)))
}

fn rung(value: &Value) -> Option<Rung> {
    let id = value.as_str()?;
    let all = [Rung::Unknown, Rung::Weak, Rung::Strong, Rung::Effect, Rung::InPath];
    all.into_iter().find(|rung| rung.id() == id)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
