//! The deadlines of an HTTP/2 connection itself; its streams have their own.

use crate::deadline::{Deadline, Pace, Phase, Pulse};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A time that does not come.
const NEVER: u64 = u64::MAX;
/// How long a client without streams may take to go, once it was told to.
const GOODBYE_MS: u64 = 1_000;

/// What an HTTP/2 connection waits for. The earliest of these times is its deadline.
pub(crate) struct Watch {
    pulse: Arc<Pulse>,
    streams: AtomicU64,
    is_leaving: AtomicBool,
    idle_at_ms: AtomicU64,
    head_at_ms: AtomicU64,
    write_at_ms: AtomicU64,
    write: Pace,
    /// The last pieces of answers that the client has not taken. Nobody carries their streams any
    /// more: HTTP/2 keeps them until there is room.
    tails: Mutex<Tails>,
}

/// The number of each last piece, and until when it may lie.
#[derive(Default)]
struct Tails {
    next: u64,
    lying: Vec<(u64, u64)>,
}

impl Watch {
    pub(crate) fn new(pulse: Arc<Pulse>) -> Self {
        let limits = pulse.limits;
        Self {
            streams: AtomicU64::new(0),
            is_leaving: AtomicBool::new(false),
            idle_at_ms: AtomicU64::new(pulse.now_ms() + limits.head_ms),
            head_at_ms: AtomicU64::new(NEVER),
            write_at_ms: AtomicU64::new(NEVER),
            write: Pace::new(limits.write_stall_ms),
            tails: Mutex::default(),
            pulse,
        }
    }

    /// HTTP/2 begins: its first head is awaited for as long as a head may take.
    pub(crate) fn begin(&self, deadline: &Deadline) {
        self.settle(deadline);
    }

    /// Whether a stream is open.
    pub(crate) fn has_streams(&self) -> bool {
        self.streams.load(Relaxed) > 0
    }

    /// A stream begins.
    pub(crate) fn open(&self, deadline: &Deadline) {
        self.streams.store(self.streams.load(Relaxed) + 1, Relaxed);
        self.idle_at_ms.store(NEVER, Relaxed);
        self.settle(deadline);
    }

    /// A stream has ended.
    pub(crate) fn close(&self, deadline: &Deadline) {
        let left = self.streams.load(Relaxed).saturating_sub(1);
        self.streams.store(left, Relaxed);
        if left == 0 {
            self.idle(deadline);
        }
    }

    /// The client was told to go.
    pub(crate) fn leave(&self, deadline: &Deadline) {
        self.is_leaving.store(true, Relaxed);
        // What made it be told may have been one that lay for too long: it may lie once more.
        let until = self.pulse.now_ms() + self.pulse.limits.write_stall_ms;
        self.tails().lying.iter_mut().for_each(|(_, at_ms)| *at_ms = until);
        if self.has_streams() { self.settle(deadline) } else { self.idle(deadline) }
    }

    fn tails(&self) -> MutexGuard<'_, Tails> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last piece of an answer, of so many bytes, is handed over. Returns its number.
    pub(crate) fn tail(&self, bytes: usize, deadline: &Deadline) -> u64 {
        let limits = &self.pulse.limits;
        let earned_ms = bytes as u64 * 1_000 / limits.rate_bytes_per_s;
        let until = self.pulse.now_ms() + limits.write_stall_ms + earned_ms;
        let mut tails = self.tails();
        let number = tails.next;
        tails.next += 1;
        tails.lying.push((number, until));
        drop(tails);
        self.settle(deadline);
        number
    }

    /// It was taken, or its stream was reset.
    pub(crate) fn taken(&self, number: u64, deadline: &Deadline) {
        self.tails().lying.retain(|(lying, _)| *lying != number);
        self.settle(deadline);
    }

    fn idle(&self, deadline: &Deadline) {
        let is_leaving = self.is_leaving.load(Relaxed);
        let ms = if is_leaving { GOODBYE_MS } else { self.pulse.limits.idle_ms };
        self.idle_at_ms.store(self.pulse.now_ms() + ms, Relaxed);
        self.settle(deadline);
    }

