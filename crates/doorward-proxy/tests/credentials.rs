//! What the gate adds, and what comes back: where the key goes, and that no answer has it.

mod kit;

use doorward_core::gate::Gate;
use doorward_core::layers::credential::{Credential, Put};
use doorward_core::route;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_proxy::settings::UpstreamHttp;
use http::HeaderName;
use kit::authority::{Authority, numbering, under_tls};
use kit::{PATIENCE, Scripted, Under, bounds, gate, route as a_route, upstream_at};
use std::io::Write;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

const KEY: &str = "sk-test/0123456789abcdef";
const COVERED: &str = "************************";
const ASK: &str = "GET /v1/chat HTTP/1.1\r\nHost: localhost\r\n\r\n";
const OTHER: &str = "GET /v1/other HTTP/1.1\r\nHost: localhost\r\n\r\n";
const SOCKET: &str = "GET /v1/chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A route with the key, in a header.
fn credited(settings: &mut Settings) {
    settings.credential.credentials.push(Credential {
        name: "model".to_owned(),
        put: Put::Header(HeaderName::from_static("authorization")),
        before: "Bearer ".to_owned(),
        secret: Secret::new(KEY),
    });
    settings.routes.push(route::Settings {
        credentials: vec!["model".to_owned()],
        insecure_open_credential: true,
        methods: vec!["GET".into(), "POST".into()],
        ..a_route("/v1/chat")
    });
}

fn credited_gate() -> Arc<Gate> {
    gate(credited)
}

/// An upstream that answers each request with these bytes.
fn saying(answer: &'static str) -> Scripted {
    Scripted::start(move |mut scene| {
        while let Some(request) = scene.next_request() {
            if let Some(length) = request.header("content-length") {
                scene.client.bytes(length.parse().expect("a length"));
            }
            scene.send(answer);
        }
        scene.tell("closed");
    })
}

/// What a script waits for, and what says it.
fn words() -> (Sender<()>, impl Fn() + Send + Sync + 'static) {
    let (say, hear) = channel();
    let hear = Mutex::new(hear);
    let wait = move || {
        let hear = hear.lock().expect("no panic under this lock");
        hear.recv_timeout(PATIENCE).expect("the test says it");
    };
    (say, wait)
}

fn under(upstream: &Scripted) -> Under {
    Under::start(&upstream.url, credited_gate(), bounds())
}

#[test]
fn the_key_goes_to_its_own_upstream_alone() {
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    let (main, paid) = (saying(empty), saying(empty));
    let gate = gate(|settings| {
        credited(settings);
        settings.routes[0].upstream = 1;
    });
    let upstreams = vec![upstream_at(&main.url), upstream_at(&paid.url)];
    let under = Under::with(&main.url, gate, |settings| settings.upstreams = upstreams);
    assert_eq!(under.ask(ASK).status, 204);
    let told = paid.told().to_ascii_lowercase();
    assert!(told.contains(&format!("authorization: bearer {KEY}")), "{told}");
    assert!(told.contains("accept-encoding: identity"), "{told}");
    assert!(main.is_untouched());
    assert_eq!(under.ask(OTHER).status, 204);
    let told = main.told();
    assert!(!told.contains(KEY) && !told.to_ascii_lowercase().contains("authorization"), "{told}");
}

#[test]
fn a_redirect_is_handed_on_and_not_followed() {
    let elsewhere = saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let upstream = Scripted::start({
        let elsewhere = elsewhere.url.clone();
        move |mut scene| {
            while scene.next_request().is_some() {
                let encoded = KEY.replace('/', "%2F");
                scene.send(&format!(
                    "HTTP/1.1 302 Found\r\nlocation: {elsewhere}/?a={KEY}&b={encoded}\r\n\
                     content-length: 0\r\n\r\n"
                ));
            }
        }
    });
    let answer = under(&upstream).ask(ASK);
    assert_eq!(answer.status, 302);
    let want = format!("{}/?a={COVERED}&b={COVERED}**", elsewhere.url);
    assert_eq!(answer.header("location"), Some(want.as_str()));
    assert!(!answer.head.contains(KEY));
    assert!(elsewhere.is_untouched(), "nobody was asked there");
}

