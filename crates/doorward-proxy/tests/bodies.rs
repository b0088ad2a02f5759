//! Bodies on their way: streaming, back-pressure, refusals of uploads, what is held.

mod kit;

use doorward_core::route;
use doorward_proxy::settings::Bounds;
use kit::{GET, PATIENCE, Scripted, Under, bounds, gate, route as a_route};
use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

#[test]
fn each_event_arrives_before_the_next_is_sent() {
    let (seen, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        scene.send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
             transfer-encoding: chunked\r\n\r\n",
        );
        for number in 0..3 {
            scene.send(&format!("9\r\ndata: {number}\n\n\r\n"));
            let _ = wait.lock().expect("one connection").recv_timeout(PATIENCE);
        }
        scene.send("0\r\n\r\n");
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(GET);
    assert_eq!(client.head().status, 200, "the head comes before the first event is whole");
    for number in 0..3 {
        assert_eq!(client.chunk(), format!("data: {number}\n\n").as_bytes());
        seen.send(()).expect("the script waits");
    }
    assert!(client.chunk().is_empty());
}

#[test]
fn each_piece_of_an_upload_arrives_before_the_next_is_sent() {
    let (seen, wait) = channel::<Vec<u8>>();
    let seen = Mutex::new(seen);
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        let seen = seen.lock().expect("one connection").clone();
        loop {
            let chunk = scene.client.chunk();
            let is_last = chunk.is_empty();
            let _ = seen.send(chunk);
            if is_last {
                break;
            }
        }
        scene.send("HTTP/1.1 204 Done\r\n\r\n");
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in ["one", "two", ""] {
        client.send(&format!("{:x}\r\n{piece}\r\n", piece.len()));
        assert_eq!(wait.recv_timeout(PATIENCE).expect("it arrives"), piece.as_bytes());
    }
    assert_eq!(client.head().status, 204);
}

#[test]
fn large_bodies_pass_whole_both_ways() {
    const BYTES: usize = 64 * 1024 * 1024;
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let mut left = BYTES;
        let mut into = vec![0; 64 * 1024];
        while left > 0 {
            let bytes = scene.client.socket.read(&mut into).expect("more of the body");
            assert!(bytes > 0, "cut off");
            left -= bytes;
        }
        scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n"));
        for _ in 0..BYTES / (64 * 1024) {
            if scene.client.socket.write_all(&into).is_err() {
                return;
            }
        }
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    // The scene reads its body by itself, so the head alone may be in its first read.
    client.send(&format!("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BYTES}\r\n\r\n"));
    upstream.told();
    let piece = vec![b'x'; 64 * 1024];
    for _ in 0..BYTES / piece.len() {
        client.socket.write_all(&piece).expect("the gate reads");
    }
    assert_eq!(client.head().status, 200);
    assert_eq!(client.bytes(BYTES).len(), BYTES);
}

#[test]
fn an_answer_that_breaks_off_never_looks_complete() {
    for (head, piece) in
        [("transfer-encoding: chunked", "3\r\nabc\r\n"), ("content-length: 9", "abc")]
    {
        let upstream = Scripted::start(move |mut scene| {
            scene.request();
            scene.send(&format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{piece}"));
        });
        let under = Under::plain(&upstream.url);
        let mut client = under.connect();
        client.send(GET);
        let text = String::from_utf8(client.rest()).expect("text");
        assert!(!text.contains("\r\n0\r\n\r\n"), "{text}");
        assert!(!text.ends_with("abcabcabc"), "{text}");
        let lines = under.finish();
        assert_eq!(lines[0]["broken_off"], true);
    }
}

#[test]
fn a_refused_upload_is_read_on_so_that_its_sender_can_read_the_refusal() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    for _ in 0..20 {
        let mut client = under.connect();
        // Like most simple clients this one writes all of its body before it reads a byte.
        client.send("POST /a HTTP/1.1\r\nHost: stranger.test\r\nContent-Length: 31457280\r\n\r\n");
        let piece = vec![b'x'; 1024 * 1024];
        for _ in 0..30 {
            client.socket.write_all(&piece).expect("the gate reads on");
        }
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("connection")), (421, Some("close")));
        assert!(client.rest().is_empty());
    }
    assert!(upstream.is_untouched());
}

