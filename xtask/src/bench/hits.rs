//! How many of a gate's tokens were remembered, as its metrics say.

use anyhow::ensure;

use super::credentials::bearer;
use super::message::{Connection, Request};

/// What the gate is asked by for its metrics; its environment has it under this name.
pub(super) const TOKEN_VARIABLE: &str = "DOORWARD_BENCH_ADMIN";
pub(super) const TOKEN: &str = "only-for-the-bench-on-loopback";

/// What a gate did with the tokens that it was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    remembered: u64,
    verified: u64,
}

impl Hits {
    /// Asks the admin listener at a port of this machine; none where it says nothing of tokens.
    pub(super) fn of(admin: u16) -> anyhow::Result<Option<Hits>> {
        let own = &bearer(TOKEN);
        let request = Request { method: "GET", path: "/metrics", own, origin: None };
        let answer = Connection::open(admin)?.ask(&request.bytes(admin))?;
        ensure!(answer.status == 200, "no metrics, but\n{}", answer.head);
        Ok(read(&String::from_utf8_lossy(&answer.body)))
    }

    /// Remembered ones as a part of all, from 0 to 1.
    pub(super) fn rate(self) -> Option<f64> {
        let all = self.remembered + self.verified;
        (all > 0).then(|| self.remembered as f64 / all as f64)
    }

    /// For people.
    pub(super) fn spoken(self) -> String {
        let Hits { remembered, verified } = self;
        let Some(rate) = self.rate() else { return "none was shown".to_owned() };
        format!("{:.2} % ({remembered} remembered, {verified} verified)", rate * 100.0)
    }
}

/// From OpenMetrics text: `doorward_identity_cache_total{result="hit"} 12`.
fn read(text: &str) -> Option<Hits> {
    let figure = |result: &str| {
        let name = format!("doorward_identity_cache_total{{result=\"{result}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse().ok())
    };
    Some(Hits { remembered: figure("hit")?, verified: figure("miss")? })
}

#[cfg(test)]
mod tests {
    use super::{Hits, read};

    #[test]
    fn figures() {
        let text = "# TYPE doorward_identity_cache counter\n\
            doorward_identity_cache_total{result=\"hit\"} 3\n\
            doorward_identity_cache_total{result=\"miss\"} 1\n# EOF\n";
        let hits = read(text);
        assert_eq!(hits, Some(Hits { remembered: 3, verified: 1 }));
        assert_eq!(hits.and_then(Hits::rate), Some(0.75));
        assert_eq!(read("# EOF\n"), None);
        assert_eq!(Hits::default().rate(), None);
    }
}