#[test]
fn a_key_in_a_body_is_covered_and_no_length_changes() {
    let upstream = Scripted::start(|mut scene| {
        while scene.next_request().is_some() {
            let text = format!("Incorrect API key: {KEY}. Bearer {KEY}, {}", &KEY[..20]);
            let length = text.len();
            scene.send(&format!(
                "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer error=\"{KEY}\"\r\n\
                 content-length: {length}\r\n\r\n{text}"
            ));
        }
    });
    let under = under(&upstream);
    let mut client = under.connect();
    for _ in 0..2 {
        client.send(ASK);
        let answer = client.answer();
        let want = format!("Incorrect API key: {COVERED}. Bearer {COVERED}, {}", &KEY[..20]);
        assert_eq!((answer.status, answer.text()), (401, want.as_str()));
        let want = format!("Bearer error=\"{COVERED}\"");
        assert_eq!(answer.header("www-authenticate"), Some(want.as_str()));
    }
    // Without the route's credential nothing is looked into.
    assert!(under.ask(OTHER).text().contains(KEY));
}

#[test]
fn a_key_that_comes_in_pieces_is_covered() {
    let upstream = Scripted::start(|mut scene| {
        while scene.next_request().is_some() {
            scene.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-echo\r\n\r\n");
            for letter in format!("a {KEY} b {}", &KEY[..10]).chars() {
                scene.send(&format!("1\r\n{letter}\r\n"));
            }
            scene.send(&format!("0\r\nx-echo: {KEY}\r\n\r\n"));
        }
    });
    let under = under(&upstream);
    let mut client = under.connect();
    for _ in 0..2 {
        client.send(&ASK.replace("\r\n\r\n", "\r\nTE: trailers\r\nConnection: TE\r\n\r\n"));
        let head = client.head();
        assert_eq!(head.status, 200);
        let mut body = Vec::new();
        loop {
            let line = client.until("\r\n");
            match usize::from_str_radix(line.trim(), 16).expect("a chunk's size") {
                0 => break,
                size => body.extend_from_slice(&client.bytes(size + 2)[..size]),
            }
        }
        let want = format!("a {COVERED} b {}", &KEY[..10]);
        assert_eq!(String::from_utf8(body).as_deref(), Ok(want.as_str()));
        let trailers = client.until("\r\n\r\n");
        assert_eq!(trailers, format!("x-echo: {COVERED}\r\n\r\n"));
    }
}

#[test]
fn an_event_is_with_the_client_before_the_next_is_sent() {
    const EVENTS: usize = 50;
    let (has_it, word) = words();
    let upstream = Scripted::start(move |mut scene| {
        scene.request();
        scene.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
        for number in 0..EVENTS {
            scene.send(&format!("data: {number} {KEY}\n\n"));
            word();
        }
    });
    let under = under(&upstream);
    let mut client = under.connect();
    client.send(ASK);
    assert_eq!(client.head().status, 200);
    for number in 0..EVENTS {
        let event = client.chunk();
        assert_eq!(String::from_utf8(event), Ok(format!("data: {number} {COVERED}\n\n")));
        has_it.send(()).expect("the upstream waits for it");
    }
}

