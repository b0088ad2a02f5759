//! Answers that never end, never come, or are none.

use super::{Says, good, options, run, server};
use crate::corpus::SHOP;
use doorward_probe::{Asker, Call, Operation, Options, Probe, Report, Scope, Told, ask, report};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Why the bad one was not looked at to its end; empty where it was. The good one is, always.
async fn said_of(says: impl Fn() -> Says + Send + Sync + 'static) -> (String, Report) {
    let answer = move |head: &str| match head.contains(" /good") {
        true => good(""),
        false => says(),
    };
    let (url, _) = server(answer).await;
    let (report, _) = run(&[(&url, "/bad"), (&url, "/good")], options()).await;
    assert!(report.looked_at.contains(&"GET /good".to_owned()), "{report:#?}");
    let why = report.left_out.iter().find(|(name, _)| name == "GET /bad");
    (why.map(|(_, why)| why.clone()).unwrap_or_default(), report)
}

#[tokio::test]
async fn what_is_no_answer_is_named_and_the_rest_is_looked_at() {
    let ok = || b"HTTP/1.1 200 OK\r\n".to_vec();
    let endless = |first: Vec<u8>, again: &[u8]| Says::Endless(first, again.to_vec());
    let many =
        |line: &str, count| [ok(), line.repeat(count).into_bytes(), b"\r\n".to_vec()].concat();
    let origin = "Access-Control-Allow-Origin: https://a.example\r\n";
    let rows = [
        Says::Reset,
        Says::Bytes(Vec::new()),
        Says::Bytes(b"SSH-2.0-x\r\n".to_vec()),
        Says::Bytes(b"\x15\x03\x01\x00\x02\x02\x46".to_vec()),
        Says::Bytes([ok(), b"A: \x1b[2J\r\n\r\n".to_vec()].concat()),
        Says::Bytes([ok(), b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n".to_vec()].concat()),
        Says::Bytes([ok(), b"Content-Length: 18446744073709551615\r\n\r\n".to_vec()].concat()),
        Says::Bytes(many(origin, 10_000)),
        Says::Bytes(many("Set-Cookie: a=1\r\n", 10_000)),
        endless(ok(), b"X-A: b\r\n"),
        endless([ok(), b"X-A: ".to_vec()].concat(), &[b'a'; 4096]),
        endless(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(Vec::new(), b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    ];
    for says in rows {
        let name: String = format!("{says:?}").chars().take(80).collect();
        let begun = Instant::now();
        let (why, _) = said_of(move || says.clone()).await;
        assert!(!why.is_empty(), "{name}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{name}: {why}");
    }
}

/// What is cut, or goes on for ever, has answered nevertheless.
#[tokio::test]
async fn what_has_answered_is_looked_at_as_far_as_it_goes() {
    let head = |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}\r\n").into_bytes();
    let rows = [
        Says::Endless(head(""), vec![b'a'; 4096]),
        Says::Endless(
            head("Transfer-Encoding: chunked\r\n"),
            format!("400\r\n{}\r\n", "a".repeat(1024)).into_bytes(),
        ),
        Says::Bytes([head("Content-Length: 100\r\n"), b"abc".to_vec()].concat()),
        Says::Bytes(head("Content-Length: 9223372036854775807\r\n")),
        Says::Bytes(head(&"Access-Control-Allow-Origin: https://a.example\r\n".repeat(100))),
        Says::Held(head("Content-Type: text/event-stream\r\n\r\ndata: 1\r\n")),
    ];
    for says in rows {
        let name: String = format!("{says:?}").chars().take(80).collect();
        let (why, _) = said_of(move || says.clone()).await;
        assert_eq!(why, "", "{name}");
    }
}

/// Nobody asks for it, and nobody unpacks it: it stays as it came.
#[tokio::test]
async fn what_is_packed_stays_packed() {
    // What a megabyte of zeros begins with, packed by gzip.
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xec\xc1\x01\r\0\0\0\xc2\xa0".to_vec();
    let answer = packed.clone();
    let (url, heads) = server(move |_| {
        let lines = "Content-Encoding: gzip\r\n\r\n";
        Says::Bytes([format!("HTTP/1.1 200 OK\r\n{lines}").into_bytes(), answer.clone()].concat())
    })
    .await;
    let asker = asker(&url).await;
    let answered = asker.ask(&Call::new("GET", &url)).await.expect("an answer");
    assert_eq!(answered.body, packed);
    let heads = heads.lock().expect("nobody panics with it").clone();
    assert!(heads.iter().all(|head| !head.to_ascii_lowercase().contains("accept-encoding")));
}

async fn asker(url: &url::Url) -> Asker {
    let mut scope = Scope::new(&[]);
    scope.add(url).await.expect("this machine");
    let requests_max = 1000;
    Asker::new(
        scope,
        ask::Manners { allow_writes: false, requests_max, tls: None, pretended: None },
    )
}

/// A host that answers nothing does not hold a run for days.
#[tokio::test(start_paused = true)]
async fn who_never_answers_is_given_up() {
    for says in [Says::Held(Vec::new()), Says::Held(b"HTTP/1.1 200 OK\r\nA".to_vec())] {
        let (url, _) = server(move |_| says.clone()).await;
        let mut scope = Scope::new(&[]);
        scope.add(&url).await.expect("this machine");
        let path = |at: usize| Operation::get(url.join(&format!("/{at}")).expect("an address"));
        let operations: Vec<Operation> = (0..500).map(path).collect();
        let options = Options { requests_max: 10_000, ..options() };
        let probe = Probe::new(scope, options).expect("authorities");
        let begun = Instant::now();
        let report = probe.run(&operations, &|_| {}).await;
        assert!(begun.elapsed() < Duration::from_secs(15 * 60), "{:?}", begun.elapsed());
        assert_eq!(report.left_out.len(), 500);
        let slow = report.left_out.iter().filter(|(_, why)| why.contains("within 10 s"));
        assert!(slow.count() > 1, "a short wait is no reason to give a host up");
        assert!(report.left_out.iter().any(|(_, why)| why.contains("is not asked any more")));
    }
}

/// The twin: some slow answers are only slow.
#[tokio::test(start_paused = true)]
async fn who_is_slow_now_and_then_is_asked_on() {
    let (url, _) = server(|head| match head.contains(" /slow") {
        true => Says::Held(Vec::new()),
        false => good(""),
    })
    .await;
    let paths = ["/a", "/slow1", "/slow2", "/slow3", "/b"];
    let (report, _) = run(&paths.map(|path| (&url, path)), options()).await;
    assert_eq!(report.looked_at, ["GET /a", "GET /b"]);
    assert_eq!(report.left_out.len(), 3);
}

/// Very many cookies are a few, and that is told.
#[tokio::test]
async fn a_flood_of_cookies_is_bounded() {
    let (url, _) = server(|head| {
        let drawn = head.len() * 7919 + head.bytes().map(usize::from).sum::<usize>();
        let line = |at: usize| format!("Set-Cookie: c{drawn}-{at}=1\r\n");
        good(&(0..200).map(line).collect::<String>())
    })
    .await;
    let paths: Vec<String> = (0..5).map(|at| format!("/{at}")).collect();
    let urls: Vec<(&url::Url, &str)> = paths.iter().map(|path| (&url, path.as_str())).collect();
    let begun = Instant::now();
    let (report, probe) = run(&urls, Options { requests_max: 10_000, ..options() }).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert!(probe.asker().cookies().all().len() <= 500);
    assert!(report.findings.len() < 2000, "{}", report.findings.len());
    assert!(report.left_out.iter().any(|(what, _)| what.contains("cookies")), "{report:#?}");
}

/// A name that no resolver takes makes no payloads.
#[tokio::test]
async fn an_origin_of_very_many_dots_is_not_believed() {
    let long = format!("Access-Control-Allow-Origin: http://{}example\r\n", "a.".repeat(20_000));
    let (url, _) = server(move |_| good(&long)).await;
    let (_, probe) = run(&[(&url, "/")], Options { requests_max: 1000, ..options() }).await;
    let longest = probe.log().into_iter().filter_map(|call| call.headers.joined("origin"));
    let longest = longest.map(|origin| origin.len());
    assert!(longest.max().unwrap_or_default() < 1000);
}

/// Whatever stands in each header that reports quote: it steers nobody.
#[tokio::test]
async fn hostile_headers_are_harmless_in_each_form() {
    let (url, _) = server(|_| {
        let evil = "\u{9b}2J\u{202e}<script>alert(1)</script>`|[a](javascript:b)";
        let names = [
            "Access-Control-Allow-Origin",
            "Access-Control-Allow-Methods",
            "Access-Control-Allow-Headers",
            "Access-Control-Allow-Credentials",
            "Access-Control-Expose-Headers",
            "Access-Control-Max-Age",
            "Vary",
            "Cache-Control",
            "Location",
            "Set-Cookie",
        ];
        good(&names.map(|name| format!("{name}: {evil}\r\n")).concat())
    })
    .await;
    let origins = vec![SHOP.to_owned()];
    let (report, _) = run(&[(&url, "/")], Options { origins, ..options() }).await;
    assert!(!report.findings.is_empty(), "{report:#?}");
    for (form, text) in forms(&report) {
        let is_bad = |c: char| matches!(c, '\u{9b}' | '\u{202e}' | '\u{1b}');
        assert!(!text.contains(is_bad), "{form}: {text}");
        if matches!(form, "junit" | "html") {
            assert!(!text.contains("<script"), "{form}: {text}");
        }
    }
}

/// A report in each form.
pub(super) fn forms(report: &Report) -> Vec<(&'static str, String)> {
    let known = BTreeSet::new();
    let fail_on = doorward_probe::Severity::Medium;
    let told = Told { report, known: &known, fail_on, openapi: None };
    let look = report::TableLook { unicode: true, colour: false, columns: None, verbose: true };
    vec![
        ("table", report::table(&told, look)),
        ("json", report::json_text(&report::json(&told))),
        ("sarif", report::json_text(&report::sarif(&told))),
        ("junit", report::junit(&told)),
        ("markdown", report::markdown(&told)),
        ("html", report::html(&told)),
    ]
}
