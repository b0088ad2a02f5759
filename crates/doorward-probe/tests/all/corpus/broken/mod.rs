//! Servers with planted faults, at least one for each check.

mod caches;
mod cookies;
mod grants;
mod origins;
mod preflights;
mod requests;

use super::Server;

/// All of them.
pub(crate) const BROKEN: &[&[Server]] = &[
    grants::SERVERS,
    origins::SERVERS,
    preflights::SERVERS,
    caches::SERVERS,
    cookies::SERVERS,
    requests::SERVERS,
];

/// Those whose fault shows only to somebody who is signed in, and their safe twins.
pub(crate) const SIGNED_IN: &[&[Server]] = &[caches::SIGNED_IN];

pub(crate) use caches::KEYED;
pub(crate) use preflights::{NOT_POSTED, POSTED};
