//! Every case, through the core alone.

use doorward_test::cases::{self, Case};

#[test]
fn every_case_is_as_it_should_be_in_the_core() {
    let cases = cases::read_all(cases::LAYERS).unwrap_or_else(|errors| panic!("{errors}"));
    let mut failures = Vec::new();
    for case in &cases {
        let found = cases::run_in_core(case);
        failures.extend(found.into_iter().map(|what| format!("cases/{}.case {what}", case.name)));
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
    println!("{} cases, {} requests", cases.len(), requests(&cases));
}

#[test]
fn every_row_of_the_decision_table_has_its_case() {
    let cases = cases::read_all(&["site"]).unwrap_or_else(|errors| panic!("{errors}"));
    let has_case = |name: &str| cases.iter().any(|case| case.name == format!("site/{name}"));
    let rows = doorward_core::layers::site::table::TABLE.iter().map(|row| row.name);
    let missing: Vec<&str> = rows.filter(|name| !has_case(name)).collect();
    assert!(missing.is_empty(), "no cases/site/<row>.case for {missing:?}");
}

#[test]
fn there_are_as_many_cases_as_promised() {
    let cases = cases::read_all(cases::LAYERS).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(requests(&cases) >= 250, "{} requests", requests(&cases));
}

fn requests(cases: &[Case]) -> usize {
    cases.iter().map(|case| case.steps.len()).sum()
}
