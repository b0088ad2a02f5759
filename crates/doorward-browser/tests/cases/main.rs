//! Every case of `cases/*.json`: a whole request, and what the specifications say comes of it.
//!
//! `cases/README.md` shows the shape. The wants are written by hand from the rule that `from`
//! names, and never taken from what the model says.

mod check;
mod shape;

use doorward_browser::{Engine, EngineId, decide};
use serde_json::Value;
use shape::{Case, File, Server};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Fewer than these, and some were lost.
const CASES_MIN: usize = 400;

#[test]
fn the_specifications_own_words() {
    let mut files = files();
    files.sort();
    let (mut count, mut names) = (0, BTreeSet::new());
    let mut faults = Vec::new();
    for path in &files {
        let cases = read(path);
        let topic = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        println!("{:>4} {topic}", cases.len());
        for case in &cases {
            let name = format!("{topic}: {}", case.name);
            count += 1;
            faults.extend(run(case).into_iter().map(|fault| format!("{name}: {fault}")));
            if !names.insert(name.clone()) {
                faults.push(format!("{name}: the name is there twice"));
            }
        }
    }
    println!("{count} cases");
    assert!(faults.is_empty(), "{} of {count} fail:\n{}", faults.len(), faults.join("\n"));
    assert!(count >= CASES_MIN, "{count} cases, at least {CASES_MIN}");
}

/// A case whose want is wrong must fail: otherwise nothing above proves anything.
#[test]
fn a_wrong_want_is_found() {
    let right = serde_json::json!({
        "name": "a", "from": "Fetch 4.10", "document": "https://shop.example/",
        "request": { "url": "https://api.example/" },
        "want": { "reading": "hidden", "rule": "origin-missing", "executed": 1, "asks": [],
                  "sent": { "headers": { "Origin": "https://shop.example", "Cookie": null } } },
    });
    assert_eq!(run(&case(right.clone())), Vec::<String>::new());
    let wrongs = [
        ("reading", serde_json::json!("reads")),
        ("rule", serde_json::json!("origin-other")),
        ("executed", serde_json::json!(0)),
        ("asks", serde_json::json!(["asks-method"])),
        ("sent", serde_json::json!({ "headers": { "Origin": null } })),
        ("sent", serde_json::json!({ "headers": { "Cookie": "a=1" } })),
        ("sent", serde_json::json!({ "method": "POST" })),
        ("sent", Value::Null),
        ("hops", serde_json::json!(["https://elsewhere.example/"])),
        ("preflight", serde_json::json!({})),
        ("kept", serde_json::json!(["kept"])),
        ("cookies", serde_json::json!({ "a": "cookie-none" })),
        ("dropped", serde_json::json!(["origin"])),
        ("event", serde_json::json!("load")),
        ("console", serde_json::json!("nothing of the kind")),
        ("shows", serde_json::json!(["x"])),
    ];
    for (field, wrong) in wrongs {
        let mut bent = right.clone();
        bent["want"][field] = wrong.clone();
        assert!(!run(&case(bent)).is_empty(), "{field} = {wrong} is not found");
    }
    let mut odd = right;
    odd["want"]["readin"] = "hidden".into();
    assert!(serde_json::from_value::<Case>(odd).is_err(), "a field that is none is taken");
}

fn case(value: Value) -> Case {
    serde_json::from_value(value).expect("a case")
}

/// What is not as the case wants it, in the engines that it is for.
fn run(case: &Case) -> Vec<String> {
    let mut faults = Vec::new();
    for id in case.engines() {
        let engine = case.engine(id);
        let found = run_in(case, &engine);
        faults.extend(found.into_iter().map(|fault| format!("{id}: {fault}")));
    }
    faults
}

fn run_in(case: &Case, engine: &Engine) -> Vec<String> {
    let mut state = case.state(engine);
    for step in &case.before {
        let from = step.document.as_ref().map(shape::Page::build);
        let mut server = Server::new(step.server.as_deref());
        let request = step.request.build();
        let verdict = decide(
            engine,
            from.as_ref(),
            &request,
            &mut |sent| server.answer(sent),
            &state,
            step.now,
        );
        state = verdict.after;
    }
    let from = case.document.as_ref().map(shape::Page::build);
    let mut server = Server::new(case.server.as_deref());
    let request = case.request.build();
    let verdict =
        decide(engine, from.as_ref(), &request, &mut |sent| server.answer(sent), &state, case.now);
    let mut faults = check::differences(engine, from.as_ref(), &request, &verdict, &case.want);
    faults.extend(server.fault());
    faults
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder of the cases");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect()
}

/// The cases of a file, each laid over the file's base.
fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).expect("a file of cases");
    let file: File =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let laid = file.cases.into_iter().map(|own| {
        let mut whole = file.base.clone();
        shape::lay_over(&mut whole, own.clone());
        serde_json::from_value(whole)
            .unwrap_or_else(|error| panic!("{}: {error}: {own}", path.display()))
    });
    laid.collect()
}

/// The three engines by their words.
fn ids(word: &str) -> Vec<EngineId> {
    match word {
        "all" => EngineId::ALL.to_vec(),
        words => words
            .split(' ')
            .map(|word| EngineId::of_word(word).unwrap_or_else(|| panic!("{word} is no engine")))
            .collect(),
    }
}
