//! The tap: what it passes on, what it notes, and what a run says by it.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server, start};
use doorward_probe::grid::{Backend, Caller};
use doorward_probe::{Operation, Options, Probe, Report, Rung, Scope, Tap, TapServer};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A backend of one connection: it reads until `end`, answers, and hands over what it read.
async fn backend(end: &'static str, answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind(FREE).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let seen = until(&mut stream, end).await;
        stream.write_all(answer.as_bytes()).await.expect("writes");
        // What is said behind a change of protocol comes back.
        let mut rest = [0; 4];
        while let Ok(length @ 1..) = stream.read(&mut rest).await {
            let _ = stream.write_all(&rest[..length]).await;
        }
        seen
    });
    (address, task)
}

async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut seen = String::new();
    let mut bytes = [0; 4096];
    while !seen.ends_with(end) {
        let length = stream.read(&mut bytes).await.expect("reads");
        assert_ne!(length, 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
    seen
}

async fn through(tap: &TapServer, request: &str, end: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(tap.address()).await.expect("connects");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let seen = until(&mut stream, end).await;
    (stream, seen)
}

#[tokio::test]
async fn it_passes_on_what_comes_and_takes_the_mark_off() {
    let answer = "HTTP/1.1 201 Created\r\nX-Own: b\r\nContent-Length: 2\r\n\r\nok";
    let (upstream, task) = backend("4\r\nbody\r\n0\r\n\r\n", answer).await;
    let tap = TapServer::start(FREE, upstream).await.expect("a port");
    assert!(!tap.is_in_path());
    let head = "POST /a//b?token=hunter2 HTTP/1.1\r\nHost: shop.localhost:1\r\nX-oDd: 1\r\n";
    let request = format!(
        "{head}Probe-Mark: 7.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
    );
    let (stream, seen) = through(&tap, &request, "ok").await;
    assert!(seen.contains("201 Created") && seen.contains("X-Own: b"), "{seen}");
    drop(stream);
    let passed = tap.arrived("7.1");
    let told: Vec<String> = passed.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["tap: POST /a//b came to the backend, which answered 201"]);
    assert!(tap.is_in_path() && tap.arrived("7.1").is_empty() && tap.arrived("7.2").is_empty());
    drop(tap);
    let arrived = task.await.expect("it ends");
    assert!(arrived.starts_with(head) && !arrived.contains("Mark"), "{arrived}");
}

#[tokio::test]
async fn a_change_of_protocol_goes_through() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    let (upstream, _task) = backend("\r\n\r\n", answer).await;
    let tap = TapServer::start(FREE, upstream).await.expect("a port");
    let request = "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    let (mut stream, seen) = through(&tap, request, "\r\n\r\n").await;
    assert!(seen.contains("101"), "{seen}");
    stream.write_all(b"ping").await.expect("writes");
    assert_eq!(until(&mut stream, "ping").await, "ping");
}

#[tokio::test]
async fn what_never_came_to_a_backend_is_not_noted() {
    let nobody = TcpListener::bind(FREE).await.expect("a port");
    let upstream = nobody.local_addr().expect("an address");
    drop(nobody);
    let tap = TapServer::start(FREE, upstream).await.expect("a port");
    let request = "GET / HTTP/1.1\r\nHost: a\r\nProbe-Mark: 1.1\r\nConnection: close\r\n\r\n";
    let (_, seen) = through(&tap, request, "\n").await;
    assert!(seen.starts_with("HTTP/1.1 502"), "{seen}");
    assert!(tap.arrived("1.1").is_empty() && !tap.is_in_path());
    // A header of that name that is no mark of ours is nobody's.
    let request = "GET / HTTP/1.1\r\nHost: a\r\nProbe-Mark: 1\r\nProbe-Mark: 2\r\n\r\n";
    let (_, seen) = through(&tap, request, "\n").await;
    assert!(seen.starts_with("HTTP/1.1 502") && !tap.is_in_path(), "{seen}");
}

#[tokio::test]
async fn two_taps_do_not_share_a_port() {
    let first = TapServer::start(FREE, FREE).await.expect("a port");
    let second = TapServer::start(first.address(), FREE).await;
    assert!(second.is_err_and(|error| error.to_string().contains("--tap-listen")));
}

/// Nobody but the shop is served; what is refused here is refused by the backend itself.
static STRICT: Server = Server {
    name: "strict",
    planted: &[],
    path: "/orders",
    answer: |asked: &Asked, _: &mut Memory| match (asked.path.as_str(), asked.header("origin")) {
        ("/orders", "" | SHOP) => Reply::json(r#"{"orders":[]}"#),
        ("/orders", _) => Reply::status(403),
        (_, _) => Reply::status(404),
    },
};

async fn run(is_on_the_way: bool) -> Report {
    let url = Url::parse(&start(&STRICT).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    let backend = scope.socket(&url).expect("it is in scope");
    let tap = TapServer::start(FREE, backend).await.expect("a port");
    if is_on_the_way {
        scope.tap(backend, tap.address());
    }
    let options = Options {
        origins: vec![SHOP.to_owned()],
        tap: Some(Arc::new(tap)),
        requests_max: 1000,
        seed: 0x1234_5678_9abc_def0,
        ..Options::default()
    };
    let probe = Probe::new(scope, options).expect("authorities");
    probe.run(&[Operation::get(url)], &|_| {}).await
}

fn cell(report: &Report, caller: Caller) -> Backend {
    report.grid.rows[0].cell(caller).expect("a cell").backend
}

#[tokio::test]
async fn what_came_there_was_seen() {
    let report = run(true).await;
    assert_eq!(report.left_out, []);
    for caller in [Caller::AllowedPage, Caller::Script, Caller::Image] {
        let want = Backend::Answers { status: 200, rung: Rung::InPath };
        assert_eq!(cell(&report, caller), want, "{caller:?}");
    }
    // It came there, and the backend refused it itself: nobody kept it from there.
    let refused = Backend::Answers { status: 403, rung: Rung::Unknown };
    assert_eq!(cell(&report, Caller::AnyPage), refused);
}

#[tokio::test]
async fn a_tap_beside_the_way_says_nothing() {
    let report = run(false).await;
    let own = Backend::Answers { status: 200, rung: Rung::Strong };
    assert_eq!(cell(&report, Caller::AllowedPage), own);
    let refused = Backend::Answers { status: 403, rung: Rung::Unknown };
    assert_eq!(cell(&report, Caller::AnyPage), refused);
    assert_eq!(report.left_out[0].0, "the tap");
}