#[test]
fn a_refused_upload_is_not_read_for_ever() {
    let upstream = Scripted::echo();
    let short = Bounds { linger_bytes_max: 1024 * 1024, ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut client = under.connect();
    client.send("POST /a HTTP/1.1\r\nHost: stranger.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    let piece = vec![b'x'; 64 * 1024];
    let mut written = 0;
    while written < 1024 * 1024 * 1024 && client.socket.write_all(&piece).is_ok() {
        written += piece.len();
    }
    assert!(written < 64 * 1024 * 1024, "it was closed after {written} bytes");
}

#[test]
fn a_refused_request_with_a_short_body_keeps_its_connection() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send("POST /a HTTP/1.1\r\nHost: stranger.test\r\nContent-Length: 3\r\n\r\n");
    client.send("abc");
    assert_eq!(client.answer().status, 421);
    client.send(GET);
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_body_beyond_its_routes_limit_never_arrives_whole() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let rest = scene.client.rest();
        scene.tell(if rest.ends_with(b"0\r\n\r\n") { "whole" } else { "cut" });
    });
    let small = gate(|settings| {
        settings.routes.push(route::Settings { body_bytes_max: Some(4), ..a_route("/a") });
    });
    let under = Under::start(&upstream.url, small, bounds());
    let head = "POST /a HTTP/1.1\r\nHost: localhost\r\n";
    let known = under.ask(&format!("{head}Content-Length: 5\r\n\r\nabcde"));
    assert_eq!((known.status, known.code()), (413, Some("body/too-large")));
    assert!(upstream.is_untouched());
    let mut client = under.connect();
    client
        .send(&format!("{head}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n1\r\ne\r\n0\r\n\r\n"));
    let streamed = client.answer();
    assert_eq!((streamed.status, streamed.code()), (413, Some("body/too-large")));
    upstream.told();
    assert_eq!(upstream.told(), "cut");
}

#[test]
fn a_held_body_goes_on_whole_with_its_length() {
    let upstream = Scripted::echo();
    let held = gate(|settings| {
        settings.routes.push(route::Settings { bind_body: true, ..a_route("/a") });
    });
    let under = Under::start(&upstream.url, held, bounds());
    for (framing, body) in [
        ("Content-Length: 3", "abc"),
        ("Transfer-Encoding: chunked", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
    ] {
        let answer =
            under.ask(&format!("POST /a HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{body}"));
        assert_eq!(answer.text(), "POST /a HTTP/1.1 abc");
        let head = upstream.told();
        assert!(head.contains("content-length: 3\r\n"), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    let long = "x".repeat(1024 * 1024 + 1);
    let answer = under.ask(&format!(
        "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{long}",
        long.len()
    ));
    assert_eq!(answer.code(), Some("body/too-large"));
}

#[test]
fn a_reader_that_stops_reading_is_let_go() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let piece = format!("{:x}\r\n{}\r\n", 65536, "x".repeat(65536));
        while scene.client.socket.write_all(piece.as_bytes()).is_ok() {}
        scene.tell("let go");
    });
    let short = Bounds { write_stall: Duration::from_millis(200), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut client = under.connect();
    client.send(GET);
    upstream.told();
    assert_eq!(upstream.told(), "let go");
    drop(client);
}

#[test]
fn bodies_that_are_held_at_once_have_room_for_so_many_bytes_and_no_more() {
    let upstream = Scripted::echo();
    let held = gate(|settings| {
        settings.routes.push(route::Settings { bind_body: true, ..a_route("/a") });
    });
    let small = Bounds { held_bytes_max: 10, ..bounds() };
    let under = Under::start(&upstream.url, held, small);
    let post = |body: &str| {
        let length = body.len();
        format!("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    assert_eq!(under.ask(&post("elevenbytes")).code(), Some("gate/busy"));
    // What was taken was given back: one after the other they fit.
    for _ in 0..5 {
        assert_eq!(under.ask(&post("ten bytes!")).status, 200);
    }
}
