//! HTTP/2 from clients: streams are requests like any other.

mod kit;

use bytes::Bytes;
use doorward_proxy::settings::Bounds;
use http::{HeaderMap, Request};
use kit::frames::{self, Frames, frame};
use kit::second::{Second, asking, get, got, send_all, story};
use kit::{GET, Scripted, Under, bounds, gate};
use std::io::Write;
use std::time::Duration;

#[test]
fn a_stream_is_a_request_and_the_upstream_sees_http_1() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        let crumbs =
            [("cookie", "a=1"), ("x-one", "1"), ("cookie", "b=2"), ("expect", "100-continue")];
        let answer = client.ask(asking("GET", "/a?b", &crumbs)).await.expect("an answer");
        assert_eq!((answer.status, answer.text()), (200, "GET /a?b HTTP/1.1 "));
        assert!(!answer.headers.contains_key("connection"));
        let head = upstream.told().to_ascii_lowercase();
        assert!(head.contains("\r\nhost: localhost\r\n"), "{head}");
        assert!(head.contains("\r\ncookie: a=1; b=2\r\n"), "{head}");
        assert!(head.contains("\r\nx-forwarded-proto: http\r\n"), "{head}");
        assert!(!head.contains("expect"), "{head}");
        let body = Bytes::from(vec![b'x'; 700_000]);
        for headers in [&[("content-length", "700000")][..], &[]] {
            let (answer, sent) = client.upload(asking("POST", "/b", headers), body.clone()).await;
            let answer = answer.expect("an answer");
            assert_eq!((answer.status, sent), (200, 700_000));
            assert_eq!(answer.body.len(), "POST /b HTTP/1.1 ".len() + 700_000);
            let head = upstream.told().to_ascii_lowercase();
            assert_eq!(head.contains("content-length"), !headers.is_empty(), "{head}");
        }
        let head = client.ask(asking("HEAD", "/c", &[])).await.expect("an answer");
        assert_eq!((head.status, head.body.len()), (200, 0));
    });
    let lines = under.finish();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line["verdict"] == "admit" && line["broken_off"] != true));
    assert_eq!(lines[1]["bytes_in"], 700_000);
}

#[test]
fn streams_run_side_by_side_and_a_slow_one_keeps_nobody_waiting() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let upstream = Scripted::start(move |mut scene| {
        while let Some(request) = scene.next_request() {
            if request.head.starts_with("GET /slow") {
                let _ = wait.lock().expect("one is slow").recv_timeout(kit::PATIENCE);
            }
            scene.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }
    });
    let under = Under::plain(&upstream.url);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        let (slow, _) = client.begin(get("/slow"), true).await;
        let mut others = Vec::new();
        for number in 0..90 {
            others.push(client.begin(get(&format!("/{number}")), true).await.0);
        }
        for other in others {
            assert_eq!(got(other).await.expect("an answer").text(), "ok");
        }
        go.send(()).expect("the script waits");
        assert_eq!(got(slow).await.expect("an answer").text(), "ok");
    });
}

#[test]
fn the_preface_is_known_in_any_splitting_and_only_where_http_2_is_on() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    for size in [1, 3, 23, 24, 25, 200] {
        let mut client = under.connect();
        let stream =
            [frames::PREFACE, &frame(frames::SETTINGS, 0, 0, &[]), &frames::get(1, "/a")].concat();
        for piece in stream.chunks(size) {
            client.socket.write_all(piece).expect("the gate reads");
        }
        let mut client = Frames { socket: client.socket };
        assert_eq!(client.until(frames::DATA, 1).payload, b"GET /a HTTP/1.1 ");
    }
    for request in ["P", "PRI * HTTP/2.", "PRI * HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let mut client = under.connect();
        client.send(request);
        client.socket.shutdown(std::net::Shutdown::Write).expect("half-closed");
        let rest = String::from_utf8(client.rest()).expect("text");
        assert!(
            rest.is_empty()
                || ["HTTP/1.1 4", "HTTP/1.1 5"].iter().any(|start| rest.starts_with(start)),
            "{request}: {rest}"
        );
    }
    assert_eq!(under.ask(GET).status, 200);
    let mut post = under.connect();
    for byte in GET.replace("GET", "POST").chars() {
        post.send(&byte.to_string());
    }
    assert_eq!(post.answer().text(), "POST /a HTTP/1.1 ", "what only begins alike is not lost");
    let off = Under::with(&upstream.url, gate(|_| {}), |settings| settings.http2 = false);
    let answer = off.ask(std::str::from_utf8(frames::PREFACE).expect("text"));
    assert_eq!((answer.status, answer.code()), (505, Some("message/version")));
}

