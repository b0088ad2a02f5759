//! Counts tests by what their runners print.

use std::ops::AddAssign;

/// How many tests passed, failed, and did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Ignored or skipped. A test that does not run has failed, so the sum counts them there.
    pub(crate) skipped: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Count {
    /// Reads one line of a runner; `None` where it is not a closing line.
    ///
    /// nextest: `Summary [ 1.2s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped`;
    /// libtest: `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; …`.
    pub(crate) fn of_line(line: &str) -> Option<Count> {
        let line = line.trim();
        let closes = line.starts_with("test result:")
            || (line.starts_with("Summary [") && line.contains("run:"));
        if !closes {
            return None;
        }
        let words: Vec<&str> = line
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let number_before = |names: &[&str]| -> u64 {
            words
                .windows(2)
                .filter(|pair| names.contains(&pair[1]))
                .filter_map(|pair| pair[0].parse::<u64>().ok())
                .sum()
        };
        Some(Count {
            passed: number_before(&["passed"]),
            failed: number_before(&["failed", "timed"]),
            skipped: number_before(&["ignored", "skipped"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    /// Passed, failed, skipped.
    type Want = Option<(u64, u64, u64)>;

    #[test]
    fn closing_lines() {
        let rows: &[(&str, Want)] = &[
            (
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out;",
                Some((3, 0, 1)),
            ),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured", Some((3, 2, 0))),
            (
                "     Summary [   0.5s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped",
                Some((4, 1, 2)),
            ),
            ("     Summary [   0.5s] 5 tests run: 5 passed, 0 skipped", Some((5, 0, 0))),
            (
                "     Summary [  60.5s] 5/9 tests run: 3 passed, 1 failed, 1 timed out, 0 skipped",
                Some((3, 2, 0)),
            ),
            ("     Summary [   0.1s] 1 test run: 1 passed, 0 skipped", Some((1, 0, 0))),
            ("running 3 tests", None),
            ("a page said: 7 passed", None),
        ];
        for (line, want) in rows {
            let count = Count::of_line(line).map(|c| (c.passed, c.failed, c.skipped));
            assert_eq!(count, *want, "{line}");
        }
    }
}
