//! Streams that strangers hold open: each keeps a connection and a backend's attention for as long
//! as it likes, and costs its caller one request.

use super::{Reason, allows};
use crate::address::Prefix;
use crate::layers::identity;
use crate::pass::PassId;
use crate::visit::Visit;
use arrayvec::ArrayVec;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams that may be open at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamsMax {
    /// Of one pass.
    pub pass: u32,
    /// Of one address, by those who are not known.
    pub address: u32,
}

impl Default for StreamsMax {
    fn default() -> Self {
        Self { pass: 4, address: 40 }
    }
}

/// Whose streams are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Pass(PassId),
    Address(Prefix),
}

/// All that are open. There are no more entries than streams, and no more streams than
/// connections.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<Holder, u32>>);

/// The place of one stream, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    streams: Arc<Streams>,
    holders: ArrayVec<Holder, 2>,
}

impl Streams {
    fn counts(&self) -> MutexGuard<'_, HashMap<Holder, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.streams.counts();
        for holder in &self.holders {
            match counts.get_mut(holder) {
                Some(count) if *count > 1 => *count -= 1,
                Some(_) | None => {
                    counts.remove(holder);
                }
            }
        }
    }
}

/// A place for the stream that a visit asks for. None: it asks for none, or is not counted.
///
/// # Errors
/// There is none. It is given all the same where that is only watched.
pub(crate) fn seat(
    streams: &Arc<Streams>,
    most: StreamsMax,
    visit: &Visit<'_>,
) -> (Option<Arc<Seat>>, Result<(), Reason>) {
    let is_counted = visit.known.is_none() && identity::asks_for_stream(visit);
    if !is_counted || allows(&visit.gate.quota, visit) {
        return (None, Ok(()));
    }
    let pass = visit.held.as_ref().and_then(|held| held.pass);
    // A proxy of one's own stands for many.
    let is_his_own = !visit.gate.client_ip.trusts(visit.client);
    let of_pass = pass.map(|pass| (Holder::Pass(pass), most.pass));
    let of_address = is_his_own.then_some((Holder::Address(visit.prefix), most.address));
    let mut counts = streams.counts();
    let mut holders = ArrayVec::new();
    let mut judged = Ok(());
    for (holder, most) in [of_pass, of_address].into_iter().flatten() {
        if counts.get(&holder).copied().unwrap_or(0) >= most {
            judged = Err(Reason::Streams);
        }
        holders.push(holder);
    }
    for holder in &holders {
        *counts.entry(*holder).or_default() += 1;
    }
    drop(counts);
    (Some(Arc::new(Seat { streams: Arc::clone(streams), holders })), judged)
}
