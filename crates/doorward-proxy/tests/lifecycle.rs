//! Starting, stopping, exchanging the gate, and what the log says.

mod kit;

use doorward_proxy::StartError;
use doorward_proxy::settings::{Bounds, ProxySettings};
use kit::{GET, PATIENCE, Scripted, Under, bounds, gate};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

#[test]
fn stopping_waits_for_what_is_in_flight_and_serves_the_queue() {
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        let _ = wait.lock().expect("one at a time").recv_timeout(PATIENCE);
        scene.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut idle = under.connect();
    idle.send("GET /.doorward/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(idle.answer().status, 200);
    let mut client = under.connect();
    client.send(GET);
    upstream.told();
    let address = under.proxy.address();
    let stopping = std::thread::spawn(move || under.finish());
    assert!(idle.rest().is_empty(), "an idle connection is closed first");
    go.send(()).expect("the script waits");
    let answer = client.answer();
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert!(client.rest().is_empty());
    let lines = stopping.join().expect("it stops");
    assert_eq!(lines.len(), 2);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn stopping_does_not_wait_for_ever() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.client.rest();
    });
    let short = Bounds { drain: Duration::from_millis(150), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut client = under.connect();
    client.send(GET);
    upstream.told();
    let lines = under.finish();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["broken_off"], true);
}

#[test]
fn a_log_that_nobody_reads_keeps_nobody_from_being_served_nor_the_gate_from_ending() {
    let upstream = Scripted::echo();
    let (reader, writer) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
    let under = Under::logging(&upstream.url, Box::new(writer));
    let mut client = under.connect();
    for _ in 0..20 {
        for _ in 0..100 {
            client.send(GET);
        }
        for _ in 0..100 {
            assert_eq!(client.answer().status, 200);
        }
    }
    drop(client);
    under.finish();
    drop(reader);
}

#[test]
fn an_exchanged_gate_judges_the_next_request() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(GET);
    assert_eq!(client.answer().status, 200);
    let other = gate(|settings| settings.external = vec!["https://shop.test".into()]);
    under.proxy.swap_gate(other).expect("it fits");
    client.send(GET);
    assert_eq!(client.answer().status, 421);
}

#[test]
fn a_taken_port_is_an_error() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    for threads in [1, 2] {
        let log = kit::Log::default();
        let settings = ProxySettings {
            listen: under.proxy.address(),
            threads,
            ..kit::settings(&upstream.url, bounds(), &log)
        };
        let error = kit::try_start(settings, gate(|_| {})).expect_err("it is taken");
        let StartError::Listen { source, .. } = error else { panic!("another error: {error}") };
        assert_eq!(source.kind(), std::io::ErrorKind::AddrInUse);
    }
}

#[test]
fn the_log_has_one_line_a_request_and_nothing_secret() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    under.ask(
        "POST /a?token=s3cret HTTP/1.1\r\nHost: localhost\r\nCookie: s=s3cret\r\n\
         Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost\r\n\
         Authorization: Bearer s3cret\r\nContent-Length: 6\r\n\r\ns3cret",
    );
    under.ask(
        "GET /b?token=s3cret HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\
         Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nOrigin: https://evil.test\r\n\r\n",
    );
    under.ask("GET /.doorward/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let lines = under.finish();
    let told: Vec<_> = lines.iter().filter(|line| line.get("event").is_none()).collect();
    assert_eq!(told.len(), 3, "{lines:?}");
    assert!(!format!("{lines:?}").contains("s3cret"));
    assert_eq!(told[0]["verdict"], "admit");
    assert_eq!(told[0]["path"], "/a");
    assert_eq!(told[0]["bytes_in"], 6);
    assert!(told[0]["upstream_us"].is_u64() && told[0]["duration_us"].is_u64());
    assert_eq!(told[1]["code"], "site/cross-site");
    assert_eq!(told[1]["layer"], "site");
    assert_eq!(told[1]["origin"], "https://evil.test");
    assert_eq!(told[2]["verdict"], "reply");
    let summary = lines.last().expect("a summary at the end");
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["refused"]["site/cross-site"], 1);
    assert_eq!(summary["admitted"], 1);
    assert_eq!(summary["addresses"], 1);
}
