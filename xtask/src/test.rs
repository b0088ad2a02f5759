//! `cargo xtask test`: what continuous integration runs, every campaign small, one line of counts.

use std::process::Command;
use std::time::Instant;

use crate::install;
use crate::step::Steps;
use crate::tidy;
use crate::workspace::{binary, cargo, command, find_program, plain_cargo, root};

/// The one profile of tests, browsers and lab.
const PROFILE: &str = "ci";

/// Runs everything; whether all of it was well.
pub(crate) fn run() -> anyhow::Result<bool> {
    let start = Instant::now();
    let mut steps = Steps::default();
    steps.check("programs that the tests need", || {
        install::ensure(install::FOR_TESTS)?;
        install::geckodriver()?;
        Ok(true)
    });
    before_tests(&mut steps);
    steps.check("the lab's pages", crate::web::check);
    steps.check("the client of passes", crate::web::check_client);
    steps.check("Python's packages", || crate::python::interpreter().map(|_| true));
    steps.check("JSON-Schema-Test-Suite", || crate::schema_suite::folder().map(|_| true));
    steps.command("documentation", documentation());
    if steps.command("build", build()) {
        steps.tests("tests", small(tests()));
        steps.tests("documentation's examples", small(examples_in_documentation()));
    }
    println!("== all in {:.0} s", start.elapsed().as_secs_f32());
    Ok(steps.close())
}

/// Format, tidy and clippy: what `quick` runs too.
pub(crate) fn before_tests(steps: &mut Steps) {
    let mut format = plain_cargo("fmt");
    format.args(["--all", "--check"]);
    steps.command("format", format);
    let targets = fuzz_targets();
    if !targets.is_empty() {
        let mut format = command("rustfmt");
        format.args(["--check", "--edition", "2024"]).args(targets);
        steps.command("format of the fuzz targets", format);
    }
    steps.check("tidy", tidy::run);
    // The dev profile and the whole workspace, always: one set of artefacts for everyone.
    let mut clippy = cargo("clippy");
    clippy.args(["--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]);
    steps.command("clippy", clippy);
}

/// The names of the fuzz targets' files, sorted.
pub(crate) fn fuzz_targets() -> Vec<std::path::PathBuf> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    files
}

fn documentation() -> Command {
    let mut doc = cargo("doc");
    doc.args(["--workspace", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings");
    doc
}

/// One build for the binary and all tests: the same features, so nothing is built twice.
fn build() -> Command {
    let mut build = cargo("build");
    build.args(["--workspace", "--lib", "--bins", "--tests", "--profile", PROFILE]);
    build
}

fn tests() -> Command {
    if find_program("cargo-nextest").is_some() {
        let mut nextest = plain_cargo("nextest");
        nextest.args(["run", "--workspace", "--cargo-profile", PROFILE, "--build-jobs", "2"]);
        nextest.args(["--config-file", "xtask/nextest.toml", "--no-fail-fast"]);
        nextest.args(["--status-level", "slow"]);
        nextest
    } else {
        let mut test = cargo("test");
        test.args(["--workspace", "--lib", "--bins", "--tests", "--no-fail-fast", "--quiet"]);
        test.args(["--profile", PROFILE]);
        test
    }
}

fn examples_in_documentation() -> Command {
    let mut test = cargo("test");
    test.args(["--workspace", "--doc", "--no-fail-fast", "--quiet", "--profile", PROFILE]);
    test
}

/// Every campaign small, the binary that tests start as a process, and what they find nowhere
/// else: Firefox's driver, the packages that look at pages, and Python's.
fn small(mut command: Command) -> Command {
    command.env("DOORWARD_BIN", binary(PROFILE)).env_remove("DOORWARD_CAMPAIGN");
    // What is missing was told in the steps before; a test that needs it says so again.
    if let Ok(driver) = install::geckodriver() {
        command.env("DOORWARD_GECKODRIVER", driver);
    }
    if let Ok(packages) = crate::web::packages() {
        command.env("DOORWARD_WEB_PACKAGES", packages);
    }
    if let Ok(packages) = crate::web::example_packages() {
        command.env("DOORWARD_EXAMPLE_PACKAGES", packages);
    }
    if let Ok(packages) = crate::web::provider_packages() {
        command.env("DOORWARD_PROVIDER_PACKAGES", packages);
    }
    if let Ok(packages) = crate::web::ai_packages() {
        command.env("DOORWARD_AI_PACKAGES", packages);
    }
    if let Ok(python) = crate::python::ai_interpreter() {
        command.env("DOORWARD_AI_PYTHON", python);
    }
    if let Ok(python) = crate::python::interpreter() {
        command.env("DOORWARD_PYTHON", python);
    }
    if let Ok(suite) = crate::schema_suite::folder() {
        command.env("DOORWARD_SCHEMA_SUITE", suite);
    }
    command
}
