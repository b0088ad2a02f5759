//! What happens on a client's connection: keep-alive, pipelining, faults, slowness, the end.

mod kit;

use doorward_proxy::settings::Bounds;
use kit::{GET, PATIENCE, Scripted, Under, bounds, gate};
use std::net::Shutdown;
use std::time::Duration;

#[test]
fn a_connection_carries_many_requests_one_after_the_other() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    for number in 0..50 {
        client.send(&format!("GET /{number} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        let answer = client.answer();
        assert_eq!((answer.status, answer.text()), (200, &*format!("GET /{number} HTTP/1.1 ")));
    }
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    let post = "POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
    client.send(&format!("{GET}{post}{GET}"));
    let texts = [client.answer(), client.answer(), client.answer()];
    let texts = texts.each_ref().map(kit::Answer::text);
    assert_eq!(texts, ["GET /a HTTP/1.1 ", "POST /b HTTP/1.1 abc", "GET /a HTTP/1.1 "]);
}

#[test]
fn however_the_bytes_are_split_the_requests_are_the_same() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let chunked = "POST /b HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
    let stream = format!("{GET}{chunked}{GET}GET /#x HTTP/1.1\r\n\r\n");
    for size in [1, 2, 3, 7, 64, 500] {
        let mut client = under.connect();
        for piece in stream.as_bytes().chunks(size) {
            client.send(std::str::from_utf8(piece).expect("ASCII"));
        }
        let answers = [client.answer(), client.answer(), client.answer()];
        let texts = answers.each_ref().map(kit::Answer::text);
        let want = ["GET /a HTTP/1.1 ", "POST /b HTTP/1.1 abcd", "GET /a HTTP/1.1 "];
        assert_eq!(texts, want, "{size}");
        assert_eq!(client.answer().code(), Some("message/fragment"), "{size}");
    }
}

#[test]
fn a_fault_is_told_in_full_and_closes_and_never_reaches_the_upstream() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    for (request, status, code) in [
        ("GET /a HTTP/1.1\nHost: localhost\r\n\r\n", 400, "message/line-ending"),
        ("GET /a#b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "message/fragment"),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            400,
            "message/length-conflict",
        ),
        ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505, "message/version"),
    ] {
        let mut client = under.connect();
        client.send(request);
        let answer = client.answer();
        assert_eq!((answer.status, answer.code()), (status, Some(code)), "{request:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(client.rest().is_empty(), "nothing follows a refusal of this kind");
    }
    assert_eq!(under.ask(GET).status, 200, "the twin is served");
    assert!(upstream.told().starts_with("GET /a "));
    assert!(upstream.is_untouched());
    let lines = under.finish();
    assert_eq!(lines.iter().filter(|line| line["verdict"] == "refuse").count(), 4);
    assert!(lines.iter().any(|line| line["code"] == "message/fragment"));
}

#[test]
fn what_was_asked_before_a_fault_is_answered_completely_first() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        // The fault is read by then, while this answer has not even begun.
        let _ = wait.lock().expect("one connection").recv_timeout(PATIENCE);
        scene.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n");
        scene.send("3\r\ntwo\r\n0\r\n\r\n");
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(&format!("{GET}GET /#x HTTP/1.1\r\n\r\n"));
    upstream.told();
    go.send(()).expect("the script waits");
    let first = client.answer();
    assert_eq!((first.status, first.text()), (200, "onetwo"));
    let second = client.answer();
    assert_eq!((second.status, second.code()), (400, Some("message/fragment")));
    assert!(client.rest().is_empty());
}

#[test]
fn many_good_requests_before_a_fault_are_all_answered() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    let good = GET.repeat(40);
    client.send(&format!("{good}GET /a HTTP/1.1\r\nHost : localhost\r\n\r\n"));
    for _ in 0..40 {
        assert_eq!(client.answer().status, 200);
    }
    assert_eq!(client.answer().code(), Some("message/header-name"));
}

#[test]
fn a_fault_in_a_body_aborts_the_upstream_and_is_told() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let rest = scene.client.rest();
        scene.tell(&String::from_utf8_lossy(&rest));
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("3\r\nabc\r\nxyz\r\n0\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.code()), (400, Some("message/chunk")));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(upstream.told().starts_with("POST /a "));
    assert_eq!(upstream.told(), "3\r\nabc\r\n", "no last chunk: it must not look complete");
}

