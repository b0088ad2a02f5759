//! `doorward probe` as it is typed: forms, files, exit codes.

use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const SHOP: &str = "http://shop.localhost:5173";

/// An API of two addresses: `/open` lets every page read, signed in; `/list` lets one.
struct Api {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Api {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                answer(stream);
            }
        });
        Self { port, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Answers one request; what breaks is the client's to notice.
fn answer(mut stream: TcpStream) {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&part[..read]),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut words = text.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let lines = text.lines().find_map(|line| line.strip_prefix("origin: "));
    let origin = lines.unwrap_or_default();
    let is_open = path.starts_with("/open");
    let (status, body) = match (method, path) {
        ("GET", "/open" | "/list") => ("200 OK", format!("{{\"at\":\"{path}\"}}")),
        ("OPTIONS", _) => ("403 Forbidden", String::new()),
        _ => ("404 Not Found", String::new()),
    };
    let mut head = format!("HTTP/1.1 {status}\r\nVary: Origin\r\nConnection: close\r\n");
    // Errors are read by whom good answers are: one mistake is shown, and no other.
    if !status.starts_with("403") && (is_open || origin == SHOP) && !origin.is_empty() {
        head.push_str(&format!("Access-Control-Allow-Origin: {origin}\r\n"));
        if is_open {
            head.push_str("Access-Control-Allow-Credentials: true\r\n");
        }
    }
    let kind = "Content-Type: application/json\r\nX-Content-Type-Options: nosniff";
    let _ = write!(stream, "{head}{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
}

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("doorward-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn doorward(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(words).env("LC_ALL", "C.UTF-8").output().expect("it runs")
}

fn probe(words: &[&str]) -> Output {
    doorward(&[&["probe", "--origin", SHOP], words].concat())
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

#[test]
fn exit_codes() {
    let api = Api::start();
    let (open, list) = (api.url("/open"), api.url("/list"));
    let folder = Folder::new("codes");
    let (nothing, nowhere) = (folder.file("nothing.json"), folder.file("no/where.json"));
    // Nobody listens on a port that was free a moment ago.
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let closed = format!("http://127.0.0.1:{}/", closed.expect("a port").port());
    for (words, want) in [
        (vec![list.as_str()], 0),
        (vec![&open], 1),
        (vec![&open, "--fail-on", "critical"], 0),
        (vec![&open, &list], 1),
        (vec!["ftp://localhost/"], 2),
        (vec!["http://192.0.2.1/"], 2),
        (vec![&list, "--format", "pdf"], 2),
        (vec![&list, "--baseline", &nothing], 2),
        (vec![&list, "--output", &nowhere], 2),
        (vec![&closed], 3),
    ] {
        let output = probe(&words);
        assert_eq!(code(&output), Some(want), "{words:?}: {}{}", said(&output), talk(&output));
    }
    // What is not a terminal is told of no progress.
    assert_eq!(talk(&probe(&[&list])), "");
}

#[test]
fn the_first_output_is_twelve_lines_and_a_line_for_each_finding() {
    let api = Api::start();
    let output = probe(&[&api.url("/open")]);
    let text = said(&output);
    let (first, rest) = text.split_once("\n\n").expect("a table and findings");
    assert!(first.lines().count() <= 12, "{text}");
    for line in ["simple GET", "GET with Authorization", "JSON POST", "form POST", "any script"] {
        assert!(first.lines().any(|own| own.starts_with(line)), "{line} in\n{text}");
    }
    assert!(first.contains("simple GET              ■ runs, read"), "{text}");
    assert_eq!(rest.lines().filter(|line| line.starts_with("high     C-01")).count(), 1, "{text}");
    assert!(rest.contains("doorward explain C-01"), "{text}");
    assert!(!text.contains('\u{1b}'), "it is no terminal: {text}");
    let verbose = said(&probe(&[&api.url("/open"), "--verbose"]));
    assert!(verbose.contains("  request   curl -i "), "{verbose}");
}

#[test]
fn every_form_is_written_whole_into_a_file() {
    let api = Api::start();
    let folder = Folder::new("forms");
    let open = api.url("/open");
    let forms = [
        ("table", "simple GET"),
        ("json", "\"findings\": ["),
        ("sarif", "\"version\": \"2.1.0\""),
        ("junit", "<testsuites"),
        ("markdown", "| severity | check |"),
        ("html", "<!doctype html>"),
    ];
    for (form, part) in forms {
        let file = folder.file(form);
        fs::write(&file, "an older report").expect("a file");
        let output = probe(&[&open, "--format", form, "--output", &file]);
        assert_eq!(code(&output), Some(1), "{}", talk(&output));
        assert_eq!(said(&output), "");
        assert!(talk(&output).ends_with(": 1 high\n"), "{}", talk(&output));
        let text = fs::read_to_string(&file).expect("the report");
        assert!(text.contains(part) && !text.contains("an older report"), "{text}");
        assert!(text.contains("to this machine"), "{form}: {text}");
    }
    // Nothing is left beside them.
    assert_eq!(folder.names().len(), forms.len(), "{:?}", folder.names());
}

#[test]
fn what_a_former_report_has_fails_nothing() {
    let api = Api::start();
    let folder = Folder::new("baseline");
    let (open, file) = (api.url("/open"), folder.file("before.json"));
    assert_eq!(code(&probe(&[&open, "--format", "json", "--output", &file])), Some(1));
    let output = probe(&[&open, "--baseline", &file]);
    assert_eq!(code(&output), Some(0), "{}", said(&output));
    assert!(said(&output).contains("known: GET /open"), "{}", said(&output));
    fs::write(&file, "{\"findings\":[]}").expect("a file");
    assert_eq!(code(&probe(&[&open, "--baseline", &file])), Some(1));
    fs::write(&file, "{}").expect("a file");
    let output = probe(&[&open, "--baseline", &file]);
    assert_eq!(code(&output), Some(2));
    assert!(talk(&output).contains("no report of `doorward probe --format json`"));
}

#[test]
fn a_run_that_was_broken_off_goes_on() {
    let api = Api::start();
    let folder = Folder::new("resume");
    let (open, list, file) = (api.url("/open"), api.url("/list"), folder.file("run.jsonl"));
    let run = |words: &[&str]| {
        let before = api.asked();
        let all = [&[open.as_str(), &list, "--format", "json", "--resume", &file], words].concat();
        let output = probe(&all);
        (code(&output), said(&output), api.asked() - before, talk(&output))
    };
    let (first, report, asked, _) = run(&[]);
    assert!(first == Some(1) && asked > 10, "{report}");
    let text = fs::read_to_string(&file).expect("the file");
    assert_eq!(text.lines().count(), 3, "{text}");
    // All is done: nobody is asked, and the report is the same.
    let (again, same, none, _) = run(&[]);
    assert_eq!((again, same.as_str(), none), (Some(1), report.as_str(), 0));
    // The second operation was being written.
    let end = text.trim_end().rfind('\n').expect("a line") + 9;
    fs::write(&file, &text[..end]).expect("a file");
    let (_, same, some, _) = run(&[]);
    assert!(some > 3 && some < asked, "{some} of {asked}");
    // What both operations share is asked again, so only the number of requests is another.
    let found = |text: &str| {
        let mut value: Value = serde_json::from_str(text).expect("JSON");
        assert!(value["requests"].take().as_u64() >= Some(asked as u64));
        value["said_of_requests"].take();
        value
    };
    assert_eq!(found(&same), found(&report));
    let after = fs::read_to_string(&file).expect("the file");
    assert_eq!(after.lines().count(), 3, "{after}");
    assert!(after.starts_with(&text[..end - 9]), "{after}");
    // Another run is another file.
    let (code, _, none, talk) = run(&["--allow-writes"]);
    assert_eq!((code, none), (Some(2), 0), "{talk}");
    fs::write(&file, "my notes").expect("a file");
    let (code, _, none, talk) = run(&[]);
    assert_eq!((code, none), (Some(2), 0), "{talk}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "my notes");
}

#[test]
fn a_session_stands_in_no_report() {
    let api = Api::start();
    let folder = Folder::new("session");
    let (open, list) = (api.url("/open"), api.url("/list"));
    let (resume, secret) = (folder.file("run.jsonl"), "Cookie: session=opensesame");
    for form in ["table", "json", "sarif", "junit", "markdown", "html"] {
        let words = [open.as_str(), &list, "-v", "--format", form, "--resume", &resume];
        let output = probe(&[&words[..], &["--with-session", secret]].concat());
        let text = said(&output) + &talk(&output);
        assert!(text.contains("C-01") && !text.contains("opensesame"), "{form}: {text}");
        // But that there was one is told, where the table of callers stands.
        assert!(matches!(form, "sarif" | "junit") || text.contains("cookie"), "{form}: {text}");
    }
    let kept = fs::read_to_string(&resume).expect("the file");
    assert!(kept.contains("C-01") && !kept.contains("opensesame"), "{kept}");
    assert!(!said(&probe(&[&open, "--plan", "--with-session", secret])).contains("opensesame"));
}

#[test]
fn checks_are_explained() {
    let output = doorward(&["explain", "C-17"]);
    assert_eq!(code(&output), Some(0));
    assert!(said(&output).contains("What it does not say"), "{}", said(&output));
    let output = doorward(&["explain", "C17"]);
    assert_eq!(code(&output), Some(2));
    assert!(talk(&output).contains("did you mean C-17?"), "{}", talk(&output));
    assert!(said(&doorward(&["explain"])).contains("\nC-17   "));
}
