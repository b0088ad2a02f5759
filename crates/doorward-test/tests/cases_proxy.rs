//! Every case, over real sockets: one proxy before a backend that keeps what it was asked.

use doorward_test::cases::{self, ProxyRunner};

#[test]
fn every_case_is_as_it_should_be_over_sockets() {
    let cases = cases::read_all(cases::LAYERS).unwrap_or_else(|errors| panic!("{errors}"));
    let mut runner = ProxyRunner::start().unwrap_or_else(|error| panic!("{error}"));
    let mut failures = Vec::new();
    for case in &cases {
        let found = runner.run(case);
        failures.extend(found.into_iter().map(|what| format!("cases/{}.case {what}", case.name)));
    }
    failures.extend(runner.stop().into_iter().map(|what| format!("the log: {what}")));
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}
