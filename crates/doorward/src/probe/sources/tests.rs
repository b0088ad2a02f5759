use super::{Gathered, gathered, left_out};
use crate::args::{Arguments, Command, Probe};
use clap::Parser;
use doorward_probe::{Call, Operation};
use std::fs;
use std::path::PathBuf;
use url::Url;

/// A folder of one test's own, and files in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let name = format!("doorward-sources-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("a file");
        }
        Self(folder)
    }

    /// What is typed, with the folder's names in place of `@`.
    fn typed(&self, line: &str) -> Probe {
        let folder = format!("{}/", self.0.display());
        let words = line.split(' ').map(|word| word.replace('@', &folder));
        let words = ["doorward", "probe"].map(str::to_owned).into_iter().chain(words);
        match Arguments::try_parse_from(words).map(|typed| typed.command) {
            Ok(Command::Probe(probe)) => *probe,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn gathered(&self, line: &str) -> anyhow::Result<Gathered> {
        let typed = self.typed(line);
        let urls: Vec<Url> =
            typed.urls.iter().map(|text| Url::parse(text).expect("an address")).collect();
        gathered(&typed, &urls)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(gathered: &Gathered) -> Vec<String> {
    gathered.listed.operations.iter().map(Operation::name).collect()
}

const OPENAPI: &str = "openapi: 3.0.0\nservers: [{url: https://production.example}]\npaths:\n  \
                       /a: {get: {}, post: {}}\n  /logout: {get: {}}\n";
const CURL: &str = "curl 'http://localhost:3000/me' -b 'sid=hunter2' -H 'X-A: b'";
const HAR: &str = r#"{"log":{"entries":[
    {"request":{"method":"GET","url":"http://localhost:3000/me",
                "headers":[{"name":"Cookie","value":"sid=hunter2"}]}},
    {"request":{"method":"GET","url":"https://shop.example/me"}}
]}}"#;

#[test]
fn addresses_alone_are_the_operations() {
    let folder = Folder::new("alone", &[]);
    let gathered = folder.gathered("http://localhost:3000/a http://localhost:3000/logout");
    let gathered = gathered.expect("addresses");
    // What a person typed is not left out here.
    assert_eq!(names(&gathered), ["GET /a", "GET /logout"]);
}

#[test]
fn files_name_no_host() {
    let folder = Folder::new("hosts", &[("o.yaml", OPENAPI), ("h.har", HAR), ("c", CURL)]);
    let all = "--openapi @o.yaml --har @h.har --curl @c http://localhost:3000/v1";
    let gathered = folder.gathered(all).expect("files");
    let urls = gathered.listed.operations.iter().map(|operation| operation.url.as_str());
    let urls: Vec<&str> = urls.collect();
    let want = [
        "http://localhost:3000/v1/a",
        "http://localhost:3000/v1/a",
        "http://localhost:3000/me",
        "http://localhost:3000/me",
    ];
    assert_eq!(urls, want);
    let left_out: Vec<String> = left_out(gathered.listed).into_iter().map(|row| row.0).collect();
    assert_eq!(left_out, ["`servers`", "https://shop.example", "GET /v1/logout"]);
    let other = folder.gathered("--curl @c http://localhost:4000/").err().expect("another host");
    assert!(other.to_string().contains("http://localhost:3000"), "{other}");
}

#[test]
fn writes_and_very_many_are_named() {
    let folder = Folder::new("many", &[("o.yaml", OPENAPI)]);
    let few = folder.gathered("--openapi @o.yaml --max-operations 1 http://localhost:3000/");
    let few = few.expect("a file");
    assert_eq!(names(&few), ["GET /a"]);
    let writes = folder.gathered("--openapi @o.yaml --allow-writes http://localhost:3000/");
    assert_eq!(names(&writes.expect("a file")), ["GET /a", "POST /a", "GET /logout"]);
    for bad in ["--openapi @nothing http://a.test", "--har @o.yaml http://a.test"] {
        assert!(folder.gathered(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_a_file_was_sent_with_goes_to_its_own_host() {
    let folder = Folder::new("session", &[("h.har", HAR), ("c", CURL)]);
    for line in ["--har @h.har http://localhost:3000/", "--curl @c http://localhost:3000/"] {
        let session = folder.gathered(line).expect("a file").session.expect("a session");
        let on = |text: &str| {
            session.on(&Call::new("GET", &Url::parse(text).expect("an address"))).is_some()
        };
        assert!(on("http://localhost:3000/x"), "{line}");
        assert!(!on("http://localhost:3001/") && !on("https://shop.example/"), "{line}");
    }
    let typed = folder.typed("--har @h.har http://localhost:3000/ --with-session");
    assert_eq!(typed.session, [""]);
    let typed = folder.typed("--with-session Cookie:a=1 http://localhost:3000/");
    assert_eq!((typed.session.len(), typed.urls.len()), (1, 1));
}

#[test]
fn a_session_is_typed_or_held_and_not_both() {
    let folder = Folder::new("typed", &[]);
    let url = Url::parse("http://localhost:3000/").expect("an address");
    let session = |line: &str, is_held: bool| {
        let held = vec![("Cookie".to_owned(), "a=1".to_owned())];
        let urls = std::slice::from_ref(&url);
        let held = is_held.then(|| doorward_probe::Session::new(held, urls));
        crate::probe::session(&folder.typed(line), urls, held)
    };
    let (plain, own, both) = (
        "http://localhost:3000/",
        "http://localhost:3000/ --with-session",
        "http://localhost:3000/ --with-session --with-session Cookie:a=1",
    );
    assert_eq!(session(plain, true).map(|session| session.is_some()), Ok(false));
    assert_eq!(session(own, true).map(|session| session.is_some()), Ok(true));
    assert!(session(own, false).is_err() && session(both, true).is_err());
    let eaten = "--with-session http://localhost:3000/ http://localhost:3000/";
    assert!(session(eaten, true).is_err());
}
