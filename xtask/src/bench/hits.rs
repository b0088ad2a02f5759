//! How many of a gate's tokens were remembered, as it says itself.

/// What a gate did with the tokens that it was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    pub(super) remembered: u64,
    pub(super) verified: u64,
}

impl Hits {
    /// Remembered ones as a part of all, from 0 to 1.
    pub(super) fn rate(self) -> Option<f64> {
        let all = self.remembered + self.verified;
        (all > 0).then(|| self.remembered as f64 / all as f64)
    }

    /// For people.
    pub(super) fn spoken(self) -> String {
        let rate = self
            .rate()
            .map_or("none was shown".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
        format!("{rate} ({} remembered, {} verified)", self.remembered, self.verified)
    }
}
