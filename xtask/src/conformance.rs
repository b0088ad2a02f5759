//! `cargo xtask conformance`: the model of a browser beside three real ones, and the table of it.

use anyhow::Context;

use crate::install;
use crate::step::run_counting;
use crate::workspace::{cargo, root};

/// Trials for each engine.
const TRIALS: u64 = 2000;
/// Where the table goes.
const FILE: &str = "docs/conformance.md";

/// Runs it, and writes the table.
pub(crate) fn run(arguments: &[&str]) -> anyhow::Result<bool> {
    let trials = match arguments {
        [] => TRIALS,
        [number, ..] => number.parse().context("the number of trials is not one")?,
    };
    install::ensure(install::FOR_TESTS)?;
    let geckodriver = install::geckodriver()?;
    let mut test = cargo("test");
    test.args(["-p", "doorward-test", "--profile", "ci", "--test", "conformance"]);
    test.args(["--", "--nocapture"]);
    test.env("DOORWARD_GECKODRIVER", geckodriver);
    test.env("DOORWARD_CAMPAIGN", trials.to_string());
    test.env("DOORWARD_WRITE", root().join(FILE));
    if let [_, seed] = arguments {
        test.env("DOORWARD_SEED", seed);
    }
    let (well, _) = run_counting(test)?;
    println!("written: {FILE}");
    Ok(well)
}
