//! What is left undone, what sleeps, what panics, and what belongs to one workplace only.

use super::Finding;
use super::source::Line;
use super::tree::Tree;

const UNDONE: &[&str] = &["todo!", "unimplemented!", "#[ignore", "dbg!"];
const UNDONE_NOTES: &[&str] = &["TODO", "FIXME", "XXX"];
const SLEEPS: &[&str] = &["thread::sleep", "time::sleep("];
const PANICS: &[&str] = &[".unwrap()", ".expect(\"", "panic!(", "unreachable!("];

/// The only line by which a lock file names where packages come from.
const DEFAULT_REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn nothing_is_left_undone(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust() {
        find(&mut findings, path, source.all_code(), UNDONE, "finish it or leave it out");
        find(&mut findings, path, source.comments(), UNDONE_NOTES, "finish it or file an issue");
    }
    findings
}

/// Tests included: they wait for the event, or turn a clock.
pub(super) fn nothing_sleeps(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust_below("crates/") {
        find(&mut findings, path, source.all_code(), SLEEPS, "wait for the event, or turn a clock");
    }
    findings
}

/// The test kit is all test.
pub(super) fn nothing_panics(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust_below("crates/") {
        let kit = path.starts_with("crates/doorward-test/") || path.contains("/examples/");
        if !kit && !path.contains("/benches/") {
            find(&mut findings, path, source.code(), PANICS, "return an error, or refuse");
        }
    }
    findings
}

fn find<'s>(
    findings: &mut Vec<Finding>,
    path: &str,
    lines: impl Iterator<Item = Line<'s>>,
    words: &[&str],
    mend: &str,
) {
    for line in lines {
        for word in words.iter().filter(|word| line.code.contains(**word)) {
            findings.push(Finding::new(path, line.number, format!("`{word}`"), mend));
        }
    }
}

/// Paths and hosts of a single workplace, which no clone elsewhere has.
pub(super) fn nothing_of_the_workplace(tree: &Tree) -> Vec<Finding> {
    let words = workplace_words();
    let mut findings = Vec::new();
    for file in &tree.files {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(word.as_str())) {
                let what = format!("`{word}` belongs to one workplace");
                findings.push(Finding::new(&file.path, at + 1, what, "say it without"));
            }
            let source = line.strip_prefix("source = \"").and_then(|rest| rest.strip_suffix('"'));
            let lock = file.path.ends_with("Cargo.lock");
            if let Some(source) = source.filter(|source| lock && *source != DEFAULT_REGISTRY) {
                let what = format!("a package comes from `{source}`");
                findings.push(Finding::new(&file.path, at + 1, what, "use the default registry"));
            }
        }
    }
    findings
}

/// Put together here, so that this file does not contain them.
fn workplace_words() -> Vec<String> {
    let halves = [
        ("/wo", "rk/"),
        (".lib", "rary/"),
        ("../sha", "red"),
        ("index.crates", ".io"),
        ("static.crates", ".io"),
        ("registry.npm", "js.org"),
        ("files.pythonhos", "ted.org"),
        ("deb.deb", "ian.org"),
    ];
    halves.iter().map(|(first, second)| format!("{first}{second}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::assert_tells_apart;
    use super::{
        nothing_is_left_undone, nothing_of_the_workplace, nothing_panics, nothing_sleeps,
        workplace_words,
    };

    const PATH: &str = "crates/a/src/lib.rs";

    #[test]
    fn undone() {
        let good = "let a = \"TODO\"; // nothing to do";
        for bad in ["todo!()", "// TODO: more", "#[ignore]\nfn a() {}", "dbg!(a)"] {
            assert_tells_apart(nothing_is_left_undone, &[(PATH, good)], &[(PATH, bad)]);
        }
        let test = [("crates/a/tests/b.rs", "#[ignore = \"slow\"]\nfn a() {}")];
        assert_tells_apart(nothing_is_left_undone, &[], &test);
    }

    #[test]
    fn sleeps() {
        let good = "// no thread::sleep here\nclock.turn(1);";
        for bad in ["std::thread::sleep(a)", "tokio::time::sleep(a).await"] {
            assert_tells_apart(nothing_sleeps, &[(PATH, good)], &[(PATH, bad)]);
        }
    }

    #[test]
    fn panics() {
        let good = "a.unwrap_or(1);\n#[cfg(test)]\nmod tests { fn a() { b.unwrap() } }";
        for bad in ["a.unwrap()", "a.expect(\"b\")", "panic!(\"a\")"] {
            assert_tells_apart(nothing_panics, &[(PATH, good)], &[(PATH, bad)]);
        }
    }

    #[test]
    fn workplace() {
        let lock = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        let other = "source = \"registry+https://mirror.test/index\"";
        let (good, bad) = ([("Cargo.lock", lock)], [("Cargo.lock", other)]);
        assert_tells_apart(nothing_of_the_workplace, &good, &bad);
        for word in workplace_words() {
            let text = format!("see {word}");
            assert_tells_apart(nothing_of_the_workplace, &[], &[("README.md", &text)]);
        }
    }
}
