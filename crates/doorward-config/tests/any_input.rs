//! No input panics: golden files with pieces cut out, doubled, swapped for others, and plain noise.

use doorward_config::fuzz_one;
use proptest::prelude::*;
use std::path::Path;

fn golden_texts() -> Vec<Vec<u8>> {
    let cases = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("../../cases/config");
    let files = ["good", "bad"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(cases.join(folder)).expect("a golden folder"));
    let paths = files.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a golden file")).collect()
}

/// Pieces that mean something to the parser or to the renderer.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "\"\"\"",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "=",
    "\n",
    "\r\n",
    "\t",
    "#",
    ",",
    ".",
    "0x",
    "-1",
    "99999999999999999999",
    "1e9",
    "nan",
    "true",
    "2026-12-31",
    "ü",
    "\u{1F6AA}",
    "\u{202E}",
    "\u{feff}",
    "\\u0000",
    "\u{0}",
    "env:",
    "file:",
    "file:missing",
    "env:UNSET",
    "*",
    "{name}",
    "%",
    "://",
    "::",
    "mode = ",
    "layers.",
    "[route]",
    "[[route]]",
    "\x1b[31m",
];

fn mutated(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut text = text.to_vec();
    for (from, to, kind) in edits {
        let (from, to) = (from.index(text.len() + 1), to.index(text.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        let to = to.min(from + 40);
        let piece = PIECES[usize::from(*kind) % PIECES.len()].as_bytes();
        match kind % 5 {
            0 => drop(text.drain(from..to)),
            1 => drop(text.splice(from..from, piece.iter().copied())),
            2 => drop(text.splice(from..to, piece.iter().copied())),
            3 => {
                let copy = text[from..to].to_vec();
                drop(text.splice(from..from, copy));
            }
            _ => {
                if let Some(byte) = text.get_mut(from) {
                    *byte = *kind;
                }
            }
        }
    }
    text
}

/// Cases of each property.
const CASES: u32 = 1000;

fn campaign() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) }
}

/// Where from, where to, and what is done there.
type Edit = (prop::sample::Index, prop::sample::Index, u8);

proptest! {
    #![proptest_config(campaign())]

    #[test]
    fn a_mutated_golden_file_is_read_or_refused(
        file in any::<prop::sample::Index>(),
        edits in prop::collection::vec(any::<Edit>(), 1..8),
    ) {
        let texts = golden_texts();
        let _ = fuzz_one(&mutated(&texts[file.index(texts.len())], &edits));
    }

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = fuzz_one(&bytes);
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, count) in [("[", 10_000), ("{a=", 10_000), ("a.", 10_000)] {
        let text = format!("origins = {}", open.repeat(count));
        assert!(fuzz_one(text.as_bytes()) > 0);
        assert!(fuzz_one(open.repeat(count).as_bytes()) > 0);
    }
}
