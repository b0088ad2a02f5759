//! The core alone: programs of the test kit that print what a decision costs, without any I/O.

use super::bars::Bar;
use super::round::Spread;
use crate::workspace::cargo;

/// What a program prints, by the words of its lines, and the most nanoseconds that it may be.
type Bars = &'static [(&'static str, f64)];

/// The examples of `doorward-test`, and the bars that their figures are held to.
const PROGRAMS: [(&str, Bars); 4] = [
    ("decision", &[]),
    (
        "bodies",
        &[
            ("more than a parser that skips records", 0.0),
            ("more than a parser that skips one long text", 0.0),
        ],
    ),
    ("passes", &[("more with a signed request", 2_500.0), ("more with a ticket", 1_500.0)]),
    (
        "callers",
        &[
            ("for a session that is remembered", 1_000.0),
            ("for an opaque token that is remembered", 1_000.0),
        ],
    ),
];

/// What the programs printed, the bars among it, and whether all of them ended well: what the peers
/// gave is not lost where one did not.
#[derive(Default)]
pub(super) struct Decision {
    pub(super) text: String,
    pub(super) bars: Vec<Bar>,
    pub(super) well: bool,
}

/// Runs them, one after the other.
pub(super) fn run() -> anyhow::Result<Decision> {
    let mut decision = Decision { well: true, ..Decision::default() };
    for (name, bars) in PROGRAMS {
        let mut run = cargo("run");
        run.args(["--release", "--quiet", "-p", "doorward-test", "--example", name]);
        let output = run.output()?;
        let well = output.status.success();
        let stream = if well { output.stdout } else { output.stderr };
        decision.hear(&String::from_utf8_lossy(&stream), bars);
        decision.well &= well;
    }
    Ok(decision)
}

impl Decision {
    /// Takes what a program printed. A figure that is not in it is no bar that is met.
    fn hear(&mut self, text: &str, bars: Bars) {
        for (words, most) in bars {
            let ns = nanoseconds(text, words).unwrap_or(f64::NAN);
            self.bars.push(Bar {
                name: format!("ns {words}"),
                figure: Spread { median: ns, least: ns, most: ns },
                at_most: Some(*most),
            });
        }
        self.text += text;
    }
}

/// The figure of the line with these words.
fn nanoseconds(text: &str, words: &str) -> Option<f64> {
    let lines = text.lines().filter_map(|line| line.trim().split_once(" ns "));
    let mut figures = lines.filter(|(_, what)| *what == words).map(|(figure, _)| figure);
    figures.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Decision, nanoseconds};

    #[test]
    fn a_figure_is_found_by_its_words() {
        let text = "     312 ns to open a visit\n   -1 ns more with a ticket\n  4.9 ms of a core\n";
        let rows = [
            ("to open a visit", Some(312.0)),
            ("more with a ticket", Some(-1.0)),
            ("of a core", None),
            ("more", None),
        ];
        for (words, want) in rows {
            assert_eq!(nanoseconds(text, words), want, "{words}");
        }
    }

    #[test]
    fn a_bar_is_met_by_a_figure_alone() {
        let mut decision = Decision::default();
        decision.hear("  9 ns a\n 10 ns b\n", &[("a", 9.0), ("b", 9.0), ("c", 9.0)]);
        let met: Vec<bool> = decision.bars.iter().map(|bar| bar.is_met()).collect();
        assert_eq!(met, [true, false, false]);
    }
}
