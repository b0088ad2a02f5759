//! `doorward deny` and `doorward store`, as they are typed.

use super::Form;
use clap::{ArgGroup, Args, Subcommand};
use std::path::PathBuf;

/// `doorward deny`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["who", "list"]).required(true)))]
pub(crate) struct Deny {
    /// Whom: an address, a network, user:ID, key:ID, token:ID (its jti) or pass:ID
    #[arg(value_name = "WHO")]
    pub(crate) who: Option<String>,
    /// For how long: 90s, 30m, 1h, 7d
    #[arg(long = "for", value_name = "TIME", requires = "who")]
    #[arg(required_unless_present_any = ["lift", "list"])]
    pub(crate) time: Option<String>,
    /// Why, for whoever looks later
    #[arg(long, value_name = "TEXT", requires = "who")]
    #[arg(required_unless_present_any = ["lift", "list"])]
    pub(crate) why: Option<String>,
    /// Whose name it is, where the gate knows several issuers
    #[arg(long, value_name = "URL", requires = "who")]
    pub(crate) issuer: Option<String>,
    /// Let them in again
    #[arg(long, requires = "who", conflicts_with_all = ["time", "why"])]
    pub(crate) lift: bool,
    /// List who is denied at run time; the configuration's own list is not in it
    #[arg(long)]
    pub(crate) list: bool,
    /// The running gate's admin listener
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9180")]
    pub(crate) admin: String,
    /// Its token: env:NAME or file:PATH
    #[arg(long, value_name = "TOKEN", default_value = "env:DOORWARD_ADMIN_TOKEN")]
    pub(crate) token: String,
    /// For people or for programs
    #[arg(long, value_enum, value_name = "FORM", default_value = "table")]
    pub(crate) format: Form,
}

/// `doorward store`
#[derive(Debug, Subcommand)]
pub(crate) enum StoreWork {
    /// Look through a store's file; one that is beyond repair is moved aside, and it is said what
    /// is lost
    Repair(StoreRepair),
}

/// `doorward store repair`
#[derive(Debug, Args)]
pub(crate) struct StoreRepair {
    /// The file that store.url names; no gate may have it open
    pub(crate) file: PathBuf,
}
