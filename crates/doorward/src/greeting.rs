//! What `guard` says before the first request, on standard error.

use doorward_config::{Config, Profile};
use doorward_core::layers::LAYERS;
use std::fmt::Write;
use std::net::SocketAddr;

/// Layers of the profile that this version does not have yet.
const NOT_BUILT: &str = "passes, identity, bot detection, body checks";

/// The greeting of a gate that listens at `address`.
pub(crate) fn text(config: &Config, address: SocketAddr) -> String {
    let listening = format!("http://{address}");
    let call = config.settings.external.first().map_or(listening.as_str(), String::as_str);
    let state = if config.trying_out { "trying out" } else { "production" };
    let layers: Vec<&str> = LAYERS.iter().map(|meta| meta.id).collect();
    let profile = Profile::WORDS.iter().find(|(_, profile)| *profile == config.profile);
    let profile = profile.map_or("", |(word, _)| *word);
    let mut out = String::new();
    let mut line = |label: &str, text: &str| {
        let _ = writeln!(out, "  {label:<12} {text}");
    };
    line("guards", &upstreams(config));
    line("at", &format!("listening on {listening}"));
    line("call", &format!("{call} instead of the backend"));
    match config.settings.origins.as_slice() {
        [] => line("for", "no page of another origin; add one with --origin http://localhost:5173"),
        origins => line("for pages of", &origins.join(", ")),
    }
    line("profile", &format!("{}, {state}: {}", profile, layers.join(", ")));
    line("not yet", &format!("{NOT_BUILT}: a program that says what a page says is let in"));
    if config.secret_was_generated {
        line("secret", "made for this run; set [secrets] signing before production");
    }
    line("refused", &format!("curl -i -H 'Origin: https://evil.example' {call}/"));
    line("let through", &format!("curl -i {call}/"));
    line("still open", &still_open(config));
    for word in &config.permissive {
        line("permissive", word);
    }
    format!("doorward {}\n{out}", env!("CARGO_PKG_VERSION"))
}

fn upstreams(config: &Config) -> String {
    let list: Vec<String> =
        config.upstreams.iter().map(|upstream| upstream.address.to_string()).collect();
    list.join(", ")
}

/// The way around the gate, which nobody sees in its log.
fn still_open(config: &Config) -> String {
    let open: Vec<String> = config
        .upstreams
        .iter()
        .map(|upstream| upstream.address.to_string())
        .filter(|address| !address.starts_with("unix:"))
        .collect();
    if open.is_empty() {
        return "nothing that this gate knows of".to_owned();
    }
    format!(
        "{}: whoever reaches it goes around the gate, unless the backend checks \
         Doorward-Admitted (examples/admission)",
        open.join(", ")
    )
}
