//! `cargo xtask bench`: the gate beside nginx and HAProxy as plain proxies, in one run.

mod calls;
mod cpu;
mod decision;
mod load;
mod peer;
mod report;
mod round;

use anyhow::{Context, bail};

use crate::install;
use crate::workspace::{cargo, root};
use peer::{Backend, Kind, Peer};
use round::Measured;

/// Connections of a measured round, and of the round under strace.
const CONNECTIONS: u32 = 64;
const TRACED_CONNECTIONS: u32 = 16;
/// Rounds below this give no median worth quoting.
const ROUNDS_MIN: usize = 1;

/// What the command line asks for.
struct Settings {
    rounds: usize,
    /// Length of a round.
    seconds: u32,
    peers: Vec<Kind>,
}

/// Measures every peer and prints the table; whether all of it could be measured.
pub(crate) fn run(arguments: &[&str]) -> anyhow::Result<bool> {
    let settings = parse(arguments)?;
    install::ensure(install::FOR_BENCH)?;
    let gate = settings.peers.iter().any(|kind| kind.is_gate());
    if gate {
        let mut build = cargo("build");
        build.args(["--release", "-p", "doorward"]);
        if !build.status()?.success() {
            bail!("doorward does not build");
        }
    }
    let folder = std::env::temp_dir().join(format!("doorward-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).context("no folder for the peers' files")?;
    let measured = measure(&settings, &folder);
    let removed = std::fs::remove_dir_all(&folder);
    let measured = measured?;
    removed.context("the peers' files are not removed")?;
    let decision = if gate { Some(decision::run()?) } else { None };
    print!("{}", report::table(&measured));
    print!("{}", report::bars(&measured));
    if let Some(decision) = &decision {
        println!("\nthe decision alone (all layers, no I/O):\n{}", decision.text.trim_end());
    }
    let file = report::write(&root().join("bench/out"), &measured, decision.as_ref())?;
    println!("\nall rounds: {}", file.display());
    Ok(decision.is_none_or(|decision| decision.well))
}

fn parse(arguments: &[&str]) -> anyhow::Result<Settings> {
    let mut settings = Settings { rounds: 5, seconds: 4, peers: Kind::ALL.to_vec() };
    let mut words = arguments.iter();
    while let Some(option) = words.next() {
        let value = words.next().with_context(|| format!("{option} takes a value"))?;
        match *option {
            "--rounds" => settings.rounds = value.parse().context("--rounds takes a number")?,
            "--seconds" => settings.seconds = value.parse().context("--seconds takes a number")?,
            "--peers" => {
                let named = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name() == name);
                let peers = value.split(',').map(|name| named(name).context(name.to_owned()));
                settings.peers = peers.collect::<anyhow::Result<_>>().context("no such peer")?;
            }
            _ => bail!("bench does not know {option}"),
        }
    }
    settings.rounds = settings.rounds.max(ROUNDS_MIN);
    Ok(settings)
}

/// Starts everything, checks that each peer does its work, then measures peer by peer.
fn measure(settings: &Settings, folder: &std::path::Path) -> anyhow::Result<Vec<Measured>> {
    let backend = Backend::start(folder)?;
    let mut peers = Vec::new();
    for kind in &settings.peers {
        let peer = Peer::start(*kind, &backend, folder)?;
        peer.check().with_context(|| format!("{} does not do its work", kind.name()))?;
        println!("{} is up on port {}", kind.name(), peer.port());
        peers.push(Measured::new(peer));
    }
    for peer in &peers {
        load::run(peer.port(), CONNECTIONS, settings.seconds.min(3))?;
    }
    for number in 0..settings.rounds {
        for turn in 0..peers.len() {
            // Another peer begins each round: what throttles the machine meets all of them.
            let index = (turn + number) % peers.len();
            let peer = &mut peers[index];
            let round = peer.round(CONNECTIONS, settings.seconds)?;
            println!("round {} {:<13} {}", number + 1, peer.name(), round.line());
        }
    }
    for peer in &mut peers {
        peer.trace(TRACED_CONNECTIONS, settings.seconds)?;
    }
    Ok(peers)
}
