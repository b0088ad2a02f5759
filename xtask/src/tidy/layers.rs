//! Every layer has the same rooms: a file of one shape, cases, and a case for every refusal.

use super::Finding;
use super::measures::LAYERS_FOLDER;
use super::source::Source;
use super::tree::{File, Tree};

/// A layer's headings, in their order.
const HEADINGS: &[&str] = &[
    "## What it stops",
    "## How it decides",
    "## What it does not stop",
    "## When it cannot decide",
    "## References",
];

const ITEMS: &[&str] = &["pub const META", "pub enum Reason", "pub struct Policy"];

/// The file of the one list of layers.
const ORDER: &str = "crates/doorward-core/src/layers/mod.rs";

/// The ids in the one list, in its order: the modules whose `META` it names.
fn layer_ids(tree: &Tree) -> Vec<String> {
    let Some(source) = tree.file(ORDER).and_then(|file| file.rust.as_ref()) else {
        return Vec::new();
    };
    let code: String = source.code().map(|line| line.code.to_owned() + "\n").collect();
    let Some((_, list)) = code.split_once("LAYERS:") else { return Vec::new() };
    let list = list.split_once(';').map_or(list, |(list, _)| list);
    let named = list.split(|c: char| c == ',' || c == '[' || c == ']' || c.is_whitespace());
    let ids = named.filter_map(|item| item.trim_start_matches('&').strip_suffix("::META"));
    ids.map(|id| id.rsplit("::").next().unwrap_or(id).to_owned()).collect()
}

/// A layer's file: `layers/<id>.rs` or `layers/<id>/mod.rs`.
fn layer_file<'t>(tree: &'t Tree, id: &str) -> Option<&'t File> {
    let alone = tree.file(&format!("{LAYERS_FOLDER}{id}.rs"));
    alone.or_else(|| tree.file(&format!("{LAYERS_FOLDER}{id}/mod.rs")))
}

/// All of a layer's Rust files.
fn layer_sources<'t>(tree: &'t Tree, id: &str) -> impl Iterator<Item = (&'t str, &'t Source)> {
    let (alone, folder) = (format!("{LAYERS_FOLDER}{id}.rs"), format!("{LAYERS_FOLDER}{id}/"));
    tree.rust().filter(move |(path, _)| *path == alone || path.starts_with(&folder))
}

pub(super) fn order_names_files(tree: &Tree) -> Vec<Finding> {
    let ids = layer_ids(tree);
    if ids.is_empty() {
        let mend = "write `pub const LAYERS: … = &[message::META, …]`";
        return vec![Finding::new(ORDER, 1, "there is no list of layers", mend)];
    }
    let absent = ids.iter().filter(|id| layer_file(tree, id).is_none());
    absent
        .map(|id| {
            let what = format!("the layer `{id}` of the list has no file");
            Finding::new(ORDER, 1, what, format!("write {LAYERS_FOLDER}{id}.rs"))
        })
        .collect()
}

pub(super) fn files_have_their_shape(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in layer_ids(tree).iter().filter_map(|id| layer_file(tree, id)) {
        let mut from = 0;
        let lines: Vec<&str> = file.text.lines().map(str::trim_end).collect();
        for heading in HEADINGS {
            let spelled = format!("//! {heading}");
            match lines.iter().skip(from).position(|line| *line == spelled) {
                Some(at) => from += at + 1,
                None => findings.push(Finding::new(
                    &file.path,
                    1,
                    format!("the heading `{heading}` is missing or out of order"),
                    format!("the headings are {}", HEADINGS.join(", ")),
                )),
            }
        }
        for item in ITEMS {
            // A folder may keep one of them in the file of its name: `reason.rs`, `policy.rs`.
            let word = item.rsplit(' ').next().unwrap_or_default();
            let part = file
                .path
                .strip_suffix("mod.rs")
                .map(|folder| tree.file(&format!("{folder}{}.rs", word.to_ascii_lowercase())));
            let spelled = |source: &Source| source.code().any(|line| line.code.contains(item));
            let files = [Some(file), part.flatten()];
            let mut sources = files.into_iter().flatten().filter_map(|file| file.rust.as_ref());
            if !sources.any(spelled) {
                let mend = "a layer's file has META, Reason and Policy, in this order";
                findings.push(Finding::new(&file.path, 1, format!("no `{item}`"), mend));
            }
        }
    }
    findings
}

pub(super) fn layers_have_cases(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for id in layer_ids(tree) {
        if case_files(tree, &id).next().is_none() {
            let what = format!("the layer `{id}` has no case");
            let mend = format!("write cases/{id}/NAME.case");
            findings.push(Finding::new(ORDER, 1, what, mend));
        }
    }
    findings
}

