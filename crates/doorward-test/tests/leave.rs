//! Streams end with the token that opened them: an event stream that runs for an hour, and a
//! WebSocket. The clock that requests are judged by is turned by hand.

use doorward_porter::clock::FixedClock;
use doorward_proxy::Proxy;
use doorward_test::quiet_proxy::{self, BEGIN_S, at};
use doorward_test::{cases, tokens};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// Seconds for which the token holds, with the issuer's leeway of thirty.
const HOLDS_S: u64 = 3_600 + 30;

const CONFIG: &str = r#"
profile = "authenticated"
external = ["http://shop.test"]
[[layers.identity.jwt]]
issuer = "https://id.test"
audience = "https://api.test"
jwks = "kit.json"
algorithms = ["ES256"]
"#;

/// An upstream that answers one request with `head`, then sends what it is told to.
fn upstream(head: &'static str) -> (SocketAddr, Sender<&'static str>, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let (say, said) = channel::<&'static str>();
    let (gone, is_gone) = channel();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("the gate");
        let mut reader = BufReader::new(socket.try_clone().expect("the same socket"));
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).expect("a head");
        }
        socket.write_all(head.as_bytes()).expect("the answer's head");
        let mut ending = socket.try_clone().expect("the same socket");
        thread::spawn(move || {
            // Ends when the gate lets go of it.
            let _ = std::io::copy(&mut reader, &mut std::io::sink());
            let _ = gone.send(());
        });
        for piece in said {
            if ending.write_all(piece.as_bytes()).is_err() {
                return;
            }
        }
    });
    (address, say, is_gone)
}

fn start(upstream: SocketAddr) -> (Proxy, Arc<FixedClock>) {
    let clock = quiet_proxy::clock();
    let gate = cases::gate_of(CONFIG).expect("the configuration is right");
    let turned = Arc::clone(&clock);
    let proxy = quiet_proxy::start(upstream, gate, |settings| settings.clock = turned);
    (proxy.expect("a port"), clock)
}

fn open(proxy: &Proxy, more: &str) -> TcpStream {
    let token = tokens::of_line("es256 exp=+3600", BEGIN_S).expect("a token");
    let mut client = TcpStream::connect(proxy.address()).expect("the gate listens");
    client.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    let head = format!(
        "GET /events HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    );
    client.write_all(head.as_bytes()).expect("a request");
    client
}

fn read_until(client: &mut TcpStream, end: &str) -> String {
    quiet_proxy::read_until(client, end).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_event_stream_runs_for_its_tokens_hour_and_no_longer() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let (address, say, is_gone) = upstream(head);
    let (proxy, clock) = start(address);
    let mut client = open(&proxy, "");
    assert!(read_until(&mut client, "\r\n\r\n").starts_with("HTTP/1.1 200"));
    for minute in 0..60 {
        clock.set(at(minute * 60));
        say.send("data: tick\n\n").expect("the upstream lives");
        assert!(read_until(&mut client, "data: tick\n\n").ends_with("data: tick\n\n"));
    }
    clock.set(at(HOLDS_S - 1));
    say.send("data: last\n\n").expect("the upstream lives");
    read_until(&mut client, "data: last\n\n");
    clock.set(at(HOLDS_S));
    let told = read_until(&mut client, "0\r\n\r\n");
    assert!(told.contains("event: doorward\ndata: {\"code\":\"identity/expired\"}\n\n"), "{told}");
    is_gone.recv_timeout(Duration::from_secs(20)).expect("the upstream is let go");
}

#[test]
fn a_web_socket_ends_with_its_token() {
    // RFC 6455 1.3: the answer to its example's key.
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let (address, say, is_gone) = upstream(head);
    let (proxy, clock) = start(address);
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut client = open(&proxy, upgrade);
    assert!(read_until(&mut client, "\r\n\r\n").starts_with("HTTP/1.1 101"));
    say.send("\u{1}\u{1}a").expect("the upstream lives");
    clock.set(at(HOLDS_S - 1));
    let mut frame = [0; 3];
    client.read_exact(&mut frame).expect("the upstream's frame");
    assert_eq!(&frame, b"\x01\x01a");
    clock.set(at(HOLDS_S));
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("it is closed");
    // A close frame (RFC 6455 5.5.1) with 1008.
    assert_eq!(rest.get(..4), Some(&[0x88, rest[1], 0x03, 0xf0][..]), "{rest:x?}");
    is_gone.recv_timeout(Duration::from_secs(20)).expect("the upstream is let go");
}
