//! Invariants 1 and 5: the pure crates cannot wait, read a clock, draw or log; no first header.

use super::Finding;
use super::source::Line;
use super::tree::Tree;

/// Folders of the crates that are pure, as far as they exist.
const PURE_FOLDERS: &[&str] = &["crates/doorward-core/src/", "crates/doorward-browser/src/"];

/// What a pure crate does not name, and what it takes instead.
const IMPURE: &[(&str, &str)] = &[
    ("SystemTime", "take the time as an argument"),
    ("Instant::now", "take the time as an argument"),
    ("time::Instant", "take the time as an argument"),
    ("tokio", "let the mounting wait"),
    ("rand::", "take chance as an argument"),
    ("SystemRandom", "take chance as an argument"),
    ("println!", "return it; the mounting tells"),
    ("tracing::", "return it; the mounting tells"),
    ("std::fs", "take what was read as an argument"),
    ("std::env", "take what was read as an argument"),
    ("std::thread", "let the mounting wait"),
    ("std::net::Tcp", "sockets belong to mountings"),
    ("TcpStream", "sockets belong to mountings"),
    ("TcpListener", "sockets belong to mountings"),
    ("UdpSocket", "sockets belong to mountings"),
];

/// Ways to take "the first" of a repeated header.
const FIRST_HEADER: &[&str] = &[
    ".get(\"",
    "headers.get(",
    ".headers().get(",
    ".get(header::",
    ".get(&header::",
    ".get(http::header",
    ".get(&http::header",
    "HeaderMap::get",
];

pub(super) fn pure_crates_are_pure(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in PURE_FOLDERS {
        for (path, source) in tree.rust_below(folder) {
            for line in source.code() {
                for (name, mend) in IMPURE {
                    if names(&line, name) {
                        let what = format!("a pure crate names `{name}`");
                        findings.push(Finding::new(path, line.number, what, *mend));
                    }
                }
            }
        }
    }
    findings
}

pub(super) fn core_reads_no_first_header(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust_below(PURE_FOLDERS[0]) {
        for line in source.code() {
            let dense: String = line.code.split_whitespace().collect();
            if FIRST_HEADER.iter().any(|way| dense.contains(way)) {
                findings.push(Finding::new(
                    path,
                    line.number,
                    "takes the first of a header that may be repeated",
                    "ask for the single one (Absent, Value, Repeated, Unreadable) or for all",
                ));
            }
        }
    }
    findings
}

/// Whether the line has the name, and not as the end of another (`brand::` has no `rand::`).
fn names(line: &Line<'_>, name: &str) -> bool {
    line.code.match_indices(name).any(|(at, _)| {
        let before = line.code[..at].chars().next_back();
        !before.is_some_and(|c| super::lexer::is_name(&c))
    })
}

#[cfg(test)]
mod tests {
    use super::super::assert_tells_apart;
    use super::{IMPURE, core_reads_no_first_header, pure_crates_are_pure};

    const CORE: &str = "crates/doorward-core/src/a.rs";

    #[test]
    fn purity() {
        let good = "// SystemTime stays outside.\nlet brand = brand::new(\"tokio\");";
        for (name, _) in IMPURE {
            let bad = format!("let a = {name};");
            assert_tells_apart(pure_crates_are_pure, &[(CORE, good)], &[(CORE, &bad)]);
            let elsewhere = [("crates/doorward-proxy/src/a.rs", bad.as_str())];
            assert_tells_apart(pure_crates_are_pure, &elsewhere, &[(CORE, &bad)]);
        }
    }

    #[test]
    fn first_header() {
        let good = "let a = single(headers, &header::ORIGIN); let b = slots.get(index);";
        let bad = ["headers.get(header::HOST)", "view.headers .get(name)", "map.get(\"host\")"];
        for text in bad {
            assert_tells_apart(core_reads_no_first_header, &[(CORE, good)], &[(CORE, text)]);
        }
    }
}
