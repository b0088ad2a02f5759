//! What happens between the gate and its upstream: heads, framing, death, retries, early answers.

mod kit;

use doorward_core::route::{self, Effect};
use doorward_proxy::settings::{Bounds, Forwarding};
use kit::{Client, GET, Scripted, Under, bounds, gate, route as a_route};
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::time::Duration;

#[test]
fn the_head_that_goes_upstream_is_made_of_what_may_go_on() {
    let upstream = Scripted::echo();
    let both = Forwarding { x_forwarded: true, forwarded: true };
    let under = Under::forwarding(&upstream.url, gate(|_| {}), bounds(), both);
    let answer = under.ask(
        "GET http://localhost/a?b=c HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, TE\r\n\
         Keep-Alive: 5\r\nTE: trailers\r\nTrailer: X\r\nProxy-Authorization: a\r\n\
         Proxy-Connection: close\r\nX-Forwarded-For: 1.1.1.1\r\nX_Forwarded_For: 1.1.1.1\r\n\
         Forwarded: for=1.1.1.1\r\nX-Real-IP: 1.1.1.1\r\nX-Forwarded-Prefix: /x\r\n\
         Doorward-Identity: root\r\nDoorward_Identity: root\r\n\
         X-Mine: yes\r\nX-Mine: twice\r\n\r\n",
    );
    assert_eq!((answer.status, answer.code()), (200, None));
    let head = upstream.told();
    let mut lines: Vec<&str> = head.trim_end().lines().collect();
    assert_eq!(lines.remove(0), "GET /a?b=c HTTP/1.1");
    lines.retain(|line| !line.starts_with("doorward-admitted: dwa1."));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "connection: TE",
            "forwarded: for=127.0.0.1;host=\"localhost\";proto=http",
            "host: localhost",
            "te: trailers",
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: localhost",
            "x-forwarded-proto: http",
            "x-mine: twice",
            "x-mine: yes",
        ]
    );
    assert!(head.contains("doorward-admitted: dwa1."), "{head}");
}

#[test]
fn an_answer_loses_what_belongs_to_its_connection_and_the_gates_own_names() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send(
            "HTTP/1.1 200 Fine\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n\
             Proxy-Authenticate: x\r\nUpgrade: h2c\r\nDoorward-Refusal: forged/code\r\n\
             Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok",
        );
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let answer = under.ask(GET);
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    for gone in ["x-hop", "keep-alive", "proxy-authenticate", "upgrade", "doorward-refusal"] {
        assert_eq!(answer.header(gone), None, "{gone}");
    }
    assert_eq!(answer.head.matches("set-cookie: ").count(), 2);
}

