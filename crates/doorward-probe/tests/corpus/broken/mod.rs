//! Servers with planted faults, at least one for each check.

mod cookies;
mod origins;
mod preflights;
mod requests;

use super::Server;

/// All of them.
pub(crate) const BROKEN: &[&[Server]] =
    &[origins::SERVERS, preflights::SERVERS, cookies::SERVERS, requests::SERVERS];
