//! A check's headings as text: for `doorward explain`, for SARIF's rules, and for `docs/checks`.

use super::{CHECKS, Check};
use std::fmt::Write;

/// A file of `docs/checks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckPage {
    /// Its name: `C-17.md`.
    pub name: String,
    /// All of its text.
    pub text: String,
}

/// All pages: the list of checks, and one of each. `cargo xtask docs` writes them.
#[must_use]
pub fn check_pages() -> Vec<CheckPage> {
    let mut list = String::from(
        "# The checks of the probe\n\n`doorward explain ID` says the same on the command line; \
         docs/probe.md says how the probe works.\n\n| check | what is wrong where it finds \
         something |\n| --- | --- |\n",
    );
    for check in CHECKS {
        let title = check.title.replace('|', "\\|");
        let _ = writeln!(list, "| [`{0}`]({0}.md) | {title} |", check.id);
    }
    let _ = writeln!(list, "\nWritten by `cargo xtask docs` from the checks' own files.");
    let mut pages = vec![CheckPage { name: "README.md".to_owned(), text: list }];
    pages.extend(CHECKS.iter().map(|check| {
        let end = "Written by `cargo xtask docs` from the check's own file.";
        let text = format!("{}\n{end}\n", check.markdown());
        CheckPage { name: format!("{}.md", check.id), text }
    }));
    pages
}

impl Check {
    /// The headings of its file, and what stands below them.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for line in self.source.lines().take_while(|line| line.starts_with("//!")) {
            out.push_str(line.trim_start_matches("//!").trim_start_matches(' '));
            out.push('\n');
        }
        out
    }

    /// What stands below one of its headings; empty where there is none such.
    #[must_use]
    pub fn section(&self, heading: &str) -> String {
        let text = self.markdown();
        let lines = text.lines().skip_while(|line| line.strip_prefix("## ") != Some(heading));
        let lines = lines.skip(1).take_while(|line| !line.starts_with("## "));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::CHECKS;

    #[test]
    fn every_check_has_every_heading() {
        for check in CHECKS {
            for heading in [
                "What it is",
                "How it is found",
                "What it does not say",
                "How to close it",
                "References",
            ] {
                assert!(!check.section(heading).is_empty(), "{}: {heading}", check.id);
            }
            let first = check.markdown().lines().next().map(str::to_owned);
            assert_eq!(first, Some(format!("# {}: {}", check.id, check.title)));
            assert_eq!(check.section("What nobody writes"), "");
        }
        let mut ids: Vec<&str> = CHECKS.iter().map(|check| check.id).collect();
        ids.dedup();
        assert!(ids.is_sorted() && ids.len() == CHECKS.len(), "{ids:?}");
    }
}
