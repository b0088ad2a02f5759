//! Passes, tickets and the work that a pass costs: the protocol of `docs/passes.md`, apart from any
//! request. The layer `pass` puts it to work.

mod challenge;
mod class;
mod fields;
mod mint;
mod seal;
mod show;
mod signature;
mod ticket;
mod work;

pub(crate) use challenge::{Bound, ChallengeKeys, SolutionError};
pub(crate) use class::client_class;
pub(crate) use mint::{Asked, MintError, Paid, Place, is_key, mint, read_request};
pub(crate) use seal::{Pass, SealError, Seals};
pub use seal::{PassId, id_text};
pub use show::{ShowError, Shown, show};
pub(crate) use signature::{Base, InputError, Signed, parse_bytes, parse_input};
pub(crate) use ticket::{Ticket, TicketError, TicketKeys, Use};
pub(crate) use work::{BITS_MAX, is_done};
pub use work::{seed as work_seed, solve as solve_work};

/// Seconds for which a signature is taken.
pub const MAX_AGE_S: u64 = 60;
/// Seconds by which clocks may differ.
pub const SKEW_S: u64 = 30;
/// Seconds for which what was used is remembered, at the most.
pub const CLAIM_S: u64 = MAX_AGE_S + 3 * SKEW_S;
/// Seconds for which a pass holds.
pub const LIFE_S: u64 = 600;
/// Seconds for which a ticket for one request holds.
pub const TICKET_S: u64 = 120;
/// Seconds for which a ticket for a time holds at the most.
pub const WINDOW_S_MAX: u64 = 3_600;
/// Seconds after which what was worked for a pass is too old.
pub const WORK_AGE_S: u64 = 300;
/// Zero bits that each of the eight numbers of a pass's work begins with, at the least.
pub const WORK_BITS: u8 = 11;

#[cfg(test)]
#[path = "vectors_tests.rs"]
mod vectors;
