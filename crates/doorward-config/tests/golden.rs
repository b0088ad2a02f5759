//! Golden files: `cases/config/good/*.toml` with what they come to, `cases/config/bad/*.toml` with
//! the exact text of everything that is wrong. How to write one: see `examples/golden.rs`.

#[path = "golden/mod.rs"]
mod support;

use doorward_config::{load, print_effective};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use support::{Golden, folder_of, given, outcome};

/// Bad golden files at the least.
const BAD_FILES_MIN: usize = 40;
/// No text of a golden file with this in it may ever be shown.
const HIDDEN: &[&str] =
    &["must-not-be-shown", "hush-hush", "correct-horse", "sk-golden", "golden-"];

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder_of(folder)).expect("the golden folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut out: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    out.sort();
    out
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a plain file name")
}

fn check(folder: &str) -> usize {
    let files = files(folder);
    for path in &files {
        let want = std::fs::read_to_string(path.with_extension("out")).unwrap_or_default();
        let got = outcome(&given(name(path)));
        assert_eq!(got, want, "{}", path.display());
        let good = load(&given(name(path)), &Golden, [7; 32]).is_ok();
        assert_eq!(good, folder == "good", "{}", path.display());
        let shown = HIDDEN.iter().find(|hidden| got.contains(*hidden));
        assert_eq!(shown, None, "{} shows a secret", path.display());
    }
    files.len()
}

#[test]
fn bad_files_say_everything_that_is_wrong() {
    assert!(check("bad") >= BAD_FILES_MIN);
}

#[test]
fn no_two_files_have_one_name() {
    let mut seen = BTreeSet::new();
    for path in files("good").iter().chain(&files("bad")) {
        assert!(seen.insert(name(path).to_owned()), "{}", path.display());
    }
}

#[test]
fn good_files_come_to_what_stands_beside_them() {
    assert!(check("good") > 0);
}

/// What is effective without the comments on where it was said.
fn bare(effective: &str) -> String {
    let lines = effective.lines().map(|line| match line.rfind(" # ") {
        Some(comment) if !line.starts_with('#') => line[..comment].trim_end(),
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Lends one text as a file, and all else as the golden folders do.
struct Lent<'t>(&'t str);

impl doorward_config::Outside for Lent<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        Golden.variable(name)
    }

    fn file(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        match path.to_str() {
            Some("lent.toml") => Ok(self.0.as_bytes().to_vec()),
            _ => Golden.file(path),
        }
    }
}

#[test]
fn the_effective_file_reads_as_the_same() {
    for path in files("good") {
        let config = load(&given(name(&path)), &Golden, [7; 32]).expect("a good file");
        let effective = print_effective(&config);
        if effective.contains('…') {
            continue;
        }
        let again = load(&given("lent.toml"), &Lent(&effective), [7; 32]);
        let again = again.unwrap_or_else(|report| panic!("{}: {report}", path.display()));
        assert_eq!(bare(&print_effective(&again)), bare(&effective), "{}", path.display());
        assert_eq!(again.permissive, config.permissive, "{}", path.display());
        assert_eq!(again.upstreams, config.upstreams, "{}", path.display());
        assert_eq!(again.bounds, config.bounds, "{}", path.display());
        assert_eq!(again.tls, config.tls, "{}", path.display());
        assert_eq!(again.proxy_protocol, config.proxy_protocol, "{}", path.display());
        let whom = |config: &doorward_config::Config| {
            let settings = &config.settings;
            let of_routes = settings.routes.iter().map(|route| (&route.require, &route.when));
            let may = (of_routes.collect::<Vec<_>>(), &settings.permission.roles);
            let of_routes = settings.routes.iter().map(|route| (&route.ai, &route.budgets));
            let spends = (of_routes.collect::<Vec<_>>(), &settings.budget);
            let quota = (&settings.quota, spends);
            format!("{:?} {:?} {quota:?} {may:?}", config.admin, settings.identity)
        };
        assert_eq!(whom(&again), whom(&config), "{}", path.display());
        let key = |config: &doorward_config::Config| {
            config.settings.credential.admission_key.expose().to_vec()
        };
        assert_eq!(key(&again), key(&config), "{}", path.display());
    }
}

/// Every path of keys that a document writes, lists as `[]`.
fn written(value: &toml::Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, inner) in table {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                out.insert(path.clone());
                // The members of these have names of the writer's own.
                if !path.ends_with(".require.claims") && path != "prices" {
                    written(inner, &path, out);
                }
            }
        }
        toml::Value::Array(list) => {
            list.iter().for_each(|inner| written(inner, &format!("{path}[]"), out));
        }
        _ => {}
    }
}

