//! PROXY lines: believed from listed peers, refused from others, and nothing behind them is lost.

mod kit;

use doorward_proxy::settings::Bounds;
use kit::frames::{self, Frames, frame};
use kit::tls::{Made, config};
use kit::{GET, Scripted, Under, bounds, gate};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

const LINE: &[u8] = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn version_2(command: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("a short line").to_be_bytes();
    [SIGNATURE, &[command, 0x11], &length, rest].concat()
}

/// A gate that believes the loopback.
fn listed(upstream: &str, bounds: Bounds) -> Under {
    Under::with(upstream, gate(|_| {}), |settings| {
        settings.proxy_protocol = vec!["127.0.0.0/8".parse().expect("a network")];
        settings.bounds = bounds;
    })
}

#[test]
fn the_address_of_a_listed_peers_line_is_the_clients() {
    let upstream = Scripted::echo();
    let under = listed(&upstream.url, bounds());
    let four = [203, 0, 113, 7, 10, 0, 0, 1, 0x12, 0x67, 1, 187];
    let mut six = [0; 36];
    six[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    six[15] = 1;
    let mut version_2_six = version_2(0x21, &six);
    version_2_six[13] = 0x21;
    for (line, want) in [
        (LINE.to_vec(), "203.0.113.7"),
        (b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n".to_vec(), "2001:db8::1"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (version_2(0x21, &four), "203.0.113.7"),
        (version_2_six, "2001:db8::1"),
        (version_2(0x20, b""), "127.0.0.1"),
    ] {
        for size in [1, 7, 1_000] {
            let mut client = under.connect();
            let stream = [&line[..], GET.as_bytes(), GET.as_bytes()].concat();
            for piece in stream.chunks(size) {
                client.socket.write_all(piece).expect("the gate reads");
            }
            for _ in 0..2 {
                assert_eq!(client.answer().text(), "GET /a HTTP/1.1 ", "nothing is lost");
                let head = upstream.told().to_ascii_lowercase();
                assert!(head.contains(&format!("\r\nx-forwarded-for: {want}\r\n")), "{head}");
            }
        }
    }
    let lines = under.finish();
    assert!(lines.iter().any(|line| line["peer"] == "203.0.113.7"), "{:?}", lines[0]);
}

#[test]
fn a_listed_peer_without_a_line_or_with_a_wrong_one_is_refused() {
    let upstream = Scripted::echo();
    let short = Bounds { head: Duration::from_millis(100), ..bounds() };
    let under = listed(&upstream.url, short);
    let long = [b"PROXY UNKNOWN ", &[b'x'; 100][..], b"\r\n"].concat();
    for bytes in [
        GET.as_bytes(),
        b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\nGET",
        b"PROXY TCP4 x y 1 2\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &long,
        &version_2(0x22, b""),
        &version_2(0x21, b"short"),
        &version_2(0x20, &[0; 537]),
    ] {
        let mut client = under.connect();
        client.socket.write_all(bytes).expect("the gate reads");
        let answer = client.answer();
        let got = (answer.status, answer.code());
        assert_eq!(got, (400, Some("message/proxy-line")), "{:?}", String::from_utf8_lossy(bytes));
        assert!(client.rest().is_empty());
    }
    let mut slow = under.connect();
    slow.send("PROXY TCP4 203.0.113.7 10.0");
    assert_eq!(slow.answer().code(), Some("message/too-slow"));
    let mut silent = under.connect();
    assert!(silent.rest().is_empty(), "a balancer that only looks whether the port is open");
    let mut gone = under.connect();
    gone.send("PROXY TC");
    gone.socket.shutdown(Shutdown::Write).expect("half-closed");
    assert!(gone.rest().is_empty());
    assert!(upstream.is_untouched());
    let mut lines = under.finish();
    lines.retain(|line| line["verdict"] == "refuse");
    let told = lines.iter().filter(|line| line["code"] == "message/proxy-line").count();
    assert_eq!((told, lines.len()), (8, 9), "{lines:?}");
}

#[test]
fn nobody_else_chooses_an_address() {
    let upstream = Scripted::echo();
    for networks in [&[][..], &["10.0.0.0/8", "::1/128"]] {
        let under = Under::with(&upstream.url, gate(|_| {}), |settings| {
            settings.proxy_protocol =
                networks.iter().map(|net| net.parse().expect("a network")).collect();
        });
        for line in [LINE.to_vec(), version_2(0x20, b""), b"PROXY UNKNOWN\r\n".to_vec()] {
            let mut client = under.connect();
            client.socket.write_all(&[&line, GET.as_bytes()].concat()).expect("the gate reads");
            let answer = client.answer();
            assert_eq!((answer.status, answer.code()), (400, Some("message/proxy-line")));
            assert!(client.rest().is_empty());
        }
        assert!(upstream.is_untouched());
        assert_eq!(under.ask(GET).status, 200, "the twin sends none");
        let head = upstream.told().to_ascii_lowercase();
        assert!(head.contains("x-forwarded-for: 127.0.0.1\r\n"), "{head}");
        let odd = under.ask("PROXY /a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_ne!(odd.code(), Some("message/proxy-line"), "a method like any unknown one");
        while upstream.heads.try_recv().is_ok() {}
    }
}

#[test]
fn a_line_stands_before_tls_and_before_http_2() {
    let upstream = Scripted::echo();
    let made = Made::new();
    let certificate = made.certificate();
    let under = Under::with(&upstream.url, gate(|_| {}), |settings| {
        settings.tls = Some(certificate);
        settings.proxy_protocol = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    // The line and the hello come in one piece.
    let name = ServerName::try_from("localhost").expect("a name");
    let mut client = ClientConnection::new(config(&[&made], &[]), name).expect("a client");
    let mut first = LINE.to_vec();
    client.write_tls(&mut first).expect("a hello");
    let mut socket = under.connect().socket;
    socket.write_all(&first).expect("the gate reads");
    let mut stream = StreamOwned::new(client, socket);
    stream
        .write_all(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes())
        .expect("the gate reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer, and a closing word");
    assert!(text.ends_with("GET /a HTTP/1.1 "), "{text}");
    let head = upstream.told().to_ascii_lowercase();
    assert!(head.contains("\r\nx-forwarded-for: 203.0.113.7\r\n"), "{head}");
    let plain = listed(&upstream.url, bounds());
    let mut client = plain.connect();
    let stream = [LINE, frames::PREFACE, &frame(frames::SETTINGS, 0, 0, &[])].concat();
    client.socket.write_all(&stream).expect("the gate reads");
    let mut client = Frames { socket: client.socket };
    client.send(&frames::get(1, "/second"));
    assert_eq!(client.until(frames::DATA, 1).payload, b"GET /second HTTP/1.1 ");
    let head = upstream.told().to_ascii_lowercase();
    assert!(head.contains("\r\nx-forwarded-for: 203.0.113.7\r\n"), "{head}");
}
