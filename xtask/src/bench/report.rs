//! What the bench says: a table, the bars, and a file with all rounds.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use super::Settings;
use super::bars::Bar;
use super::decision::Decision;
use super::hits::Hits;
use super::kind::{HAPROXY_ES256, HAPROXY_HS256, NGINX};
use super::machine::{self, said_by};
use super::round::{Measured, Round, Spread};

/// The peers that all others are divided by.
const BESIDE: [&str; 3] = [NGINX, HAPROXY_HS256, HAPROXY_ES256];

/// A Markdown table, a line a peer: medians, CPU with its range.
pub(super) fn table(measured: &[Measured], rate: u32) -> String {
    let mut text = format!(
        "\n| peer | CPU µs a request (range) | × nginx | × HAProxy HS256 | × HAProxy ES256 \
         | calls | MiB | p50 µs at {rate}/s | p99 µs at {rate}/s | requests/s |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    );
    for peer in measured {
        let ratio = |name: &str| {
            let other = measured.iter().find(|other| other.name() == name);
            other.map_or("-".to_owned(), |other| format!("{:.2}", peer.ratio(other).median))
        };
        let cpu = peer.spread(|round| round.cpu_us);
        text += &format!(
            "| {} | {:.1} ({:.1}–{:.1}) | {} | {:.2} | {:.1} | {:.0} | {:.0} | {:.0} |\n",
            peer.name(),
            cpu.median,
            cpu.least,
            cpu.most,
            BESIDE.map(ratio).join(" | "),
            peer.spread(|round| round.calls).median,
            peer.spread(Round::resident_mib).median,
            peer.spread(|round| round.latency.p50_us).median,
            peer.spread(|round| round.latency.p99_us).median,
            peer.spread(|round| round.seen.requests_per_second).median,
        );
    }
    text
}

/// What else is to be said below the table.
pub(super) fn closing(measured: &[Measured]) -> String {
    let mut text = String::new();
    for peer in measured.iter().filter(|peer| peer.peer.remembers()) {
        let hits = peer.hits.map_or("its metrics do not say".to_owned(), Hits::spoken);
        text += &format!("remembered tokens: {}: {hits}\n", peer.name());
    }
    text + "quote ratios and differences of one run: machines are shared and noisy\n"
}

/// Writes all rounds to `<folder>/<date>.json`.
pub(super) fn write(
    folder: &Path,
    settings: &Settings,
    measured: &[Measured],
    bars: &[Bar],
    decision: Option<&Decision>,
) -> anyhow::Result<PathBuf> {
    let date = said_by("date", &["-u", "+%Y-%m-%dT%H%M%SZ"]);
    let bars = bars.iter().map(|bar| {
        json!({
            "bar": bar.name,
            "figure": spread(bar.figure),
            "at_most": bar.at_most,
            "met": bar.is_met(),
        })
    });
    let document = json!({
        "date": date,
        "machine": machine::document(),
        "rounds": settings.rounds,
        "seconds": settings.seconds,
        "rate": settings.rate,
        "peers": measured.iter().map(peer_document).collect::<Vec<_>>(),
        "bars": bars.collect::<Vec<_>>(),
        "decision": decision.map(|decision| decision.text.lines().collect::<Vec<_>>()),
    });
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("{date}.json"));
    let text = serde_json::to_string_pretty(&document)? + "\n";
    std::fs::write(&file, text).with_context(|| file.display().to_string())?;
    Ok(file)
}

fn spread(spread: Spread) -> Value {
    json!({ "median": spread.median, "least": spread.least, "most": spread.most })
}

fn peer_document(peer: &Measured) -> Value {
    let rounds = peer.rounds.iter().map(|round| {
        json!({
            "requests": round.seen.requests,
            "requests_per_second": round.seen.requests_per_second,
            "cpu_us": round.cpu_us,
            "calls": round.calls,
            "resident_kib": round.resident_kib,
            "loaded_p50_us": round.seen.p50_us,
            "loaded_p99_us": round.seen.p99_us,
            "p50_us": round.latency.p50_us,
            "p99_us": round.latency.p99_us,
        })
    });
    json!({
        "peer": peer.name(),
        "cpu_us": spread(peer.spread(|round| round.cpu_us)),
        "calls": spread(peer.spread(|round| round.calls)),
        "resident_mib": spread(peer.spread(Round::resident_mib)),
        "p50_us": spread(peer.spread(|round| round.latency.p50_us)),
        "p99_us": spread(peer.spread(|round| round.latency.p99_us)),
        "hit_rate": peer.hits.and_then(|hits| hits.rate()),
        "rounds": rounds.collect::<Vec<_>>(),
    })
}
