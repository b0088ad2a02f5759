//! The decision alone: a program of the test kit that prints nanoseconds and allocations.

use crate::workspace::cargo;

/// What the program printed, and whether it ended well.
pub(super) struct Decision {
    pub(super) text: String,
    pub(super) well: bool,
}

pub(super) fn run() -> anyhow::Result<Decision> {
    let mut run = cargo("run");
    run.args(["--release", "--quiet", "-p", "doorward-test", "--example", "decision"]);
    let output = run.output()?;
    let well = output.status.success();
    let stream = if well { output.stdout } else { output.stderr };
    Ok(Decision { text: String::from_utf8_lossy(&stream).into_owned(), well })
}
