//! Upstreams spoken to in HTTP/2: heads, bodies, trailers, many at once, and every way to die.

mod kit;

use bytes::Bytes;
use doorward_core::route;
use doorward_proxy::settings::{Bounds, UpstreamHttp};
use http::{HeaderMap, HeaderValue, Response};
use kit::authority::{Authority, under_tls};
use kit::second_upstream::{HEADERS, by_hand, patiently, start, upstream};
use kit::{GET, Under, bounds, gate};
use std::sync::Arc;
use tokio::sync::Barrier;

const POST: &str = "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";

fn under(url: &str) -> Under {
    Under::to(upstream(url), gate(|_| {}), bounds())
}

#[test]
fn the_head_is_that_of_http_2() {
    let backend = start(None, async |mut asked| {
        let (body, _) = asked.body().await;
        let uri = asked.request.uri().to_string();
        let mut lines: Vec<String> = asked
            .request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
            .filter(|line| !line.starts_with("doorward-admitted: dwa1."))
            .collect();
        lines.sort_unstable();
        asked.tell(&format!("{} {uri}\n{}", asked.request.method(), lines.join("\n")));
        asked.text(&body);
    });
    let under = under(&backend.url);
    let answer = under.ask(
        "POST /a?b HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, TE\r\nTE: trailers\r\n\
         Keep-Alive: 5\r\nX-Mine: 1\r\nExpect: x\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n0\r\n\r\n",
    );
    assert_eq!((answer.status, answer.text()), (200, "abc"));
    let want = "POST http://localhost/a?b\nte: trailers\nx-forwarded-for: 127.0.0.1\n\
                x-forwarded-host: localhost\nx-forwarded-proto: http\nx-mine: 1";
    assert_eq!(backend.told(), want);
    // Other codings than trailers are not this gate's to promise.
    under.ask(&GET.replacen("\r\n\r\n", "\r\nTE: gzip, trailers\r\n\r\n", 1));
    assert!(!backend.told().contains("te:"));
}

#[test]
fn many_requests_go_over_one_connection_at_once() {
    const MANY: usize = 20;
    let all = Arc::new(Barrier::new(MANY));
    let backend = start(None, move |mut asked| {
        let all = Arc::clone(&all);
        async move {
            // Nobody is answered before everybody has asked.
            patiently(all.wait()).await;
            asked.tell(&format!("connection {}", asked.connection));
            asked.text("ok");
        }
    });
    let under = under(&backend.url);
    let mut clients: Vec<_> = (0..MANY).map(|_| under.connect()).collect();
    clients.iter_mut().for_each(|client| client.send(GET));
    for client in &mut clients {
        assert_eq!(client.answer().text(), "ok");
        assert_eq!(backend.told(), "connection 1");
    }
}

#[test]
fn over_tls_http_2_is_agreed_on_or_not_spoken() {
    let authority = Authority::new();
    for (alpn, want) in [
        (&["h2"][..], None),
        (&["h2", "http/1.1"], None),
        (&["http/1.1"], Some("upstream/certificate")),
        (&[], Some("upstream/broken")),
    ] {
        let config = Authority::server(&authority.vouch("upstream.test"), None, alpn);
        let backend = start(Some(config), async |mut asked| {
            asked.tell(&asked.request.uri().to_string());
            asked.text("ok");
        });
        let tls = under_tls(&backend.url, authority.tls(None), UpstreamHttp::Two);
        let under = Under::to(tls, gate(|_| {}), bounds());
        assert_eq!(under.ask(GET).code(), want, "{alpn:?}");
        if want.is_none() {
            assert_eq!(backend.told(), "https://localhost/a");
        }
        assert!(backend.is_untouched());
    }
}

/// Trailers that an upstream ends its answer with.
fn trailers() -> HeaderMap {
    let mut out = HeaderMap::new();
    for name in ["grpc-status", "set-cookie", "doorward-refusal"] {
        out.insert(name, HeaderValue::from_static("0"));
    }
    out
}

#[test]
fn trailers_pass_to_whoever_takes_them() {
    let backend = start(None, async |mut asked| {
        let head = Response::builder().header("trailer", "grpc-status, set-cookie").body(());
        let mut send = asked.answer.send_response(head.expect("a head"), false).expect("it leaves");
        send.send_data(Bytes::from_static(b"abc"), false).expect("it leaves");
        send.send_trailers(trailers()).expect("they leave");
    });
    let under = under(&backend.url);
    let takes = GET.replacen("\r\n\r\n", "\r\nTE: trailers\r\nConnection: TE\r\n\r\n", 1);
    for (request, want) in [(takes.as_str(), "grpc-status: 0\r\n\r\n"), (GET, "\r\n")] {
        let mut client = under.connect();
        client.send(request);
        let head = client.head();
        let announced = (want.len() > 2).then_some("grpc-status");
        assert_eq!(head.header("trailer"), announced);
        assert_eq!(client.chunk(), b"abc");
        assert_eq!(client.until("0\r\n"), "0\r\n");
        assert_eq!(client.until(want), want);
        client.send(GET);
        assert_eq!(client.head().status, 200, "the connection is still in step");
    }
}