#[test]
fn a_head_that_http_1_may_not_have_is_refused_by_the_same_reason() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        let many: Vec<_> = (0..100).map(|_| ("x", "y")).collect();
        let large = "x".repeat(65_600);
        let at = |uri: &str, headers: &[(&str, &str)]| {
            let mut request = Request::builder().uri(uri);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.body(()).expect("a row's request")
        };
        let host = |host| [("host", host)];
        let long = format!("http://localhost/{}", "x".repeat(8_192));
        for (request, status, code) in [
            (at("http://localhost/a", &host("evil.test")), 400, "message/authority"),
            (at("http://localhost/a", &host("localhost:80")), 400, "message/authority"),
            (at("http://evil.test/a", &[]), 421, "message/unknown-host"),
            (at("http://evil.test/a", &host("localhost")), 400, "message/authority"),
            (at("http://user@localhost/a", &[]), 421, "message/unknown-host"),
            (at("http://localhost/a", &many), 431, "message/too-many-headers"),
            (at("http://localhost/a", &[("x", &large)]), 431, "message/head-too-large"),
            (at(&long, &[]), 414, "message/target-too-long"),
            (at("http://localhost/a{b", &[]), 400, "message/target"),
            (at("http://localhost/a/../b", &[]), 400, "message/dot-segment"),
            (at("http://localhost/a", &[("origin", " null")]), 400, "message/header-value"),
            (asking("TRACE", "/a", &[]), 405, "method/never"),
        ] {
            let shown = format!("{request:.200?}");
            let answer = client.ask(request).await.expect("an answer");
            assert_eq!((answer.status, answer.code()), (status, Some(code)), "{shown:.300}");
            let kind = answer.headers.get("content-type").expect("a kind");
            assert_eq!(kind, "application/problem+json");
        }
        assert!(upstream.is_untouched());
        for request in [
            at("http://localhost/a", &host("localhost")),
            at("http://localhost/a", &host("LOCALHOST")),
            at("http://localhost/a", &many[..99]),
        ] {
            assert_eq!(client.ask(request).await.expect("an answer").status, 200);
        }
    });
}

#[test]
fn what_http_2_itself_forbids_ends_its_stream_and_no_other() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = Frames::to(under.proxy.address(), &[]);
    let mut stream = 1;
    let get =
        [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/a")];
    for odd in [
        &[("transfer-encoding", "chunked")][..],
        &[("connection", "close")],
        &[("upgrade", "h2c")],
        &[("keep-alive", "1")],
        &[("te", "chunked")],
        &[(":path", "/b")],
        &[("content-length", "5")],
        &[("content-length", "x")],
        &[(":protocol", "websocket")],
    ] {
        let block = frames::fields(&[&get[..], odd].concat());
        let flags = frames::END_HEADERS | frames::END_STREAM;
        client.send(&frame(frames::HEADERS, flags, stream, &block));
        client.until(frames::RST_STREAM, stream);
        stream += 2;
    }
    client.send(&frames::get(stream, "/twin"));
    assert_eq!(client.until(frames::DATA, stream).payload, b"GET /twin HTTP/1.1 ");
    assert!(upstream.told().starts_with("GET /twin "));
    let block = frames::fields(&[&get[..], &[("x", "a\r\nb: c")]].concat());
    client.send(&frame(frames::HEADERS, frames::END_HEADERS, stream + 2, &block));
    assert!(client.end().is_some_and(|reason| reason != 0), "this one ends the connection");
    assert!(upstream.is_untouched());
}

