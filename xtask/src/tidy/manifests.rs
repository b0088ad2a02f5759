//! Dependencies: which way the arrows go, how many the core has, and that each is explained.

use toml::{Table, Value};

use super::Finding;
use super::tree::Tree;

const CORE_DEPENDENCIES_MAX: usize = 16;

/// Who may name whom, of our own crates. A crate may be used by whoever may use its users.
const ARROWS: &[(&str, &[&str])] = &[
    ("doorward-core", &[]),
    ("doorward-browser", &[]),
    ("doorward-config", &["core"]),
    ("doorward-store", &["core"]),
    ("doorward-porter", &["core", "store"]),
    ("doorward-proxy", &["core", "store", "porter", "config"]),
    ("doorward-tower", &["core", "store", "porter", "config"]),
    ("doorward-authz", &["core", "store", "porter", "config"]),
    ("doorward-lab", &["core", "store", "porter", "config", "proxy", "browser", "probe"]),
    ("doorward-probe", &["core", "store", "porter", "config", "proxy", "browser"]),
];

/// Who may name all of ours, and who none.
const FREE: &[&str] = &["doorward", "doorward-test", "doorward-fuzz", "doorward-micro"];

/// `anyhow` loses which error it was, so libraries do not use it.
const ANYHOW: &[&str] = &["doorward", "xtask"];

const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

/// A crate's manifest.
struct Manifest<'t> {
    path: &'t str,
    text: &'t str,
    package: String,
    table: Table,
}

impl Manifest<'_> {
    /// The names of the dependencies in a section, also those for some targets only.
    fn dependencies(&self, section: &str) -> Vec<&str> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let tables = targets.into_iter().flat_map(|targets| targets.values());
        let tables = tables.filter_map(Value::as_table).chain([&self.table]);
        let sections = tables.filter_map(|table| table.get(section)?.as_table());
        sections.flat_map(|section| section.keys().map(String::as_str)).collect()
    }

    /// How many of the dependencies stand behind a feature.
    fn optional(&self) -> usize {
        let table = self.table.get("dependencies").and_then(Value::as_table);
        let rows = table.into_iter().flat_map(|table| table.values());
        rows.filter(|row| row.get("optional").and_then(Value::as_bool) == Some(true)).count()
    }

    fn all_dependencies(&self) -> Vec<&str> {
        SECTIONS.iter().flat_map(|section| self.dependencies(section)).collect()
    }

    /// The line on which a dependency is named.
    fn line(&self, dependency: &str) -> usize {
        let named = |line: &str| {
            line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        };
        self.text.lines().position(named).unwrap_or_default() + 1
    }
}

fn manifests(tree: &Tree) -> Vec<Manifest<'_>> {
    let files = tree.files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    files
        .filter_map(|file| {
            let table: Table = file.text.parse().ok()?;
            let package = table.get("package")?.get("name")?.as_str()?.to_owned();
            Some(Manifest { path: &file.path, text: &file.text, package, table })
        })
        .collect()
}

pub(super) fn core_has_few_dependencies(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests(tree).iter().filter(|m| m.package == "doorward-core") {
        // What stands behind a feature can be left out.
        let number = manifest.dependencies("dependencies").len() - manifest.optional();
        if number > CORE_DEPENDENCIES_MAX {
            let what = format!("{number} dependencies, at most {CORE_DEPENDENCIES_MAX}");
            findings.push(Finding::new(manifest.path, 1, what, "do without one"));
        }
    }
    findings
}

pub(super) fn arrows_go_one_way(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in &manifests(tree) {
        for dependency in manifest.all_dependencies() {
            let ours = dependency.strip_prefix("doorward-");
            if dependency == "anyhow" && !ANYHOW.contains(&manifest.package.as_str()) {
                let (line, mend) = (manifest.line(dependency), "use thiserror in libraries");
                findings.push(Finding::new(manifest.path, line, "a library uses anyhow", mend));
            }
            if ours.is_none() || FREE.contains(&manifest.package.as_str()) {
                continue;
            }
            let row = ARROWS.iter().find(|(package, _)| *package == manifest.package);
            let allowed = row.is_some_and(|(_, may)| may.iter().any(|name| Some(*name) == ours));
            if !allowed {
                let what = format!("{} may not depend on {dependency}", manifest.package);
                let mend = "turn the arrow round (DESIGN 2)";
                let line = manifest.line(dependency);
                findings.push(Finding::new(manifest.path, line, what, mend));
            }
        }
    }
    findings
}

pub(super) fn dependencies_are_explained(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let architecture = tree.file("ARCHITECTURE.md").map_or("", |file| file.text.as_str());
    let rows: Vec<&str> = architecture.lines().filter(|line| line.starts_with('|')).collect();
    for manifest in &manifests(tree) {
        for dependency in manifest.all_dependencies() {
            if dependency.starts_with("doorward") || rows.iter().any(|r| row_names(r, dependency)) {
                continue;
            }
            findings.push(Finding::new(
                manifest.path,
                manifest.line(dependency),
                format!("`{dependency}` is not in the table of ARCHITECTURE.md"),
                "add its row: crate, why, what we would do without it",
            ));
        }
    }
    findings.sort_by(|a, b| a.what.cmp(&b.what));
    findings.dedup_by(|a, b| a.what == b.what);
    findings
}