#[test]
fn a_head_that_does_not_come_is_told_and_a_silent_connection_is_closed_silently() {
    let upstream = Scripted::echo();
    let short = Bounds { head: Duration::from_millis(40), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut slow = under.connect();
    slow.send("GET /a HTTP/1.1\r\nHost: loc");
    let answer = slow.answer();
    assert_eq!((answer.status, answer.code()), (408, Some("message/too-slow")));
    assert!(slow.rest().is_empty());
    assert!(under.connect().rest().is_empty(), "browsers open connections ahead of need");
}

#[test]
fn an_idle_connection_is_closed_after_its_time_and_not_before_an_answer() {
    let upstream = Scripted::echo();
    let short = Bounds { idle: Duration::from_millis(40), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut client = under.connect();
    client.send(GET);
    assert_eq!(client.answer().status, 200);
    assert!(client.rest().is_empty());
}

#[test]
fn a_slow_body_is_told_and_a_slow_upstream_is_not_the_clients_fault() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.client.rest();
    });
    let short = Bounds {
        body_stall: Duration::from_millis(60),
        upstream_head: Duration::from_millis(60),
        ..bounds()
    };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut slow = under.connect();
    slow.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc");
    let answer = slow.answer();
    assert_eq!((answer.status, answer.code()), (408, Some("body/too-slow")));
    let mut patient = under.connect();
    patient.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc");
    let answer = patient.answer();
    assert_eq!((answer.status, answer.code()), (504, Some("upstream/timeout")));
    patient.send("GET /.doorward/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(patient.answer().status, 200, "its connection is still of use");
}

#[test]
fn a_body_that_ends_early_never_looks_complete_to_the_upstream() {
    for (framing, body) in
        [("Content-Length: 9", "abc"), ("Transfer-Encoding: chunked", "3\r\nabc\r\n")]
    {
        let upstream = Scripted::start(|mut scene| {
            scene.request();
            let rest = scene.client.rest();
            scene.tell(&String::from_utf8_lossy(&rest));
        });
        let under = Under::plain(&upstream.url);
        let mut client = under.connect();
        client.send(&format!("POST /a HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{body}"));
        upstream.told();
        client.socket.shutdown(Shutdown::Write).expect("half-closed");
        let rest = upstream.told();
        assert!(rest == "abc" || rest == "3\r\nabc\r\n" || rest.is_empty(), "{rest:?}");
    }
}

#[test]
fn a_client_that_half_closes_is_gone() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let rest = scene.client.rest();
        scene.tell(if rest.is_empty() { "aborted" } else { "more" });
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(GET);
    upstream.told();
    client.socket.shutdown(Shutdown::Write).expect("half-closed");
    assert_eq!(upstream.told(), "aborted");
}

#[test]
fn expect_is_answered_only_when_the_body_is_wanted() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    let head = "POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n";
    client.send(&format!("{head}Host: localhost\r\n\r\n"));
    assert_eq!(client.head().status, 100);
    client.send("abc");
    assert_eq!(client.answer().text(), "POST /a HTTP/1.1 abc");
    assert!(!upstream.told().to_ascii_lowercase().contains("expect"));
    let mut refused = under.connect();
    refused.send(&format!("{head}Host: stranger.test\r\n\r\n"));
    assert_eq!(refused.answer().status, 421, "no 100 before it");
}

#[test]
fn http_1_0_is_served_without_chunks_and_closed() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send("GET /a HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let text = String::from_utf8(client.rest()).expect("text");
    assert!(text.starts_with("HTTP/1.0 200 OK\r\n"), "{text}");
    assert!(text.ends_with("\r\n\r\nabc"), "{text}");
}

#[test]
fn too_many_connections_are_turned_away() {
    let upstream = Scripted::echo();
    let few = Bounds { connections_max: 1, ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), few);
    let mut first = under.connect();
    first.send(GET);
    assert_eq!(first.answer().status, 200);
    let answer = under.connect().answer();
    assert_eq!((answer.status, answer.code()), (503, Some("gate/busy")));
    first.send(GET);
    assert_eq!(first.answer().status, 200, "who is in stays in");
}