#[test]
fn odd_targets_are_judged_as_in_http_1() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = Frames::to(under.proxy.address(), &[]);
    let at = |path| [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), path];
    let host = Some("message/host");
    let mut codes = Vec::new();
    for (number, (fields, code)) in [
        (&[(":method", "GET"), (":scheme", "http"), (":path", "/a")][..], host),
        (&[(":method", "CONNECT"), (":authority", "localhost:443")], host),
        (&at((":path", "/%00")), Some("message/control-byte")),
        (&at((":path", "*")), Some("message/target-form")),
        (&at((":path", "a")), None),
        (&at((":path", "")), None),
        (&at((":path", "http://localhost/a")), None),
        (&at(("x", "y")), None),
        (&[(":method", "GET"), (":authority", "localhost"), (":path", "/")], None),
        (&[(":scheme", "http"), (":authority", "localhost"), (":path", "/")], None),
    ]
    .into_iter()
    .enumerate()
    {
        let stream = u32::try_from(number).expect("few rows") * 2 + 1;
        let flags = frames::END_HEADERS | frames::END_STREAM;
        client.send(&frame(frames::HEADERS, flags, stream, &frames::fields(fields)));
        let first = client.first_of(stream);
        // What HTTP/2 itself calls malformed is reset; what it does not is judged.
        let want = if code.is_some() { frames::HEADERS } else { frames::RST_STREAM };
        assert_eq!(first.kind, want, "{fields:?}");
        codes.extend(code);
    }
    assert!(upstream.is_untouched());
    let lines = under.finish();
    let told = lines.iter().filter(|line| line["verdict"] == "refuse");
    let told: Vec<_> = told.map(|line| line["code"].as_str().expect("a code")).collect();
    assert_eq!(told, codes);
}

#[test]
fn an_early_refusal_of_a_large_upload_is_read_and_its_connection_lives() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        let body = Bytes::from(vec![b'x'; 30_000_000]);
        for round in 0..8 {
            let upload = asking("POST", "/a", &[("origin", "https://evil.test")]);
            let (answer, sent) = client.upload(upload, body.clone()).await;
            let answer = answer.expect("an answer");
            assert_eq!((answer.status, answer.code()), (403, Some("site/cross-site")), "{round}");
            assert!(sent < 30_000_000, "nobody reads it to its end");
        }
        assert!(upstream.is_untouched());
        let small = Bytes::from_static(b"abc");
        let (answer, _) = client.upload(asking("POST", "/a", &[]), small).await;
        assert_eq!(answer.expect("an answer").text(), "POST /a HTTP/1.1 abc");
    });
}

#[test]
fn a_body_that_is_broken_off_never_looks_complete_to_the_upstream() {
    for reason in [Some(h2::Reason::NO_ERROR), Some(h2::Reason::CANCEL), None] {
        let upstream = Scripted::start(|mut scene| {
            scene.request();
            let rest = scene.client.rest();
            scene.tell(&String::from_utf8_lossy(&rest));
        });
        let under = Under::plain(&upstream.url);
        story(async {
            let client = Second::to(under.proxy.address()).await;
            let (answer, mut sending) = client.begin(asking("POST", "/a", &[]), false).await;
            sending.send_data(Bytes::from_static(b"abc"), false).expect("the stream is open");
            upstream_told(&upstream).await;
            match reason {
                Some(reason) => sending.send_reset(reason),
                None => client.connection.abort(),
            }
            let rest = upstream_told(&upstream).await;
            assert!(rest.is_empty() || rest == "3\r\nabc\r\n", "{reason:?}: {rest:?}");
            drop(answer);
        });
    }
}

/// What an upstream told, without keeping the story's thread.
async fn upstream_told(upstream: &Scripted) -> String {
    loop {
        match upstream.heads.try_recv() {
            Ok(told) => return told,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[test]
fn a_body_with_trailers_ends_well() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        let (answer, mut sending) = client.begin(asking("POST", "/a", &[]), false).await;
        sending.send_data(Bytes::from_static(b"abc"), false).expect("the stream is open");
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "1".parse().expect("a value"));
        sending.send_trailers(trailers).expect("the stream is open");
        let answer = got(answer).await.expect("an answer");
        assert_eq!(answer.text(), "POST /a HTTP/1.1 abc");
    });
}

#[test]
fn an_answer_that_breaks_off_never_looks_complete() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    });
    let under = Under::plain(&upstream.url);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        for _ in 0..3 {
            // The reset may overtake what was written before it.
            if let Ok(answer) = client.ask(get("/a")).await {
                assert!("abc".starts_with(answer.text()));
                assert!(answer.broken.is_some(), "a reset, not an end");
            }
        }
    });
    let lines = under.finish();
    assert!(lines.iter().all(|line| line["broken_off"] == true), "{lines:?}");
}

