//! The measures of STYLE: a reader finishes a file in minutes.

use super::Finding;
use super::tree::Tree;

const FILE_LINES_MAX: usize = 500;
const LAYER_LINES_MAX: usize = 300;
const FUNCTION_LINES_MAX: usize = 70;
const PARAMETERS_MAX: usize = 6;
const LINE_COLUMNS_MAX: usize = 100;
const ARCHITECTURE_LINES_MAX: usize = 200;

/// Where the layers lie.
pub(super) const LAYERS_FOLDER: &str = "crates/doorward-core/src/layers/";

pub(super) fn files_are_short(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust() {
        let layer = path.starts_with(LAYERS_FOLDER);
        let most = if layer { LAYER_LINES_MAX } else { FILE_LINES_MAX };
        let lines = source.length();
        if lines > most {
            findings.push(Finding::new(
                path,
                1,
                format!("{lines} lines without tests, at most {most}"),
                "split it by question",
            ));
        }
    }
    findings
}

pub(super) fn lines_are_narrow(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust() {
        for (at, line) in source.lines.iter().enumerate() {
            let columns = line.chars().count();
            if columns > LINE_COLUMNS_MAX {
                let what = format!("{columns} columns, at most {LINE_COLUMNS_MAX}");
                findings.push(Finding::new(path, at + 1, what, "wrap it"));
            }
        }
    }
    findings
}

pub(super) fn functions_are_short(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust() {
        for function in source.functions() {
            let name = &function.name;
            if function.lines > FUNCTION_LINES_MAX {
                let what =
                    format!("`{name}` has {} lines, at most {FUNCTION_LINES_MAX}", function.lines);
                findings.push(Finding::new(path, function.line, what, "split it by question"));
            }
            if function.parameters > PARAMETERS_MAX {
                let what = format!(
                    "`{name}` has {} parameters, at most {PARAMETERS_MAX}",
                    function.parameters
                );
                findings.push(Finding::new(path, function.line, what, "make a type of some"));
            }
        }
    }
    findings
}

pub(super) fn architecture_is_short(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.file("ARCHITECTURE.md") else { return Vec::new() };
    let lines = file.text.lines().count();
    if lines <= ARCHITECTURE_LINES_MAX {
        return Vec::new();
    }
    let what = format!("{lines} lines, at most {ARCHITECTURE_LINES_MAX}");
    vec![Finding::new(&file.path, 1, what, "keep to the map")]
}

#[cfg(test)]
mod tests {
    use super::super::assert_tells_apart;
    use super::{architecture_is_short, files_are_short, functions_are_short, lines_are_narrow};

    #[test]
    fn files() {
        let (short, long) = ("\n".repeat(500), "\n".repeat(501));
        assert_tells_apart(files_are_short, &[("a/b.rs", &short)], &[("a/b.rs", &long)]);
        let tests = format!("#[cfg(test)]\nmod tests {{{long}}}");
        assert_tells_apart(files_are_short, &[("a/b.rs", &tests)], &[("a/b.rs", &long)]);
        let (short, long) = ("\n".repeat(300), "\n".repeat(301));
        let layer = "crates/doorward-core/src/layers/site.rs";
        assert_tells_apart(files_are_short, &[(layer, &short)], &[(layer, &long)]);
    }

    #[test]
    fn lines() {
        let (narrow, wide) = ("ü".repeat(100), "ü".repeat(101));
        assert_tells_apart(lines_are_narrow, &[("a.rs", &narrow)], &[("a.rs", &wide)]);
    }

    #[test]
    fn functions() {
        let short = format!("fn a() {{{}}}", "\n".repeat(69));
        let long = format!("fn a() {{{}}}", "\n".repeat(70));
        assert_tells_apart(functions_are_short, &[("a.rs", &short)], &[("a.rs", &long)]);
        let six = "fn a(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}";
        let seven = "fn a(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}";
        assert_tells_apart(functions_are_short, &[("a.rs", six)], &[("a.rs", seven)]);
    }

    #[test]
    fn architecture() {
        let (short, long) = ("\n".repeat(200), "\n".repeat(201));
        let path = "ARCHITECTURE.md";
        assert_tells_apart(architecture_is_short, &[(path, &short)], &[(path, &long)]);
    }
}
