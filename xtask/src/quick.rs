//! `cargo xtask quick`: format, tidy, clippy and unit tests, under a minute when incremental.

use crate::step::Steps;
use crate::test::before_tests;
use crate::workspace::cargo;

/// The crates whose unit tests are quick: they decide, and start no process.
const PACKAGES: &[&str] = &[
    "doorward-browser",
    "doorward-core",
    "doorward-config",
    "doorward-store",
    "doorward-porter",
    "doorward-proxy",
    "doorward-lab",
];

/// Runs the quick steps; whether all of them were well.
pub(crate) fn run() -> anyhow::Result<bool> {
    let mut steps = Steps::default();
    before_tests(&mut steps);
    let mut test = cargo("test");
    test.args(["--lib", "--no-fail-fast", "--quiet", "--profile", "ci"]);
    test.args(PACKAGES.iter().flat_map(|package| ["-p", package]));
    test.env_remove("DOORWARD_CAMPAIGN");
    steps.tests("unit tests", test);
    Ok(steps.close())
}
