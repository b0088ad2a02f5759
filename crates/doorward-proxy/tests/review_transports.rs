//! What a second, hostile reading of the transports found, each beside its honest twin.

mod kit;

use doorward_core::layers::quota;
use doorward_core::question::Rate;
use doorward_core::settings::Settings;
use doorward_proxy::settings::Bounds;
use kit::frames::{self, Frames, frame};
use kit::tls::{Made, config, connect};
use kit::{Client, Scripted, Under, bounds, gate};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// Short times of waiting for a client, and a rate at which bytes earn next to nothing.
fn short() -> Bounds {
    Bounds { write_stall: Duration::from_millis(200), rate_bytes_per_s: 1_000_000, ..bounds() }
}

/// Bytes of an answer that comes in one piece.
const PIECE_BYTES: usize = 5_000;

#[test]
fn the_last_piece_of_an_answer_does_not_lie_for_as_long_as_its_client_asks_on() {
    let upstream = Scripted::start(|mut scene| {
        while let Some(request) = scene.next_request() {
            let body = "x".repeat(PIECE_BYTES);
            let body = if request.head.starts_with("HEAD") { "" } else { &body };
            scene.send(&format!("HTTP/1.1 200 OK\r\ncontent-length: {PIECE_BYTES}\r\n\r\n{body}"));
        }
    });
    let under = Under::start(&upstream.url, gate(|_| {}), short());
    // SETTINGS_INITIAL_WINDOW_SIZE: one byte leaves, and the stream's task has ended.
    let mut client = Frames::to(under.proxy.address(), &[(4, 1)]);
    let mut honest = Frames::to(under.proxy.address(), &[(4, 1)]);
    for client in [&mut client, &mut honest] {
        client.send(&frames::get(1, "/tail"));
        assert_eq!(client.until(frames::DATA, 1).payload, b"x");
    }
    let room = u32::try_from(PIECE_BYTES).expect("few").to_be_bytes();
    honest.send(&frame(frames::WINDOW_UPDATE, 0, 1, &room));
    assert_eq!(honest.until(frames::DATA, 1).payload.len(), PIECE_BYTES - 1);
    let mut end = None;
    for stream in (3..).step_by(2) {
        let block = frames::request("HEAD", "/");
        let head = frame(frames::HEADERS, frames::END_HEADERS | frames::END_STREAM, stream, &block);
        if client.socket.write_all(&head).is_err() {
            break;
        }
        match client.next() {
            // It is told that nothing new is served, before it is cut off.
            Some(frame) if frame.kind == frames::GOAWAY => end = Some(frame.payload[4..].to_vec()),
            Some(_) => {}
            None => break,
        }
        honest.send(&head);
        assert_eq!(honest.first_of(stream).kind, frames::HEADERS);
    }
    assert_eq!(end, Some(vec![0; 4]));
}

#[test]
fn trailers_that_http_1_refuses_are_left_out_of_http_2s() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        let body = scene.client.until("0\r\n");
        let trailers = scene.client.until("\r\n\r\n");
        scene.tell(&(body + &trailers));
        scene.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    let under = Under::plain(&upstream.url);
    let refused =
        ["x-auth-user", "api-key", "signature", "idempotency-key", "x-csrf-token", "x-rewrite-to"];
    let names = format!("x-sum, {}", refused.join(", "));
    let mut client = Frames::to(under.proxy.address(), &[]);
    let head = frames::fields(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/a"),
        ("trailer", &names),
    ]);
    client.send(&frame(frames::HEADERS, frames::END_HEADERS, 1, &head));
    client.send(&frame(frames::DATA, 0, 1, b"abc"));
    let mut trailers = vec![("x-sum", "1")];
    trailers.extend(refused.map(|name| (name, "admin")));
    let flags = frames::END_HEADERS | frames::END_STREAM;
    client.send(&frame(frames::HEADERS, flags, 1, &frames::fields(&trailers)));
    let head = upstream.told();
    assert!(head.contains("\r\ntrailer: x-sum\r\n"), "{head}");
    assert_eq!(upstream.told(), "3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n");
    for name in refused {
        let answer = under.ask(&format!(
            "POST /a HTTP/1.1\r\nHost: localhost\r\nTrailer: {name}\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n{name}: admin\r\n\r\n"
        ));
        assert_eq!(answer.code(), Some("message/trailer"), "{name}");
    }
}

