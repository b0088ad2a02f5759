//! A run of several steps: each is named, each runs whatever became of the others.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context;

use crate::count::Count;

/// What the steps came to so far.
#[derive(Default)]
pub(crate) struct Steps {
    count: Count,
    failures: Vec<String>,
}

impl Steps {
    /// Runs a step that is well or not; a step that is not counts as one failure.
    pub(crate) fn check(
        &mut self,
        name: &str,
        step: impl FnOnce() -> anyhow::Result<bool>,
    ) -> bool {
        println!("== {name}");
        let start = Instant::now();
        let well = step().unwrap_or_else(|error| {
            println!("{error:#}");
            false
        });
        let word = if well { "ok" } else { "FAILED" };
        println!("== {name}: {word} in {:.1} s", start.elapsed().as_secs_f32());
        if !well {
            self.count.failed += 1;
            self.failures.push(name.to_owned());
        }
        well
    }

    /// Runs a command as a step.
    pub(crate) fn command(&mut self, name: &str, mut command: Command) -> bool {
        self.check(name, || Ok(command.status().context("does not start")?.success()))
    }

    /// Runs a test runner as a step and adds up its closing lines.
    pub(crate) fn tests(&mut self, name: &str, command: Command) {
        let mut count = Count::default();
        self.check(name, || {
            let well;
            (well, count) = run_counting(command)?;
            if count.skipped > 0 {
                println!(
                    "{} tests did not run; a test that does not run has failed",
                    count.skipped
                );
            }
            // A failed test is counted already; a runner that failed without one is a failed step.
            Ok(well || count.failed > 0)
        });
        if count.failed > 0 {
            self.failures.push(name.to_owned());
        }
        self.count += count;
    }

    /// Prints what failed and, as the last line, the counts. Whether all was well.
    pub(crate) fn close(self) -> bool {
        for name in &self.failures {
            println!("failed: {name}");
        }
        let failed = self.count.failed + self.count.skipped;
        println!("{} passed, {failed} failed", self.count.passed);
        failed == 0 && self.failures.is_empty()
    }
}

/// Runs a command, passing its output on line by line; whether it ended well, and what it counted.
pub(crate) fn run_counting(mut command: Command) -> anyhow::Result<(bool, Count)> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let error_stream = child.stderr.take().context("no error stream")?;
    let output = child.stdout.take().context("no output")?;
    let beside = std::thread::spawn(move || pass_on(error_stream));
    let mut count = pass_on(output);
    // nextest closes on the error stream, libtest on the output: never both for one test.
    count += beside.join().unwrap_or_default();
    Ok((child.wait()?.success(), count))
}

fn pass_on(stream: impl Read) -> Count {
    let mut count = Count::default();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        count += Count::of_line(&line).unwrap_or_default();
    }
    count
}
