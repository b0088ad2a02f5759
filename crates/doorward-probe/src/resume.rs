//! A long run that was broken off goes on: each operation that is done is a line of JSON, and the
//! first line says how the run began.

use crate::report::{closing_of, finding_json, finding_of, grid_of, row_of};
use crate::run::{Looked, Options};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use thiserror::Error;

/// What is left of a run that was broken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its seed: with it the canaries are the same.
    pub seed: u64,
    /// What it has done.
    pub done: Vec<Looked>,
    /// How many of the text's bytes are whole lines. What follows was being written when the run
    /// was broken off.
    pub whole: usize,
}

/// Why a run cannot go on from a text.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotResumable {
    /// It is something else.
    #[error("line {0} is not a line that `doorward probe --resume` writes")]
    NotOurs(usize),
    /// It was another run.
    #[error(
        "that run began with another version or other words: repeat `--origin`, `--allow-writes` \
         and `--with-session` as they were, or name a new file"
    )]
    OtherRun,
}

/// The first line.
#[must_use]
pub fn head(options: &Options) -> String {
    format!("{}\n", begins(options, options.seed))
}

/// The line of an operation that is done; none where it must be looked at again.
#[must_use]
pub fn line(looked: &Looked) -> Option<String> {
    if looked.left_out.is_some() {
        return None;
    }
    let findings: Vec<Value> = looked.findings.iter().map(finding_json).collect();
    let callers = grid_of(looked.row.as_ref(), looked.closing.as_ref());
    let line = json!({
        "operation": looked.id,
        "name": looked.name,
        "findings": findings,
        "callers": callers,
        "sent": looked.sent,
    });
    Some(format!("{line}\n"))
}

/// What a run of these options has done already.
///
/// # Errors
/// When the text is another run's, or none of ours.
pub fn read(text: &str, options: &Options) -> Result<Begun, NotResumable> {
    let whole = text.rfind('\n').map_or(0, |at| at + 1);
    let mut lines = text[..whole].lines();
    let first = lines.next().and_then(|line| serde_json::from_str::<Value>(line).ok());
    let first = first.ok_or(NotResumable::NotOurs(1))?;
    let seed = first["seed"].as_str().and_then(|seed| u64::from_str_radix(seed, 16).ok());
    let seed = seed.ok_or(NotResumable::NotOurs(1))?;
    if first != begins(options, seed) {
        return Err(NotResumable::OtherRun);
    }
    let mut done = Vec::new();
    for (at, line) in lines.enumerate() {
        let value = serde_json::from_str(line).ok();
        done.push(value.as_ref().and_then(looked).ok_or(NotResumable::NotOurs(at + 2))?);
    }
    Ok(Begun { seed, done, whole })
}

fn begins(options: &Options, seed: u64) -> Value {
    json!({
        "doorward_probe": env!("CARGO_PKG_VERSION"),
        "seed": format!("{seed:016x}"),
        "origins": options.origins,
        "allow_writes": options.allow_writes,
        "signed_in": options.session.is_some(),
    })
}

fn looked(value: &Value) -> Option<Looked> {
    let is_there = |own: &&Value| !own.is_null();
    let row = Some(&value["callers"]["row"]).filter(is_there);
    let closing = Some(&value["callers"]["address"]).filter(is_there);
    Some(Looked {
        id: value["operation"].as_str()?.to_owned(),
        name: value["name"].as_str()?.to_owned(),
        findings: value["findings"].as_array()?.iter().map(finding_of).collect::<Option<_>>()?,
        row: match row {
            Some(row) => Some(row_of(row)?),
            None => None,
        },
        closing: match closing {
            Some(closing) => Some(closing_of(closing)?),
            None => None,
        },
        left_out: None,
        sent: sent(value["sent"].as_object()?)?,
    })
}

fn sent(object: &Map<String, Value>) -> Option<BTreeMap<String, usize>> {
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    object.iter().map(|(host, sent)| Some((host.clone(), number(sent)?))).collect()
}
