//! Hostile texts: no reader panics, none takes long, none prints what steers a terminal.

use super::{answers, console, curl, fetch, note_at, place, shown};
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::{collection, proptest};

/// Texts that are almost right: pieces of the grammars in any order, and any letters between.
fn almost() -> impl Strategy<Value = String> {
    let pieces = [
        "curl ",
        "fetch(",
        "'",
        "\"",
        "`",
        "${",
        "}",
        "{",
        "[",
        "]",
        ")",
        "(",
        ",",
        ":",
        "\\",
        "^",
        "$'",
        "-H ",
        "-d ",
        "--json ",
        "new ",
        "Headers(",
        "JSON.stringify(",
        "http://a.test/",
        "+",
        "//",
        "/*",
        "*/",
        "\n",
        "\r\n",
        "\\u{",
        "\\x",
        "\u{1b}[2J",
        "é",
        "…",
        "1e9",
        "body",
        "Origin ",
        " is not allowed by ",
        "HTTP/1.1 200 OK\n",
        "A: b\n",
        "< ",
        "(Reason: ",
        "Cross-Origin Request Blocked",
        "has been blocked by CORS policy: ",
        "Method ",
        "💥",
    ];
    let piece = prop_oneof![
        4 => (0..pieces.len()).prop_map(move |at| pieces[at].to_owned()),
        1 => any::<String>(),
    ];
    collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in almost()) {
        let _ = curl::read(&text);
        let _ = curl::read(&format!("curl {text}"));
        let _ = fetch::read(&text, None);
        let _ = fetch::read(&format!("fetch('http://a.test', {{{text}}})"), None);
        let _ = console::read(&text);
        let _ = console::read(&format!("Access to fetch has been blocked by CORS policy: {text}"));
        let _ = answers::read(&text);
        for error in [curl::read(&text).err(), fetch::read(&text, None).err()].iter().flatten() {
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
        }
    }
}

#[test]
fn what_is_long_or_deep_ends_soon() {
    let long = "a".repeat(10 << 20);
    assert!(curl::read(&long).is_err() && fetch::read(&long, None).is_err());
    assert!(console::read(&long).is_err() && answers::read(&long).is_err());
    let whole = |inner: &str| format!("fetch('http://a.test', {{a: {inner}}})");
    for inner in [
        "[".repeat(500_000),
        "(".repeat(500_000),
        "a,".repeat(250_000),
        format!("[{}]", "b,".repeat(250_000)),
        "'x'+".repeat(100_000) + "y",
        "`${".repeat(150_000),
        "{a:".repeat(60) + &"c,".repeat(100_000) + &"}".repeat(60),
        "/*".repeat(250_000),
        "new ".repeat(100_000),
        "a(".repeat(250_000),
    ] {
        let _ = fetch::read(&whole(&inner), None);
    }
    for line in ["curl ".repeat(100_000), "curl ".to_owned() + &"-s ".repeat(300_000)] {
        let _ = curl::read(&line);
    }
    assert!(answers::read(&"HTTP/1.1 200\n".repeat(50_000)).is_err());
}

#[test]
fn places_and_notes() {
    assert_eq!(place("ab\ncd", 4), (2, 2));
    assert_eq!(place("aé", 2), (1, 2));
    assert_eq!(place("", 9), (1, 1));
    assert_eq!(shown("a\u{1b}[2J"), "a\u{fffd}[2J");
    assert!(shown(&"x".repeat(61)).ends_with("x…"));
    let mut notes = Vec::new();
    (0..1000).for_each(|at| note_at(&mut notes, "x", at, "much"));
    assert_eq!(notes.len(), 100);
}
