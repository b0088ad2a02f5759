//! What clients show without being asked: taken from the bytes before TLS and HTTP, kept with their
//! connection, told by the log, and never lost on its way to the handshake.

mod kit;

use doorward_core::fingerprint::hello::HelloReading;
use doorward_core::fingerprint::ja4::{Form, Ja4};
use doorward_core::settings::Settings;
use kit::frames::{END_HEADERS, END_STREAM, Frames, HEADERS, WINDOW_UPDATE, frame, request};
use kit::second::{Second, get, story};
use kit::tls::{Made, config, connect_in_story};
use kit::{GET, Scripted, Under, gate};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

const OTHERS: &str = "t13d1516h2_8daaf6152771_e5627efa2ab1";

fn looking(settings: &mut Settings) {
    settings.fingerprint.is_wanted = true;
}

fn under(upstream: &str, made: Option<&Made>) -> Under {
    Under::with(upstream, gate(looking), |settings| {
        settings.tls = made.map(Made::certificate);
    })
}

/// What the log tells of each request.
fn told<'l>(lines: &'l [Value], what: &str) -> Vec<Option<&'l str>> {
    lines.iter().filter(|line| line["event"].is_null()).map(|line| line[what].as_str()).collect()
}

/// A handshake whose hello is sent in records, and segments, of so many bytes; and its JA4.
fn connect_in_pieces(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
    size: usize,
) -> (StreamOwned<ClientConnection, TcpStream>, String) {
    let mut socket = TcpStream::connect(address).expect("the proxy listens");
    socket.set_read_timeout(Some(kit::PATIENCE)).expect("a timeout can be set");
    socket.set_nodelay(true).expect("nodelay can be set");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut connection = ClientConnection::new(Arc::clone(config), name).expect("a client");
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).expect("a hello");
    let read = HelloReading::new().feed(&hello).expect("a hello").expect("a whole one");
    for piece in hello[5..].chunks(size) {
        let length = u16::try_from(piece.len()).expect("a short piece").to_be_bytes();
        socket.write_all(&[&[22, 3, 1][..], &length, piece].concat()).expect("the gate reads");
    }
    (StreamOwned::new(connection, socket), Ja4::of(&read, Form::Whole).to_string())
}

