//! How long a document of OpenAPI takes to load, and a body of 1 KB to judge.
//!
//! `cargo run --release -p doorward-core --example shapes -- FILE…`

use doorward_core::json::guard::{JsonGuard, Limits};
use doorward_core::shape::openapi::OpenApi;
use doorward_core::shape::schema::Schema;
use doorward_core::shape::{Additional, ApiSettings, Choices, Document, Formats, yaml};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 20_000;

fn main() {
    judge();
    for name in std::env::args().skip(1) {
        load(&name);
    }
}

/// A body of 1 KB against a schema with texts, numbers, lists and choices.
fn judge() {
    let line = json!({"type": "object", "required": ["article", "count", "price"], "properties": {
        "article": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
        "count": {"type": "integer", "minimum": 1, "maximum": 1000},
        "price": {"type": "number", "exclusiveMinimum": 0},
        "note": {"type": "string", "maxLength": 200},
    }});
    let schema = json!({"type": "object", "required": ["id", "to", "lines"], "properties": {
        "id": {"type": "string", "format": "uuid"},
        "to": {"type": "string", "minLength": 1, "maxLength": 100},
        "lines": {"type": "array", "maxItems": 100, "items": line},
        "way": {"oneOf": [{"const": "post"}, {"const": "pickup"}]},
    }});
    let lines: Vec<Value> = (0..11)
        .map(|n| {
            json!({"article": format!("AB-{:04}", n), "count": n + 1, "price": 9.95,
            "note": "as soon as you can"})
        })
        .collect();
    let body =
        json!({"id": "018f9e4e-7c1a-7d3b-9c7e-3f2a1b0c9d8e", "to": "Ann Other, 1 Main Street",
        "way": "post", "lines": lines})
        .to_string();
    for additional in [Additional::AsDeclared, Additional::Refuse] {
        let choices = Choices { additional, formats: Formats::Assert };
        let document = Document { uri: "doorward:/order.json".to_owned(), value: schema.clone() };
        let schema = Schema::new(document, Vec::new(), choices).expect("a schema");
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            assert_eq!(black_box(&schema).judge(black_box(body.as_bytes())), Ok(()));
        }
        let judged = begun.elapsed() / ROUNDS;
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            assert_eq!(JsonGuard::read(Limits::default(), black_box(body.as_bytes())), Ok(()));
        }
        let guarded = begun.elapsed() / ROUNDS;
        println!(
            "{additional:?}: parse and judge {} bytes: {judged:?}; the guard before: {guarded:?}",
            body.len()
        );
    }
}

fn load(name: &str) {
    let begun = Instant::now();
    let bytes = std::fs::read(name).expect("a file");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let value = match text.starts_with('{') {
        true => serde_json::from_str(&text).expect("JSON"),
        false => yaml::read(&text).expect("YAML"),
    };
    let parsed = begun.elapsed();
    let choices = Choices { additional: Additional::Refuse, formats: Formats::Assert };
    let settings = ApiSettings { choices, ..ApiSettings::default() };
    let api = OpenApi::new(value, &settings).expect("a document");
    let loaded = begun.elapsed();
    println!("{name}: {} bytes, {} operations", text.len(), api.count());
    println!("  parsed after {parsed:?}, loaded after {loaded:?}");
    let begun = Instant::now();
    let errors = api.read_all();
    println!("  all schemas read in {:?}: {} errors", begun.elapsed(), errors.len());
    for error in errors.iter().take(5) {
        println!("    {error} ({})", error.hint);
    }
    let begun = Instant::now();
    let loose = api.loose();
    println!("  {} loose operations, counted in {:?}", loose.len(), begun.elapsed());
    for one in loose.iter().take(3) {
        println!("    {one:?}");
    }
}
