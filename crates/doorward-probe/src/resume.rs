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

/// Whether a text is what is left of a first line that was broken off: it is ours to write over.
#[must_use]
pub fn is_broken_head(text: &str, options: &Options) -> bool {
    let head = head(options);
    // Another run's seed stands in its place.
    let seed = format!("{:016x}", options.seed);
    let at = head.find(&seed).unwrap_or(head.len());
    let own = |(place, (ours, theirs)): (usize, (u8, u8))| {
        let is_seed = (at..at + seed.len()).contains(&place);
        ours == theirs || (is_seed && theirs.is_ascii_hexdigit())
    };
    text.len() < head.len() && head.bytes().zip(text.bytes()).enumerate().all(own)
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
        "thorough": options.breadth.is_thorough,
        "raw": options.breadth.with_raw,
        "limits": options.limits,
        "witness": options.witness.is_some(),
        "tap": options.tap.is_some(),
        "around": options.around.as_ref().map(url::Url::as_str),
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
        doubts: Vec::new(),
        observed: None,
        sent: sent(value["sent"].as_object()?)?,
    })
}

fn sent(object: &Map<String, Value>) -> Option<BTreeMap<String, usize>> {
    // No operation takes more, and all of them together are still a number.
    let number = |value: &Value| Some(u32::try_from(value.as_u64()?).ok()? as usize);
    object.iter().map(|(host, sent)| Some((host.clone(), number(sent)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Begun, NotResumable, head, is_broken_head, line, read};
    use crate::checks::CHECKS;
    use crate::finding::{Confidence, Engines, Finding, Severity};
    use crate::grid::{Backend, Caller, Cell, Fate, Row};
    use crate::run::{Looked, Options};
    use std::collections::BTreeMap;

    fn options() -> Options {
        let origins = vec!["http://shop.localhost".to_owned()];
        Options { origins, seed: u64::MAX - 1, ..Options::default() }
    }

    fn looked(path: &str) -> Looked {
        let finding = Finding {
            check: CHECKS[0].id,
            title: "a\nb\u{202e}".to_owned(),
            severity: Severity::Low,
            confidence: Confidence::Tentative,
            who: String::new(),
            engines: Engines::default(),
            operation: format!("GET {path}"),
            request: "curl".to_owned(),
            evidence: vec!["\0".to_owned()],
            rung: None,
            fix: String::new(),
            variant: "P-03".to_owned(),
        };
        let cell =
            Cell { browsers: vec![(Engines::all(), Fate::NotKnown)], backend: Backend::Silent };
        Looked {
            id: format!("GET http://localhost:1{path}"),
            name: format!("GET {path}"),
            findings: vec![finding],
            row: Some(Row { operation: format!("GET {path}"), cells: vec![(Caller::Form, cell)] }),
            closing: None,
            left_out: None,
            doubts: Vec::new(),
            observed: None,
            sent: BTreeMap::from([("localhost".to_owned(), 7)]),
        }
    }

    #[test]
    fn what_is_done_is_read_back_without_a_broken_end() {
        let lines = [looked("/a"), looked("/b\r\n")];
        let mut text = head(&options());
        for looked in &lines {
            text.push_str(&line(looked).expect("it is done"));
        }
        let want = Begun { seed: u64::MAX - 1, done: lines.to_vec(), whole: text.len() };
        assert_eq!(read(&text, &Options { seed: 1, ..options() }), Ok(want.clone()));
        for end in ["{", "{\"operation\":\"GET http://localhost:1/c\",\"find"] {
            assert_eq!(read(&format!("{text}{end}"), &options()), Ok(want.clone()));
        }
        assert_eq!(read(&head(&options()), &options()).map(|begun| begun.done), Ok(Vec::new()));
    }

    #[test]
    fn another_run_is_not_gone_on_with() {
        let text = head(&options());
        for other in [
            Options { allow_writes: true, ..options() },
            Options { origins: Vec::new(), ..options() },
            Options { session: Some(crate::Session::new(Vec::new(), &[])), ..options() },
        ] {
            assert_eq!(read(&text, &other), Err(NotResumable::OtherRun));
        }
        let line = line(&looked("/a")).expect("it is done");
        let broken = line.replace("\"low\"", "\"lowest\"");
        for (text, at) in [
            (String::new(), 1),
            ("nonsense\n".to_owned(), 1),
            (line.clone(), 1),
            (format!("{text}{text}"), 2),
            (format!("{text}{line}{broken}"), 3),
            (format!("{text}{line}\n"), 3),
        ] {
            assert_eq!(read(&text, &options()), Err(NotResumable::NotOurs(at)), "{text}");
        }
    }

    #[test]
    fn only_our_own_beginning_is_written_over() {
        let options = options();
        let head = head(&options);
        for length in [1, 20, head.len() - 2, head.len() - 1] {
            let other = Options { seed: 7, ..options.clone() };
            assert!(is_broken_head(&head[..length], &other), "{length}");
        }
        for other in ["{\"name\":\"shop\",\"version\":1}", "\u{e9}", "{\u{1f980}", "[", &head] {
            assert!(!is_broken_head(other, &options), "{other}");
        }
    }

    /// Figures that nobody sent are none.
    #[test]
    fn figures_of_a_hostile_file_have_an_end() {
        let line = line(&looked("/a")).expect("it is done");
        for number in ["-1", "18446744073709551615", "4294967296", "1.5", "\"7\""] {
            let text = line.replace("\"localhost\":7", &format!("\"localhost\":{number}"));
            let text = format!("{}{text}", head(&options()));
            assert_eq!(read(&text, &options()), Err(NotResumable::NotOurs(2)), "{number}");
        }
    }

    #[test]
    fn what_was_left_out_is_looked_at_again() {
        let mut left = looked("/a");
        left.left_out = Some("there was no whole answer".to_owned());
        assert_eq!(line(&left), None);
    }
}
