//! `cargo xtask bench micro`: what each layer costs by itself, in instructions (gungraun, under
//! valgrind) and in time (criterion).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use toml::Table;

use super::machine::{self, said_by};
use crate::install::{self, cache_folder};
use crate::workspace::{cargo, plain_cargo, root};

/// One figure of the benches.
struct Part {
    /// Its name in both benches.
    id: &'static str,
    what: &'static str,
    /// The figure that it is one layer more than.
    beyond: Option<&'static str>,
}

const fn part(id: &'static str, what: &'static str, beyond: Option<&'static str>) -> Part {
    Part { id, what, beyond }
}

/// In the order in which they are printed.
const PARTS: &[Part] = &[
    part("message", "message, and what every visit costs", None),
    part("cors", "cors", Some("message")),
    part("site", "site", Some("cors")),
    part("method", "method", Some("site")),
    part("quota", "quota: deny-lists and strikes", Some("method")),
    part("shares", "quota: shares, in the memory store", Some("quota")),
    part("remembered", "identity: a remembered token", Some("quota")),
    part("first_hs256", "identity: first sight, HS256", Some("quota")),
    part("first_es256", "identity: first sight, ES256", Some("quota")),
    part("first_eddsa", "identity: first sight, EdDSA", Some("quota")),
    part("first_rs256", "identity: first sight, RS256", Some("quota")),
    part("whole", "all of it, token remembered: from open to admitted", None),
    part("edits", "credential: what changes on the way to the backend", None),
    part("dress", "cors: dressing the answer", None),
    part("hello", "what a hello shows, once a connection", None),
    part("opening", "what an opening of HTTP/2 shows, once a connection", None),
    part("order", "what the order of a head's names shows", None),
];

/// What was measured of a part.
#[derive(Clone, Copy)]
struct Figures {
    instructions: f64,
    nanoseconds: f64,
}

/// Measures all parts and prints them; whether it could be done.
pub(super) fn run(arguments: &[&str]) -> anyhow::Result<bool> {
    ensure!(arguments.is_empty(), "bench micro takes no arguments");
    install::ensure(install::FOR_MICRO)?;
    let runner = runner()?;
    let (counted, timed) = (cache_folder().join("instructions"), cache_folder().join("time"));
    let mut count = bench("instructions");
    count.env("GUNGRAUN_RUNNER", runner).arg("--save-summary=json");
    count.arg(format!("--home={}", counted.display()));
    ensure!(count.status()?.success(), "counting instructions failed");
    let mut time = bench("time");
    time.env("CRITERION_HOME", &timed);
    time.args(["--noplot", "--warm-up-time", "1", "--measurement-time", "3"]);
    ensure!(time.status()?.success(), "measuring time failed");
    let mut figures = Vec::new();
    for part in PARTS {
        let instructions = instructions(&counted, part.id)?;
        let nanoseconds = nanoseconds(&timed, part.id)?;
        figures.push(Figures { instructions, nanoseconds });
    }
    print!("\n{}\n{}", machine::lines(), table(&figures));
    println!(
        "\na layer's own is what it costs beyond a gate without it. Valgrind has no instructions \
         for cryptography,\nso that hashes and signatures count more there than they take here: \
         compare counts with counts of another day"
    );
    println!("all figures: {}", write(&figures)?.display());
    Ok(true)
}

fn bench(name: &str) -> Command {
    let mut bench = cargo("bench");
    bench.args(["-p", "doorward-micro", "--features", "figures", "--bench", name, "--"]);
    bench
}

