//! The probe against servers whose faults are known: each planted fault is found, and nothing else.

use crate::corpus::{
    BROKEN, KEYED, Memory, NOT_POSTED, POSTED, Reply, SAFE, SHOP, SIGNED_IN, Server, start, trusted,
};
use doorward_probe::{Finding, Operation, Options, Probe, Report, Rung, Scope, Session};
use std::collections::BTreeSet;
use url::Url;

/// How a server is asked.
#[derive(Clone, Copy, Debug, Default)]
struct Asking {
    /// With this header of somebody's who is signed in.
    session: Option<(&'static str, &'static str)>,
    /// By a POST of JSON.
    posts: bool,
    /// With leave to write.
    allow_writes: bool,
    /// Nobody says which origin is allowed.
    is_origin_unsaid: bool,
}

/// One run against one server, at these paths of it.
async fn probe(server: &'static Server, paths: &[&str], asking: Asking) -> Report {
    let url = Url::parse(&start(server).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    let session = asking.session.map(|(name, value)| {
        let headers = vec![(name.to_owned(), value.to_owned())];
        Session::new(headers, std::slice::from_ref(&url))
    });
    let options = Options {
        origins: if asking.is_origin_unsaid { Vec::new() } else { trusted(server) },
        session,
        allow_writes: asking.allow_writes,
        requests_max: 1000,
        seed: 0x1234_5678_9abc_def0,
        ..Options::default()
    };
    let mut operations = Vec::new();
    for path in paths {
        let mut operation = Operation::get(url.join(path).expect("an address"));
        if asking.posts {
            "POST".clone_into(&mut operation.method);
            "application/json".clone_into(&mut operation.content_type);
            operation.body = b"{}".to_vec();
        }
        operations.push(operation);
    }
    let probe = Probe::new(scope, options).expect("authorities");
    probe.run(&operations, &|_| {}).await
}

/// What one operation may cost without further leave.
const REQUESTS_MAX: usize = 120;

/// Runs against each of these servers, and demands what is planted and nothing else.
async fn finds_exactly(
    servers: impl Iterator<Item = &'static Server>,
    asking: Asking,
) -> Vec<(&'static str, Finding)> {
    let mut wrong = Vec::new();
    let mut findings = Vec::new();
    let (mut found, mut missed, mut false_alarms) = (0, 0, 0);
    let mut requests = Vec::new();
    for server in servers {
        let report = probe(server, &[server.path], asking).await;
        let seen: BTreeSet<&str> = report.findings.iter().map(|finding| finding.check).collect();
        let planted: BTreeSet<&str> = server.planted.iter().copied().collect();
        found += planted.intersection(&seen).count();
        missed += planted.difference(&seen).count();
        false_alarms += seen.difference(&planted).count();
        requests.push(report.requests);
        if seen != planted || !report.left_out.is_empty() {
            wrong.push(format!("{}: planted {planted:?}, found {report:#?}", server.name));
        }
        findings.extend(report.findings.into_iter().map(|finding| (server.name, finding)));
    }
    requests.sort_unstable();
    println!(
        "{} servers: {found} faults found, {missed} missed, {false_alarms} false alarms; requests \
         per server: {} in the middle, {} at most",
        requests.len(),
        requests[requests.len() / 2],
        requests[requests.len() - 1]
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A run is quick, and does not wear a server out.
    assert!(requests[requests.len() - 1] < REQUESTS_MAX);
    findings
}

#[tokio::test]
async fn every_planted_fault_and_nothing_else() {
    let servers = BROKEN.iter().chain(SAFE).copied().flatten();
    let findings = finds_exactly(servers, Asking::default()).await;
    for (_, finding) in &findings {
        // Each says who can do what, how to see it and how to mend it.
        let told = [&finding.who, &finding.request, &finding.fix];
        assert!(told.iter().all(|text| !text.is_empty()), "{finding:#?}");
        assert!(!finding.engines.is_empty() && !finding.evidence.is_empty(), "{finding:#?}");
    }
}

/// How bad it is depends on what else is seen.
#[tokio::test]
async fn how_bad_it_is() {
    use doorward_probe::Confidence::{self, Certain, Firm, Tentative};
    use doorward_probe::Severity::{self, High, Info, Low, Medium};
    let rows: &[(&str, &str, Severity, Confidence)] = &[
        ("open-preflight", "C-17", Medium, Firm),
        ("open-preflight-for-json-posts", "C-17", High, Firm),
        ("blanket-with-credentials", "C-16", High, Firm),
        ("blanket-before-a-log-in", "C-16", Medium, Firm),
        ("blanket-star", "C-16", Low, Firm),
        ("options-run-the-handler", "C-18", Low, Firm),
        ("token-shown-to-everybody", "C-20", Low, Tentative),
        ("set-cookie-is-listed", "C-20", Info, Firm),
        ("list-without-vary", "C-21", Medium, Firm),
        ("kept-by-browsers-alone", "C-21", Low, Firm),
        ("vary-but-not-with-errors", "C-21", Low, Firm),
        ("cache-that-ignores-vary", "C-21", High, Certain),
        ("private-network-for-the-shop", "C-26", Info, Firm),
        ("private-network-for-everybody", "C-26", Medium, Firm),
        ("jsonp-for-one-person", "C-27", Low, Tentative),
        ("socket-for-everybody", "C-28", Medium, Tentative),
        ("mutations-by-get", "C-29", High, Firm),
        ("redirect-with-a-key", "C-30", Medium, Tentative),
    ];
    for (name, check, severity, confidence) in rows {
        let mut servers = BROKEN.iter().copied().flatten();
        let server = servers.find(|server| server.name == *name).expect("a server of that name");
        let report = probe(server, &[server.path], Asking::default()).await;
        let found = report.findings.iter().find(|finding| finding.check == *check);
        let found = found.map(|finding| (finding.severity, finding.confidence));
        assert_eq!(found, Some((*severity, *confidence)), "{}", server.name);
    }
}

#[tokio::test]
async fn no_false_alarm_where_nobody_says_which_origin_is_allowed() {
    let asking = Asking { is_origin_unsaid: true, ..Asking::default() };
    finds_exactly(SAFE.iter().copied().flatten(), asking).await;
}

#[tokio::test]
async fn what_shows_only_to_somebody_who_is_signed_in() {
    let asking = Asking { session: Some(("Cookie", "session=ann")), ..Asking::default() };
    finds_exactly(SIGNED_IN.iter().copied().flatten(), asking).await;
    let asking = Asking { session: Some(("X-Api-Key", "k")), ..Asking::default() };
    finds_exactly(KEYED.iter(), asking).await;
}

#[tokio::test]
async fn what_runs_is_said_of_what_was_sent() {
    let asking = Asking { posts: true, allow_writes: true, ..Asking::default() };
    let findings = finds_exactly(POSTED.iter(), asking).await;
    let rungs = findings.iter().filter(|(_, one)| one.check == "C-17").map(|(_, one)| one.rung);
    assert_eq!(
        rungs.collect::<Vec<_>>(),
        [Some(Rung::Strong), Some(Rung::Strong), Some(Rung::Weak)]
    );
    finds_exactly(NOT_POSTED.iter(), Asking { posts: true, ..Asking::default() }).await;
}

/// Three operations allow the shop, and one forgot it; a fifth is not there.
static DRIFTING: Server = Server {
    name: "drifting",
    planted: &["C-32"],
    path: "/a",
    answer: |asked, _: &mut Memory| {
        let is_ours = asked.header("origin") == SHOP;
        let reply = match (asked.is_preflight(), asked.path.as_str()) {
            (true, _) => return Reply::status(403),
            (false, "/a" | "/b" | "/c" | "/forgotten") => Reply::json("{}"),
            (false, _) => Reply::status(404),
        };
        let reply = reply.with("Vary", "Origin");
        match is_ours && asked.path != "/forgotten" {
            true => reply.with("Access-Control-Allow-Origin", SHOP),
            false => reply,
        }
    },
};

#[tokio::test]
async fn an_operation_that_differs_from_most() {
    let paths = ["/a", "/forgotten", "/b", "/nowhere", "/c"];
    let report = probe(&DRIFTING, &paths, Asking::default()).await;
    let found: Vec<String> = report.findings.iter().map(Finding::key).collect();
    assert_eq!(found, ["C-32 GET /forgotten"]);
    let report = probe(&DRIFTING, &paths[..3], Asking::default()).await;
    assert_eq!(report.findings, []);
}
