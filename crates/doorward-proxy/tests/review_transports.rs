//! What a second reading of the transports found, each beside its honest twin.

mod kit;

use doorward_proxy::settings::Bounds;
use kit::frames::{self, Frames, frame};
use kit::{Scripted, Under, bounds, gate};
use std::time::{Duration, Instant};

#[test]
fn tails() {
    let upstream = Scripted::start(|mut scene| {
        while let Some(request) = scene.next_request() {
            let body = "x".repeat(5_000);
            if request.head.starts_with("HEAD") {
                scene.send("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n");
            } else {
                scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{body}"));
            }
        }
    });
    let short = Bounds {
        write_stall: Duration::from_millis(200),
        idle: Duration::from_millis(500),
        rate_bytes_per_s: 1_000_000,
        ..bounds()
    };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut client = Frames::to(under.proxy.address(), &[(4, 1)]);
    for stream in [1, 3, 5] {
        client.send(&frames::get(stream, "/tail"));
        client.until(frames::HEADERS, stream);
    }
    let begin = Instant::now();
    let mut stream = 7;
    while begin.elapsed() < Duration::from_secs(3) {
        std::thread::sleep(Duration::from_millis(250));
        let head = frame(frames::HEADERS, 5, stream, &frames::request("HEAD", "/"));
        client.send(&head);
        let first = client.first_of(stream);
        eprintln!("{stream} {:?} {:?}", first.kind, begin.elapsed());
        stream += 2;
    }
    client.send(&frame(frames::WINDOW_UPDATE, 0, 1, &[0, 0, 255, 9]));
    while let Some(frame) = client.next() {
        eprintln!("{} {} {} {:?}", frame.kind, frame.flags, frame.stream, &frame.payload[..frame.payload.len().min(40)]);
    }
    
}

#[test]
fn lengths() {
    for length in ["5, 5", "5,5", "05", "+5", "5,"] {
        let upstream = Scripted::start(move |mut scene| {
            while scene.next_request().is_some() {
                scene.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabcde"));
            }
        });
        let under = Under::plain(&upstream.url);
        let mut client = under.connect();
        client.send(kit::GET);
        let head = client.head();
        eprintln!("{length:?} -> {} {:?} {:?}", head.status, head.header("content-length"), head.code());
    }
}

#[test]
fn second_trailers() {
    let upstream = Scripted::start(|mut scene| {
        let head = scene.request().head;
        let mut all = head;
        loop {
            let line = scene.client.until("\r\n");
            all.push_str(&line);
            if line == "0\r\n" { break; }
        }
        all.push_str(&scene.client.until("\r\n\r\n"));
        scene.tell(&all);
        scene.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    let under = Under::plain(&upstream.url);
    let mut client = Frames::to(under.proxy.address(), &[]);
    let head = frames::fields(&[
        (":method", "POST"), (":scheme", "http"), (":authority", "localhost"), (":path", "/a"),
        ("trailer", "x-sum, x-auth-user, api-key, signature, idempotency-key, x-csrf-token"),
    ]);
    client.send(&frame(frames::HEADERS, 4, 1, &head));
    client.send(&frame(frames::DATA, 0, 1, b"abc"));
    let trail = frames::fields(&[("x-sum", "1"), ("x-auth-user", "admin"), ("api-key", "k"), ("signature", "s"), ("idempotency-key", "i"), ("x-csrf-token","t"), ("x-other", "t")]);
    client.send(&frame(frames::HEADERS, 5, 1, &trail));
    client.until(frames::HEADERS, 1);
    upstream.told();
    eprintln!("{}", upstream.told());
}

#[test]
fn paths() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    for path in ["/a b", "/a\tb", "/a#b", "/a?b#c", "//evil.test/x", "/a%0d%0ab", "/\u{e9}", "/?\u{e9}", "/a\\b", "/a?x y", "/a?\"", "*", "/..", "?x", "#", "/#", "@x", ":80/x", "/a%2fb", "/*"] {
        let mut client = Frames::to(under.proxy.address(), &[]);
        client.send(&frames::get(1, path));
        let first = client.first_of(1);
        let what = if first.kind == 1 { "head" } else { "reset" };
        let told = upstream.heads.recv_timeout(Duration::from_millis(50)).map(|h| h.lines().next().unwrap().to_owned());
        eprintln!("{path:?} {what} {told:?}");
    }
    for authority in ["LOCALHOST", "localhost.", "localhost:80", "localhost:", "a@localhost", "localhost:99999", "[::1]", "", "localhost, localhost", "localhost/", "localhost%00", "l\u{f6}calhost"] {
        let mut client = Frames::to(under.proxy.address(), &[]);
        let head = frames::fields(&[(":method", "GET"), (":scheme", "http"), (":authority", authority), (":path", "/a")]);
        client.send(&frame(frames::HEADERS, 5, 1, &head));
        let first = client.first_of(1).kind;
        let told = upstream.heads.recv_timeout(Duration::from_millis(50));
        eprintln!("{authority:?} {first:?} {told:?}");
    }
}
