//! What scenarios/README.md shows is what the lab reads.

use doorward_lab::scenario::{self, Said};
use serde::Deserialize;

const README: &str = include_str!("../../../scenarios/README.md");

/// The blocks of TOML, in order.
fn blocks() -> Vec<&'static str> {
    let parts = README.split("```toml\n").skip(1);
    parts.filter_map(|part| part.split_once("\n```").map(|(block, _)| block)).collect()
}

#[derive(Deserialize)]
struct Line {
    request: Said,
}

#[test]
fn every_example_is_read() {
    let [shortest, requests, whole] = blocks()[..] else { panic!("three blocks: {:?}", blocks()) };
    scenario::read("shortest", shortest).expect("the shortest story");
    for line in requests.lines() {
        let said: Line = toml::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(said.request.path.starts_with('/'), "{line}");
    }
    // The whole one leaves out what the shortest shows.
    let (head, step) = shortest.split_once("[[step]]").expect("a step");
    let text = format!("{head}\n{whole}\n[[step]]{step}");
    // Two of its keys stand for stories with one side only.
    let without = |words: &[&str]| {
        let lines = text.lines().filter(|line| !words.iter().any(|word| line.starts_with(word)));
        lines.collect::<Vec<_>>().join("\n")
    };
    for words in
        [["gate-only", "waits-for", "-"], ["gate-only", "on =", "-"], ["waits-for", "off =", "-"]]
    {
        let text = without(&words);
        scenario::read("whole", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}
