//! Every case, through the tower layer behind hyper's server; but for the steps in `quirks.toml`,
//! which come as it says.

use doorward_test::cases::{self, Came, TowerRunner};
use toml::{Table, Value};

/// Words of a reason at the least.
const WHY_WORDS_MIN: usize = 5;

/// Steps that cannot come here as their case wants.
struct Quirk {
    case: String,
    steps: Vec<usize>,
    becomes: String,
    why: String,
}

impl Quirk {
    fn names(&self, case: &str, step: usize) -> bool {
        self.case == case && self.steps.contains(&step)
    }
}

fn quirks() -> Result<Vec<Quirk>, String> {
    let text = include_str!("../../doorward-tower/quirks.toml");
    let table: Table = text.parse().map_err(|error| format!("quirks.toml: {error}"))?;
    let rows = table.get("quirk").and_then(Value::as_array).ok_or("there are no quirks")?;
    rows.iter().map(|row| quirk(row).ok_or_else(|| format!("this is no quirk: {row}"))).collect()
}

fn quirk(row: &Value) -> Option<Quirk> {
    let text = |key: &str| row.get(key)?.as_str().map(str::to_owned);
    let steps = row.get("steps")?.as_array()?.iter();
    let steps: Option<Vec<usize>> =
        steps.map(|step| usize::try_from(step.as_integer()?).ok()).collect();
    Some(Quirk { case: text("case")?, steps: steps?, becomes: text("becomes")?, why: text("why")? })
}

#[test]
fn every_case_is_as_its_fidelity_allows() {
    let cases = cases::read_all(cases::LAYERS).unwrap_or_else(|errors| panic!("{errors}"));
    let quirks = quirks().unwrap_or_else(|error| panic!("{error}"));
    let runner = TowerRunner::start().unwrap_or_else(|error| panic!("{error}"));
    let mut failures = Vec::new();
    let (mut met, mut whole) = (Vec::new(), 0);
    for case in &cases {
        let came = match runner.run(case) {
            Ok(came) => came,
            Err(error) => {
                failures.push(format!("cases/{}.case: {error}", case.name));
                continue;
            }
        };
        whole += usize::from(came.is_empty());
        for Came { step, line, becomes } in came {
            let place = format!("cases/{}.case line {line}, step {step}", case.name);
            let found = quirks.iter().find(|quirk| quirk.names(&case.name, step));
            match found {
                Some(quirk) if quirk.becomes == becomes => met.push((quirk.case.as_str(), step)),
                Some(quirk) => {
                    failures.push(format!("{place}: {becomes}; its quirk says {}", quirk.becomes));
                }
                None => failures.push(format!("{place}: {becomes}; there is no quirk of it")),
            }
        }
    }
    let listed =
        quirks.iter().flat_map(|quirk| quirk.steps.iter().map(|step| (quirk.case.as_str(), *step)));
    for (case, step) in listed.filter(|listed| !met.contains(listed)) {
        failures.push(format!("the quirk of cases/{case}.case, step {step}, is not met so"));
    }
    let steps = cases.iter().flat_map(|case| &case.steps);
    let requests = steps.filter(|step| !TowerRunner::leaves_out(step)).count();
    println!("{whole} of {} cases, {} of {requests} requests", cases.len(), requests - met.len());
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_quirk_has_its_reason_and_is_listed_once() {
    let quirks = quirks().unwrap_or_else(|error| panic!("{error}"));
    for (place, quirk) in quirks.iter().enumerate() {
        let (case, why) = (&quirk.case, &quirk.why);
        assert!(why.split_whitespace().count() >= WHY_WORDS_MIN, "{case}: {why:?} is no reason");
        for step in &quirk.steps {
            let earlier = quirks[..place].iter().any(|other| other.names(case, *step));
            assert!(!earlier, "step {step} of {case} is listed twice");
        }
    }
}
