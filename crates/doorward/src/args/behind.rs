//! What stands behind a gate, for `doorward probe`.

use clap::Args;
use std::net::SocketAddr;

/// The backend's own address: seen on the way in, and asked without the gate.
#[derive(Debug, Args)]
pub(crate) struct Behind {
    /// The backend's own address, by http: stand before it and see what arrives; what stands
    /// before it must call the tap instead
    #[arg(long, value_name = "UPSTREAM", conflicts_with = "plan")]
    pub(crate) tap: Option<String>,
    /// Where the tap listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", requires = "tap")]
    pub(crate) tap_listen: SocketAddr,
    /// The backend's own address: does it answer without the gate?
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) around: Option<String>,
}