#[test]
fn a_requests_trailers_pass_as_its_head_announced_them() {
    let backend = start(None, async |mut asked| {
        let (body, trailers) = asked.body().await;
        let names: Vec<String> =
            trailers.iter().flat_map(HeaderMap::keys).map(ToString::to_string).collect();
        asked.text(&format!("{body} {}", names.join(" ")));
    });
    let under = under(&backend.url);
    for (announced, want) in [("Trailer: X-Sum, Cookie, Forwarded\r\n", "abc x-sum"), ("", "abc ")]
    {
        let answer = under.ask(&format!(
            "POST /a HTTP/1.1\r\nHost: localhost\r\n{announced}Transfer-Encoding: chunked\r\n\r\n\
             3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"
        ));
        assert_eq!(answer.text(), want, "{announced}");
    }
}

#[test]
fn what_was_provably_not_run_is_sent_once_more() {
    for reason in ["refused", "go away"] {
        let backend = by_hand(move |mut hand, tell| {
            while let Some(stream) = hand.request() {
                let _ = tell.send(format!("connection {} stream {stream}", hand.number));
                if hand.number > 1 || stream == 1 {
                    hand.answer(stream);
                } else if reason == "refused" && stream == 3 {
                    hand.reset(stream, 7);
                } else if reason == "refused" {
                    hand.answer(stream);
                } else {
                    hand.go_away(1);
                    return;
                }
            }
        });
        let under = under(&backend.url);
        assert_eq!(under.ask(POST).status, 204, "{reason}");
        assert_eq!(backend.told(), "connection 1 stream 1");
        assert_eq!(under.ask(POST).status, 204, "{reason}");
        assert_eq!(backend.told(), "connection 1 stream 3");
        let second = match reason {
            "refused" => "connection 1 stream 5",
            _ => "connection 2 stream 1",
        };
        assert_eq!(backend.told(), second);
    }
}

#[test]
fn what_may_have_run_is_not_sent_again_unless_it_only_reads() {
    for (request, death, want) in [
        (POST, "internal", 502),
        (GET, "internal", 502),
        (POST, "close", 502),
        (GET, "close", 204),
        (POST, "go away behind it", 502),
    ] {
        let backend = by_hand(move |mut hand, tell| {
            while let Some(stream) = hand.request() {
                let _ = tell.send(format!("connection {} stream {stream}", hand.number));
                match death {
                    _ if hand.number > 1 || stream != 3 => hand.answer(stream),
                    "internal" => hand.reset(stream, 2),
                    "close" => return,
                    _ => {
                        hand.go_away(3);
                        return;
                    }
                }
            }
        });
        let under = under(&backend.url);
        assert_eq!(under.ask(GET).status, 204);
        let answer = under.ask(request);
        assert_eq!(answer.status, want, "{death} {request}");
        backend.told();
        assert_eq!(backend.told(), "connection 1 stream 3");
        assert_eq!(backend.is_untouched(), want == 502, "{death} {request}");
        assert_eq!(under.ask(POST).status, 204, "a dead connection is replaced");
    }
}

#[test]
fn a_stream_refused_again_and_again_is_a_502() {
    let backend = by_hand(|mut hand, tell| {
        while let Some(stream) = hand.request() {
            let _ = tell.send(format!("{stream}"));
            hand.reset(stream, 7);
        }
    });
    let under = under(&backend.url);
    assert_eq!(under.ask(POST).code(), Some("upstream/broken"));
    assert_eq!((backend.told(), backend.told()), ("1".into(), "3".into()));
    assert!(backend.is_untouched());
}