fn ask(stream: &mut (impl Read + Write)) {
    let request = "GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("the gate reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[test]
fn a_hello_is_read_in_any_pieces_and_reaches_the_handshake_whole() {
    let (upstream, made) = (Scripted::echo(), Made::new());
    let under = under(&upstream.url, Some(&made));
    let mut want = Vec::new();
    for (size, alpn) in [(1, &["http/1.1"][..]), (7, &[]), (100, &["http/1.1"]), (9_000, &[])] {
        let config = config(&[&made], alpn);
        let (mut client, ja4) = connect_in_pieces(under.proxy.address(), &config, size);
        ask(&mut client);
        want.push(ja4);
    }
    let lines = under.finish();
    assert_eq!(told(&lines, "ja4"), want.iter().map(|ja4| Some(ja4.as_str())).collect::<Vec<_>>());
    assert_eq!(told(&lines, "head"), [Some("1:Host,Connection"); 4]);
    assert_eq!(told(&lines, "http2"), [None; 4]);
}

#[test]
fn whoever_says_nothing_more_in_a_hello_is_let_go_in_time() {
    let (upstream, made) = (Scripted::echo(), Made::new());
    let under = Under::with(&upstream.url, gate(looking), |settings| {
        settings.tls = Some(made.certificate());
        settings.bounds.head = std::time::Duration::from_millis(100);
    });
    let mut silent = kit::Client::to(under.proxy.address());
    silent.socket.write_all(&[22, 3, 1, 2, 0, 1, 0]).expect("the gate reads");
    assert_eq!(silent.rest(), b"");
    // It is counted when its task has ended, which the closed connection does not wait for.
    let begun = std::time::Instant::now();
    while under.proxy.handshakes() != (1, 1) {
        assert!(begun.elapsed().as_secs() < 10, "{:?}", under.proxy.handshakes());
        std::thread::yield_now();
    }
}

#[test]
fn an_opening_of_http2_is_read_below_and_above_tls() {
    let (upstream, made) = (Scripted::echo(), Made::new());
    let plain = under(&upstream.url, None);
    let mut frames = Frames::to(plain.proxy.address(), &[(4, 131_072), (3, 7)]);
    frames.send(&frame(WINDOW_UPDATE, 0, 0, &99_u32.to_be_bytes()));
    for (stream, path) in [(1, "/a"), (3, "/b")] {
        let head = frame(HEADERS, END_HEADERS | END_STREAM, stream, &request("GET", path));
        // Each byte may come by itself.
        head.iter().for_each(|byte| frames.send(&[*byte]));
        frames.until(HEADERS, stream);
    }
    drop(frames);
    let lines = plain.finish();
    assert_eq!(told(&lines, "http2"), [Some("4:131072;3:7|99|0|m,s,a,p"); 2]);
    assert_eq!(told(&lines, "ja4"), [None; 2]);
    assert_eq!(told(&lines, "head"), [Some("2:"); 2]);

    let secure = under(&upstream.url, Some(&made));
    story(async {
        let config = config(&[&made], &["h2"]);
        let socket = connect_in_story(secure.proxy.address(), &config).await.expect("TLS");
        let client = Second::on(socket).await;
        for path in ["/a", "/b"] {
            assert_eq!(client.ask(get(path)).await.expect("an answer").status, 200);
        }
    });
    let lines = secure.finish();
    let text = told(&lines, "http2");
    assert!(text[0].is_some_and(|text| text.ends_with("|0|m,s,a,p")), "{text:?}");
    assert_eq!(text[0], text[1]);
    assert!(told(&lines, "ja4").iter().all(|ja4| ja4.is_some_and(|ja4| ja4.starts_with("t13d"))));
}

#[test]
fn each_head_has_its_own_order_until_another_comes_before_it_is_asked_for() {
    let upstream = Scripted::echo();
    let under = under(&upstream.url, None);
    let mut client = under.connect();
    let other = "GET /b HTTP/1.1\r\nuser-agent: x\r\nX-Own: 1\r\nhost: localhost\r\n\r\n";
    for request in [GET, other] {
        client.send(request);
        client.answer();
    }
    // Byte by byte it is the same.
    for byte in other.as_bytes() {
        client.socket.write_all(&[*byte]).expect("the gate reads");
    }
    client.answer();
    // Two at once: only the second is still known.
    client.send(&format!("{GET}{other}"));
    client.answer();
    client.answer();
    client.close();
    let lines = under.finish();
    let other = Some("1:user-agent,host");
    assert_eq!(told(&lines, "head"), [Some("1:Host"), other, other, None, other]);
}

#[test]
fn only_a_trusted_proxys_word_is_taken_and_a_clients_own_is_counted() {
    let upstream = Scripted::echo();
    let start = |trusted: &str| {
        let network = trusted.parse().expect("a network");
        let gate = gate(|settings| {
            looking(settings);
            settings.fingerprint.from = Some("x-ja4".to_owned());
            settings.trusted_proxies = vec![network];
        });
        Under::with(&upstream.url, gate, |_| {})
    };
    let with =
        |value: &str| format!("GET /a HTTP/1.1\r\nHost: localhost\r\nX-JA4: {value}\r\n\r\n");
    let twice = with(&format!("{OTHERS}\r\nX-JA4: {OTHERS}"));
    for (trusted, claims, want) in
        [("127.0.0.1/32", 0, [Some(OTHERS), None, None, None]), ("10.0.0.0/8", 3, [None; 4])]
    {
        let under = start(trusted);
        for request in [&with(OTHERS), &with("nonsense"), &twice, &GET.to_owned()] {
            assert_eq!(under.ask(request).status, 200);
            assert!(!upstream.told().to_lowercase().contains("x-ja4"), "it goes no further");
        }
        assert_eq!(under.proxy.fingerprint_claims(), claims);
        let lines = under.finish();
        assert_eq!(told(&lines, "ja4"), want);
        // What its connection shows besides is its own, and nobody's behind it.
        let is_own = claims > 0;
        assert!(told(&lines, "head").iter().all(|head| head.is_some() == is_own));
    }
}

#[test]
fn a_gate_that_does_not_look_keeps_nothing() {
    let (upstream, made) = (Scripted::echo(), Made::new());
    let under = Under::with(&upstream.url, gate(|_| {}), |settings| {
        settings.tls = Some(made.certificate());
    });
    let config = config(&[&made], &["http/1.1"]);
    let (mut client, _) = connect_in_pieces(under.proxy.address(), &config, 50);
    ask(&mut client);
    let lines = under.finish();
    for what in ["ja4", "head", "http2"] {
        assert_eq!(told(&lines, what), [None]);
    }
}
