//! WebSockets through the gate: the handshake, the tunnel behind it, and its ends.

mod kit;

use doorward_proxy::settings::{Bounds, UpstreamHttp};
use kit::authority::{Authority, secured, under_tls};
use kit::tls::{Made, config, connect};
use kit::{Client, Scene, Scripted, Under, bounds, gate};
use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

const HANDSHAKE: &str = "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const AGREED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A short frame of a client's, masked by nothing.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short one");
    [&[first, 0x80 | length, 0, 0, 0, 0][..], payload].concat()
}

fn write(client: &mut Client, bytes: &[u8]) {
    client.socket.write_all(bytes).expect("the peer reads");
}

/// Sends each frame back, unmasked, until there are no more.
fn echo(scene: &mut Scene) {
    loop {
        let Some(header) = scene.client.bytes_or_end(6) else { return };
        let payload = scene.client.bytes(usize::from(header[1] & 0x7f));
        let frame = [&[header[0], header[1] & 0x7f][..], &payload].concat();
        write(&mut scene.client, &frame);
        if header[0] & 0x0f == 8 {
            return;
        }
    }
}

/// An upstream that agrees to every handshake and sends frames back.
fn agreeing() -> Scripted {
    Scripted::start(|mut scene| {
        scene.request();
        scene.send(AGREED);
        echo(&mut scene);
        scene.tell("over");
    })
}