#[test]
fn leaving_resets_what_reads_and_finishes_what_writes() {
    for (request, want) in [(GET, "CANCEL"), (POST, "taken")] {
        let (go, wait) = tokio::sync::watch::channel(false);
        let backend = start(None, move |mut asked| {
            let mut wait = wait.clone();
            async move {
                asked.tell("asked");
                if asked.request.method() == http::Method::GET {
                    let reset = std::future::poll_fn(|cx| asked.answer.poll_reset(cx));
                    let reason = patiently(reset).await.expect("a reset");
                    asked.tell(&format!("{reason:?}"));
                    return;
                }
                let _ = patiently(wait.wait_for(|go| *go)).await;
                let head = Response::new(());
                let mut send = asked.answer.send_response(head, false).expect("the head leaves");
                send.reserve_capacity(1 << 20);
                let grown = std::future::poll_fn(|cx| send.poll_capacity(cx));
                asked.tell(if patiently(grown).await.is_some() { "taken" } else { "reset" });
                let _ = send.send_data(Bytes::new(), true);
            }
        });
        let under = under(&backend.url);
        let mut client = under.connect();
        client.send(request);
        assert_eq!(backend.told(), "asked");
        client.close();
        let mut lines = Vec::new();
        while lines.is_empty() {
            // The record is written when the gate has seen the client leave.
            lines = under.log.lines();
            std::thread::yield_now();
        }
        go.send_replace(true);
        assert_eq!(backend.told(), want);
    }
}

#[test]
fn a_body_that_breaks_off_is_reset_and_never_looks_complete() {
    let backend = start(None, async |mut asked| {
        let body = asked.request.body_mut();
        loop {
            match patiently(body.data()).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break asked.tell(&format!("{:?}", error.reason())),
                None => break asked.tell("complete"),
            }
        }
    });
    let under = under(&backend.url);
    let mut client = under.connect();
    client.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc");
    client.close();
    assert_ne!(backend.told(), "complete");
}

#[test]
fn an_answer_that_breaks_off_never_looks_complete() {
    let backend = by_hand(|mut hand, _| {
        let Some(stream) = hand.request() else { return };
        // `:status: 200`, a piece, and a reset.
        hand.write((HEADERS, 0x4, stream, vec![0x88]));
        hand.write((0, 0, stream, b"abc".to_vec()));
        hand.reset(stream, 2);
        hand.client.rest();
    });
    let under = under(&backend.url);
    let mut client = under.connect();
    client.send(GET);
    assert!(!String::from_utf8_lossy(&client.rest()).contains("\r\n0\r\n\r\n"));
}

#[test]
fn a_silent_upstream_is_a_504_and_a_full_one_is_busy() {
    let backend = start(None, async |mut asked| {
        asked.tell("asked");
        let reset = std::future::poll_fn(|cx| asked.answer.poll_reset(cx));
        let reason = patiently(reset).await.expect("a reset");
        asked.tell(&format!("{reason:?}"));
    });
    let short = std::time::Duration::from_millis(300);
    let few = Bounds { upstream_head: short, upstream_open_max: 1, ..bounds() };
    let under = Under::to(upstream(&backend.url), gate(|_| {}), few);
    let mut first = under.connect();
    first.send(GET);
    assert_eq!(backend.told(), "asked");
    assert_eq!(under.ask(GET).code(), Some("upstream/busy"));
    assert_eq!(first.answer().code(), Some("upstream/timeout"));
    assert_eq!(backend.told(), "CANCEL");
    let mut next = under.connect();
    next.send(GET);
    assert_eq!(backend.told(), "asked", "there is room again");
}

#[test]
fn more_than_the_upstream_allows_waits_or_opens_another_connection() {
    let backend = by_hand(|mut hand, tell| {
        // SETTINGS_MAX_CONCURRENT_STREAMS: 1.
        hand.write((4, 0, 0, vec![0, 3, 0, 0, 0, 1]));
        while let Some(stream) = hand.request() {
            let _ = tell.send(format!("connection {}", hand.number));
            hand.answer(stream);
        }
    });
    let under = under(&backend.url);
    let mut clients: Vec<_> = (0..16).map(|_| under.connect()).collect();
    clients.iter_mut().for_each(|client| client.send(GET));
    clients.iter_mut().for_each(|client| assert_eq!(client.head().status, 204));
    let told: Vec<String> = (0..16).map(|_| backend.told()).collect();
    assert!(told.iter().all(|told| told.as_str() <= "connection 4"), "{told:?}");
}

