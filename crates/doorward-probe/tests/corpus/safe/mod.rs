//! Servers without a fault: whatever is reported on one is a false alarm.

mod plain;
mod preflights;

use super::Server;

/// All of them.
pub(crate) const SAFE: &[&[Server]] = &[plain::SERVERS, preflights::SERVERS];