#[test]
fn frames_go_both_ways_and_are_counted() {
    let upstream = agreeing();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    let head = client.head();
    assert_eq!(head.status, 101);
    for (name, want) in [
        ("connection", Some("Upgrade")),
        ("upgrade", Some("websocket")),
        ("sec-websocket-accept", Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")),
        ("content-length", None),
        ("transfer-encoding", None),
    ] {
        assert_eq!(head.header(name), want, "{name}");
    }
    let told = upstream.told();
    for line in [
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "x-forwarded-proto: http",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
    for text in ["hello", "", "a longer one"] {
        write(&mut client, &masked(0x81, text.as_bytes()));
        assert_eq!(client.bytes(2)[1] as usize, text.len());
        assert_eq!(client.bytes(text.len()), text.as_bytes());
    }
    write(&mut client, &masked(0x88, &[3, 0xe8]));
    assert_eq!(client.bytes(4), [0x88, 2, 3, 0xe8]);
    assert!(client.rest().is_empty());
    assert_eq!(upstream.told(), "over");
    let lines = under.finish();
    assert_eq!((&lines[0]["status"], &lines[0]["path"]), (&101.into(), &"/live".into()));
    assert_eq!(lines[0]["bytes_in"], 5 + 12 + 2);
    assert_eq!(lines[0]["bytes_out"], 5 + 12 + 2);
    assert_ne!(lines[0]["broken_off"], true);
}

#[test]
fn what_came_with_the_101_is_the_first_thing_that_goes_on() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let both = [AGREED.as_bytes(), &[0x81, 2, b'h', b'i']].concat();
        write(&mut scene.client, &both);
        echo(&mut scene);
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    assert_eq!(client.bytes(4), [0x81, 2, b'h', b'i']);
}

#[test]
fn a_handshake_of_a_foreign_page_never_reaches_the_backend() {
    let upstream = agreeing();
    let under = Under::plain(&upstream.url);
    for (lines, code) in [
        ("Origin: https://evil.test\r\n", "site/cross-site"),
        ("Origin: https://evil.test\r\nSec-Fetch-Site: cross-site\r\n", "site/cross-site"),
        ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: websocket\r\n", "site/contradiction"),
    ] {
        let foreign = HANDSHAKE.replacen("Connection:", &format!("{lines}Connection:"), 1);
        assert_eq!(under.ask(&foreign).code(), Some(code), "{lines}");
        assert!(upstream.is_untouched());
    }
    let mut own = under.connect();
    let lines = "Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\nConnection:";
    own.send(&HANDSHAKE.replacen("Connection:", lines, 1));
    assert_eq!(own.head().status, 101);
}

#[test]
fn what_is_not_quite_a_handshake_is_refused_and_other_upgrades_are_left_out() {
    let upstream = Scripted::echo();
    let under = Under::plain(&upstream.url);
    for (from, to) in [
        ("GET /live", "POST /live"),
        ("Connection: Upgrade", "Connection: keep-alive"),
        ("websocket", "websocket, h2c"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        ("Sec-WebSocket-Key:", "X:"),
        ("HTTP/1.1", "HTTP/1.0"),
    ] {
        let answer = under.ask(&HANDSHAKE.replacen(from, to, 1));
        assert_eq!(answer.code(), Some("gate/upgrade"), "{to}");
        assert!(upstream.is_untouched(), "{to}");
    }
    let other = HANDSHAKE.replacen("Upgrade: websocket", "Upgrade: h2c", 1);
    assert_eq!(under.ask(&other).status, 200);
    assert!(!upstream.told().contains("pgrade"));
}

#[test]
fn only_the_handshakes_own_101_opens_a_tunnel() {
    for answer in [
        AGREED.replacen("xOo=", "xOp=", 1),
        AGREED.replacen("Sec-WebSocket-Accept", "X", 1),
        AGREED.replacen("Upgrade: websocket", "Upgrade: h2c", 1),
        AGREED.replacen("Upgrade: websocket", "X: x", 1),
        AGREED.replacen("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat\r\n\r\n", 1),
        AGREED.replacen("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n", 1),
    ] {
        let sent = answer.clone();
        let upstream = Scripted::start(move |mut scene| {
            scene.request();
            scene.send(&sent);
            let rest = scene.client.rest();
            scene.tell(if rest.is_empty() { "closed" } else { "more" });
        });
        let under = Under::plain(&upstream.url);
        let got = under.ask(HANDSHAKE);
        assert_eq!((got.status, got.code()), (502, Some("upstream/broken")), "{answer}");
        upstream.told();
        assert_eq!(upstream.told(), "closed");
    }
}

#[test]
fn a_handshake_that_is_answered_otherwise_stays_http_and_its_upstream_connection_is_not_reused() {
    let upstream = Scripted::start(|mut scene| {
        while scene.next_request().is_some() {
            scene.tell(&format!("connection {}", scene.number));
            scene.send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
        }
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    for number in 1..=2 {
        client.send(HANDSHAKE);
        let answer = client.answer();
        assert_eq!((answer.status, answer.text()), (426, "no"));
        upstream.told();
        assert_eq!(upstream.told(), format!("connection {number}"));
    }
}

#[test]
fn bytes_before_the_101_open_no_tunnel() {
    for early in [masked(0x81, b"hi"), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()] {
        let (go, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let upstream = Scripted::start(move |mut scene| {
            scene.request();
            let _ = wait.lock().expect("one connection").recv_timeout(kit::PATIENCE);
            scene.send(AGREED);
            let rest = scene.client.rest();
            scene.tell(if rest.is_empty() { "closed" } else { "more" });
        });
        let under = Under::plain(&upstream.url);
        let mut client = under.connect();
        write(&mut client, &[HANDSHAKE.as_bytes(), &early].concat());
        upstream.told();
        go.send(()).expect("the script waits");
        let answer = client.answer();
        assert_eq!((answer.status, answer.code()), (400, Some("message/line-ending")));
        let rest = String::from_utf8(client.rest()).expect("text");
        assert!(!rest.contains("200 OK") && !rest.contains("101"), "{rest}");
        assert_eq!(upstream.told(), "closed");
    }
}

#[test]
fn a_malformed_frame_ends_the_tunnel() {
    // A client's: unmasked.
    let upstream = agreeing();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    write(&mut client, &masked(0x81, b"a"));
    assert_eq!(client.bytes(3), [0x81, 1, b'a']);
    write(&mut client, &[0x81, 1, b'a']);
    assert_eq!(client.rest(), [0x88, 2, 3, 0xea]);
    upstream.told();
    assert_eq!(upstream.told(), "over");
    assert_eq!(under.finish()[0]["broken_off"], true);
    // An upstream's: a reserved bit that nobody agreed on.
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        write(&mut scene.client, &[AGREED.as_bytes(), &[0x81, 1, b'a', 0xc1, 1, b'b']].concat());
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    assert_eq!(client.rest(), [0x81, 1, b'a', 0x88, 2, 3, 0xea]);
}

#[test]
fn a_silent_tunnel_is_closed_and_a_busy_one_is_not() {
    let upstream = agreeing();
    let short = Bounds { stream_idle: Duration::from_millis(500), ..bounds() };
    let under = Under::start(&upstream.url, gate(|_| {}), short);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_millis(700) {
        write(&mut client, &masked(0x89, b""));
        assert_eq!(client.bytes(2), [0x89, 0]);
    }
    assert_eq!(client.rest(), [0x88, 2, 3, 0xe9]);
}

#[test]
fn stopping_closes_tunnels() {
    let upstream = agreeing();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    let stopping = std::thread::spawn(move || under.finish());
    assert_eq!(client.rest(), [0x88, 2, 3, 0xe9]);
    drop(client);
    assert_eq!(stopping.join().expect("it stops").len(), 1);
    upstream.told();
    assert_eq!(upstream.told(), "over");
}

#[test]
fn an_end_without_a_close_is_passed_on() {
    // The client's.
    let upstream = agreeing();
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    client.close();
    upstream.told();
    assert_eq!(upstream.told(), "over");
    // The upstream's, in the middle of a frame.
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        write(&mut scene.client, &[AGREED.as_bytes(), &[0x81, 9, b'a']].concat());
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    assert_eq!(client.rest(), [0x81, 9, b'a']);
}

#[test]
fn long_frames_pass_whole_both_ways() {
    const BYTES: usize = 8 * 1024 * 1024;
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send(AGREED);
        let header = scene.client.bytes(14);
        let payload = scene.client.bytes(BYTES);
        write(&mut scene.client, &[&[0x82, 127][..], &header[2..10], &payload].concat());
        scene.client.rest();
    });
    let under = Under::plain(&upstream.url);
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    let length = u64::try_from(BYTES).expect("a length").to_be_bytes();
    let payload: Vec<u8> = (0..BYTES).map(|number| (number % 251) as u8).collect();
    let frame = [&[0x82, 0xff][..], &length, &[0; 4], &payload].concat();
    let mut writer = Client::of(client.socket.try_clone().expect("a second handle"));
    let sending = std::thread::spawn(move || write(&mut writer, &frame));
    assert_eq!(client.bytes(10)[2..], length);
    assert!(client.bytes(BYTES) == payload, "other bytes");
    sending.join().expect("it is sent");
}

#[test]
fn a_tunnel_may_lead_to_an_upstream_under_tls() {
    let authority = Authority::new();
    let config = Authority::server(&authority.vouch("upstream.test"), None, &["http/1.1"]);
    let upstream = secured(config, |mut peer| {
        peer.request();
        peer.send(AGREED.as_bytes());
        let mut frame = [0; 8];
        while peer.stream.read_exact(&mut frame).is_ok() {
            peer.send(&[0x82, 2, frame[6], frame[7]]);
        }
        peer.send(&[0x88, 0]);
    });
    let tls = under_tls(&upstream.url, authority.tls(None), UpstreamHttp::One);
    let under = Under::to(tls, gate(|_| {}), bounds());
    let mut client = under.connect();
    client.send(HANDSHAKE);
    assert_eq!(client.head().status, 101);
    for text in [b"hi", b"ho"] {
        write(&mut client, &masked(0x82, text));
        assert_eq!(client.bytes(4), [0x82, 2, text[0], text[1]]);
    }
    // The end of what the client says is told to the upstream, and what that still says comes back.
    client.socket.shutdown(std::net::Shutdown::Write).expect("half-closed");
    assert_eq!(client.rest(), [0x88, 0]);
}

#[test]
fn a_tunnel_may_come_from_a_client_under_tls() {
    let upstream = agreeing();
    let made = Made::new();
    let certificate = made.certificate();
    let under =
        Under::with(&upstream.url, gate(|_| {}), |settings| settings.tls = Some(certificate));
    let mut client = connect(under.proxy.address(), &config(&[&made], &["http/1.1"]));
    let send = |client: &mut dyn Write, bytes: &[u8]| {
        client.write_all(bytes).and_then(|()| client.flush()).expect("the gate reads");
    };
    send(&mut client, HANDSHAKE.as_bytes());
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0; 1];
        client.read_exact(&mut byte).expect("more of the head");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    for text in ["hello", "again"] {
        send(&mut client, &masked(0x81, text.as_bytes()));
        let mut frame = [0; 7];
        client.read_exact(&mut frame).expect("it comes back");
        assert_eq!((frame[1], &frame[2..]), (5, text.as_bytes()));
    }
    // The gate ends it: under TLS too the close arrives, and behind it a clean end.
    let stopping = std::thread::spawn(move || under.finish());
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("a clean end");
    assert_eq!(rest, [0x88, 2, 3, 0xe9]);
    drop(client);
    stopping.join().expect("it stops");
}
