//! The probe where it may write, has a session, watches a witness, or presses limits: each planted
//! fault is found, and nothing else.

mod desk;
mod forms;
mod https;
mod limits;
mod origins;
mod safe;
mod sessions;
mod tokens;
mod watched;
mod worth;

use crate::around;
use crate::corpus::{BROKEN, SAFE, SHOP, start};
use desk::Tried;
use doorward_probe::checks::CHECKS;
use doorward_probe::{
    Operation, Options, Probe, Report, Rung, Scope, Session, Tap, TapServer, Witness,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use url::Url;

const SEED: u64 = 0x1234_5678_9abc_def0;

/// One run against one server.
async fn probe(tried: &'static Tried) -> Report {
    probe_by(tried, false).await
}

/// The same, with a tap before the server if one is asked for.
async fn probe_by(tried: &'static Tried, by_tap: bool) -> Report {
    let url = Url::parse(&start(&tried.server).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    let headers = tried.session.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let headers: Vec<(String, String)> = headers.collect();
    let witness = url.join("/witness").expect("an address");
    let backend = scope.socket(&url).expect("it is in scope");
    let tap = match by_tap {
        true => Some(TapServer::start(([127, 0, 0, 1], 0).into(), backend).await.expect("a port")),
        false => None,
    };
    tap.iter().for_each(|tap| scope.tap(backend, tap.address()));
    let options = Options {
        origins: vec![SHOP.to_owned()],
        session: (!headers.is_empty()).then(|| Session::new(headers, std::slice::from_ref(&url))),
        allow_writes: tried.writes,
        witness: tried.witness.then_some(Witness::Url(witness)),
        limits: tried.limits,
        tap: tap.map(|tap| Arc::new(tap) as Arc<dyn Tap>),
        requests_max: 1000,
        seed: SEED,
        ..Options::default()
    };
    let mut operation = Operation::get(url);
    operation.method = tried.method.to_owned();
    operation.content_type = tried.content_type.to_owned();
    operation.body = tried.body.as_bytes().to_vec();
    let probe = Probe::new(scope, options).expect("authorities");
    probe.run(&[operation], &|_| {}).await
}

#[tokio::test]
async fn every_planted_fault_and_nothing_else() {
    finds_what_is_planted(false).await;
}

/// What is seen on its way in finds no more and no less.
#[tokio::test]
async fn every_planted_fault_and_nothing_else_by_tap() {
    finds_what_is_planted(true).await;
}

async fn finds_what_is_planted(by_tap: bool) {
    let lists =
        [forms::TRIED, origins::TRIED, tokens::TRIED, sessions::TRIED, limits::TRIED, safe::TRIED];
    let mut wrong = Vec::new();
    let (mut found, mut missed, mut false_alarms) = (0, 0, 0);
    let mut requests = Vec::new();
    for tried in lists.iter().copied().flatten() {
        let report = probe_by(tried, by_tap).await;
        let seen: BTreeSet<&str> = report.findings.iter().map(|finding| finding.check).collect();
        let planted: BTreeSet<&str> = tried.server.planted.iter().copied().collect();
        found += planted.intersection(&seen).count();
        missed += planted.difference(&seen).count();
        false_alarms += seen.difference(&planted).count();
        requests.push(report.requests);
        assert!(!tried.limits || report.requests <= 60, "{}", tried.server.name);
        let unproved = report.findings.iter().any(|finding| {
            finding.check.starts_with("X-") && finding.rung.is_some_and(|rung| !rung.is_run())
        });
        let is_seen = |rung| matches!(rung, Rung::InPath | Rung::Effect);
        let mut forged = report.findings.iter().filter(|finding| finding.check.starts_with("X-"));
        let is_inferred = forged.any(|finding| finding.rung.is_some_and(|rung| !is_seen(rung)));
        let unproved = unproved || (by_tap && is_inferred);
        if seen != planted || !report.left_out.is_empty() || unproved {
            let name = tried.server.name;
            wrong.push(format!("{name}: planted {planted:?}, found {report:#?}"));
        }
    }
    requests.sort_unstable();
    println!(
        "{} servers: {found} faults found, {missed} missed, {false_alarms} false alarms; \
         requests: median {}, most {}",
        requests.len(),
        requests[requests.len() / 2],
        requests[requests.len() - 1]
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A check that no server is there for could find nothing, and nobody would know.
#[test]
fn every_check_has_a_server_that_it_must_find() {
    let lists = [forms::TRIED, origins::TRIED, tokens::TRIED, sessions::TRIED, limits::TRIED];
    let tried = lists.into_iter().flatten().map(|tried| tried.server.planted);
    let plain = BROKEN.iter().copied().flatten().map(|server| server.planted);
    let planted: BTreeSet<&str> = tried.chain(plain).flatten().copied().collect();
    for check in CHECKS.iter().filter(|check| !check.id.starts_with("C-")) {
        let is_planted = planted.contains(check.id)
            || https::PLANTED.contains(&check.id)
            || around::PLANTED.contains(&check.id);
        assert!(is_planted, "{} has no server", check.id);
    }
}

async fn run_all(paths: &[&str], options: Options) -> Report {
    let mut servers = BROKEN.iter().copied().flatten();
    let server = servers.find(|server| server.name == "session-without-samesite");
    let url = Url::parse(&start(server.expect("it is there")).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    let join = |path: &&str| Operation::get(url.join(path).expect("an address"));
    let operations: Vec<Operation> = paths.iter().map(join).collect();
    let options = Options { requests_max: 1000, seed: SEED, ..options };
    Probe::new(scope, options).expect("authorities").run(&operations, &|_| {}).await
}

/// A session's cookie that each answer sets anew is one cookie.
#[tokio::test]
async fn one_cookie_of_all_addresses_is_told_once() {
    let report = run_all(&["/home", "/orders", "/account"], Options::default()).await;
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(found, ["K-02"], "{report:#?}");
}

/// However many addresses there are.
#[tokio::test]
async fn limits_are_pressed_by_sixty_requests_of_a_run() {
    let limits = Options { limits: true, ..Options::default() };
    let report = run_all(&["/home", "/orders", "/account", "/news"], limits).await;
    assert!(report.requests <= 60, "{}", report.requests);
    assert!(report.left_out.iter().any(|(_, why)| why.contains("used up")), "{report:#?}");
}

/// Good manners: a run without more words asks one address this often, at most.
const REQUESTS_OF_ONE_MAX: usize = 120;

#[tokio::test]
async fn a_run_without_more_words_is_short() {
    let mut requests = Vec::new();
    for server in BROKEN.iter().chain(SAFE).copied().flatten() {
        let url = Url::parse(&start(server).await).expect("an address");
        let mut scope = Scope::new(&[]);
        scope.add(&url).await.expect("this machine");
        let origins = vec![SHOP.to_owned()];
        let options = Options { origins, requests_max: 1000, seed: SEED, ..Options::default() };
        let probe = Probe::new(scope, options).expect("authorities");
        let report = probe.run(&[Operation::get(url)], &|_| {}).await;
        assert!(report.requests < REQUESTS_OF_ONE_MAX, "{}: {}", server.name, report.requests);
        assert!(
            probe
                .log()
                .iter()
                .all(|call| matches!(call.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE"))
        );
        requests.push(report.requests);
    }
    requests.sort_unstable();
    println!("requests: median {}, most {:?}", requests[requests.len() / 2], requests.last());
}

/// What could write is sent with leave alone, and what presses limits too.
#[tokio::test]
async fn without_leave_nothing_is_written_or_pressed() {
    for tried in [forms::TRIED, tokens::TRIED].into_iter().flatten() {
        let url = Url::parse(&start(&tried.server).await).expect("an address");
        let mut scope = Scope::new(&[]);
        scope.add(&url).await.expect("this machine");
        let options = Options { requests_max: 1000, seed: SEED, ..Options::default() };
        let mut operation = Operation::get(url);
        operation.method = tried.method.to_owned();
        operation.content_type = tried.content_type.to_owned();
        operation.body = tried.body.as_bytes().to_vec();
        let probe = Probe::new(scope, options).expect("authorities");
        probe.run(&[operation], &|_| {}).await;
        for call in probe.log() {
            assert!(
                matches!(call.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE"),
                "{call:?}"
            );
        }
        // What presses a limit sends dozens more.
        assert!(probe.log().len() < 48, "{}: {}", tried.server.name, probe.log().len());
    }
}