/// Whether a row's first cell names the dependency as a whole word.
fn row_names(row: &str, dependency: &str) -> bool {
    let cell = row.split('|').nth(1).unwrap_or_default();
    cell.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').any(|w| w == dependency)
}

pub(super) fn dependencies_are_used(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.file("Cargo.toml") else { return Vec::new() };
    let table: Table = root.text.parse().unwrap_or_default();
    let shared = table.get("workspace").and_then(|w| w.get("dependencies")?.as_table());
    let manifests = manifests(tree);
    let used: Vec<&str> = manifests.iter().flat_map(Manifest::all_dependencies).collect();
    let mut findings = Vec::new();
    for name in shared.into_iter().flat_map(Table::keys) {
        if !used.contains(&name.as_str()) {
            let line = root.text.lines().position(|line| line.starts_with(name.as_str()));
            let what = format!("no crate uses the dependency `{name}`");
            findings.push(Finding::new(
                &root.path,
                line.unwrap_or_default() + 1,
                what,
                "remove it",
            ));
        }
    }
    findings
}

pub(super) fn lints_are_shared(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in manifests(tree).iter().filter(|m| !m.path.starts_with("fuzz/")) {
        let lints = manifest.table.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(Value::as_bool) != Some(true) {
            let mend = "write `[lints]` with `workspace = true`";
            let what = "the workspace's lints (no unsafe code) are not taken";
            findings.push(Finding::new(manifest.path, 1, what, mend));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::assert_tells_apart;
    use super::{
        arrows_go_one_way, core_has_few_dependencies, dependencies_are_explained,
        dependencies_are_used, lints_are_shared,
    };

    fn manifest(package: &str, rest: &str) -> String {
        format!("[package]\nname = \"{package}\"\n{rest}")
    }

    fn list(number: usize) -> String {
        (0..number).map(|n| format!("a{n} = \"1\"\n")).collect()
    }

    #[test]
    fn core_is_light() {
        let path = "crates/doorward-core/Cargo.toml";
        let few = manifest("doorward-core", &format!("[dependencies]\n{}", list(16)));
        let many = manifest("doorward-core", &format!("[dependencies]\n{}", list(17)));
        assert_tells_apart(core_has_few_dependencies, &[(path, &few)], &[(path, &many)]);
    }

    #[test]
    fn arrows() {
        let rows = [
            ("doorward-porter", "doorward-store", "doorward-proxy"),
            ("doorward-proxy", "doorward-porter", "doorward-lab"),
            ("doorward-lab", "doorward-probe", "doorward-tower"),
            ("doorward-probe", "doorward-browser", "doorward-lab"),
            ("doorward-config", "doorward-core", "doorward-store"),
            ("doorward-core", "http", "doorward-config"),
            ("doorward", "anyhow", ""),
            ("xtask", "anyhow", "doorward-core"),
            ("doorward-lab", "serde", "anyhow"),
        ];
        for (package, may, may_not) in rows {
            let path = "crates/a/Cargo.toml";
            let good = manifest(package, &format!("[dependencies]\n{may}.workspace = true\n"));
            assert_tells_apart(arrows_go_one_way, &[(path, &good)], &BAD);
            for section in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
                let text = format!("[{section}]\n{may_not}.workspace = true\n");
                let bad = manifest(package, &text);
                if !may_not.is_empty() {
                    assert_tells_apart(arrows_go_one_way, &[(path, &good)], &[(path, &bad)]);
                }
            }
        }
    }

    const BAD: [(&str, &str); 1] = [(
        "crates/b/Cargo.toml",
        "[package]\nname = \"doorward-core\"\n[dependencies]\ndoorward-store.workspace = true\n",
    )];

    #[test]
    fn explained() {
        let path = "crates/a/Cargo.toml";
        let text = manifest("a", "[dependencies]\nhyper-util.workspace = true\n");
        let named = "| `hyper`, `hyper-util` | why | without |\n";
        let other = "hyper-util\n| `hyper` | hyper-util | without |\n";
        let good = [(path, text.as_str()), ("ARCHITECTURE.md", named)];
        let bad = [(path, text.as_str()), ("ARCHITECTURE.md", other)];
        assert_tells_apart(dependencies_are_explained, &good, &bad);
    }

    #[test]
    fn used() {
        let root = ("Cargo.toml", "[workspace.dependencies]\nhttp = \"1\"\n");
        let text = manifest("a", "[dev-dependencies]\nhttp.workspace = true\n");
        let good = [root, ("crates/a/Cargo.toml", text.as_str())];
        assert_tells_apart(dependencies_are_used, &good, &[root]);
    }

    #[test]
    fn lints() {
        let path = "crates/a/Cargo.toml";
        let good = manifest("a", "[lints]\nworkspace = true\n");
        assert_tells_apart(lints_are_shared, &[(path, &good)], &[(path, &manifest("a", ""))]);
    }
}
