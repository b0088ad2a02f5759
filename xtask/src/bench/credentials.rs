//! The keys and tokens of a run, and signed requests; made by programs of other crates so that this
//! one stays small.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::kind::{Caller, Kind, MAC_KEY, lower};
use super::load::{PATH, Shows};
use crate::workspace::cargo;

/// Different good tokens: more than any peer remembers, and about as many as a run of five rounds
/// sends to the peer that gets a fresh one with each request.
const FRESH: u64 = 200_000;

/// Signed requests for each second of a load: more than any peer answers, since one is good once.
const SIGNED_PER_S: u32 = 80_000;

/// A session's cookie, beside another.
const SESSION: &str = "Cookie: theme=dark; session=0123456789abcdef0123456789abcdef";

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
pub(super) enum Shown {
    /// Nothing.
    Nothing,
    /// One good token.
    Token(String),
    /// One session.
    Session,
    /// Another good token each time: the first, the file of all, and which of them is next.
    Tokens(String, PathBuf, Cell<u64>),
    /// Another signature each time: the file where those of one load are written.
    Signed(Signer),
}

/// Makes signed requests.
#[derive(Debug)]
pub(super) struct Signer {
    file: PathBuf,
    /// `passes` or `mac`.
    way: &'static str,
    port: u16,
}

impl Shown {
    /// Reads what `kind`, which listens at `port`, is to be shown.
    pub(super) fn of(kind: &Kind, port: u16, folder: &Path) -> anyhow::Result<Shown> {
        Ok(match kind.caller {
            Caller::Anybody => Shown::Nothing,
            Caller::Session => Shown::Session,
            Caller::Token(algorithm) => Shown::Token(read(folder, algorithm, "good")?),
            Caller::Fresh(algorithm) => {
                let file = folder.join(format!("{}.fresh", lower(algorithm)));
                Shown::Tokens(read(folder, algorithm, "good")?, file, Cell::new(0))
            }
            Caller::Signed(way) => {
                let file = folder.join(format!("{}.signed", kind.name));
                Shown::Signed(Signer { file, way, port })
            }
        })
    }

    /// What wrk is to send from now on, for so many seconds.
    pub(super) fn now(&self, seconds: u32) -> anyhow::Result<Shows<'_>> {
        Ok(match self {
            Shown::Nothing => Shows::Nothing,
            Shown::Token(token) => Shows::Token(token),
            Shown::Session => Shows::Header(SESSION),
            Shown::Tokens(_, file, next) => Shows::Lines(file, next.get()),
            Shown::Signed(signer) => {
                signer.write(seconds * SIGNED_PER_S)?;
                Shows::Lines(&signer.file, 0)
            }
        })
    }

    /// The headers of `count` requests from the next on, with tabs between them; of one where all
    /// are the same.
    pub(super) fn lines(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let (file, from) = match self {
            Shown::Nothing => return Ok(vec![String::new()]),
            Shown::Token(token) => return Ok(vec![bearer(token)]),
            Shown::Session => return Ok(vec![SESSION.to_owned()]),
            Shown::Tokens(_, file, next) => (file, usize::try_from(next.get())?),
            Shown::Signed(signer) => {
                signer.write(u32::try_from(count)?)?;
                (&signer.file, 0)
            }
        };
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let lines = text.lines().cycle().skip(from % text.lines().count().max(1));
        Ok(lines.take(count).map(str::to_owned).collect())
    }

    /// So many tokens have been shown.
    pub(super) fn spent(&self, count: u64) {
        if let Shown::Tokens(_, _, next) = self {
            next.set((next.get() + count) % FRESH);
        }
    }
}

impl Signer {
    /// Writes so many requests' headers; each is good once.
    fn write(&self, count: u32) -> anyhow::Result<()> {
        let mut run = cargo("run");
        run.args(["--release", "--quiet", "-p", "doorward-test", "--example", "signed", "--"]);
        run.arg(&self.file).args([&count.to_string(), self.way, &self.port.to_string(), PATH]);
        if self.way == "mac" {
            run.arg(MAC_KEY);
        }
        ensure!(run.status()?.success(), "the signed requests could not be made");
        Ok(())
    }
}

/// A token as a header.
pub(super) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// A token from its file.
pub(super) fn read(folder: &Path, algorithm: &str, kind: &str) -> anyhow::Result<String> {
    let file = folder.join(format!("{}.{kind}", lower(algorithm)));
    std::fs::read_to_string(&file).with_context(|| file.display().to_string())
}
