//! `cargo xtask bench`: the gate beside nginx, HAProxy and Envoy doing the same work, in one run;
//! `cargo xtask bench decision`: the core alone; `cargo xtask bench micro`: its layers one by one.

mod bars;
mod calls;
mod cpu;
mod credentials;
mod decision;
mod envoy;
mod hits;
mod kind;
mod load;
mod machine;
mod message;
mod micro;
mod peer;
mod rate;
mod report;
mod round;
mod server;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use crate::workspace::root;
use crate::{dist, install};
use kind::{Kind, PEERS};
use peer::Peer;
use round::Measured;

/// Load average before the run above which something else was at work.
const LOAD_MAX: f64 = 0.8;

/// What the command line asks for.
struct Settings {
    rounds: usize,
    /// Seconds of a round's load.
    seconds: u32,
    /// Requests a second at which latency is measured.
    rate: u32,
    peers: Vec<&'static Kind>,
    /// A program that is measured instead of one that is built for it.
    gate: Option<PathBuf>,
}

/// Measures every peer and prints the table; whether all of it could be measured.
pub(crate) fn run(arguments: &[&str]) -> anyhow::Result<bool> {
    if let ["micro", rest @ ..] = arguments {
        return micro::run(rest);
    }
    if arguments == ["decision"] {
        return alone();
    }
    let settings = parse(arguments)?;
    let load = machine::load();
    install::ensure(install::FOR_BENCH)?;
    envoy::ensure(&settings.peers)?;
    let gate = settings.peers.iter().any(|kind| kind.is_gate());
    if gate && settings.gate.is_none() {
        dist::build()?;
    }
    let folder = std::env::temp_dir().join(format!("doorward-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("no folder for the peers' files")?;
    let program = settings.gate.clone().unwrap_or_else(dist::binary);
    let measured = measure(&settings, &folder, &program);
    let removed = std::fs::remove_dir_all(&folder);
    let measured = measured?;
    removed.context("the peers' files are not removed")?;
    let mut decision = if gate && settings.gate.is_none() { Some(decision::run()?) } else { None };
    let mut bars = bars::bars(&measured);
    bars.extend(decision.iter_mut().flat_map(|decision| decision.bars.drain(..)));
    println!("\n{}", machine::lines());
    if load > LOAD_MAX {
        println!("the machine was busy before the run (load {load}): these figures are indicative");
    }
    print!("{}", report::table(&measured, settings.rate));
    println!("\n{}{}", bars::lines(&bars), report::closing(&measured));
    if let Some(decision) = &decision {
        println!("{ALONE}:\n{}", decision.text.trim_end());
    }
    let out = root().join("bench/out");
    let file = report::write(&out, &settings, &measured, &bars, decision.as_ref())?;
    println!("\nall rounds: {}", file.display());
    Ok(decision.is_none_or(|decision| decision.well))
}

/// Seconds of load for each kind of gate, to be learned from.
const TRAINING_S: u32 = 4;

/// Has a program that watches itself do what the bench's gates do.
pub(crate) fn train(gate: &Path) -> anyhow::Result<()> {
    install::ensure(install::FOR_BENCH)?;
    let folder = std::env::temp_dir().join(format!("doorward-train-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("no folder for the gates' files")?;
    let trained = train_in(&folder, gate);
    let removed = std::fs::remove_dir_all(&folder);
    trained?;
    removed.context("the gates' files are not removed")
}

fn train_in(folder: &Path, gate: &Path) -> anyhow::Result<()> {
    credentials::make(folder)?;
    let backend = server::backend(folder)?;
    for kind in PEERS.iter().filter(|kind| kind.is_gate()) {
        let peer = Peer::start(kind, &backend, folder, gate)?;
        peer.check(folder).with_context(|| format!("{} does not do its work", kind.name))?;
        Measured::new(peer).warm_up(TRAINING_S)?;
        println!("{} has shown what it does", kind.name);
    }
    Ok(())
}

/// What is printed above what the core's programs say.
const ALONE: &str = "the decision alone (all layers, no I/O)";

/// The core's programs and their bars, without any peer; whether all bars are met.
fn alone() -> anyhow::Result<bool> {
    let load = machine::load();
    let decision = decision::run()?;
    println!("{}", machine::lines());
    if load > LOAD_MAX {
        println!("the machine was busy before the run (load {load}): these figures are indicative");
    }
    println!(
        "{ALONE}:\n{}\n\n{}",
        decision.text.trim_end(),
        bars::lines(&decision.bars).trim_end()
    );
    Ok(decision.well && decision.bars.iter().all(bars::Bar::is_met))
}

fn parse(arguments: &[&str]) -> anyhow::Result<Settings> {
    let peers = PEERS.iter().collect();
    let mut settings = Settings { rounds: 5, seconds: 4, rate: 2_000, peers, gate: None };
    let mut words = arguments.iter();
    while let Some(option) = words.next() {
        let value = words.next().with_context(|| format!("{option} takes a value"))?;
        match *option {
            "--rounds" => settings.rounds = value.parse().context("--rounds takes a number")?,
            "--seconds" => settings.seconds = value.parse().context("--seconds takes a number")?,
            "--rate" => settings.rate = value.parse().context("--rate takes a number")?,
            "--gate" => settings.gate = Some(PathBuf::from(value)),
            "--peers" => {
                settings.peers =
                    value.split(',').map(Kind::named).collect::<anyhow::Result<_>>()?;
            }
            _ => bail!("bench does not know {option}"),
        }
    }
    ensure!(settings.rounds > 0 && settings.seconds > 0, "a run has a round, a round a second");
    Ok(settings)
}

/// Starts everything, checks that each peer does its work, then measures peer by peer.
fn measure(settings: &Settings, folder: &Path, gate: &Path) -> anyhow::Result<Vec<Measured>> {
    if settings.peers.iter().any(|kind| kind.algorithm().is_some()) {
        credentials::make(folder)?;
    }
    let backend = server::backend(folder)?;
    let mut peers = Vec::new();
    for kind in &settings.peers {
        let peer = Peer::start(kind, &backend, folder, gate)?;
        peer.check(folder).with_context(|| format!("{} does not do its work", kind.name))?;
        println!("{} is up on port {} and does its work", kind.name, peer.port());
        peers.push(Measured::new(peer));
    }
    for peer in &peers {
        let warm = peer.warm_up(settings.seconds.min(3));
        warm.with_context(|| format!("{} fails", peer.name()))?;
    }
    for number in 0..settings.rounds {
        for turn in 0..peers.len() {
            // Another peer begins each round: what throttles the machine meets all of them.
            let index = (turn + number) % peers.len();
            let peer = &mut peers[index];
            let round = peer.round(settings)?;
            println!("round {} {:<20} {}", number + 1, peer.name(), round.line());
        }
    }
    for peer in &mut peers {
        peer.hits = peer.peer.hits().with_context(|| format!("{} fails", peer.name()))?;
    }
    Ok(peers)
}
