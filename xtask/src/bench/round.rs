//! One round of one peer, and all that was measured of it.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::Settings;
use super::calls::Trace;
use super::cpu;
use super::hits::Hits;
use super::load::{self, Seen};
use super::peer::Peer;
use super::rate::{self, Latency};

/// Connections of a measured load, and of the load under strace.
pub(super) const CONNECTIONS: u32 = 64;
const TRACED_CONNECTIONS: u32 = 16;
/// Seconds under strace: enough for some thousand requests.
const TRACED_S: u32 = 1;

/// A round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) seen: Seen,
    /// CPU microseconds a request.
    pub(super) cpu_us: f64,
    pub(super) resident_kib: u64,
    /// At the fixed rate.
    pub(super) latency: Latency,
    /// System calls a request.
    pub(super) calls: f64,
}

impl Round {
    /// For whoever watches.
    pub(super) fn line(&self) -> String {
        let Round { seen, cpu_us, resident_kib, latency, calls } = self;
        format!(
            "{cpu_us:6.2} µs CPU, {:6.0} requests/s, {calls:5.2} calls, p99 {:5.0} µs, {} MiB",
            seen.requests_per_second,
            latency.p99_us,
            resident_kib / 1024
        )
    }

    pub(super) fn resident_mib(&self) -> f64 {
        self.resident_kib as f64 / 1024.0
    }
}

/// A peer with its rounds.
pub(super) struct Measured {
    pub(super) peer: Peer,
    pub(super) rounds: Vec<Round>,
    /// What it says of the tokens that it was shown.
    pub(super) hits: Option<Hits>,
}

impl Measured {
    pub(super) fn new(peer: Peer) -> Measured {
        Measured { peer, rounds: Vec::new(), hits: None }
    }

    pub(super) fn name(&self) -> &'static str {
        self.peer.kind.name
    }

    /// So that caches, pools and pages are as they will be.
    pub(super) fn warm_up(&self, seconds: u32) -> anyhow::Result<()> {
        let shows = self.peer.shown.now(seconds)?;
        let seen = load::run(self.peer.port(), shows, CONNECTIONS, seconds)?;
        self.peer.shown.spent(seen.requests);
        Ok(())
    }

    /// Loads the peer alone: as fast as it goes, then at the fixed rate, then under strace.
    pub(super) fn round(&mut self, settings: &Settings) -> anyhow::Result<Round> {
        let round = self.measure(settings).with_context(|| format!("{} fails", self.name()))?;
        self.rounds.push(round);
        Ok(round)
    }

    fn measure(&self, settings: &Settings) -> anyhow::Result<Round> {
        let seconds = settings.seconds;
        let processes = self.peer.processes();
        let shows = self.peer.shown.now(seconds)?;
        let before = cpu::used(&processes)?;
        let load = load::start(self.peer.port(), shows, CONNECTIONS, seconds)?;
        // Memory is read in the middle, while the connections stand.
        std::thread::sleep(Duration::from_secs(u64::from(seconds)) / 2);
        let resident_kib = cpu::resident_kib(&processes)?;
        let seen = load::finish(load)?;
        let used = cpu::used(&processes)?.saturating_sub(before);
        self.peer.shown.spent(seen.requests);
        ensure!(seen.requests > 0, "no request of the round was answered");
        let cpu_us = used.as_secs_f64() * 1e6 / seen.requests as f64;

        let seconds = (seconds / 2).max(1);
        let requests = self.peer.requests((settings.rate * seconds) as usize)?;
        let latency = rate::run(self.peer.port(), &requests, settings.rate, seconds)?;
        self.peer.shown.spent(requests.len() as u64);
        Ok(Round { seen, cpu_us, resident_kib, latency, calls: self.trace()? })
    }

    /// Counts the peer's system calls under a load of their own: strace slows all else down.
    fn trace(&self) -> anyhow::Result<f64> {
        let shows = self.peer.shown.now(TRACED_S)?;
        let trace = Trace::attach(&self.peer.processes(), &std::env::temp_dir())?;
        let seen = load::run(self.peer.port(), shows, TRACED_CONNECTIONS, TRACED_S);
        let calls = trace.finish()?;
        let seen = seen?;
        self.peer.shown.spent(seen.requests);
        ensure!(seen.requests > 0, "no traced request was answered");
        Ok(calls as f64 / seen.requests as f64)
    }

    /// Median, least and most of a figure over the rounds.
    pub(super) fn spread(&self, figure: impl Fn(&Round) -> f64) -> Spread {
        Spread::of(self.rounds.iter().map(figure).collect())
    }

    /// The same of what comes out of this peer's and another's figure of one round.
    pub(super) fn beside(
        &self,
        other: &Measured,
        figure: impl Fn(&Round) -> f64,
        combine: impl Fn(f64, f64) -> f64,
    ) -> Spread {
        let pairs = self.rounds.iter().zip(&other.rounds);
        Spread::of(pairs.map(|(ours, theirs)| combine(figure(ours), figure(theirs))).collect())
    }

    /// Of the ratio of CPU to another peer's in the same round.
    pub(super) fn ratio(&self, other: &Measured) -> Spread {
        self.beside(other, |round| round.cpu_us, |ours, theirs| ours / theirs)
    }
}

/// What the rounds say of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    fn of(mut figures: Vec<f64>) -> Spread {
        figures.sort_by(f64::total_cmp);
        let end = |figure: Option<&f64>| figure.copied().unwrap_or(f64::NAN);
        let (least, most) = (end(figures.first()), end(figures.last()));
        Spread { median: median(&figures), least, most }
    }
}

/// Of sorted figures.
fn median(figures: &[f64]) -> f64 {
    let middle = figures.len() / 2;
    match figures.get(middle) {
        None => f64::NAN,
        Some(upper) if figures.len() % 2 == 1 => *upper,
        Some(upper) => (figures[middle - 1] + upper) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn medians() {
        let rows = [
            (vec![3.0, 1.0, 2.0], Spread { median: 2.0, least: 1.0, most: 3.0 }),
            (vec![4.0, 1.0, 2.0, 3.0], Spread { median: 2.5, least: 1.0, most: 4.0 }),
        ];
        for (figures, want) in rows {
            assert_eq!(Spread::of(figures), want);
        }
        assert!(Spread::of(Vec::new()).median.is_nan());
    }
}
