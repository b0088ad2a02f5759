//! `cargo xtask tidy`: the invariants of DESIGN and the measures of STYLE that text can show.
//!
//! Each check looks at the whole tree and returns all that it finds; nothing stops at the first.

mod exceptions;
mod layers;
mod lexer;
mod manifests;
mod measures;
mod names;
mod purity;
mod source;
mod tree;
mod words;

use std::fmt;

use tree::Tree;

/// One breach: where, what, and how it is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Relative to the root.
    path: String,
    /// From 1; 1 as well where the whole file is meant.
    line: usize,
    what: String,
    mend: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.mend)
    }
}

/// One check over the tree.
type Check = fn(&Tree) -> Vec<Finding>;

const CHECKS: &[Check] = &[
    layers::order_names_files,
    layers::files_have_their_shape,
    layers::layers_have_cases,
    layers::refusals_have_cases_and_neighbours,
    measures::files_are_short,
    measures::lines_are_narrow,
    measures::functions_are_short,
    measures::architecture_is_short,
    purity::pure_crates_are_pure,
    purity::core_reads_no_first_header,
    manifests::core_has_few_dependencies,
    manifests::arrows_go_one_way,
    manifests::dependencies_are_explained,
    manifests::dependencies_are_used,
    manifests::lints_are_shared,
    names::names_say_what,
    words::nothing_is_left_undone,
    words::nothing_sleeps,
    words::nothing_panics,
    words::nothing_of_the_workplace,
];

/// Runs all checks and prints all findings; whether there was none.
pub(crate) fn run() -> anyhow::Result<bool> {
    let tree = Tree::of_workspace()?;
    let findings = exceptions::apply(findings(&tree));
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files, {} findings", tree.files.len(), findings.len());
    Ok(findings.is_empty())
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(tree)).collect();
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    findings
}

/// A row of a check's test: it finds nothing in the good tree and something in the bad one.
#[cfg(test)]
fn assert_tells_apart(check: Check, good: &[(&str, &str)], bad: &[(&str, &str)]) {
    let found = check(&Tree::of_texts(good));
    assert!(found.is_empty(), "in the good tree: {found:?}");
    let found = check(&Tree::of_texts(bad));
    assert!(!found.is_empty(), "nothing found in {bad:?}");
}