#[test]
fn a_web_socket_is_not_carried_to_http_2() {
    let backend = start(None, async |mut asked| asked.text("ok"));
    let answer = under(&backend.url).ask(
        "GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    assert_eq!((answer.status, answer.code()), (501, Some("gate/upgrade")));
}

#[test]
fn an_upstream_that_speaks_http_1_is_broken() {
    let backend = kit::Scripted::start(|mut scene| {
        scene.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        scene.client.rest();
    });
    assert_eq!(under(&backend.url).ask(GET).code(), Some("upstream/broken"));
}

#[test]
fn large_bodies_pass_whole_both_ways() {
    const BYTES: usize = 8 * 1024 * 1024;
    let backend = start(None, async |mut asked| {
        let body = asked.request.body_mut();
        let mut bytes = 0;
        while let Some(piece) = patiently(body.data()).await {
            let piece = piece.expect("a piece");
            bytes += piece.len();
            body.flow_control().release_capacity(piece.len()).expect("it was taken");
        }
        let mut send = asked.answer.send_response(Response::new(()), false).expect("it leaves");
        let piece = Bytes::from(vec![b'y'; bytes]);
        send.send_data(piece, true).expect("it leaves, as there is room");
    });
    let under = under(&backend.url);
    let mut client = under.connect();
    client.send(&format!("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BYTES}\r\n\r\n"));
    std::io::Write::write_all(&mut client.socket, &vec![b'x'; BYTES]).expect("the gate reads");
    let answer = client.answer();
    assert_eq!((answer.status, answer.body.len()), (200, BYTES));
}

#[test]
fn each_event_arrives_before_the_next_is_sent() {
    let (seen, wait) = tokio::sync::watch::channel(0);
    let backend = start(None, move |mut asked| {
        let mut wait = wait.clone();
        async move {
            let mut send = asked.answer.send_response(Response::new(()), false).expect("it leaves");
            for number in 1..=3 {
                let event = Bytes::from(format!("data: {number}\n\n"));
                send.send_data(event, number == 3).expect("it leaves");
                let _ = patiently(wait.wait_for(|seen| *seen >= number)).await;
            }
        }
    });
    let under = under(&backend.url);
    let mut client = under.connect();
    client.send(GET);
    assert_eq!(client.head().status, 200);
    for number in 1..=3 {
        assert_eq!(client.chunk(), format!("data: {number}\n\n").as_bytes());
        seen.send_replace(number);
    }
    assert!(client.chunk().is_empty());
}

#[test]
fn a_body_beyond_its_routes_limit_is_refused_and_never_looks_complete() {
    let backend = start(None, async |mut asked| {
        let body = asked.request.body_mut();
        let ended = loop {
            match patiently(body.data()).await {
                Some(Ok(_)) => {}
                Some(Err(_)) => break "reset",
                None => break "complete",
            }
        };
        asked.tell(ended);
    });
    let limited = gate(|settings| {
        let small = kit::route("/a");
        settings.routes.push(route::Settings { body_bytes_max: Some(4), ..small });
    });
    let under = Under::to(upstream(&backend.url), limited, bounds());
    let answer = under.ask(
        "POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n",
    );
    assert_eq!(answer.code(), Some("body/too-large"));
    assert_eq!(backend.told(), "reset");
}

#[test]
fn answers_without_a_body_are_passed_on_as_such() {
    let backend = start(None, async |mut asked| {
        let status = if asked.request.uri().path() == "/304" { 304 } else { 200 };
        let head = Response::builder().status(status).header("content-length", "9").body(());
        asked.answer.send_response(head.expect("a head"), true).expect("it leaves");
    });
    let under = under(&backend.url);
    let mut client = under.connect();
    for (request, status) in [("HEAD /a", 200), ("GET /304", 304), ("HEAD /b", 200)] {
        client.send(&GET.replacen("GET /a", request, 1));
        assert_eq!(client.head().status, status, "{request}: the connection is in step");
    }
}

/// gRPC as it is: HTTP/2 on both sides, a call of several messages, its status in the trailers.
#[test]
fn a_call_of_grpc_passes_whole() {
    let backend = start(None, async |mut asked| {
        assert_eq!(
            asked.request.headers().get("te").map(HeaderValue::as_bytes),
            Some(&b"trailers"[..])
        );
        let head = Response::builder().header("content-type", "application/grpc").body(());
        let mut send = asked.answer.send_response(head.expect("a head"), false).expect("it leaves");
        while let Some(message) = patiently(asked.request.body_mut().data()).await {
            // Each is answered before the next is sent.
            send.send_data(message.expect("a message"), false).expect("it leaves");
        }
        send.send_trailers(trailers()).expect("they leave");
    });
    let under = under(&backend.url);
    let address = under.proxy.address();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async move {
        let socket = tokio::net::TcpStream::connect(address).await.expect("the proxy listens");
        let (mut client, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
        tokio::spawn(connection);
        let request = http::Request::post("http://localhost/echo.Echo/Say")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let (answer, mut send) = client.send_request(request, false).expect("it leaves");
        let mut answer = patiently(answer).await.expect("an answer").into_body();
        for message in ["one", "two"] {
            send.send_data(Bytes::from(message), false).expect("it leaves");
            let echoed = patiently(answer.data()).await.expect("a message").expect("whole");
            assert_eq!(echoed, message);
        }
        send.send_data(Bytes::new(), true).expect("it leaves");
        assert!(patiently(answer.data()).await.is_none());
        let trailers = patiently(answer.trailers()).await.expect("an end").expect("trailers");
        assert_eq!(
            trailers.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
            ["grpc-status"]
        );
    });
}
