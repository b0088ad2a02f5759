//! JSON-Schema-Test-Suite, draft 2020-12, its required part, read by the gate's own schemas.

use doorward_core::json::Why;
use doorward_core::json::guard::{JsonGuard, Limits};
use doorward_core::shape::schema::Schema;
use doorward_core::shape::{Additional, Choices, Document, Formats};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the suite's documents that are referred to are said to stand.
const REMOTE: &str = "http://localhost:1234";
/// A suite with fewer was not read whole.
const TESTS_LEAST: usize = 1_200;

fn folder() -> PathBuf {
    let folder = std::env::var_os("DOORWARD_SCHEMA_SUITE").map(PathBuf::from);
    folder.expect("DOORWARD_SCHEMA_SUITE names no folder: run `cargo xtask test`")
}

fn read(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    out.sort();
    out
}

fn remotes(folder: &Path, uri: &str, out: &mut Vec<Document>) {
    for path in files(folder) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let uri = format!("{uri}/{name}");
        // Other drafts have other words.
        let is_other = name.starts_with("draft") && name != "draft2020-12";
        if path.is_dir() && !is_other {
            remotes(&path, &uri, out);
        } else if name.ends_with(".json") {
            out.push(Document { uri, value: read(&path) });
        }
    }
}

#[test]
fn the_required_part_of_2020_12_passes() {
    let suite = folder();
    let mut beside = Vec::new();
    remotes(&suite.join("remotes"), REMOTE, &mut beside);
    assert!(beside.len() > 10, "the suite's other documents are missing");
    let choices = Choices { additional: Additional::AsDeclared, formats: Formats::Ignore };
    let limits = Limits { nul: true, ..Limits::default() };
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files(&suite.join("tests/draft2020-12")).iter().filter(|path| path.is_file()) {
        let groups = read(path);
        for group in groups.as_array().expect("groups") {
            let said = format!("{}: {}", path.display(), group["description"]);
            let uri = "doorward:/suite/main.json".to_owned();
            let document = Document { uri, value: group["schema"].clone() };
            let schema = match Schema::new(document, beside.clone(), choices) {
                Ok(schema) => schema,
                Err(error) => {
                    wrong.push(format!("{said}: {error:?}"));
                    continue;
                }
            };
            for test in group["tests"].as_array().expect("tests") {
                count += 1;
                let body = test["data"].to_string();
                // The guard takes no such name, whatever a schema says.
                let guarded = match JsonGuard::read(limits, body.as_bytes()) {
                    Err(fault) if fault.why == Why::Prototype => Ok(()),
                    guarded => guarded.map_err(|fault| fault.to_string()),
                };
                let judge = |()| schema.judge(body.as_bytes()).map_err(|no| format!("{no:?}"));
                let fits = guarded.and_then(judge);
                if fits.is_ok() != (test["valid"] == true) {
                    wrong.push(format!("{said}: {}: {fits:?}", test["description"]));
                }
            }
        }
    }
    println!("JSON-Schema-Test-Suite 2020-12, required: {count} tests, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count >= TESTS_LEAST, "only {count} tests");
}
