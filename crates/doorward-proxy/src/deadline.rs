//! One deadline word a connection, moved by the phase it is in, and looked at by a sweep.
//!
//! hyper would box a timer for every head and has none for bodies, writes and silent streams. Here
//! moving a deadline is two plain stores. Time is coarse: the worker's sweep sets it.

use crate::settings::Bounds;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A worker's coarse time and its limits, in milliseconds.
#[derive(Debug)]
pub(crate) struct Pulse {
    begin: Instant,
    now_ms: AtomicU64,
    pub(crate) limits: Limits,
}

/// [`Bounds`] in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) head_ms: u64,
    pub(crate) idle_ms: u64,
    pub(crate) body_stall_ms: u64,
    pub(crate) write_stall_ms: u64,
    pub(crate) upstream_head_ms: u64,
    pub(crate) stream_idle_ms: u64,
    pub(crate) upstream_idle_ms: u64,
    pub(crate) rate_bytes_per_s: u64,
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 4)
}

impl Pulse {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self {
            begin: Instant::now(),
            now_ms: AtomicU64::new(0),
            limits: Limits {
                head_ms: ms(bounds.head),
                idle_ms: ms(bounds.idle),
                body_stall_ms: ms(bounds.body_stall),
                write_stall_ms: ms(bounds.write_stall),
                upstream_head_ms: ms(bounds.upstream_head),
                stream_idle_ms: ms(bounds.stream_idle),
                upstream_idle_ms: ms(bounds.upstream_idle),
                rate_bytes_per_s: u64::from(bounds.rate_bytes_per_s.max(1)),
            },
        }
    }

    /// Reads the machine's clock; called by the sweep.
    pub(crate) fn beat(&self) -> u64 {
        let now = ms(self.begin.elapsed());
        self.now_ms.store(now, Relaxed);
        now
    }

    /// Milliseconds since the worker began, as of the last sweep.
    pub(crate) fn now_ms(&self) -> u64 {
        self.now_ms.load(Relaxed)
    }
}

/// What a connection is waiting for; each has its own limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// A request that has not begun.
    Idle,
    /// The rest of a head.
    Head,
    /// The client's body.
    Body,
    /// The upstream, for its answer's head.
    Upstream,
    /// The upstream, for the next piece of an answer.
    Stream,
    /// The client, to read an answer.
    Write,
    /// The client, to read the end of an answer that was handed over whole.
    Tail,
}

const PHASES: [Phase; 7] = [
    Phase::Idle,
    Phase::Head,
    Phase::Body,
    Phase::Upstream,
    Phase::Stream,
    Phase::Write,
    Phase::Tail,
];

/// How long one direction of a body may still be waited for. Waiting spends it, bytes earn it back
/// at the least rate; a sender of one byte a second therefore runs out as a silent one does.
#[derive(Debug)]
pub(crate) struct Pace {
    left_ms: AtomicU64,
    since_ms: AtomicU64,
}

impl Pace {
    pub(crate) const fn new(left_ms: u64) -> Self {
        Self { left_ms: AtomicU64::new(left_ms), since_ms: AtomicU64::new(0) }
    }

    /// The waiting begins: until when it may last.
    pub(crate) fn wait(&self, now_ms: u64) -> u64 {
        self.since_ms.store(now_ms, Relaxed);
        now_ms + self.left_ms.load(Relaxed)
    }

    /// Bytes came: what was waited is spent, and they are earned.
    pub(crate) fn earn(&self, now_ms: u64, bytes: usize, limits: &Limits, most_ms: u64) {
        let spent = now_ms.saturating_sub(self.since_ms.load(Relaxed));
        let earned = bytes as u64 * 1_000 / limits.rate_bytes_per_s;
        let left = self.left_ms.load(Relaxed).saturating_sub(spent).saturating_add(earned);
        self.left_ms.store(left.min(most_ms), Relaxed);
    }

    fn reset(&self, left_ms: u64) {
        self.left_ms.store(left_ms, Relaxed);
    }
}

/// The deadline of one connection.
#[derive(Debug)]
pub(crate) struct Deadline {
    pulse: Arc<Pulse>,
    phase: AtomicU8,
    at_ms: AtomicU64,
    expired: AtomicBool,
    body: Pace,
    write: Pace,
}