fn case_files<'t>(tree: &'t Tree, id: &str) -> impl Iterator<Item = &'t File> {
    let folder = format!("cases/{id}/");
    let case = move |file: &&File| file.path.starts_with(&folder) && file.path.ends_with(".case");
    tree.files.iter().filter(case)
}

pub(super) fn refusals_have_cases_and_neighbours(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for id in layer_ids(tree) {
        for (path, source) in layer_sources(tree, &id) {
            for (line, code) in source.literals().filter(|(_, text)| is_code(text, &id)) {
                let refusing = tree.files.iter().filter(|file| refuses(file, code));
                let missing = match refusing.map(has_neighbour).max() {
                    Some(true) => continue,
                    Some(false) => "a refusing case but no admitting neighbour",
                    None => "no refusing case",
                };
                let mend = format!(
                    "write cases/{id}/NAME.case with `refuse {code}` and, in the same file, its \
                     honest twin (`admit` or `reply …`)"
                );
                findings.push(Finding::new(path, line, format!("`{code}` has {missing}"), mend));
            }
        }
    }
    findings
}

/// Whether a literal is a refusal's code of the layer: `site/cross-site`.
fn is_code(text: &str, id: &str) -> bool {
    let name = text.strip_prefix(id).and_then(|rest| rest.strip_prefix('/'));
    name.is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
}

fn refuses(file: &File, code: &str) -> bool {
    let case = file.path.starts_with("cases/") && file.path.ends_with(".case");
    let refusal = |line: &str| line.trim().strip_prefix("refuse ").map(str::trim) == Some(code);
    case && file.text.lines().any(refusal)
}

fn has_neighbour(file: &File) -> bool {
    file.text.lines().any(|line| line.trim() == "admit" || line.trim().starts_with("reply "))
}

#[cfg(test)]
mod tests {
    use super::super::assert_tells_apart;
    use super::{
        ORDER, files_have_their_shape, layers_have_cases, order_names_files,
        refusals_have_cases_and_neighbours,
    };

    const LIST: (&str, &str) = (ORDER, "pub const LAYERS: &[Meta] = &[\n    site::META,\n];");
    const FILE: &str = "crates/doorward-core/src/layers/site.rs";
    const CASE: &str = "cases/site/name.case";
    const SHAPE: &str = "//! # Site\n//! ## What it stops\n//! ## How it decides\n\
        //! ## What it does not stop\n//! ## When it cannot decide\n//! ## References\n\
        pub const META: Meta = 1;\npub enum Reason {}\npub struct Policy;\n";

    #[test]
    fn order() {
        let folder = "crates/doorward-core/src/layers/site/mod.rs";
        for path in [FILE, folder] {
            assert_tells_apart(order_names_files, &[LIST, (path, SHAPE)], &[LIST]);
        }
        assert_tells_apart(order_names_files, &[LIST, (FILE, SHAPE)], &[(FILE, SHAPE)]);
    }

    #[test]
    fn shape() {
        let good = [LIST, (FILE, SHAPE)];
        let parts = [
            ("## What it stops", "## What it holds"),
            ("## How it decides", "## References"),
            ("pub const META", "const META"),
            ("pub enum Reason", "// pub enum Reason"),
            ("pub struct Policy", "pub struct Rules"),
        ];
        for (part, other) in parts {
            let text = SHAPE.replace(part, other);
            assert_tells_apart(files_have_their_shape, &good, &[LIST, (FILE, &text)]);
        }
    }

    #[test]
    fn cases() {
        let good = [LIST, (FILE, SHAPE), (CASE, "admit\n")];
        let bad = [LIST, (FILE, SHAPE), ("cases/site/notes.txt", "admit\n")];
        assert_tells_apart(layers_have_cases, &good, &bad);
    }

    #[test]
    fn refusals() {
        let text = format!("{SHAPE}const A: &str = \"site/cross-site\"; // \"site/other\"\n");
        let both = [LIST, (FILE, &text), (CASE, "refuse site/cross-site\n---\nadmit\n")];
        let replied = [LIST, (FILE, &text), (CASE, "refuse site/cross-site\n---\nreply 204\n")];
        let alone = [LIST, (FILE, &text), (CASE, "refuse site/cross-site\n")];
        let other = [LIST, (FILE, &text), (CASE, "refuse site/cross-site-2\nadmit\n")];
        for (good, bad) in [(both, alone), (replied, other)] {
            assert_tells_apart(refusals_have_cases_and_neighbours, &good, &bad);
        }
    }
}