/// The program beside gungraun, of the same version, in the user's cache.
fn runner() -> anyhow::Result<PathBuf> {
    let lock: Table = std::fs::read_to_string(root().join("Cargo.lock"))?.parse()?;
    let packages = lock.get("package").and_then(|packages| packages.as_array());
    let named = |package: &&toml::Value| {
        package.get("name").and_then(|name| name.as_str()) == Some("gungraun-runner")
    };
    let package = packages.into_iter().flatten().find(named);
    let version = package.and_then(|package| package.get("version")?.as_str());
    let version = version.context("gungraun is not among the locked packages")?;
    let folder = cache_folder().join(format!("gungraun-{version}"));
    let program = folder.join("bin/gungraun-runner");
    if !program.is_file() {
        let mut install = plain_cargo("install");
        install.args(["gungraun-runner", "--locked", "--version", &format!("={version}"), "-j2"]);
        if !install.arg("--root").arg(&folder).status()?.success() {
            bail!("gungraun-runner {version} could not be installed by cargo install");
        }
    }
    Ok(program)
}

/// From gungraun's summary of the bench of this name, whatever its function is called.
fn instructions(home: &Path, id: &str) -> anyhow::Result<f64> {
    let folder = home.join("doorward-micro/instructions/layers");
    let ending = format!(".{id}");
    let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut entries = entries.flatten().map(|entry| entry.path());
    let found = entries.find(|path| path.to_string_lossy().ends_with(&ending));
    let summary =
        read(&found.with_context(|| format!("{id} was not counted"))?.join("summary.json"))?;
    let count = summary.pointer("/profiles/0/summaries/total/summary/Callgrind/Ir/metrics");
    // Both sides are there where an earlier run lies beside this one; the left is this one.
    let this = count.and_then(|count| count.pointer("/Left/Int").or(count.pointer("/Both/0/Int")));
    this.and_then(Value::as_f64).with_context(|| format!("no instructions of {id}"))
}

/// From criterion's samples the least: a busy machine can only add, and the median would tell about
/// the neighbours.
fn nanoseconds(home: &Path, id: &str) -> anyhow::Result<f64> {
    let sample = read(&home.join(id).join("new/sample.json"))?;
    let list = |name: &str| {
        let figures = sample.get(name).and_then(Value::as_array).into_iter().flatten();
        figures.filter_map(Value::as_f64).collect::<Vec<_>>()
    };
    let (times, turns) = (list("times"), list("iters"));
    let each = times.iter().zip(&turns).map(|(time, turns)| time / turns);
    each.min_by(f64::total_cmp).with_context(|| format!("no time of {id}"))
}

fn read(file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(serde_json::from_str(&text)?)
}

/// What a part costs beyond the one that it adds to.
fn own(index: usize, figures: &[Figures]) -> Figures {
    let beyond = PARTS[index].beyond;
    let before = beyond.and_then(|id| PARTS.iter().position(|part| part.id == id));
    let whole = figures[index];
    before.map_or(whole, |before| Figures {
        instructions: whole.instructions - figures[before].instructions,
        nanoseconds: whole.nanoseconds - figures[before].nanoseconds,
    })
}

fn table(figures: &[Figures]) -> String {
    let mut text = "| part | its own instructions | its own ns | with what it stands on | ns |\n\
                    | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for (index, part) in PARTS.iter().enumerate() {
        let (own, whole) = (own(index, figures), figures[index]);
        text += &format!(
            "| {} | {:.0} | {:.0} | {:.0} | {:.0} |\n",
            part.what, own.instructions, own.nanoseconds, whole.instructions, whole.nanoseconds
        );
    }
    text
}

fn write(figures: &[Figures]) -> anyhow::Result<PathBuf> {
    let date = said_by("date", &["-u", "+%Y-%m-%dT%H%M%SZ"]);
    let rows = PARTS.iter().enumerate().map(|(index, part)| {
        let (own, whole) = (own(index, figures), figures[index]);
        json!({
            "part": part.id, "what": part.what,
            "instructions": whole.instructions, "ns": whole.nanoseconds,
            "own_instructions": own.instructions, "own_ns": own.nanoseconds,
        })
    });
    let rows: Vec<_> = rows.collect();
    let document = json!({ "date": date, "machine": machine::document(), "parts": rows });
    let folder = root().join("bench/out");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("micro-{date}.json"));
    std::fs::write(&file, serde_json::to_string_pretty(&document)? + "\n")?;
    Ok(file)
}
