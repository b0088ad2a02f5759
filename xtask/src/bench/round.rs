//! One round of one peer, and all that was measured of it.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::calls::Trace;
use super::cpu;
use super::load::{self, Seen};
use super::peer::{Kind, Peer};

/// A round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) seen: Seen,
    /// CPU microseconds a request.
    pub(super) cpu_us: f64,
    pub(super) resident_kib: u64,
}

impl Round {
    /// For whoever watches.
    pub(super) fn line(&self) -> String {
        let Round { seen, cpu_us, resident_kib } = self;
        format!(
            "{cpu_us:6.2} µs CPU, {:8.0} requests/s, p99 {:6.0} µs, {resident_kib} KiB",
            seen.requests_per_second, seen.p99_us
        )
    }
}

/// A peer with its rounds.
pub(super) struct Measured {
    peer: Peer,
    pub(super) rounds: Vec<Round>,
    /// System calls a request.
    pub(super) calls: Option<f64>,
}

impl Measured {
    pub(super) fn new(peer: Peer) -> Measured {
        Measured { peer, rounds: Vec::new(), calls: None }
    }

    pub(super) fn kind(&self) -> Kind {
        self.peer.kind
    }

    pub(super) fn name(&self) -> &'static str {
        self.peer.kind.name()
    }

    pub(super) fn port(&self) -> u16 {
        self.peer.port()
    }

    /// Loads the peer alone for some seconds.
    pub(super) fn round(&mut self, connections: u32, seconds: u32) -> anyhow::Result<Round> {
        let processes = self.peer.processes();
        let before = cpu::used(&processes)?;
        let load = load::start(self.port(), connections, seconds)?;
        // Memory is read in the middle, while the connections stand.
        std::thread::sleep(Duration::from_secs(u64::from(seconds)) / 2);
        let resident_kib = cpu::resident_kib(&processes)?;
        let seen = load::finish(load).context(self.name())?;
        let used = cpu::used(&processes)?.saturating_sub(before);
        ensure!(seen.requests > 0, "no request of the round was answered");
        let cpu_us = used.as_secs_f64() * 1e6 / seen.requests as f64;
        let round = Round { seen, cpu_us, resident_kib };
        self.rounds.push(round);
        Ok(round)
    }

    /// Counts the peer's system calls under a load of their own: strace slows all else down.
    pub(super) fn trace(&mut self, connections: u32, seconds: u32) -> anyhow::Result<()> {
        let trace = Trace::attach(&self.peer.processes(), &std::env::temp_dir())?;
        let seen = load::run(self.port(), connections, seconds);
        let calls = trace.finish()?;
        let seen = seen.context(self.name())?;
        ensure!(seen.requests > 0, "no traced request was answered");
        self.calls = Some(calls as f64 / seen.requests as f64);
        Ok(())
    }

    /// The median over rounds of a figure.
    pub(super) fn median(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(figure).collect())
    }

    /// The median over rounds of the ratio of CPU to another peer's in the same round.
    pub(super) fn ratio(&self, other: &Measured) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        median(pairs.map(|(ours, theirs)| ours.cpu_us / theirs.cpu_us).collect())
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.get(middle) {
        None => f64::NAN,
        Some(upper) if figures.len() % 2 == 1 => *upper,
        Some(upper) => (figures[middle - 1] + upper) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
