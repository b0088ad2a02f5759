//! Where requests come from: files and texts that people have at hand.

use super::EngineName;
use clap::Args;
use std::path::PathBuf;

/// What lists operations for `doorward probe`, beside its addresses.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// An OpenAPI file (3.0, 3.1): its paths behind each URL; the file names no host
    #[arg(long, value_name = "FILE")]
    pub(crate) openapi: Vec<PathBuf>,
    /// A HAR that a browser saved: its requests to the URLs' hosts
    #[arg(long, value_name = "FILE")]
    pub(crate) har: Vec<PathBuf>,
    /// A line of curl, in a file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) curl: Vec<PathBuf>,
    /// Operations of files that are looked at, at most; the others are named
    #[arg(long, value_name = "NUMBER", default_value_t = 500)]
    pub(crate) max_operations: usize,
}

impl Sources {
    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.openapi.is_empty() && self.har.is_empty() && self.curl.is_empty()
    }
}

/// What `doorward explain` says of a page that is not let.
#[derive(Debug, Args)]
pub(crate) struct Trouble {
    /// A `fetch` call as it stands in a page or as a browser copies it: say why it is not let;
    /// `-` is standard input, here and for the next ones
    #[arg(long, value_name = "CALL", group = "asked", conflicts_with = "subject")]
    pub(crate) fetch: Option<String>,
    /// A line of curl, as a browser copies it
    #[arg(long, value_name = "LINE", group = "asked", conflicts_with = "subject")]
    pub(crate) curl: Option<String>,
    /// An entry of a HAR, as in trouble.har#7
    #[arg(long, value_name = "FILE#N", group = "asked", conflicts_with = "subject")]
    pub(crate) har: Option<String>,
    /// An error of a browser's console
    #[arg(long, value_name = "LINE", group = "asked", conflicts_with = "subject")]
    pub(crate) console: Option<String>,
    /// The browser [default: the one whose console it is, else Chromium]
    #[arg(long, value_enum, value_name = "ENGINE", conflicts_with = "request")]
    pub(crate) engine: Option<EngineName>,
    /// Ask the server itself for its answers
    #[arg(long, conflicts_with_all = ["request", "answer"])]
    pub(crate) live: bool,
    /// With --live: send the request too where it may change something
    #[arg(long, requires = "live")]
    pub(crate) allow_writes: bool,
    /// With --live: a host that is not this machine, and that you may test
    #[arg(long = "i-am-authorised", value_name = "HOST", requires = "live")]
    pub(crate) authorised: Vec<String>,
}

impl Trouble {
    /// Whether there is one.
    pub(crate) const fn is_there(&self) -> bool {
        self.fetch.is_some() || self.curl.is_some() || self.har.is_some() || self.console.is_some()
    }
}
