//! `doorward ticket`, as it is typed.

use super::Form;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `doorward ticket`
#[derive(Debug, Subcommand)]
pub(crate) enum Ticket {
    /// Ask a running gate for a ticket, with a key: a link that is good once, or for a time
    Mint(TicketMint),
    /// Tell what a ticket or a pass says, and whether this gate made it
    Show(TicketShow),
}

/// `doorward ticket mint`
#[derive(Debug, Args)]
pub(crate) struct TicketMint {
    /// The address that it is for, as in `https://api.shop.example/media/film.mp4`
    pub(crate) url: String,
    /// The API key: `env:NAME`, or `file:PATH`
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) key: String,
    /// The header that keys stand in
    #[arg(long, value_name = "NAME", default_value = "x-api-key")]
    pub(crate) header: String,
    /// The method: GET or HEAD
    #[arg(long, default_value = "GET")]
    pub(crate) method: String,
    /// Good for a time, in place of once: 10m; the route must say tickets = "window"
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) window: Option<String>,
    /// Where the gate's own addresses are [default: /.doorward of the same host]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoints: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
}

/// `doorward ticket show`
#[derive(Debug, Args)]
pub(crate) struct TicketShow {
    /// The ticket (dwt1.…) or the pass (dwp1.…); an address with a ticket in it will do
    pub(crate) text: String,
    /// The gate's configuration, whose secrets tell whether the gate made it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
}
