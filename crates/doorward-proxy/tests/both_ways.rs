//! What needs both sides at once: gRPC on HTTP/2 all the way, and WebSockets on TLS.

mod kit;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response};
use kit::second::{Second, asking, story};
use kit::second_upstream::{start, upstream};
use kit::tls::{Made, config, connect, connect_in_story};
use kit::{Scripted, Under, gate};
use std::io::{Read, Write};

/// A message of gRPC: not compressed, its length, its bytes.
fn message(text: &str) -> Bytes {
    let length = u32::try_from(text.len()).expect("a short text").to_be_bytes();
    Bytes::from([&[0][..], &length, text.as_bytes()].concat())
}

#[test]
fn a_call_of_grpc_streams_both_ways_and_ends_by_its_trailers() {
    let backend = start(None, async |mut asked| {
        let head = Response::builder().header("content-type", "application/grpc").body(());
        let mut send = asked.answer.send_response(head.expect("a head"), false).expect("it leaves");
        let body = asked.request.body_mut();
        while let Some(piece) = body.data().await {
            let piece = piece.expect("a piece");
            body.flow_control().release_capacity(piece.len()).expect("it was taken");
            send.send_data(piece, false).expect("it leaves");
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        send.send_trailers(trailers).expect("they leave");
    });
    let made = Made::new();
    let certificate = made.certificate();
    let under = Under::with(&backend.url, gate(|_| {}), |settings| {
        settings.tls = Some(certificate);
        settings.upstreams = vec![upstream(&backend.url)];
    });
    story(async {
        let known = config(&[&made], &["h2"]);
        let socket = connect_in_story(under.proxy.address(), &known).await.expect("TLS");
        let client = Second::on(socket).await;
        let headers = [("te", "trailers"), ("content-type", "application/grpc")];
        let call = asking("POST", "/shop.Cart/Watch", &headers);
        let (answer, mut sending) = client.begin(call, false).await;
        sending.send_data(message("first"), false).expect("the stream is open");
        let (head, mut body) = answer.await.expect("a head").into_parts();
        assert_eq!(head.status, 200);
        for number in 0..1_000 {
            let piece = body.data().await.expect("a message").expect("a message");
            let _ = body.flow_control().release_capacity(piece.len());
            let want = if number == 0 { message("first") } else { message("next") };
            assert_eq!(piece, want, "each message is there before the next is sent");
            sending.send_data(message("next"), number == 999).expect("the stream is open");
        }
        assert_eq!(body.data().await.expect("the last").expect("the last"), message("next"));
        assert!(body.data().await.is_none());
        let trailers = body.trailers().await.expect("an end").expect("trailers");
        assert_eq!(trailers.get("grpc-status").expect("a status"), "0");
    });
    let lines = under.finish();
    assert_ne!(lines[0]["broken_off"], true, "{}", lines[0]);
}

#[test]
fn a_web_socket_on_tls_is_a_tunnel_too() {
    let backend = Scripted::start(|mut scene| {
        scene.request();
        scene.send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\u{1}\u{2}ok",
        );
        scene.client.rest();
        scene.tell("over");
    });
    let made = Made::new();
    let certificate = made.certificate();
    let under =
        Under::with(&backend.url, gate(|_| {}), |settings| settings.tls = Some(certificate));
    let known = config(&[&made], &["http/1.1"]);
    let mut client = connect(under.proxy.address(), &known);
    let handshake = "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    client.write_all(handshake.as_bytes()).expect("the gate reads");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).expect("a head comes");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    let mut frame = [0; 4];
    client.read_exact(&mut frame).expect("a frame comes");
    assert_eq!(&frame, b"\x01\x02ok");
    assert!(backend.told().starts_with("GET /live "));
    drop(client);
    assert_eq!(backend.told(), "over");
}