/// Every path of keys that the schema knows.
fn known(schema: &serde_json::Value, path: &str, out: &mut BTreeSet<String>) {
    let properties = schema["properties"].as_object();
    for (name, inner) in properties.into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        out.insert(path.clone());
        known(inner, &path, out);
    }
    if schema["items"].is_object() {
        known(&schema["items"], &format!("{path}[]"), out);
    }
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        known(choice, path, out);
    }
}

#[test]
fn schema_and_good_files_know_the_same_keys() {
    let schema: serde_json::Value =
        serde_json::from_str(&doorward_config::schema()).expect("the schema is JSON");
    let (mut of_schema, mut of_files) = (BTreeSet::new(), BTreeSet::new());
    known(&schema, "", &mut of_schema);
    for path in files("good") {
        let text = std::fs::read_to_string(&path).expect("a golden file");
        let document: toml::Table = text.parse().expect("TOML");
        let document = toml::Value::Table(document);
        written(&document, "", &mut of_files);
        fits(&document, &schema, name(&path));
    }
    // What the files do not show of modes as shares is one shape for all of them.
    let shown = |path: &&String| !path.ends_with(".enforce");
    let (left, right): (Vec<_>, Vec<_>) =
        (of_schema.iter().filter(shown).collect(), of_files.iter().filter(shown).collect());
    assert_eq!(left, right);
}

#[test]
fn the_effective_file_has_every_key_of_the_schema() {
    let schema: serde_json::Value =
        serde_json::from_str(&doorward_config::schema()).expect("the schema is JSON");
    let mut effective = String::new();
    for path in files("good") {
        let config = load(&given(name(&path)), &Golden, [7; 32]).expect("a good file");
        effective.push_str(&print_effective(&config));
    }
    let mut table = String::new();
    let mut has = BTreeSet::new();
    for line in effective.lines() {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_matches(['[', ']']).to_owned();
            has.insert(table.clone());
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once([' ', ':']) {
            has.insert(if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") });
        }
        if line.starts_with("profile = ") {
            table.clear();
            has.insert("profile".to_owned());
        }
    }
    let mut of_schema = BTreeSet::new();
    known(&schema, "", &mut of_schema);
    for path in of_schema {
        let path = path.replace("route[].", "route.");
        // Inside lists and inline tables the golden texts themselves show the keys. `message` has
        // none.
        let inline = [
            "[]",
            ".body.",
            "upstream.",
            "identity.keys.",
            "identity.proof.",
            "identity.session.",
            "identity.certificate.",
            "quota.streams.",
            ".sign_in.",
            ".webhook.",
            ".require.",
            ".ai.",
        ];
        let inline = inline.iter().any(|part| path.contains(part)) || path.ends_with(".enforce");
        if !inline && path != "layers" && path != "layers.message" {
            assert!(has.contains(&path), "{path} is not written out");
        }
    }
}

/// Whether a document's values have the types and words of the schema.
fn fits(value: &toml::Value, schema: &serde_json::Value, at: &str) {
    if let Some(choices) = schema["anyOf"].as_array() {
        let kind = kind_of(value);
        let choice = choices.iter().find(|choice| choice["type"] == kind);
        return fits(value, choice.unwrap_or_else(|| panic!("{at} is a {kind}")), at);
    }
    assert_eq!(schema["type"], kind_of(value), "{at}");
    match value {
        toml::Value::Table(table) => {
            for (name, inner) in table {
                let own = &schema["additionalProperties"];
                if own.is_object() {
                    fits(inner, own, &format!("{at}.{name}"));
                    continue;
                }
                let property = &schema["properties"][name];
                assert!(property.is_object(), "{at}.{name} is not in the schema");
                assert!(property["description"].is_string(), "{at}.{name} is not described");
                fits(inner, property, &format!("{at}.{name}"));
            }
        }
        toml::Value::Array(list) => {
            list.iter().for_each(|inner| fits(inner, &schema["items"], &format!("{at}[]")));
        }
        toml::Value::String(text) => {
            let words = schema["enum"].as_array();
            let known = words.is_none_or(|words| words.iter().any(|word| word == text));
            assert!(known, "{at}: {text}");
        }
        _ => {}
    }
}

fn kind_of(value: &toml::Value) -> &'static str {
    match value {
        toml::Value::String(_) | toml::Value::Datetime(_) => "string",
        toml::Value::Integer(_) => "integer",
        toml::Value::Float(_) => "number",
        toml::Value::Boolean(_) => "boolean",
        toml::Value::Array(_) => "array",
        toml::Value::Table(_) => "object",
    }
}
