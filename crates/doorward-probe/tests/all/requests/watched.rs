//! What is known of a backend's running: by a command, by nothing, by what stands before it.

use crate::corpus::{Asked, Memory, Reply, SHOP, start};
use crate::requests::desk::{SESSION, Tried, at, is_signed, json_item, placed};
use crate::requests::{SEED, probe};
use doorward_probe::{
    Operation, Options, Passed, Probe, Report, Rung, Scope, Session, Tap, Witness,
};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// Marks that arrived at the server of these tests.
static ARRIVED: Mutex<Vec<String>> = Mutex::new(Vec::new());

static CARELESS: Tried =
    Tried::json("careless", &["X-01"], |a, m| at(a, m, "/orders", careless)).signed(SESSION);

static RESTLESS: Tried = Tried::get("restless", &[], restless).watched();

/// Takes JSON as plain text, and writes down the mark of what arrives.
fn careless(asked: &Asked, memory: &mut Memory) -> Reply {
    let mark = asked.header("probe-mark").to_owned();
    ARRIVED.lock().unwrap_or_else(PoisonError::into_inner).push(mark);
    match is_signed(asked) && asked.method == "POST" && json_item(asked).is_some() {
        true => placed(memory),
        false => Reply::status(401),
    }
}

/// What is watched changes whenever it is looked at.
fn restless(asked: &Asked, memory: &mut Memory) -> Reply {
    if asked.path == "/witness" {
        memory.ran += 1;
    }
    at(asked, memory, "/orders", |_, _| Reply::json(r#"{"orders":[]}"#))
}

/// Stands on the way in.
#[derive(Debug)]
struct Board;

impl Tap for Board {
    fn arrived(&self, mark: &str) -> Vec<Passed> {
        let arrived = ARRIVED.lock().unwrap_or_else(PoisonError::into_inner);
        let own = arrived.iter().filter(|own| *own == mark);
        let (method, path) = ("POST".to_owned(), "/orders".to_owned());
        let passed = Passed { method, path, status: Some(201) };
        own.map(|_| passed.clone()).collect()
    }

    fn is_in_path(&self) -> bool {
        !ARRIVED.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

async fn careless_with(witness: Option<Witness>, tap: Option<Arc<dyn Tap>>) -> Report {
    let url = Url::parse(&start(&CARELESS.server).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    let cookie = ("Cookie".to_owned(), "session=s1".to_owned());
    let options = Options {
        origins: vec![SHOP.to_owned()],
        session: Some(Session::new(vec![cookie], std::slice::from_ref(&url))),
        allow_writes: true,
        witness,
        tap,
        requests_max: 1000,
        seed: SEED,
        ..Options::default()
    };
    let mut operation = Operation::get(url);
    operation.method = "POST".to_owned();
    operation.content_type = "application/json".to_owned();
    operation.body = CARELESS.body.as_bytes().to_vec();
    let probe = Probe::new(scope, options).expect("authorities");
    probe.run(&[operation], &|_| {}).await
}

fn rung(report: &Report) -> Option<Rung> {
    let found = report.findings.iter().find(|finding| finding.check == "X-01");
    found.and_then(|finding| finding.rung)
}

#[tokio::test]
async fn a_restless_witness_says_so() {
    let report = probe(&RESTLESS).await;
    assert_eq!(report.findings, []);
    assert!(report.left_out[0].1.contains("restless"), "{report:#?}");
}

#[tokio::test]
async fn what_stands_before_it_is_believed() {
    let report = careless_with(None, Some(Arc::new(Board))).await;
    assert_eq!(rung(&report), Some(Rung::InPath), "{report:#?}");
    let report = careless_with(None, None).await;
    assert_eq!(rung(&report), Some(Rung::Strong), "{report:#?}");
}

#[tokio::test]
async fn a_command_is_a_witness_and_a_broken_one_says_so() {
    // It never changes, for an allowed request either: then it is about something else.
    let report = careless_with(Some(Witness::Command("echo 1".to_owned())), None).await;
    assert_eq!((rung(&report), report.left_out.len()), (Some(Rung::Strong), 0), "{report:#?}");
    let report = careless_with(Some(Witness::Command("exit 3".to_owned())), None).await;
    assert_eq!(rung(&report), Some(Rung::Strong), "{report:#?}");
    assert!(report.left_out[0].1.contains("could not be read"), "{report:#?}");
}