    /// Whether a head has begun and is not complete.
    pub(crate) fn head(&self, is_in_head: bool, deadline: &Deadline) {
        let was_in_head = self.head_at_ms.load(Relaxed) != NEVER;
        if is_in_head != was_in_head {
            let at =
                if is_in_head { self.pulse.now_ms() + self.pulse.limits.head_ms } else { NEVER };
            self.head_at_ms.store(at, Relaxed);
            self.settle(deadline);
        }
    }

    /// The client's socket takes no bytes.
    pub(crate) fn write_blocked(&self, deadline: &Deadline) {
        if !self.is_write_blocked() {
            self.write_at_ms.store(self.write.wait(self.pulse.now_ms()), Relaxed);
            self.settle(deadline);
        }
    }

    /// Whether the client's socket takes no bytes.
    pub(crate) fn is_write_blocked(&self) -> bool {
        self.write_at_ms.load(Relaxed) != NEVER
    }

    /// The client's socket took `bytes`.
    pub(crate) fn wrote(&self, bytes: usize, deadline: &Deadline) {
        if self.is_write_blocked() {
            let limits = &self.pulse.limits;
            self.write.earn(self.pulse.now_ms(), bytes, limits, limits.write_stall_ms);
            self.write_at_ms.store(NEVER, Relaxed);
            self.settle(deadline);
        }
    }

    /// Sets the connection's deadline to the earliest of the times.
    pub(crate) fn settle(&self, deadline: &Deadline) {
        let tail_at_ms = self.tails().lying.iter().map(|(_, at_ms)| *at_ms).min();
        let times = [
            (tail_at_ms.unwrap_or(NEVER), Phase::Tail),
            (self.idle_at_ms.load(Relaxed), Phase::Idle),
            (self.head_at_ms.load(Relaxed), Phase::Head),
            (self.write_at_ms.load(Relaxed), Phase::Write),
        ];
        let (at_ms, phase) =
            times.into_iter().min_by_key(|(at_ms, _)| *at_ms).unwrap_or((NEVER, Phase::Stream));
        deadline.renew(phase, at_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Bounds;

    fn watched() -> (Watch, Deadline) {
        let pulse = Arc::new(Pulse::new(&Bounds::default()));
        (Watch::new(Arc::clone(&pulse)), Deadline::new(pulse))
    }

    #[test]
    fn the_earliest_time_counts_and_streams_have_their_own() {
        let (watch, deadline) = watched();
        watch.begin(&deadline);
        assert!(!deadline.check(9_999));
        assert!(deadline.check(10_000), "no head came");
        watch.open(&deadline);
        assert!(!deadline.is_expired() && !deadline.check(u64::MAX - 1));
        watch.head(true, &deadline);
        watch.head(true, &deadline);
        assert_eq!((deadline.check(10_000), deadline.phase()), (true, Phase::Head));
        watch.head(false, &deadline);
        watch.write_blocked(&deadline);
        assert!(!deadline.check(59_999));
        assert_eq!((deadline.check(60_000), deadline.phase()), (true, Phase::Write));
        watch.wrote(1, &deadline);
        assert!(!deadline.check(u64::MAX - 1));
        watch.close(&deadline);
        assert_eq!((deadline.check(60_000), deadline.phase()), (true, Phase::Idle));
    }

    #[test]
    fn who_was_told_to_go_has_a_second() {
        let (watch, deadline) = watched();
        watch.open(&deadline);
        watch.leave(&deadline);
        assert!(!deadline.check(u64::MAX - 1), "its stream comes to its end first");
        watch.close(&deadline);
        assert!(!deadline.check(999));
        assert!(deadline.check(1_000));
    }

    #[test]
    fn a_last_piece_that_is_not_taken_is_waited_for_as_any_other_is() {
        let (watch, deadline) = watched();
        watch.open(&deadline);
        let first = watch.tail(500, &deadline);
        let second = watch.tail(1_000, &deadline);
        assert!(!deadline.check(60_999));
        watch.taken(first, &deadline);
        assert!(!deadline.check(61_999));
        assert_eq!((deadline.check(62_000), deadline.phase()), (true, Phase::Tail));
        watch.leave(&deadline);
        assert!(!deadline.is_expired() && !deadline.check(59_999), "it may lie once more");
        assert!(deadline.check(60_000));
        watch.taken(second, &deadline);
        assert!(!deadline.is_expired() && !deadline.check(u64::MAX - 1));
    }
}