#[test]
fn bodies_go_on_as_they_are_framed() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    for (method, framing, body) in [
        ("POST", "Content-Length: 3", "abc"),
        ("POST", "Transfer-Encoding: chunked", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
        ("PUT", "Content-Length: 3", "abc"),
        ("GET", "Content-Length: 3", "abc"),
        ("GET", "Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
        ("DELETE", "Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
        // Trailers are dropped.
        ("POST", "Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\nX-Late: 1\r\n\r\n"),
    ] {
        let answer = under
            .ask(&format!("{method} /a HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{body}"));
        assert_eq!(answer.text(), format!("{method} /a HTTP/1.1 abc"), "{framing}");
    }
    let empty = "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(under.ask(empty).text(), "POST /a HTTP/1.1 ");
}

#[test]
fn answers_without_a_body_are_passed_on_as_such() {
    let upstream = Scripted::start(|mut scene| {
        while let Some(request) = scene.next_request() {
            let path = request.head.split(' ').nth(1).unwrap_or_default().to_owned();
            scene.send(match path.as_str() {
                "/304" => "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n",
                "/204" => "HTTP/1.1 204 No Content\r\n\r\n",
                "/1xx" => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n",
                "/chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            });
        }
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    let mut ask = |method: &str, path: &str| {
        client.send(&format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        client.head()
    };
    let head = ask("HEAD", "/a");
    assert_eq!((head.status, head.header("content-length")), (200, Some("9")));
    assert_eq!(ask("HEAD", "/chunked").status, 200);
    let not_modified = ask("GET", "/304");
    assert_eq!((not_modified.status, not_modified.header("etag")), (304, Some("\"a\"")));
    assert_eq!(ask("GET", "/204").status, 204);
    assert_eq!(ask("GET", "/1xx").status, 204);
    assert_eq!(ask("HEAD", "/b").status, 200, "the connection is still in step");
}

#[test]
fn a_dead_upstream_is_a_502_and_costs_no_connection() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", closed.local_addr().expect("an address"));
    drop(closed);
    let under = Under::plain(&url);
    let mut client = under.connect();
    for _ in 0..2 {
        client.send(GET);
        let answer = client.answer();
        assert_eq!((answer.status, answer.code()), (502, Some("upstream/unreachable")));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
}

#[test]
fn an_answer_that_could_be_read_in_two_ways_is_not_passed_on() {
    for (answer, want) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 502),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 502),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab", 502),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 502),
        ("nonsense\r\n\r\n", 502),
        ("HTTP/1.1 200 OK\r\nContent-Le", 502),
        ("", 502),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 200),
    ] {
        let upstream = Scripted::start(move |mut scene| {
            scene.request();
            scene.send(answer);
        });
        let under = Under::plain(&upstream.url);
        let got = under.ask(GET);
        assert_eq!(got.status, want, "{answer:?}");
        if want == 502 {
            assert_eq!(got.code(), Some("upstream/broken"), "{answer:?}");
        }
    }
}

#[test]
fn an_answer_with_both_lengths_loses_one_and_its_connection() {
    let upstream = Scripted::start(|mut scene| {
        while scene.next_request().is_some() {
            scene.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n\
                 3\r\nabc\r\n0\r\n\r\n",
            );
        }
        scene.tell("closed");
    });
    let under = Under::plain(&upstream.url);
    let answer = under.ask(GET);
    assert_eq!((answer.status, answer.text()), (200, "abc"));
    assert_eq!(answer.header("content-length"), None);
    upstream.told();
    assert_eq!(upstream.told(), "closed");
}

/// An upstream whose first connection answers once and dies at the second request, before or after
/// a byte of its answer; later connections answer.
fn dying(last_words: &'static str) -> Scripted {
    Scripted::start(move |mut scene| {
        let ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        if scene.number > 1 {
            while scene.next_request().is_some() {
                scene.send(ok);
            }
            return;
        }
        scene.request();
        scene.send(ok);
        scene.request();
        scene.send(last_words);
    })
}

#[test]
fn only_a_reading_request_without_a_byte_of_an_answer_is_sent_twice() {
    let post = "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx";
    let get_with_body = "GET /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx";
    let written = "GET /write HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let head = "HEAD /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let delete = "DELETE /a HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let declared = || {
        gate(|settings| {
            settings.routes.push(route::Settings {
                effect: Effect::Write,
                methods: vec!["POST".into(), "GET".into()],
                ..a_route("/write")
            });
        })
    };
    for (request, last_words, want) in [
        (GET, "", 200),
        (head, "", 200),
        (GET, "HTTP/1.1 2", 502),
        (post, "", 502),
        (delete, "", 502),
        (get_with_body, "", 502),
    ] {
        let upstream = dying(last_words);
        let under = Under::start(&upstream.url, declared(), bounds());
        let mut client = under.connect();
        client.send(GET);
        assert_eq!(client.answer().status, 200);
        client.send(request);
        assert_eq!(client.head().status, want, "{request:?} {last_words:?}");
    }
    let upstream = dying("");
    let under = Under::start(&upstream.url, declared(), bounds());
    assert_eq!(under.ask(written).status, 405, "a GET never reaches what writes");
}

#[test]
fn a_first_connection_that_dies_is_not_tried_again() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
    });
    let under = Under::plain(&upstream.url);
    assert_eq!(under.ask(GET).code(), Some("upstream/broken"));
    upstream.told();
    assert!(upstream.is_untouched());
}

#[test]
fn a_connection_that_closed_while_idle_is_not_used() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        // The next request is sent only when this connection is closed.
        scene.client.socket.shutdown(Shutdown::Both).expect("closed");
        scene.tell(&scene.number.to_string());
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    for number in 1..=3 {
        client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(client.answer().status, 200);
        upstream.told();
        assert_eq!(upstream.told(), number.to_string());
    }
}

#[test]
fn an_early_answer_to_an_upload_is_passed_on() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.client.bytes(16 * 1024);
        scene.send("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbig\n");
        // Dropped with megabytes unread: the gate's next write is reset.
    });
    let under = Under::plain(&upstream.url);
    for _ in 0..20 {
        let mut client = under.connect();
        let mut writer = client.socket.try_clone().expect("a second handle");
        let length = 10 * 1024 * 1024;
        let sending = std::thread::spawn(move || {
            let head =
                format!("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
            writer.write_all(head.as_bytes())?;
            (0..length / 4096).try_for_each(|_| writer.write_all(&[b'x'; 4096]))
        });
        let answer = client.answer();
        assert_eq!((answer.status, answer.text()), (413, "big\n"));
        client.close();
        // Whether all of it could be written depends on who was faster.
        let _ = sending.join().expect("the sender does not panic");
    }
}