#[test]
fn a_list_of_lengths_is_not_handed_back() {
    for (length, want) in [("5, 5", 502), ("5,5", 502), ("5\r\nContent-Length: 5", 502), ("5", 200)]
    {
        let upstream = Scripted::start(move |mut scene| {
            scene.request();
            scene.send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nabcde"));
        });
        let answer = Under::plain(&upstream.url).ask(kit::GET);
        assert_eq!(answer.status, want, "{length}");
        assert_eq!(answer.code(), (want == 502).then_some("upstream/broken"), "{length}");
    }
}

#[test]
fn a_tunnel_under_tls_ends_when_its_client_does_not_read() {
    const FRAME: [u8; 1_028] = {
        let mut frame = [0; 1_028];
        (frame[0], frame[1], frame[2]) = (0x82, 126, 4);
        frame
    };
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        );
        while scene.client.socket.write_all(&FRAME).is_ok() {}
        scene.tell("over");
    });
    let made = Made::new();
    let under = Under::with(&upstream.url, gate(|_| {}), |settings| {
        settings.tls = Some(made.certificate());
        // The twin reads in a thread of this program, which a busy machine may leave waiting.
        settings.bounds = Bounds { write_stall: Duration::from_secs(2), ..short() };
    });
    let config = config(&[&made], &["http/1.1"]);
    let open = || {
        let mut client = connect(under.proxy.address(), &config);
        let handshake = "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        client.write_all(handshake.as_bytes()).expect("the gate reads");
        let mut first = [0; 12];
        client.read_exact(&mut first).expect("a status");
        assert_eq!(&first, b"HTTP/1.1 101");
        client
    };
    let silent = open();
    let mut reader = open();
    let heads = [upstream.told(), upstream.told()];
    assert!(heads.iter().all(|head| head.starts_with("GET /live ")));
    // The twin reads on for as long as that takes, and longer.
    let mut into = vec![0; 256 * 1024];
    while upstream.is_untouched() {
        reader.read_exact(&mut into).expect("more");
    }
    reader.read_exact(&mut into).expect("still more");
    drop((silent, reader));
    assert_eq!(upstream.told(), "over");
}

#[test]
fn a_read_that_may_have_run_is_counted_though_it_cannot_be_sent_again() {
    for (runs, codes) in [(true, ["quota/share"; 2]), (false, ["upstream/unreachable"; 2])] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let upstream = thread::spawn(move || {
            let (socket, _) = listener.accept().expect("the gate connects");
            drop(listener);
            let mut socket = Client::of(socket);
            socket.head();
            socket.send("HTTP/1.1 204 No Content\r\n\r\n");
            // It dies with the second request; or it is gone before.
            if runs {
                socket.head();
            }
        });
        let two = gate(|settings| {
            let mut limits = Settings::public().quota.limits;
            limits.retain(|limit| limit.name == "programs");
            limits[0].measure = quota::Measure::Rate(Rate::per_minute(1, 2));
            settings.quota.limits = limits;
        });
        let under = Under::start(&url, two, bounds());
        assert_eq!(under.ask(kit::GET).status, 204);
        let upstream = if runs {
            Some(upstream)
        } else {
            upstream.join().expect("it goes");
            None
        };
        let second = under.ask(kit::GET);
        assert_eq!(second.code(), Some("upstream/unreachable"), "{runs}");
        for code in codes {
            assert_eq!(under.ask(kit::GET).code(), Some(code), "{runs}");
        }
        if let Some(upstream) = upstream {
            upstream.join().expect("it goes");
        }
    }
}
