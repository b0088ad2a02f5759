//! `doorward report`, as it is typed.

use super::Form;
use clap::Args;
use std::path::PathBuf;

/// `doorward report`
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// JSON logs of the gate; `-` is standard input
    #[arg(required = true, value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    /// The gate's configuration: tell only of what it monitors
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// For people or for programs
    #[arg(long, value_enum, value_name = "FORM", default_value = "table")]
    pub(crate) format: Form,
    /// Kinds of refusals that are told of
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) top: usize,
}
