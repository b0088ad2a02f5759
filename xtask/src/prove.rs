//! `cargo xtask prove NAME`: one campaign in full. The same code as the small one, another number.

use std::process::Command;

use anyhow::{Context, bail};

use crate::install;
use crate::step::run_counting;
use crate::test::fuzz_targets;
use crate::workspace::{binary, cargo, command, find_program, plain_cargo};

/// Seconds for each fuzz target.
const FUZZ_SECONDS: u64 = 20;

/// A test that reads `DOORWARD_CAMPAIGN` for how much it does.
struct Campaign {
    name: &'static str,
    /// What it shows, and what the number counts.
    shows: &'static str,
    package: &'static str,
    /// The file of tests that is built alone; none: all of the package's.
    file: Option<&'static str>,
    /// The part of a test's name that chooses it.
    test: &'static str,
    number: u64,
    profile: &'static str,
}

const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        name: "store",
        shows: "the quota table keeps its size under distinct addresses (addresses)",
        package: "doorward-store",
        file: None,
        test: "spray",
        number: 10_000_000,
        profile: "release",
    },
    Campaign {
        name: "kills",
        shows: "a store in a file keeps what was settled, however often it is killed (kills)",
        package: "doorward-store",
        file: Some("kills"),
        test: "",
        number: 500,
        profile: "release",
    },
    Campaign {
        name: "shares",
        shows: "no key gets more than its share, and what that costs beside governor (requests)",
        package: "doorward-store",
        file: Some("accuracy"),
        test: "",
        number: 5_000_000,
        profile: "release",
    },
    Campaign {
        name: "scan",
        shows: "what the strict scan accepts hyper reads with the same boundaries (messages)",
        package: "doorward-proxy",
        file: None,
        test: "scan_against_hyper",
        number: 2_000_000,
        profile: "ci",
    },
    Campaign {
        name: "forms",
        shows: "no page puts a token where it does not belong, in a parser's eyes (pages)",
        package: "doorward-proxy",
        file: None,
        test: "no_page_puts_a_token",
        number: 1_000_000,
        profile: "ci",
    },
    Campaign {
        name: "probe",
        shows: "the probe finds each planted fault and nothing on safe servers (rounds)",
        package: "doorward-probe",
        file: Some("all"),
        test: "every_planted_fault",
        number: 1,
        profile: "ci",
    },
    Campaign {
        name: "simulation",
        shows: "visits against a shadow model with a store that fails, lags and repeats (visits)",
        package: "doorward-test",
        file: None,
        test: "simulation",
        number: 1_000_000,
        profile: "ci",
    },
    Campaign {
        name: "memory",
        shows: "constant memory under a large upload and download (bytes)",
        package: "doorward-test",
        file: None,
        test: "constant_memory",
        number: 2_147_483_648,
        profile: "ci",
    },
    Campaign {
        name: "refusals",
        shows: "clients that upload 30 MB read the refusal (times each)",
        package: "doorward-test",
        file: None,
        test: "refusals_are_read",
        number: 20,
        profile: "ci",
    },
    Campaign {
        name: "slow",
        shows: "slow heads, bodies and readers hold bounded memory and delay nobody (of each kind)",
        package: "doorward-proxy",
        file: Some("slow"),
        test: "",
        number: 400,
        profile: "ci",
    },
    Campaign {
        name: "sse",
        shows: "events and frames go on as they come, within a millisecond for 99 of 100 (events)",
        package: "doorward-proxy",
        file: Some("events"),
        test: "",
        number: 1_000,
        profile: "ci",
    },
    Campaign {
        name: "flood",
        shows: "forged tokens cost a microsecond each and slow down nobody (tokens)",
        package: "doorward-test",
        file: Some("identity_flood"),
        test: "forged_token",
        number: 100_000,
        profile: "release",
    },
    Campaign {
        name: "fleet-simulation",
        shows: "no fleet gives anybody more than his share, nor a known caller less (worlds)",
        package: "doorward-test",
        file: Some("simulation_fleet"),
        test: "",
        number: 2_000,
        profile: "ci",
    },
    Campaign {
        name: "fleet",
        shows: "three gates on one server claim, count and recover together (instants)",
        package: "doorward-test",
        file: Some("fleet"),
        test: "",
        number: 1_000,
        profile: "ci",
    },
    Campaign {
        name: "shapes",
        shows: "what fits a document is taken and what does not is not (requests an operation)",
        package: "doorward-test",
        file: Some("openapi_both_ways"),
        test: "what_fits",
        number: 2_000,
        profile: "ci",
    },
    Campaign {
        name: "tickets",
        shows: "forged tickets cost a MAC each, no memory and no question to the store (tickets)",
        package: "doorward-test",
        file: Some("pass_flood"),
        test: "forged_ticket",
        number: 1_000_000,
        profile: "release",
    },
];

