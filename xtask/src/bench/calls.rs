//! System calls a request, counted by strace.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

const ATTACH: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// A running strace over a peer's processes and all their threads.
pub(super) struct Trace {
    strace: Child,
    summary: std::path::PathBuf,
}

impl Trace {
    /// Attaches, and returns once every thread is traced.
    pub(super) fn attach(processes: &[u32], folder: &Path) -> anyhow::Result<Trace> {
        let summary = folder.join(format!("doorward-strace-{}", std::process::id()));
        let mut command = Command::new("strace");
        command.args(["-c", "-f", "-q", "-o"]).arg(&summary);
        for process in processes {
            command.arg("-p").arg(process.to_string());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut trace = Trace { strace: command.spawn().context("strace")?, summary };
        let begin = Instant::now();
        while !processes.iter().all(|process| is_traced(*process)) {
            if trace.strace.try_wait()?.is_some() || begin.elapsed() > ATTACH {
                bail!("strace cannot attach; it may need root or kernel.yama.ptrace_scope = 0");
            }
            std::thread::sleep(POLL);
        }
        Ok(trace)
    }

    /// Detaches; how many calls there were.
    pub(super) fn finish(mut self) -> anyhow::Result<u64> {
        // On SIGINT strace detaches and writes its summary.
        Command::new("kill").args(["-INT", &self.strace.id().to_string()]).status()?;
        self.strace.wait()?;
        let text = std::fs::read_to_string(&self.summary).context("no summary of strace")?;
        let removed = std::fs::remove_file(&self.summary);
        removed.context("the summary of strace is not removed")?;
        total(&text).with_context(|| format!("strace wrote\n{text}"))
    }
}

/// Whether a tracer has every thread of the process.
fn is_traced(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task"));
    let mut threads = threads.into_iter().flatten().flatten();
    threads.all(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    })
}

/// The calls of the summary's last line: `100.00    1.2    3    440000     12 total`.
fn total(summary: &str) -> Option<u64> {
    let line = summary.lines().find(|line| line.trim_end().ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn totals() {
        let summary = "% time     seconds  usecs/call     calls    errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n \
            60.00    1.234567           3    400000       104 writev\n\
            100.00    1.900000           3    440000       104 total\n";
        assert_eq!(total(summary), Some(440_000));
        assert_eq!(
            total("100.00    1.900000           3    440000           total"),
            Some(440_000)
        );
        assert_eq!(total("nothing"), None);
    }
}
