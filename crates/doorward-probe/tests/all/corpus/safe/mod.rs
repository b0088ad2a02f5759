//! Servers without a fault: whatever is reported on one is a false alarm.

mod callers;
mod origins;
mod plain;
mod preflights;
mod requests;

use super::Server;

/// All of them.
pub(crate) const SAFE: &[&[Server]] =
    &[origins::SERVERS, plain::SERVERS, preflights::SERVERS, requests::SERVERS, callers::SERVERS];
