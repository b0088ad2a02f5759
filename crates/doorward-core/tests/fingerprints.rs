//! What real clients have shown, taken down once by the test kit's example `shown`: each file has
//! the bytes, and the JA4 that another implementation has read in them.

use doorward_core::fingerprint::hello::{Hello, HelloReading};
use doorward_core::fingerprint::http1::{HeadOrder, HeadVersion};
use doorward_core::fingerprint::http2::{Opening, OpeningReading};
use doorward_core::fingerprint::ja4::{Form, Ja4};
use std::collections::BTreeMap;
use std::path::Path;

/// What one client has shown, by the words of its file.
type Shown = BTreeMap<String, String>;

fn all() -> Vec<(String, Shown)> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("tests/shown");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let lines = text.lines().map(|line| line.split_once(": ").expect("a word and a value"));
        let shown = lines.map(|(word, value)| (word.to_owned(), value.to_owned())).collect();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        all.push((name, shown));
    }
    all.sort();
    assert!(all.len() >= 24, "only {} clients", all.len());
    all
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// In pieces as a network might cut them, and whole.
fn hello(hex: &str) -> Hello {
    let bytes = bytes(hex);
    let whole = HelloReading::new().feed(&bytes).expect("a hello").expect("a whole one");
    for size in [1, 100, 1_460] {
        let mut reading = HelloReading::new();
        let fed = bytes.chunks(size).find_map(|piece| reading.feed(piece).expect("a hello"));
        assert_eq!(fed.as_ref(), Some(&whole));
    }
    whole
}

fn opening(hex: &str) -> Opening {
    let bytes = bytes(hex);
    let whole = OpeningReading::new().feed(&bytes).expect("an opening").expect("a whole one");
    for size in [1, 100, 1_460] {
        let mut reading = OpeningReading::new();
        let fed = bytes.chunks(size).find_map(|piece| reading.feed(piece).expect("an opening"));
        assert_eq!(fed.as_ref(), Some(&whole));
    }
    whole
}

fn order(hex: &str) -> HeadOrder {
    let mut order = HeadOrder::new(HeadVersion::One);
    let head = String::from_utf8(bytes(hex)).expect("a text");
    let names = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    names.for_each(|(name, _)| order.meet(name.as_bytes()));
    order
}

#[test]
fn the_ja4_of_real_hellos_is_what_another_implementation_reads() {
    let mut compared = 0;
    for (name, shown) in all() {
        for (word, want) in [("hello", "ja4"), ("again", "again-ja4")] {
            let (Some(hex), Some(want)) = (shown.get(word), shown.get(want)) else { continue };
            let read = hello(hex);
            assert_eq!(Ja4::of(&read, Form::Whole).as_str(), want, "{name} {word}");
            compared += 1;
        }
    }
    assert!(compared >= 26, "only {compared} hellos were compared");
}

#[test]
fn who_comes_back_with_its_session_has_the_same_lasting_form() {
    let mut came_back = 0;
    for (name, shown) in all() {
        let Some(again) = shown.get("again") else { continue };
        let (first, again) = (hello(&shown["hello"]), hello(again));
        assert!(!first.resumes && again.resumes, "{name}");
        let whole = [&first, &again].map(|hello| Ja4::of(hello, Form::Whole));
        let lasting = [&first, &again].map(|hello| Ja4::of(hello, Form::Lasting));
        assert_ne!(whole[0], whole[1], "{name}");
        assert_eq!(lasting[0], lasting[1], "{name}");
        came_back += 1;
    }
    assert!(came_back >= 3, "only {came_back} clients came back");
}

#[test]
fn clients_are_told_apart_by_what_they_show() {
    let all: BTreeMap<String, Shown> = all().into_iter().collect();
    let lasting = |name: &str| Ja4::of(&hello(&all[name]["hello"]), Form::Lasting);
    let names = [
        "chromium",
        "firefox",
        "curl",
        "wget",
        "node-fetch",
        "python-urllib",
        "rustls",
        "curl-cffi-safari155",
        "curl-cffi-safari260-ios",
    ];
    for (place, name) in names.iter().enumerate() {
        for other in &names[..place] {
            assert_ne!(lasting(name), lasting(other), "{name} and {other}");
        }
    }
    // What plays a browser's hello well has it: it takes more than one sign to tell.
    assert_eq!(lasting("chromium"), lasting("curl-cffi-chrome152"));
}

#[test]
fn openings_of_http2_are_what_another_implementation_reads() {
    let mut digests = BTreeMap::new();
    let mut compared = 0;
    for (name, shown) in all() {
        let (Some(hex), Some(want)) = (shown.get("http2"), shown.get("http2-text")) else {
            continue;
        };
        let opening = opening(hex);
        assert_eq!(opening.text().to_string(), *want, "{name}");
        let digest = opening.digest().as_str().to_owned();
        digests.insert(name, digest);
        compared += 1;
    }
    assert!(compared >= 12, "only {compared} openings were compared");
    for (name, other) in [("chromium", "firefox"), ("firefox", "webkit"), ("curl", "node-http2")] {
        assert_ne!(digests[name], digests[other], "{name} and {other}");
    }
}

#[test]
fn heads_of_http1_are_told_apart_by_their_order_and_case() {
    let all: BTreeMap<String, Shown> = all().into_iter().collect();
    for (name, want) in [
        ("curl-http1", "1:Host,User-Agent,Accept"),
        ("wget", "1:Host,User-Agent,Accept,Accept-Encoding,Connection"),
        (
            "node-fetch",
            "1:host,connection,accept,accept-language,sec-fetch-mode,user-agent,accept-encoding",
        ),
        ("node-https", "1:Host,Connection"),
        ("python-urllib", "1:Accept-Encoding,Host,User-Agent,Connection"),
        ("python-requests", "1:Host,User-Agent,Accept-Encoding,Accept,Connection"),
        ("python-aiohttp", "1:Host,Accept,Accept-Encoding,User-Agent"),
    ] {
        assert_eq!(order(&all[name]["http1"]).text().to_string(), want, "{name}");
    }
}
