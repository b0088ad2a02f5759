//! Servers with planted faults, at least one for each check.

mod grants;
mod origins;
mod preflights;

use super::Server;

/// All of them.
pub(crate) const BROKEN: &[&[Server]] = &[grants::SERVERS, origins::SERVERS, preflights::SERVERS];
