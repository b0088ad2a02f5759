//! Servers without a fault: whatever is reported on one is a false alarm.

mod callers;
mod plain;

use super::Server;

/// All of them.
pub(crate) const SAFE: &[&[Server]] = &[plain::SERVERS, callers::SERVERS];
