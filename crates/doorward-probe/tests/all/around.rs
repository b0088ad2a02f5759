//! The way around a gate: found where the backend answers by itself, silent where it refuses.

use crate::corpus::{Asked, Memory, Reply, SHOP, Server, start};
use doorward_probe::{
    Confidence, Finding, Operation, Options, Probe, Rung, Scope, Severity, TapServer, Witness,
};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use url::Url;

/// What is found here alone.
pub(crate) const PLANTED: &[&str] = &["G-01"];

type Answer = fn(&Asked, &mut Memory) -> Reply;

const fn server(name: &'static str, answer: Answer) -> Server {
    Server { name, planted: &[], path: "/orders", answer }
}

/// A backend that asks nobody for anything.
fn careless(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.path.as_str() {
        "/orders" => {
            memory.ran += 1;
            Reply::json(r#"{"orders":[]}"#)
        }
        "/ran" => Reply::json(&format!("{{\"ran\":{}}}", memory.ran)),
        _ => Reply::status(404),
    }
}

/// It numbers its answers.
fn numbered(asked: &Asked, memory: &mut Memory) -> Reply {
    memory.ran += 1;
    match asked.path.as_str() {
        "/orders" => Reply::json(&format!("{{\"orders\":[],\"id\":{}}}", memory.ran)),
        _ => Reply::status(404),
    }
}

/// It runs what the gate admitted, and nothing else.
fn admitted_alone(asked: &Asked, memory: &mut Memory) -> Reply {
    match asked.header("doorward-admitted") {
        "" => Reply::status(403),
        _ => careless(asked, memory),
    }
}

fn refuses(_: &Asked, _: &mut Memory) -> Reply {
    Reply::json(r#"{"code":"pass/missing"}"#).status_of(403)
}

fn is_another(asked: &Asked, _: &mut Memory) -> Reply {
    match asked.path.as_str() {
        "/orders" => Reply::json(r#"{"name":"another application"}"#),
        _ => Reply::status(404),
    }
}

static CARELESS: Server = server("careless-backend", careless);
static NUMBERED: Server = server("numbered-backend", numbered);
static REFUSES: Server = server("gate-that-refuses", refuses);
static ADMITTED: Server = server("admission-demanded", admitted_alone);
static UNSIGNED: Server = server("sign-in-demanded", |_, _| Reply::status(401));
static MISDIRECTED: Server = server("other-name", |_, _| Reply::status(421));
static ANOTHER: Server = server("another-application", is_another);
static MISSING: Server = server("other-host", |_, _| Reply::status(404));
static WELCOME: Server = server("welcome-page", |_, _| Reply::json(r#""It works""#));
static MOVED: Server =
    server("moves-on", |_, _| Reply::status(302).with("Location", "https://shop.example/"));

/// How else it is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Answers,
    Tap,
    Witness,
}

/// What is found at `gate` with a backend at `around`.
async fn found(gate: &'static Server, around: Url, known: Known) -> Vec<Finding> {
    let url = Url::parse(&start(gate).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    scope.add(&around).await.expect("this machine");
    let mut options = Options {
        origins: vec![SHOP.to_owned()],
        around: Some(around.clone()),
        requests_max: 1000,
        seed: 0x1234_5678_9abc_def0,
        ..Options::default()
    };
    match known {
        Known::Answers => {}
        Known::Tap => {
            let backend = scope.socket(&around).expect("it is in scope");
            let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let tap = TapServer::start(free, backend).await.expect("a port");
            scope.tap(backend, tap.address());
            options.tap = Some(Arc::new(tap));
        }
        Known::Witness => {
            options.witness = Some(Witness::Url(around.join("/ran").expect("an address")));
        }
    }
    let probe = Probe::new(scope, options).expect("authorities");
    let report = probe.run(&[Operation::get(url)], &|_| {}).await;
    report.findings.into_iter().filter(|finding| finding.check == "G-01").collect()
}

async fn place(backend: &'static Server) -> Url {
    let url = Url::parse(&start(backend).await).expect("an address");
    url.join("/").expect("an address")
}

#[tokio::test]
async fn a_backend_that_answers_by_itself_is_found() {
    use Known::{Answers, Tap};
    let rows = [
        (&REFUSES, &CARELESS, Answers, Severity::High, Confidence::Firm, Rung::Weak),
        (&CARELESS, &CARELESS, Answers, Severity::High, Confidence::Firm, Rung::Strong),
        (&NUMBERED, &NUMBERED, Answers, Severity::High, Confidence::Firm, Rung::Strong),
        (&CARELESS, &ANOTHER, Answers, Severity::Medium, Confidence::Tentative, Rung::Weak),
        (&REFUSES, &CARELESS, Tap, Severity::High, Confidence::Certain, Rung::InPath),
        (&REFUSES, &CARELESS, Known::Witness, Severity::High, Confidence::Certain, Rung::Effect),
    ];
    for (gate, backend, known, severity, confidence, rung) in rows {
        let findings = found(gate, place(backend).await, known).await;
        let seen: Vec<_> = findings
            .iter()
            .map(|finding| (finding.severity, finding.confidence, finding.rung))
            .collect();
        let want = [(severity, confidence, Some(rung))];
        assert_eq!(seen, want, "{} before {}: {findings:#?}", gate.name, backend.name);
        let request = &findings[0].request;
        assert!(request.contains("-H 'Host: api.shop.localhost:"), "{request}");
    }
}

#[tokio::test]
async fn a_backend_that_refuses_is_not() {
    for gate in [&REFUSES, &CARELESS] {
        let refusing = [&ADMITTED, &UNSIGNED, &MISDIRECTED, &MISSING, &WELCOME, &MOVED];
        for backend in refusing {
            let findings = found(gate, place(backend).await, Known::Answers).await;
            assert_eq!(findings, [], "{} before {}", gate.name, backend.name);
        }
    }
    // Nobody listens there: the backend has a unix socket.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let nobody = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let nobody = Url::parse(&nobody).expect("an address");
    assert_eq!(found(&CARELESS, nobody, Known::Answers).await, []);
}