#[test]
fn stopping_says_goodbye_and_lets_streams_come_to_their_end() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        let _ = wait.lock().expect("one connection").recv_timeout(kit::PATIENCE);
        scene.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let address = under.proxy.address();
    story(async {
        let idle = Second::to(address).await;
        assert_eq!(idle.ask(get("/.doorward/healthz")).await.expect("an answer").status, 200);
        let client = Second::to(address).await;
        let (answer, _) = client.begin(get("/a"), true).await;
        upstream_told(&upstream).await;
        let stopping = std::thread::spawn(move || under.finish());
        idle.connection.await.expect("no panic").expect("a plain end");
        go.send(()).expect("the script waits");
        assert_eq!(got(answer).await.expect("an answer").text(), "ok");
        client.connection.await.expect("no panic").expect("a plain end");
        let lines = stopping.join().expect("it stops");
        assert_eq!(lines.len(), 2);
    });
}

#[test]
fn a_slow_body_is_told_and_costs_its_stream_only() {
    let upstream = Scripted::echo();
    let short = Bounds { body_stall: Duration::from_millis(60), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        let (slow, mut sending) = client.begin(asking("POST", "/slow", &[]), false).await;
        sending.send_data(Bytes::from_static(b"abc"), false).expect("the stream is open");
        let answer = got(slow).await.expect("an answer");
        assert_eq!((answer.status, answer.code()), (408, Some("body/too-slow")));
        let (answer, _) = client.upload(asking("POST", "/a", &[]), "abc".into()).await;
        assert_eq!(answer.expect("an answer").text(), "POST /a HTTP/1.1 abc");
    });
}

#[test]
fn a_reader_without_a_window_loses_its_stream_and_nobody_else_waits() {
    let upstream = Scripted::start(|mut scene| {
        while let Some(request) = scene.next_request() {
            let length = if request.head.starts_with("GET /large") { 3_000_000 } else { 2 };
            let body = "x".repeat(length);
            scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"));
        }
    });
    let short = Bounds { write_stall: Duration::from_millis(80), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    // SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 6.5.2).
    let mut client = Frames::to(under.proxy.address(), &[(4, 0)]);
    client.send(&frames::get(1, "/large"));
    client.until(frames::HEADERS, 1);
    client.until(frames::RST_STREAM, 1);
    client.send(&frames::get(3, "/small"));
    client.until(frames::HEADERS, 3);
    client.send(&frame(frames::WINDOW_UPDATE, 0, 3, &[0, 0, 0, 9]));
    assert_eq!(client.until(frames::DATA, 3).payload, b"xx");
    story(async {
        let twin = Second::to(under.proxy.address()).await;
        let answer = twin.ask(get("/large")).await.expect("an answer");
        assert_eq!((answer.body.len(), answer.broken), (3_000_000, None));
    });
}

#[test]
fn slow_heads_and_silent_connections_are_ended() {
    let upstream = Scripted::echo();
    let short =
        Bounds { head: Duration::from_millis(60), idle: Duration::from_millis(60), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut silent = Frames::to(under.proxy.address(), &[]);
    assert_eq!(silent.end(), Some(0), "it is told to go, by NO_ERROR");
    let mut idle = Frames::to(under.proxy.address(), &[]);
    idle.send(&frames::get(1, "/a"));
    idle.until(frames::DATA, 1);
    assert_eq!(idle.end(), Some(0));
    for head in [
        frame(frames::HEADERS, frames::END_STREAM, 1, &frames::request("GET", "/a")),
        frames::get(1, "/a")[..20].to_vec(),
    ] {
        let mut slow = Frames::to(under.proxy.address(), &[]);
        slow.send(&head);
        assert_eq!(slow.end(), Some(0));
    }
    let lines = under.finish();
    let slow = lines.iter().filter(|line| line["code"] == "message/too-slow").count();
    assert_eq!(slow, 2, "{lines:?}");
}

#[test]
fn a_stream_that_is_left_aborts_its_upstream() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let rest = scene.client.rest();
        scene.tell(if rest.is_empty() { "aborted" } else { "more" });
    });
    let under = Under::plain(&upstream.url);
    story(async {
        let client = Second::to(under.proxy.address()).await;
        let (answer, mut sending) = client.begin(get("/a"), true).await;
        upstream_told(&upstream).await;
        sending.send_reset(h2::Reason::CANCEL);
        assert_eq!(upstream_told(&upstream).await, "aborted");
        drop(answer);
        let health = client.ask(get("/.doorward/healthz")).await.expect("an answer");
        assert_eq!(health.status, 200);
        let (answer, sending) = client.begin(asking("POST", "/.doorward/x", &[]), false).await;
        let _ = send_all(sending, "abc".into()).await;
        assert_eq!(got(answer).await.expect("an answer").status, 404);
    });
}
