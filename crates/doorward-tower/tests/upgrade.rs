//! A WebSocket's handshake behind hyper's server: the admitted one becomes the application's own
//! connection; no other upgrade is offered, and a stranger's page gets none.

use bytes::Bytes;
use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_core::settings::Settings;
use doorward_store::{MemoryStore, Sizes, Store};
use doorward_tower::{GateLayer, Peer, RequestBody};
use http::{Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt};

/// Takes every upgrade that it is offered, and echoes four bytes.
async fn echo(
    mut request: Request<RequestBody<Incoming>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    let Some(upgrade) = request.headers().get(header::UPGRADE).cloned() else {
        return Ok(response);
    };
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgraded.await.expect("an upgrade"));
        let mut four = [0; 4];
        stream.read_exact(&mut four).await.expect("four bytes");
        stream.write_all(&four).await.expect("room for four bytes");
    });
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(header::UPGRADE, upgrade);
    Ok(response)
}

/// What a server with the gate and this application says to these bytes, until it has nothing more.
async fn said(request: String) -> String {
    let settings = Settings {
        external: vec!["https://shop.test".to_owned()],
        origins: vec!["https://app.test".to_owned()],
        ..Settings::public()
    };
    let gate = Gate::new(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let sizes = Sizes { strangers_max: 10, known_max: 1, claims_max: 1 };
    let store = Store::Memory(MemoryStore::new(sizes, [1; 16]));
    let memory = Memory::new(10, [2; 16]);
    let layer = GateLayer::builder(gate, Arc::new(store), Arc::new(memory))
        .insecure_partial(["message"])
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (stream, peer) = listener.accept().await.expect("a client");
        let gated = layer.layer(tower::service_fn(echo));
        let serve = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            gated.clone().oneshot(request)
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
        // The client sees whether it broke.
        drop(connection.with_upgrades().await);
    });
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("room for the request");
    let mut out = Vec::new();
    stream.read_to_end(&mut out).await.expect("an answer");
    String::from_utf8_lossy(&out).into_owned()
}

#[tokio::test]
async fn an_admitted_web_socket_is_the_applications() {
    for (origin, upgrade, begins, ends) in [
        ("https://app.test", "websocket", "HTTP/1.1 101 ", "echo"),
        ("https://evil.test", "websocket", "HTTP/1.1 403 ", "\n"),
        ("https://app.test", "h2c", "HTTP/1.1 200 ", "\r\n\r\n"),
    ] {
        // Behind the handshake stand the socket's first bytes; behind another answer, the last
        // request.
        let rest = if begins.contains("101") {
            "echo"
        } else {
            "GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"
        };
        let request = format!(
            "GET /live HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Origin: {origin}\r\n\r\n{rest}"
        );
        let answer = said(request).await;
        assert!(answer.starts_with(begins) && answer.ends_with(ends), "{upgrade}: {answer}");
    }
}
