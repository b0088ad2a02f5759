//! What the command line says. It goes over the file.

use std::path::PathBuf;

/// What the command line says; `None` and empty lists leave the word to the file.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The configuration file.
    pub file: Option<PathBuf>,
    /// The one upstream: `http://host:port` or `unix:/path`.
    pub upstream: Option<String>,
    /// `--origin`: replaces the file's list.
    pub origins: Vec<String>,
    /// `--external`: replaces the file's list.
    pub external: Vec<String>,
    /// `--listen`: address and port.
    pub listen: Option<String>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--monitor`: nobody is refused, whatever the file says.
    pub monitor: bool,
    /// `--no-passes`: `[layers.pass] mode = "off"`.
    pub no_passes: bool,
    /// `--log`.
    pub log: Option<LogKind>,
    /// `--threads`.
    pub threads: Option<usize>,
    /// `--allow 'POST /v1/chat'`: a route; everything that no route names is refused.
    pub allow: Vec<String>,
    /// `--credential 'Authorization: Bearer env:NAME'`: added on the routes of `--allow`.
    pub credential: Vec<String>,
    /// `--budget 2usd/day`: what all requests of `--allow` may spend together.
    pub budget: Option<String>,
    /// `--prices FILE`: what tokens cost.
    pub prices: Option<PathBuf>,
    /// `--insecure-open-credential`: strangers may call routes that have a credential.
    pub insecure_open_credential: bool,
}

/// The shape of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogKind {
    /// Pretty on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
    /// None.
    Off,
}

impl LogKind {
    /// Every kind by its word in the file and on the command line.
    pub const WORDS: &[(&'static str, Self)] =
        &[("auto", Self::Auto), ("pretty", Self::Pretty), ("json", Self::Json), ("off", Self::Off)];
}
