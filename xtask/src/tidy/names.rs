//! One word per thing: names that say nothing are not used for public items and modules.

use super::Finding;
use super::lexer::is_name;
use super::tree::Tree;

/// Words that are no part of a name. (A `get_` in front says nothing either.)
const EMPTY_WORDS: &[&str] = &[
    "manager", "handler", "helper", "util", "utils", "service", "validate", "process", "data",
    "info",
];

/// What introduces a name.
const KEYWORDS: &[&str] =
    &["fn", "struct", "enum", "trait", "type", "mod", "union", "static", "const"];

pub(super) fn names_say_what(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in tree.rust_below("crates/") {
        for line in source.code() {
            let Some(name) = item_name(line.code) else { continue };
            let parts = parts(name);
            if let Some(word) = parts.iter().find(|part| EMPTY_WORDS.contains(&part.as_str())) {
                let what = format!("the name `{name}` has the word `{word}`");
                findings.push(Finding::new(path, line.number, what, "say what it is or does"));
            }
            if parts.first().is_some_and(|part| part == "get") && parts.len() > 1 {
                let what = format!("the name `{name}` begins with `get_`");
                findings.push(Finding::new(path, line.number, what, "name what is returned"));
            }
        }
    }
    findings
}

/// The name of the public item, or of the module public or not, that the line declares.
fn item_name(code: &str) -> Option<&str> {
    let mut words = code.split(|c: char| !is_name(&c)).filter(|word| !word.is_empty());
    let first = words.next()?;
    let trimmed = code.trim_start();
    let public = trimmed.starts_with("pub ") || trimmed.starts_with("pub(");
    if !public {
        return if first == "mod" { words.next() } else { None };
    }
    let mut keyword = None;
    for word in words {
        let modifier =
            matches!(word, "crate" | "super" | "self" | "in" | "async" | "unsafe" | "extern");
        match keyword {
            // `pub const fn name`: the second keyword is the one that names.
            _ if KEYWORDS.contains(&word) => keyword = Some(word),
            None if modifier => {}
            None => return None,
            Some(_) => return Some(word),
        }
    }
    None
}

/// The words of a name in snake or camel case, in lower case.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && before_lower) {
            parts.push(String::new());
        }
        if c != '_'
            && let Some(part) = parts.last_mut()
        {
            part.extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase() || c.is_numeric();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::super::assert_tells_apart;
    use super::{item_name, names_say_what, parts};

    #[test]
    fn names_of_items() {
        let rows = [
            ("pub fn open(view: View) {", Some("open")),
            ("    pub(crate) const fn open() {", Some("open")),
            ("pub const HEAD_BYTES_MAX: usize = 1;", Some("HEAD_BYTES_MAX")),
            ("pub(in crate::layers) struct Policy;", None),
            ("pub(super) async fn open() {", Some("open")),
            ("pub use crate::a;", None),
            ("pub name: String,", None),
            ("mod site;", Some("site")),
            ("fn open() {", None),
        ];
        for (code, want) in rows {
            assert_eq!(item_name(code), want, "{code}");
        }
    }

    #[test]
    fn words_of_names() {
        assert_eq!(parts("TokenHandler2"), ["token", "handler2"]);
        assert_eq!(parts("HEAD_BYTES_MAX"), ["head", "bytes", "max"]);
    }

    #[test]
    fn empty_words() {
        let path = "crates/a/src/lib.rs";
        let good = "pub struct Database;\npub fn inform() {}\nfn process() {}\npub fn get() {}";
        for bad in [
            "pub struct TokenManager;",
            "mod util;",
            "pub fn validate() {}",
            "pub fn user_data() {}",
            "pub fn get_name() {}",
        ] {
            assert_tells_apart(names_say_what, &[(path, good)], &[(path, bad)]);
        }
    }
}
