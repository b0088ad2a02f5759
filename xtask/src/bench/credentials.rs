//! The keys and tokens of a run, made by a program of `bench/micro` so that this one stays small.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::kind::{Caller, Kind, lower};
use super::load::Shows;
use crate::workspace::cargo;

/// Different good tokens: more than any peer remembers, and about as many as a run of five rounds
/// sends to the peer that gets a fresh one with each request.
const FRESH: u64 = 200_000;

/// The bad tokens, each by the kind of its file.
pub(super) const WRONG: [&str; 4] = ["forged", "expired", "audience", "issuer"];

/// Makes all keys and tokens in the folder.
pub(super) fn make(folder: &Path) -> anyhow::Result<()> {
    let mut run = cargo("run");
    run.args(["--release", "--quiet", "-p", "doorward-micro", "--example", "credentials", "--"]);
    run.arg(folder).arg(FRESH.to_string());
    ensure!(run.status()?.success(), "the keys and tokens could not be made");
    Ok(())
}

/// What a peer's callers show.
#[derive(Debug)]
pub(super) struct Shown {
    /// The one good token, where a peer asks for one.
    pub(super) good: Option<String>,
    /// The file of fresh ones, and which of them is next.
    fresh: Option<(PathBuf, Cell<u64>)>,
}

impl Shown {
    /// Reads what `kind` is to be shown.
    pub(super) fn of(kind: &Kind, folder: &Path) -> anyhow::Result<Shown> {
        let good = kind.algorithm().map(|algorithm| read(folder, algorithm, "good")).transpose()?;
        let fresh = match kind.caller {
            Caller::Anybody | Caller::Token(_) => None,
            Caller::Fresh(algorithm) => {
                Some((folder.join(format!("{}.fresh", lower(algorithm))), Cell::new(0)))
            }
        };
        Ok(Shown { good, fresh })
    }

    /// What wrk is to send from now on.
    pub(super) fn now(&self) -> Shows<'_> {
        match (&self.fresh, &self.good) {
            (Some((file, next)), _) => Shows::Lines(file, next.get()),
            (None, Some(token)) => Shows::Token(token),
            (None, None) => Shows::Nothing,
        }
    }

    /// Fresh tokens, `count` of them from the next on; none where there is but one.
    pub(super) fn lines(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let Some((file, next)) = &self.fresh else { return Ok(Vec::new()) };
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let from = usize::try_from(next.get())?;
        let lines = text.lines().cycle().skip(from % text.lines().count().max(1));
        Ok(lines.take(count).map(str::to_owned).collect())
    }

    /// So many tokens have been shown.
    pub(super) fn spent(&self, count: u64) {
        if let Some((_, next)) = &self.fresh {
            next.set((next.get() + count) % FRESH);
        }
    }
}

/// A token from its file.
pub(super) fn read(folder: &Path, algorithm: &str, kind: &str) -> anyhow::Result<String> {
    let file = folder.join(format!("{}.{kind}", lower(algorithm)));
    std::fs::read_to_string(&file).with_context(|| file.display().to_string())
}