impl Deadline {
    /// A new connection's: its first head is awaited for as long as a head may take.
    pub(crate) fn new(pulse: Arc<Pulse>) -> Self {
        let limits = pulse.limits;
        let at = pulse.now_ms() + limits.head_ms;
        Self {
            pulse,
            phase: AtomicU8::new(Phase::Idle as u8),
            at_ms: AtomicU64::new(at),
            expired: AtomicBool::new(false),
            body: Pace::new(limits.body_stall_ms),
            write: Pace::new(limits.write_stall_ms),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        PHASES[usize::from(self.phase.load(Relaxed))]
    }

    /// Waits until `at_ms`.
    pub(crate) fn set(&self, phase: Phase, at_ms: u64) {
        self.phase.store(phase as u8, Relaxed);
        self.at_ms.store(at_ms, Relaxed);
    }

    fn set_after(&self, phase: Phase, ms: u64) {
        self.set(phase, self.pulse.now_ms() + ms);
    }

    /// Whether the time is up at `now_ms`; remembers it until the phase is taken up anew.
    pub(crate) fn check(&self, now_ms: u64) -> bool {
        let is_over = now_ms >= self.at_ms.load(Relaxed);
        if is_over {
            self.expired.store(true, Relaxed);
        }
        is_over
    }

    /// Whether a sweep found the time to be up.
    pub(crate) fn is_expired(&self) -> bool {
        self.expired.load(Relaxed)
    }

    /// The answer to a time that is up begins: it has a time of its own.
    pub(crate) fn forgive(&self) {
        self.expired.store(false, Relaxed);
        self.set_after(Phase::Stream, self.pulse.limits.stream_idle_ms);
    }

    /// The time that was up is given once more.
    pub(crate) fn renew(&self, phase: Phase, at_ms: u64) {
        self.expired.store(false, Relaxed);
        self.set(phase, at_ms);
    }

    /// A piece of an answer waits for a client that must make room for it.
    pub(crate) fn piece_given(&self) {
        self.stream();
        self.write_blocked();
    }

    /// A head has begun to arrive.
    pub(crate) fn head(&self) {
        // Whoever asks on before the last answer was read is waited for to read.
        if self.phase() != Phase::Tail {
            self.set_after(Phase::Head, self.pulse.limits.head_ms);
        }
    }

    /// A request is complete, or a piece of its body went on: now the upstream is awaited.
    pub(crate) fn upstream(&self) {
        self.set_after(Phase::Upstream, self.pulse.limits.upstream_head_ms);
    }

    /// A request begins: each direction has its whole allowance; reading has it only where the last
    /// answer was read.
    pub(crate) fn request(&self) {
        let limits = &self.pulse.limits;
        self.body.reset(limits.body_stall_ms);
        if self.phase() == Phase::Tail {
            self.write.earn(self.pulse.now_ms(), 0, limits, limits.write_stall_ms);
        } else {
            self.write.reset(limits.write_stall_ms);
        }
        self.upstream();
    }

    /// More of the body is wanted, and not there.
    pub(crate) fn body_wanted(&self) {
        if self.phase() == Phase::Upstream {
            self.set(Phase::Body, self.body.wait(self.pulse.now_ms()));
        }
    }

    /// A piece of the body came.
    pub(crate) fn body_came(&self, bytes: usize) {
        if self.phase() == Phase::Body {
            let limits = &self.pulse.limits;
            self.body.earn(self.pulse.now_ms(), bytes, limits, limits.body_stall_ms);
            self.upstream();
        } else if self.phase() == Phase::Upstream {
            self.upstream();
        }
    }

    /// A piece of the answer came.
    pub(crate) fn stream(&self) {
        if self.phase() != Phase::Write {
            self.set_after(Phase::Stream, self.pulse.limits.stream_idle_ms);
        }
    }

    /// The client does not take what is written.
    pub(crate) fn write_blocked(&self) {
        match self.phase() {
            Phase::Stream => self.set(Phase::Write, self.write.wait(self.pulse.now_ms())),
            Phase::Idle => self.set(Phase::Tail, self.write.wait(self.pulse.now_ms())),
            Phase::Head | Phase::Body | Phase::Upstream | Phase::Write | Phase::Tail => {}
        }
    }

    /// The client took `bytes`.
    pub(crate) fn wrote(&self, bytes: usize) {
        match self.phase() {
            phase @ (Phase::Write | Phase::Tail) => {
                let limits = &self.pulse.limits;
                let now = self.pulse.now_ms();
                self.write.earn(now, bytes, limits, limits.write_stall_ms);
                self.set(phase, self.write.wait(now));
            }
            // The end of an answer still leaves through hyper's buffer.
            Phase::Idle => self.idle(),
            Phase::Head | Phase::Body | Phase::Upstream | Phase::Stream => {}
        }
    }

    /// All that was written has left.
    pub(crate) fn flushed(&self) {
        match self.phase() {
            Phase::Write => self.set_after(Phase::Stream, self.pulse.limits.stream_idle_ms),
            Phase::Tail => self.idle(),
            Phase::Idle | Phase::Head | Phase::Body | Phase::Upstream | Phase::Stream => {}
        }
    }

    /// An answer is complete, and no next request has begun.
    pub(crate) fn idle(&self) {
        self.set_after(Phase::Idle, self.pulse.limits.idle_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline() -> Deadline {
        let bounds = Bounds { body_stall: Duration::from_secs(30), ..Bounds::default() };
        Deadline::new(Arc::new(Pulse::new(&bounds)))
    }

    fn at(deadline: &Deadline, s: u64) -> bool {
        deadline.pulse.now_ms.store(s * 1_000, Relaxed);
        deadline.check(s * 1_000)
    }

    #[test]
    fn a_head_has_ten_seconds_and_an_idle_connection_sixty() {
        let head = deadline();
        head.head();
        assert!(!at(&head, 9));
        assert!(at(&head, 10));
        let idle = deadline();
        idle.idle();
        assert!(!at(&idle, 59));
        assert!(at(&idle, 60));
    }

    #[test]
    fn a_body_of_one_byte_a_second_runs_out_and_an_honest_slow_one_does_not() {
        let drip = |bytes: usize| {
            let line = deadline();
            line.request();
            for second in 1..300 {
                line.body_wanted();
                if at(&line, second) {
                    return Some(second);
                }
                line.body_came(bytes);
            }
            None
        };
        assert_eq!(drip(1), Some(31));
        assert_eq!(drip(400), Some(146));
        assert_eq!(drip(500), None);
        assert_eq!(drip(0), Some(30));
    }

    #[test]
    fn waiting_for_a_slow_upstream_is_not_the_clients_fault() {
        let line = deadline();
        line.request();
        line.body_wanted();
        line.body_came(1);
        assert!(!at(&line, 29));
        line.body_came(1);
        line.body_wanted();
        assert!(!at(&line, 58), "the allowance is whole: only the upstream was waited for");
        assert!(at(&line, 59));
    }

    #[test]
    fn the_end_of_an_answer_is_read_as_fast_as_all_of_it() {
        // A reader of so many bytes a second, who may ask on meanwhile.
        let drip = |bytes: usize, asks_on: bool| {
            let line = deadline();
            line.request();
            line.stream();
            line.idle();
            line.write_blocked();
            for second in 1..300 {
                if at(&line, second) {
                    return Some((second, line.phase()));
                }
                line.wrote(bytes);
                if asks_on {
                    line.head();
                    line.request();
                    line.idle();
                }
                line.write_blocked();
            }
            line.flushed();
            assert_eq!(line.phase(), Phase::Idle);
            assert!(!at(&line, 358) && at(&line, 359), "then the next request is awaited");
            None
        };
        for asks_on in [false, true] {
            assert_eq!(drip(1, asks_on), Some((61, Phase::Tail)), "{asks_on}");
            assert_eq!(drip(500, asks_on), None, "{asks_on}");
        }
    }

    #[test]
    fn a_silent_stream_is_not_a_slow_reader() {
        let line = deadline();
        line.request();
        line.stream();
        line.write_blocked();
        assert!(!at(&line, 59));
        line.wrote(1_000_000);
        line.flushed();
        assert!(!at(&line, 600));
        assert!(at(&line, 659));
    }
}
