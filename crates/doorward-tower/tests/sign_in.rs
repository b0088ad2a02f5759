//! Attempts to sign in before an application in the same process: whose the session is that an
//! answer sets, its backend is asked all the same.

use bytes::Bytes;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{AskUrl, CheckerSettings, How, Place, Whoami, whoami_path};
use doorward_core::layers::quota::{Account, Counts, SignIn};
use doorward_core::memory::Memory;
use doorward_core::question::Rate;
use doorward_core::route;
use doorward_core::settings::Settings;
use doorward_porter::Outside;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, SystemClock};
use doorward_porter::outside::OutsideSettings;
use doorward_store::{MemoryStore, Sizes, Store};
use doorward_tower::{GateLayer, Peer, RequestBody};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use std::convert::Infallible;
use std::future::pending;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tower::{Layer, ServiceExt};

/// How long is waited for what must come: nothing else of an account's share is back by then.
const PATIENCE: Duration = Duration::from_secs(15);

/// Knows one session, and counts who asks.
async fn whoami() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/whoami", listener.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.expect("a head"));
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let is_ann = head.contains("session=anns-own-session");
            let body = if is_ann { "{\"id\":\"ann\"}" } else { "{\"id\":null}" };
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.expect("room for an answer");
            counts.fetch_add(1, Ordering::AcqRel);
        }
    });
    (url, asked)
}

fn layer(url: String) -> GateLayer {
    let mut settings = Settings::public();
    settings.external = vec!["https://shop.test".to_owned()];
    let whoami = Whoami { subject: whoami_path("$.id").expect("a path"), scopes: None };
    settings.identity.checkers = vec![CheckerSettings {
        place: Place::Cookie("session".to_owned()),
        with: Vec::new(),
        url: AskUrl { url, is_private: true },
        how: How::Whoami(whoami),
        remember_s: 10,
    }];
    settings.routes = vec![route::Settings {
        path: "/login".to_owned(),
        sign_in: Some(SignIn {
            counts: Counts::Failures,
            account: Account::parse("name").expect("a field"),
            per_account: Rate::per_minute(3, 3),
            per_address: Rate::per_minute(1_000, 1_000),
            success: None,
        }),
        ..route::Settings::default()
    }];
    let gate = Gate::new(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let sizes = Sizes { strangers_max: 100, known_max: 10, claims_max: 10 };
    let store = Store::Memory(MemoryStore::new(sizes, [1; 16]));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let outside = OutsideSettings::new(Arc::clone(&clock), Arc::new(SystemChance));
    GateLayer::builder(gate, Arc::new(store), Arc::new(Memory::new(100, [2; 16])))
        .insecure_partial(["message"])
        .outside(Outside::start(outside).expect("a thread"))
        .clock(clock)
        .build()
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Sends everybody on, each with a session.
async fn log_in(
    request: Request<RequestBody<Full<Bytes>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes());
    let is_right = body.is_ok_and(|body| body.ends_with(b"&word=right"));
    let line = if is_right { "session=anns-own-session" } else { "session=nobodys-session" };
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_static(line));
    Ok(response)
}

#[tokio::test]
async fn who_signs_in_is_asked_about_and_who_fails_is_counted() {
    let (url, asked) = whoami().await;
    let gated = layer(url).layer(tower::service_fn(log_in));
    let post = |form: &'static str| {
        let request = Request::post("/login")
            .header("host", "shop.test")
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(Peer(IpAddr::V4(Ipv4Addr::LOCALHOST)))
            .body(Full::new(Bytes::from_static(form.as_bytes())))
            .expect("a request");
        let gated = gated.clone();
        async move { gated.oneshot(request).await.unwrap_or_else(|never| match never {}).status() }
    };
    let begun = Instant::now();
    let mut signed_in = 0;
    // As many as she may fail, and as many as her own share of successes gives back.
    while signed_in < 6 {
        match post("name=ann&word=right").await {
            StatusCode::FOUND => signed_in += 1,
            status => assert_eq!(status, StatusCode::TOO_MANY_REQUESTS),
        }
        assert!(begun.elapsed() < PATIENCE, "{signed_in} alone");
        let _ = timeout(Duration::from_millis(1), pending::<()>()).await;
    }
    assert!(asked.load(Ordering::Acquire) > 0);
    for _ in 0..3 {
        assert_eq!(post("name=bob&word=wrong").await, StatusCode::FOUND);
    }
    assert_eq!(post("name=bob&word=right").await, StatusCode::TOO_MANY_REQUESTS);
}
