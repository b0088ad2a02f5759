//! Servers with planted faults, at least one for each check.

mod origins;
mod preflights;

use super::Server;

/// All of them.
pub(crate) const BROKEN: &[&[Server]] = &[origins::SERVERS, preflights::SERVERS];