#[test]
fn what_cannot_be_looked_through_is_not_handed_on() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-encoding: identity, br\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-encoding: x\r\n\
         content-length: 2\r\n\r\nab",
        "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-1/4\r\ncontent-length: 2\r\n\r\nab",
    ] {
        let upstream = saying(answer);
        let under = under(&upstream);
        let mut client = under.connect();
        client.send(ASK);
        let refused = client.answer();
        assert_eq!((refused.status, refused.code()), (502, Some("upstream/opaque")), "{answer}");
        assert!(!refused.text().contains("ab\r"), "{answer}");
        // The client's connection is as good as before; elsewhere the same answer passes.
        client.send(OTHER);
        assert_eq!(client.answer().text(), "ab");
    }
    let plain =
        saying("HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\ncontent-length: 2\r\n\r\nab");
    assert_eq!(under(&plain).ask(ASK).text(), "ab");
}

#[test]
fn a_write_whose_answer_is_not_handed_on_runs_to_its_end() {
    let (go_on, word) = words();
    let upstream = Scripted::start(move |mut scene| {
        let request = scene.request();
        let length = request.header("content-length").expect("a length");
        scene.client.bytes(length.parse().expect("a length"));
        scene.send("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nab");
        scene.tell("half");
        word();
        scene.send("cd");
        // Whoever is cut off learns it here.
        let closed = scene.next_request().is_none();
        scene.tell(if closed { "closed" } else { "asked" });
    });
    let under = under(&upstream);
    let post = "POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na";
    let mut client = under.connect();
    client.send(post);
    assert_eq!(client.answer().code(), Some("upstream/opaque"));
    assert!(upstream.told().starts_with("POST"));
    assert_eq!(upstream.told(), "half");
    go_on.send(()).expect("the upstream waits for it");
    assert_eq!(upstream.told(), "closed", "only behind the whole answer");
}

#[test]
fn an_upstream_that_does_not_prove_who_it_is_gets_no_key() {
    let (authority, other) = (Authority::new(), Authority::new());
    let upstream = numbering(Authority::server(&other.vouch("upstream.test"), None, &[]));
    let target = under_tls(&upstream.url, authority.tls(None), UpstreamHttp::One);
    let under = Under::to(target, credited_gate(), bounds());
    assert_eq!(under.ask(ASK).code(), Some("upstream/certificate"));
    assert!(upstream.is_untouched());
    let upstream = numbering(Authority::server(&authority.vouch("upstream.test"), None, &[]));
    let target = under_tls(&upstream.url, authority.tls(None), UpstreamHttp::One);
    let under = Under::to(target, credited_gate(), bounds());
    assert_eq!(under.ask(ASK).status, 200);
    assert!(upstream.told().contains(KEY));
}

#[test]
fn a_handshake_is_looked_through_and_its_tunnel_is_not() {
    let upstream = Scripted::start(|mut scene| {
        scene.request();
        scene.send(&format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nx-echo: {KEY}\r\n\r\n"
        ));
        let frame = [&b"\x81\x18"[..], KEY.as_bytes()].concat();
        scene.client.socket.write_all(&frame).expect("the gate reads");
        scene.client.rest();
    });
    let under = under(&upstream);
    let mut client = under.connect();
    client.send(SOCKET);
    let head = client.head();
    assert_eq!((head.status, head.header("x-echo")), (101, Some(COVERED)));
    assert_eq!(client.bytes(2 + KEY.len())[2..], *KEY.as_bytes());
}

#[test]
fn no_log_line_has_the_key() {
    let upstream = saying("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n");
    let gate = gate(|settings| {
        credited(settings);
        settings.credential.credentials[0].put = Put::Query("key".to_owned());
    });
    let under = Under::start(&upstream.url, gate, bounds());
    assert_eq!(under.ask(ASK).code(), Some("upstream/opaque"));
    assert!(upstream.told().contains("/v1/chat?key=Bearer%20sk-test%2F0123456789abcdef HTTP"));
    let own = ASK.replace("/v1/chat", "/v1/chat?key=mine");
    assert_eq!(under.ask(&own).code(), Some("credential/own-parameter"));
    let lines = under.finish();
    assert!(lines.len() >= 2, "{lines:?}");
    assert!(lines.iter().all(|line| !line.to_string().contains("0123456789")), "{lines:?}");
}
