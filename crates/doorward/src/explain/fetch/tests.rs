use super::{Case, case, told};
use crate::args::{Arguments, Command, Explain};
use clap::Parser;
use std::fs;

fn typed(words: &[&str]) -> Explain {
    let words = ["doorward", "explain"].iter().chain(words);
    match Arguments::try_parse_from(words).map(|typed| typed.command) {
        Ok(Command::Explain(explain)) => *explain,
        other => panic!("{other:?}"),
    }
}

fn read(words: &[&str]) -> anyhow::Result<Case> {
    case(&typed(words))
}

fn text(words: &[&str]) -> String {
    told(&read(words).expect("a case"))
}

/// A file that ends with its test.
fn with_file<T>(name: &str, text: &str, act: impl FnOnce(&str) -> T) -> T {
    let name = format!("doorward-explain-{name}-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, text).expect("a file");
    let done = act(&path.display().to_string());
    let _ = fs::remove_file(&path);
    done
}

const SHOP: &str = "https://shop.test";

#[test]
fn a_call_is_explained_from_the_preflight_to_its_mending() {
    let call = "fetch('https://api.shop.test/x', {method: 'PUT', credentials: 'include'})";
    let answers = "HTTP/1.1 401 No\nAccess-Control-Allow-Origin: https://shop.test\nVary: Origin\n\
                   Access-Control-Allow-Credentials: true\n\nHTTP/1.1 200 OK\n";
    let text = with_file("answers", answers, |file| {
        text(&["--fetch", call, "--from", SHOP, "--answer", file])
    });
    for part in [
        "PUT https://api.shop.test/x\n  from a page of https://shop.test, in Chromium\n\n1  It",
        "\n2  The answer to that is 401. It is no yes.\n3  The request is not sent.\n4  The script \
         gets `TypeError: Failed to fetch`",
        "\nwhy  preflight-status, Fetch 4.8\n",
        "https://fetch.spec.whatwg.org/",
        "\n  Firefox   Cross-Origin Request Blocked: ",
        "tried\n  to OPTIONS, answer with status 204\n  to OPTIONS, answer \
         Access-Control-Allow-Methods: PUT\n  to the request, answer \
         Access-Control-Allow-Origin: https://shop.test\n  to the request, answer Vary: Origin, \
         beside what is there\n  to the request, answer Access-Control-Allow-Credentials: true\n",
        "\nlook at\n  A preflight never carries credentials",
        "\nread so\n  the first answer is taken for that to the preflight\n",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn what_works_is_said_to_work() {
    let answer = "Access-Control-Allow-Origin: *\nContent-Type: a/b\n";
    let text = with_file("works", answer, |file| {
        text(&["--fetch", "fetch('https://api.test')", "--from", SHOP, "--answer", file])
    });
    assert!(text.contains("The script reads the answer (200), and of its headers"), "{text}");
    assert!(text.contains("why  star-allowed"), "{text}");
    for part in ["the console", "change", "in the call", "but\n"] {
        assert!(!text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn lines_of_curl_consoles_and_entries_are_explained_too() {
    let line = "curl https://api.test/ -H 'Origin: https://shop.test' -H 'X-A: b'";
    let said = text(&["--curl", line]);
    assert!(said.contains("with x-a is allowed") && said.contains("no answer was given"), "{said}");
    let console = "Origin https://shop.test is not allowed by Access-Control-Allow-Origin.";
    let said = text(&["--console", console]);
    assert!(said.contains("in WebKit") && said.contains("why  origin-missing"), "{said}");
    let said = text(&["--console", console, "--engine", "firefox"]);
    assert!(said.contains("in Firefox"), "{said}");
    let har = r#"{"log":{"entries":[{"request":{"method":"GET","url":"https://api.test/",
        "headers":[{"name":"Origin","value":"https://shop.test"}]},
        "response":{"status":502,"headers":[]}}]}}"#;
    with_file("har", har, |file| {
        let said = text(&["--har", &format!("{file}#1")]);
        assert!(said.contains("The answer is 502: what failed is not CORS"), "{said}");
        for bad in [format!("{file}#2"), file.to_owned(), format!("{file}#x")] {
            assert!(read(&["--har", &bad]).is_err(), "{bad}");
        }
    });
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let rows: [(&[&str], &str); 5] = [
        (&["--fetch", "fetch('https://a.test')"], "say where the page is"),
        (&["--fetch", "fetch('https://a.test')", "--from", "x"], "is no page"),
        (&["--fetch", "fetch(x)", "--from", SHOP], "no literal"),
        (&["--curl", "wget x"], "not curl"),
        (&["--console", "hello"], "no error of CORS"),
    ];
    for (words, what) in rows {
        let error = read(words).err().expect("an error");
        assert!(format!("{error:#}").contains(what), "{error:#}");
    }
    let alone = ["doorward", "explain", "--from", SHOP];
    assert!(Arguments::try_parse_from(alone).is_err());
}

#[test]
fn foreign_text_steers_no_terminal() {
    let answer = "Access-Control-Allow-Origin: \u{1b}[2Jx\nA: \u{7}\n";
    let said = with_file("hostile", answer, |file| {
        text(&["--fetch", "fetch('https://a.test/\u{1b}[2J')", "--from", SHOP, "--answer", file])
    });
    assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
}

#[test]
fn what_was_not_sent_is_not_judged() {
    let call = "fetch('https://a.test', {method: 'DELETE'})";
    let mut case = read(&["--fetch", call, "--from", SHOP]).expect("a case");
    let allowing = "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: DELETE\n";
    case.answers = doorward_probe::read::answers::read(allowing).expect("answers").0;
    case.answers.preflight = case.answers.answer.take();
    case.unknown = Some("it could write".to_owned());
    let said = told(&case);
    assert!(said.contains("open\n  What comes back is not known: it could write."), "{said}");
    assert!(!said.contains("why ") && !said.contains("change"), "{said}");
}
