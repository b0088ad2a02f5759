//! Many slow clients at once: each is ended in its time, and honest ones do not notice them.
//!
//! `DOORWARD_CAMPAIGN` says how many of each kind there are: 40 of each of five in a test.

mod kit;

use doorward_proxy::settings::Bounds;
use kit::frames::{self, Frames, frame};
use kit::tls::Made;
use kit::{Client, GET, Scripted, Under, bounds, gate};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

const OF_EACH: usize = 40;

static LARGE: LazyLock<String> = LazyLock::new(|| "x".repeat(30_000_000));

fn of_each() -> usize {
    let told = std::env::var("DOORWARD_CAMPAIGN").ok();
    told.map_or(OF_EACH, |count| count.parse().expect("a number of clients"))
}

fn upstream() -> Scripted {
    Scripted::start(|mut scene| {
        while let Some(request) = scene.next_request() {
            if request.head.starts_with("POST") {
                scene.client.rest();
                return;
            }
            let body = if request.head.starts_with("GET /large") { &*LARGE } else { "ok" };
            let length = body.len();
            scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"));
            scene.send(body);
        }
    })
}

type Slow = fn(SocketAddr) -> Client;

fn plain(address: SocketAddr, bytes: &str) -> Client {
    let mut client = Client::to(address);
    client.send(bytes);
    client
}

const HEAD: Slow = |address| plain(address, "GET /a HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
const BODY: Slow = |address| {
    plain(address, "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
};
const READER: Slow = |address| plain(address, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
const HEAD_OF_A_STREAM: Slow = |address| {
    let mut client = Frames::to(address, &[]);
    client.send(&frame(frames::HEADERS, 0, 1, &frames::request("GET", "/a")));
    Client::of(client.socket)
};
const STREAMS_OF_READERS: Slow = |address| {
    let mut client = Frames::to(address, &[(4, 1 << 30)]);
    client.send(&frame(frames::WINDOW_UPDATE, 0, 0, &(1_u32 << 30).to_be_bytes()));
    client.send(&frames::get(1, "/large"));
    Client::of(client.socket)
};

#[test]
fn slow_clients_are_ended_and_honest_ones_are_served_meanwhile() {
    let upstream = upstream();
    let short = Bounds {
        head: Duration::from_secs(2),
        // A stream may be ended just before its connection is, which is idle then.
        idle: Duration::from_secs(2),
        body_stall: Duration::from_secs(2),
        write_stall: Duration::from_secs(2),
        rate_bytes_per_s: u32::MAX,
        ..bounds()
    };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let address = under.proxy.address();
    let mut slow = Vec::new();
    for _ in 0..of_each() {
        for kind in [HEAD, BODY, READER, HEAD_OF_A_STREAM, STREAMS_OF_READERS] {
            slow.push(kind(address));
        }
        assert_eq!(under.ask(GET).status, 200, "among {}", slow.len());
    }
    let mut honest = under.connect();
    for _ in 0..200 {
        honest.send(GET);
        assert_eq!(honest.answer().status, 200);
    }
    // Readers are read only when they were given up: before, they would only be late.
    let given_up = |line: &serde_json::Value| line["broken_off"] == true;
    let begin = Instant::now();
    while under.log.lines().iter().filter(|line| given_up(line)).count() < 2 * of_each() {
        assert!(begin.elapsed() < kit::PATIENCE, "readers are ended");
        std::thread::yield_now();
    }
    for client in &mut slow {
        client.rest();
    }
    assert_eq!(under.ask(GET).status, 200);
    let lines = under.finish();
    let code = |code| lines.iter().filter(|line| line["code"] == code).count();
    assert_eq!(code("message/too-slow"), 2 * of_each(), "heads");
    assert_eq!(code("body/too-slow"), of_each(), "bodies");
    assert_eq!(lines.iter().filter(|line| given_up(line)).count(), 2 * of_each(), "readers");
}

#[test]
fn slow_handshakes_are_ended_and_honest_clients_are_served_meanwhile() {
    let upstream = upstream();
    let made = Made::new();
    let certificate = made.certificate();
    let under = Under::with(&upstream.url, gate(|_| {}), |settings| {
        settings.tls = Some(certificate);
        settings.bounds = Bounds { head: Duration::from_secs(2), ..bounds() };
    });
    let address = under.proxy.address();
    let mut slow: Vec<_> =
        (0..of_each()).map(|_| plain(address, "\x16\x03\x01\x02\x00\x01")).collect();
    let known = kit::tls::config(&[&made], &[]);
    for _ in 0..20 {
        use std::io::{Read, Write};
        let mut honest = kit::tls::connect(address, &known);
        honest.write_all(GET.as_bytes()).expect("the gate reads");
        let mut start = [0; 12];
        honest.read_exact(&mut start).expect("an answer");
        assert_eq!(&start, b"HTTP/1.1 200");
    }
    for client in &mut slow {
        assert!(client.rest().is_empty());
    }
    // Whoever is served now is served behind the last count: there is one thread.
    let mut last = kit::tls::connect(address, &known);
    last.conn.complete_io(&mut last.sock).expect("a handshake");
    assert_eq!(under.proxy.handshakes().0, of_each() as u64);
}
