//! The probe against servers whose faults are known: each planted fault is found, and nothing else.

mod callers;
mod corpus;

use corpus::{BROKEN, SAFE, SHOP, Server, start};
use doorward_probe::{Operation, Options, Probe, Report, Scope};
use std::collections::BTreeSet;
use url::Url;

/// One run against one server.
async fn probe(server: &'static Server) -> Report {
    let url = Url::parse(&start(server).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    let options = Options {
        origins: vec![SHOP.to_owned()],
        requests_max: 1000,
        seed: 0x1234_5678_9abc_def0,
        ..Options::default()
    };
    let probe = Probe::new(scope, options).expect("authorities");
    probe.run(&[Operation::get(url)], &|_| {}).await
}

#[tokio::test]
async fn every_planted_fault_and_nothing_else() {
    let mut wrong = Vec::new();
    let (mut found, mut missed, mut false_alarms) = (0, 0, 0);
    for server in BROKEN.iter().chain(SAFE).copied().flatten() {
        let report = probe(server).await;
        let seen: BTreeSet<&str> = report.findings.iter().map(|finding| finding.check).collect();
        let planted: BTreeSet<&str> = server.planted.iter().copied().collect();
        found += planted.intersection(&seen).count();
        missed += planted.difference(&seen).count();
        false_alarms += seen.difference(&planted).count();
        if seen != planted || !report.left_out.is_empty() {
            wrong.push(format!("{}: planted {planted:?}, found {:#?}", server.name, report));
        }
    }
    println!(
        "{} broken servers, {} safe ones: {found} faults found, {missed} missed, {false_alarms} \
         false alarms",
        BROKEN.iter().copied().flatten().count(),
        SAFE.iter().copied().flatten().count()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
