//! What the bench says: a table, the bars, and a file with all rounds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::{Value, json};

use super::decision::Decision;
use super::peer::Kind;
use super::round::Measured;
use crate::workspace::root;

/// The bars that the gate is held to; ratios and differences are of one run.
const NGINX_RATIO_MAX: f64 = 1.2;
const CALLS_MAX: f64 = 4.3;
const RESIDENT_MIB_MAX: f64 = 25.0;
const LOG_CPU_US_MAX: f64 = 1.5;
const LOG_CALLS_MAX: f64 = 0.1;

fn find(measured: &[Measured], kind: Kind) -> Option<&Measured> {
    measured.iter().find(|peer| peer.kind() == kind)
}

/// A Markdown table, a line a peer.
pub(super) fn table(measured: &[Measured]) -> String {
    let mut text = "\n| peer | CPU µs a request (range) | × nginx | × HAProxy | calls | MiB \
                    | requests/s | p50 ms | p99 ms |\n\
                    | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let ratio = |peer: &Measured, kind: Kind| {
        find(measured, kind).map_or("-".to_owned(), |other| format!("{:.2}", peer.ratio(other)))
    };
    for peer in measured {
        let costs = || peer.rounds.iter().map(|round| round.cpu_us);
        text += &format!(
            "| {} | {:.1} ({:.1}–{:.1}) | {} | {} | {} | {:.1} | {:.0} | {:.2} | {:.2} |\n",
            peer.name(),
            peer.median(|round| round.cpu_us),
            costs().fold(f64::INFINITY, f64::min),
            costs().fold(0.0, f64::max),
            ratio(peer, Kind::Nginx),
            ratio(peer, Kind::Haproxy),
            peer.calls.map_or("-".to_owned(), |calls| format!("{calls:.2}")),
            resident_mib(peer),
            peer.median(|round| round.seen.requests_per_second),
            peer.median(|round| round.seen.p50_us) / 1e3,
            peer.median(|round| round.seen.p99_us) / 1e3,
        );
    }
    text
}

/// A line for each bar that could be measured.
pub(super) fn bars(measured: &[Measured]) -> String {
    let mut text = String::new();
    for (name, figure, most) in bar_rows(measured) {
        let word = if figure <= most { "met" } else { "MISSED" };
        text += &format!("bar: {name}: {figure:.2}, at most {most}: {word}\n");
    }
    text
}

fn bar_rows(measured: &[Measured]) -> Vec<(&'static str, f64, f64)> {
    let mut rows = Vec::new();
    let Some(gate) = find(measured, Kind::Doorward) else { return rows };
    if let Some(nginx) = find(measured, Kind::Nginx) {
        rows.push(("CPU as a multiple of nginx", gate.ratio(nginx), NGINX_RATIO_MAX));
    }
    if let Some(calls) = gate.calls {
        rows.push(("system calls a request", calls, CALLS_MAX));
    }
    rows.push(("resident MiB", resident_mib(gate), RESIDENT_MIB_MAX));
    let Some(logging) = find(measured, Kind::DoorwardJson) else { return rows };
    let more = logging.median(|round| round.cpu_us) - gate.median(|round| round.cpu_us);
    rows.push(("CPU µs of a JSON line", more, LOG_CPU_US_MAX));
    if let (Some(with), Some(without)) = (logging.calls, gate.calls) {
        rows.push(("system calls of a JSON line", with - without, LOG_CALLS_MAX));
    }
    rows
}

fn resident_mib(peer: &Measured) -> f64 {
    peer.median(|round| round.resident_kib as f64) / 1024.0
}

/// Writes all rounds to `<folder>/<date>.json`.
pub(super) fn write(
    folder: &Path,
    measured: &[Measured],
    decision: Option<&Decision>,
) -> anyhow::Result<PathBuf> {
    let date = said_by("date", &["-u", "+%Y-%m-%dT%H%M%SZ"]);
    let bars = bar_rows(measured).into_iter().map(|(name, figure, most)| {
        let met = figure <= most;
        json!({ "bar": name, "figure": figure, "at_most": most, "met": met })
    });
    let document = json!({
        "date": date,
        "machine": machine(),
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

fn peer_document(peer: &Measured) -> Value {
    let rounds = peer.rounds.iter().map(|round| {
        json!({
            "requests": round.seen.requests,
            "requests_per_second": round.seen.requests_per_second,
            "cpu_us": round.cpu_us,
            "p50_us": round.seen.p50_us,
            "p99_us": round.seen.p99_us,
            "resident_kib": round.resident_kib,
        })
    });
    json!({
        "peer": peer.name(),
        "cpu_us": peer.median(|round| round.cpu_us),
        "calls": peer.calls,
        "resident_mib": resident_mib(peer),
        "rounds": rounds.collect::<Vec<_>>(),
    })
}

fn machine() -> Value {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = || processors.lines().filter_map(|line| line.strip_prefix("model name"));
    let name = names().next().unwrap_or_default().trim_start_matches(['\t', ' ', ':']);
    json!({
        "processor": name,
        "cores": names().count(),
        "kernel": said_by("uname", &["-sr"]),
        "nginx": said_by("nginx", &["-v"]),
        "haproxy": said_by("haproxy", &["-v"]),
        "rustc": said_by("rustc", &["--version"]),
        "commit": said_by("git", &["rev-parse", "--short", "HEAD"]),
    })
}

/// The first line that a program prints, or nothing.
fn said_by(program: &str, arguments: &[&str]) -> String {
    let program = crate::workspace::find_program(program).unwrap_or_default();
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let Ok(output) = output else { return String::new() };
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
}
