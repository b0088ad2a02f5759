//! What a process and its children used, as the kernel counts it in `/proc`.

use std::fs::read_to_string;
use std::time::Duration;

use anyhow::Context;

/// The unit of `/proc/PID/stat` on Linux: USER_HZ is 100 on every architecture that matters here.
const TICK: Duration = Duration::from_millis(10);

/// A process and all below it.
pub(super) fn tree(root: u32) -> Vec<u32> {
    let mut processes = vec![root];
    let mut at = 0;
    while let Some(process) = processes.get(at) {
        let path = format!("/proc/{process}/task/{process}/children");
        let children = read_to_string(path).unwrap_or_default();
        processes.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        at += 1;
    }
    processes
}

/// User and system time of the processes together.
pub(super) fn used(processes: &[u32]) -> anyhow::Result<Duration> {
    let mut ticks = 0;
    for process in processes {
        let stat = read_to_string(format!("/proc/{process}/stat")).context("a peer has ended")?;
        ticks += ticks_of(&stat).context("/proc/PID/stat has another shape")?;
    }
    Ok(TICK * ticks)
}

/// `utime` and `stime`, the 14th and 15th field; the second, a name, may itself have spaces.
fn ticks_of(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Resident memory of the processes together, in KiB.
pub(super) fn resident_kib(processes: &[u32]) -> anyhow::Result<u64> {
    let mut sum = 0;
    for process in processes {
        let status = read_to_string(format!("/proc/{process}/status")).context("a peer ended")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        sum += number.context("no VmRSS")?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::ticks_of;

    #[test]
    fn user_and_system_time() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 123 0 0 0 31 11 0 0 20 0 1 0 181533";
        assert_eq!(ticks_of(stat), Some(42));
        assert_eq!(ticks_of("7 (a"), None);
    }
}