#[test]
fn a_unix_socket_is_an_upstream_too() {
    let folder = std::env::temp_dir().join(format!("doorward-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("app.sock");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let mut socket = socket;
            let mut into = [0; 4096];
            while std::io::Read::read(&mut socket, &mut into).is_ok_and(|bytes| bytes > 0) {
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nunix");
            }
        }
    });
    let under = Under::plain(&format!("unix:{}", path.display()));
    let mut client = under.connect();
    for _ in 0..2 {
        client.send(GET);
        assert_eq!(client.answer().text(), "unix");
    }
    drop(under);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

#[test]
fn a_silent_upstream_is_a_504() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let rest = scene.client.rest();
        scene.tell(if rest.is_empty() { "aborted" } else { "more" });
    });
    let short = Bounds { upstream_head: Duration::from_millis(40), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    assert_eq!(under.ask(GET).code(), Some("upstream/timeout"));
    upstream.told();
    assert_eq!(upstream.told(), "aborted");
}

#[test]
fn an_upstream_with_all_connections_taken_is_busy() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.client.until("go");
    });
    let few = Bounds { upstream_open_max: 1, ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), few);
    let mut first = under.connect();
    first.send(GET);
    upstream.told();
    let answer = under.ask(GET);
    assert_eq!((answer.status, answer.code()), (503, Some("upstream/busy")));
    assert!(upstream.is_untouched());
}

#[test]
fn leaving_aborts_what_reads_and_finishes_what_writes() {
    for (method, framing, want) in
        [("GET", "", "aborted"), ("POST", "Content-Length: 0\r\n", "written: ok")]
    {
        let (left, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let upstream = Scripted::start(move |mut scene| {
            scene.request();
            let _ = wait.lock().expect("one connection").recv_timeout(kit::PATIENCE);
            // A gate that aborted has closed by now, or does so before this read ends.
            let mut client = Client::of(scene.client.socket.try_clone().expect("a handle"));
            if want == "aborted" {
                scene.tell(if client.rest().is_empty() { "aborted" } else { "more" });
                return;
            }
            scene.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nok");
            scene.send("ok");
            // The connection is still there, and of use: the answer was read to its end.
            scene.tell("written: ok");
        });
        let under = Under::plain(&upstream.url);
        let mut client = under.connect();
        client.send(&format!("{method} /a HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n"));
        upstream.told();
        client.close();
        let mut lines = Vec::new();
        while lines.is_empty() {
            // The record is written when the gate has seen the client leave.
            lines = under.log.lines();
            std::thread::yield_now();
        }
        assert_eq!(lines[0]["broken_off"], true, "{method}");
        left.send(()).expect("the script waits");
        assert_eq!(upstream.told(), want, "{method}");
    }
}

#[test]
fn a_connection_whose_next_message_could_be_somebody_elses_serves_nobody_else() {
    let with_body = |method: &str| {
        format!("{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab")
    };
    let bare = |method: &str| format!("{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let announced = "HTTP/1.1 204 No Content\r\ncontent-length: 42\r\n\r\n";
    for (request, answer, closes) in [
        (with_body("GET"), ok, true),
        (with_body("DELETE"), ok, true),
        (with_body("OPTIONS"), ok, true),
        (bare("HEAD"), "HTTP/1.1 200 OK\r\ncontent-length: 42\r\n\r\n", true),
        (bare("GET"), announced, true),
        (bare("GET"), ok, false),
        (with_body("POST"), ok, false),
        (bare("GET"), "HTTP/1.1 204 No Content\r\n\r\n", false),
    ] {
        let upstream = Scripted::start(move |mut scene| {
            while let Some(asked) = scene.next_request() {
                if let Some(length) = asked.header("content-length") {
                    scene.client.bytes(length.parse().expect("a length"));
                }
                scene.send(if scene.number == 1 { answer } else { ok });
                scene.tell(&format!("connection {}", scene.number));
            }
        });
        let under = Under::plain(&upstream.url);
        let mut client = under.connect();
        client.send(&request);
        client.head();
        under.ask(GET);
        let told: Vec<String> = (0..4).map(|_| upstream.told()).collect();
        let second = if closes { "connection 2" } else { "connection 1" };
        assert_eq!((told[1].as_str(), told[3].as_str()), ("connection 1", second), "{request:?}");
    }
}