/// Runs the campaign that the arguments name, or lists them.
pub(crate) fn run(arguments: &[&str]) -> anyhow::Result<bool> {
    let (name, number) = match arguments {
        [] => {
            list();
            return Ok(true);
        }
        [name] => (*name, None),
        [name, number] => (*name, Some(number.parse::<u64>().context("the number is not one")?)),
        _ => bail!("prove takes a name and a number"),
    };
    if name == "fuzz" {
        return fuzz(number.unwrap_or(FUZZ_SECONDS));
    }
    let Some(campaign) = CAMPAIGNS.iter().find(|campaign| campaign.name == name) else {
        list();
        bail!("there is no campaign `{name}`");
    };
    prove(campaign, number.unwrap_or(campaign.number))
}

fn list() {
    for campaign in CAMPAIGNS {
        println!("{:<12} {:>13}  {}", campaign.name, campaign.number, campaign.shows);
    }
    println!("{:<12} {FUZZ_SECONDS:>13}  each fuzz target, from its seeds (seconds each)", "fuzz");
}

fn prove(campaign: &Campaign, number: u64) -> anyhow::Result<bool> {
    if campaign.package == "doorward-test" {
        install::ensure(install::FOR_TESTS)?;
        let mut build = cargo("build");
        build.args(["-p", "doorward", "--profile", campaign.profile]);
        if !build.status()?.success() {
            return Ok(false);
        }
    }
    let mut test = cargo("test");
    test.args(["-p", campaign.package, "--profile", campaign.profile]);
    match campaign.file {
        Some(file) => test.args(["--test", file]),
        None => test.arg("--tests"),
    };
    test.args(["--", campaign.test, "--nocapture"]);
    if campaign.file.is_some() {
        // Its figures are taken one after the other.
        test.args(["--test-threads", "1"]);
    }
    test.env("DOORWARD_CAMPAIGN", number.to_string());
    test.env("DOORWARD_BIN", binary(campaign.profile));
    if campaign.package == "doorward-test" {
        test.env("DOORWARD_PYTHON", crate::python::interpreter()?);
        if campaign.name == "shapes" {
            test.env("DOORWARD_SCHEMATHESIS", crate::python::schemathesis()?);
        }
    }
    let (well, count) = run_counting(test)?;
    if count.passed + count.failed == 0 {
        bail!("no test named `{}` in {}", campaign.test, campaign.package);
    }
    println!("{} {number}: {} passed, {} failed", campaign.name, count.passed, count.failed);
    Ok(well)
}

/// Runs each target for some seconds; it begins with the seeds and keeps what it finds in `corpus`.
fn fuzz(seconds: u64) -> anyhow::Result<bool> {
    let targets = fuzz_targets();
    if targets.is_empty() {
        bail!("there is no target in fuzz/fuzz_targets");
    }
    if find_program("cargo-fuzz").is_none() {
        let mut install = plain_cargo("install");
        install.args(["cargo-fuzz", "--locked"]);
        if !install.status()?.success() {
            bail!("cargo-fuzz could not be installed; try `cargo install cargo-fuzz`");
        }
    }
    let mut well = true;
    for target in &targets {
        let name = target.file_stem().unwrap_or_default().to_string_lossy();
        println!("== fuzz {name}, {seconds} s");
        let status = fuzz_target(&name, seconds)?.status()?;
        println!("== fuzz {name}: {}", if status.success() { "ok" } else { "FAILED" });
        well &= status.success();
    }
    println!("fuzz: {} targets of {seconds} s", targets.len());
    Ok(well)
}

fn fuzz_target(name: &str, seconds: u64) -> anyhow::Result<Command> {
    let mut fuzz = plain_cargo("fuzz");
    fuzz.args(["run", name, &format!("fuzz/corpus/{name}")]);
    std::fs::create_dir_all(crate::workspace::root().join("fuzz/corpus").join(name))?;
    let seeds = format!("fuzz/seeds/{name}");
    if crate::workspace::root().join(&seeds).is_dir() {
        fuzz.arg(seeds);
    }
    fuzz.arg("--").arg(format!("-max_total_time={seconds}"));
    if !compiler_is_nightly()? {
        // The sanitizer's flags are unstable; this lets the stable compiler take them.
        fuzz.env("RUSTC_BOOTSTRAP", "1");
    }
    Ok(fuzz)
}

fn compiler_is_nightly() -> anyhow::Result<bool> {
    let output = command("rustc").arg("--version").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).contains("nightly"))
}
