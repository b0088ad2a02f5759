//! On what was measured: the machine, and the versions of everything.

use std::process::Command;

use serde_json::{Value, json};

use super::envoy;
use crate::workspace::{binary, find_program, root};

/// For the file of all rounds.
pub(super) fn document() -> Value {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names = || processors.lines().filter_map(|line| line.strip_prefix("model name"));
    let name = names().next().unwrap_or_default().trim_start_matches(['\t', ' ', ':']);
    let envoy = envoy::binary();
    json!({
        "processor": name,
        "cores": names().count(),
        "kernel": said_by("uname", &["-sr"]),
        "nginx": said_by("nginx", &["-v"]),
        "haproxy": said_by("haproxy", &["-v"]),
        "envoy": first_line(Command::new(&envoy).arg("--version")).trim_start_matches(
            &*envoy.to_string_lossy()).trim(),
        "doorward": first_line(Command::new(binary("release")).arg("--version")),
        "wrk": said_by("wrk", &["-v"]),
        "rustc": said_by("rustc", &["--version"]),
        "commit": said_by("git", &["rev-parse", "--short", "HEAD"]),
    })
}

/// For whoever reads the table.
pub(super) fn lines() -> String {
    let Value::Object(facts) = document() else { return String::new() };
    let line = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}: {value}\n")
    };
    facts.iter().map(line).collect()
}

/// The load average of the last minute; 0 where it cannot be told.
pub(super) fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|minute| minute.parse().ok()).unwrap_or_default()
}

/// The first line that a program prints, or nothing.
pub(super) fn said_by(program: &str, arguments: &[&str]) -> String {
    let program = find_program(program).unwrap_or_default();
    first_line(Command::new(program).args(arguments).current_dir(root()))
}

fn first_line(command: &mut Command) -> String {
    let Ok(output) = command.output() else { return String::new() };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().to_owned()
}
