//! One worker's cells. Its own thread writes them, the admin thread reads them now and then.

use super::labels::{Labels, ROUTE_SLOTS, UPSTREAM_SLOTS};
use crate::admin::Recent;
use crate::settings;
use doorward_core::fault::Fault;
use doorward_core::gate::Gate;
use doorward_core::reason::Reason;
use doorward_core::route::DEFAULT_ROUTE;
use doorward_core::verdict::{Admitted, Verdict};
use http::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that one thread raises and others read: a plain load and store, without the locked
/// instruction that several writers would need.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    pub(crate) fn is(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What a verdict came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    Admit,
    Reply,
    Refuse,
}

impl Judged {
    pub(super) const ALL: [Self; 3] = [Self::Admit, Self::Reply, Self::Refuse];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Judged::Admit => "admit",
            Judged::Reply => "reply",
            Judged::Refuse => "refuse",
        }
    }
}

/// Upper ends of the histograms' buckets in nanoseconds; above the last is the rest.
pub(super) const BUCKETS_NS: [u64; 12] = [
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    1_000_000_000,
    5_000_000_000,
];

/// How long things took.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    pub(super) buckets: [Count; BUCKETS_NS.len() + 1],
    pub(super) sum_ns: Count,
}

impl Histogram {
    fn note(&self, took_ns: u64) {
        let place = BUCKETS_NS.iter().position(|end| took_ns <= *end).unwrap_or(BUCKETS_NS.len());
        self.buckets[place].add(1);
        self.sum_ns.add(took_ns);
    }
}

/// One upstream.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    /// From the verdict to the answer's head.
    pub(super) duration: Histogram,
    /// Connections that were opened.
    pub(super) connected: Count,
    /// By the place of the fault among all reasons.
    pub(super) failures: Box<[Count]>,
}

/// One worker's cells.
pub(crate) struct Cells {
    labels: Arc<Labels>,
    /// By route and verdict.
    pub(super) requests: Box<[[Count; 3]]>,
    /// By the reason's place.
    pub(super) refused: Box<[Count]>,
    pub(super) would_refuse: Box<[Count]>,
    /// Known callers that were admitted: known before, or by cryptography.
    pub(super) remembered: Count,
    pub(super) verified: Count,
    pub(super) preflights: Count,
    pub(super) own_endpoints: Count,
    /// From the request's head to its answer's, by verdict.
    pub(super) durations: [Histogram; 3],
    pub(super) upstreams: Box<[Upstream]>,
    pub(super) accepted: Count,
    pub(super) turned_away: Count,
    /// Those that were carried, with their ends: who came by a proxy's line comes and goes twice.
    pub(super) entered: Count,
    pub(super) left: Count,
    pub(super) bytes_in: Count,
    pub(super) bytes_out: Count,
    pub(super) tunnels_opened: Count,
    pub(super) tunnels_closed: Count,
    pub(super) frames: [Count; 2],
    pub(super) frame_bytes: [Count; 2],
    /// The last refusals, where somebody may ask for them.
    pub(crate) recent: Option<Recent>,
}

fn counts(number: usize) -> Box<[Count]> {
    (0..number).map(|_| Count::default()).collect()
}

impl Cells {
    pub(super) fn new(labels: Arc<Labels>, recent_max: usize) -> Self {
        let reasons = labels.reasons().len();
        let upstream = |_| Upstream { failures: counts(reasons), ..Upstream::default() };
        Self {
            requests: (0..ROUTE_SLOTS).map(|_| Default::default()).collect(),
            refused: counts(reasons),
            would_refuse: counts(reasons),
            remembered: Count::default(),
            verified: Count::default(),
            preflights: Count::default(),
            own_endpoints: Count::default(),
            durations: Default::default(),
            upstreams: (0..UPSTREAM_SLOTS).map(upstream).collect(),
            accepted: Count::default(),
            turned_away: Count::default(),
            entered: Count::default(),
            left: Count::default(),
            bytes_in: Count::default(),
            bytes_out: Count::default(),
            tunnels_opened: Count::default(),
            tunnels_closed: Count::default(),
            frames: Default::default(),
            frame_bytes: Default::default(),
            recent: (recent_max > 0).then(|| Recent::new(recent_max)),
            labels,
        }
    }

    /// The core came to a verdict, `took_ns` after the request's head was there.
    pub(crate) fn judged(
        &self,
        gate: &Arc<Gate>,
        verdict: &Verdict,
        method: &Method,
        took_ns: u64,
    ) {
        let (route, judged) = match verdict {
            Verdict::Admit(admitted) => {
                for reason in admitted.would_refuse() {
                    self.would_refuse[self.labels.code(*reason)].add(1);
                }
                match admitted.is_remembered() {
                    Some(true) => self.remembered.add(1),
                    Some(false) => self.verified.add(1),
                    None => {}
                }
                (admitted.route_id(), Judged::Admit)
            }
            Verdict::Reply(_) => {
                let is_preflight = *method == Method::OPTIONS;
                let count = if is_preflight { &self.preflights } else { &self.own_endpoints };
                count.add(1);
                (DEFAULT_ROUTE, Judged::Reply)
            }
            Verdict::Refuse(refused) => {
                self.refused(refused.reason());
                (refused.route_id(), Judged::Refuse)
            }
        };
        self.requests[self.labels.slot(gate, route)][judged as usize].add(1);
        if judged != Judged::Admit {
            self.durations[judged as usize].note(took_ns);
        }
    }

    /// A refusal that is no verdict of the core's: a fault.
    pub(crate) fn refused(&self, reason: Reason) {
        self.refused[self.labels.code(reason)].add(1);
    }

    /// An admitted request has its answer's head: at `now_ns`, on the clock it was opened by.
    pub(crate) fn answered(&self, admitted: &Admitted, judged_ns: u64, now_ns: u64) {
        let took_ns = now_ns.saturating_sub(admitted.now().steady_ns);
        self.durations[Judged::Admit as usize].note(took_ns);
        let upstream = self.labels.upstream(admitted.gate(), admitted.upstream());
        self.upstreams[upstream].duration.note(now_ns.saturating_sub(judged_ns));
    }

    /// An admitted request came to nothing.
    pub(crate) fn failed(&self, admitted: &Admitted, fault: Fault, now_ns: u64) {
        let took_ns = now_ns.saturating_sub(admitted.now().steady_ns);
        self.durations[Judged::Admit as usize].note(took_ns);
        // Any other fault is the client's own doing, or the gate's.
        if fault.words().code.starts_with("upstream/") {
            let upstream = self.labels.upstream(admitted.gate(), admitted.upstream());
            self.upstreams[upstream].failures[self.labels.code(Reason::Fault(fault))].add(1);
        }
    }

    /// A connection to an upstream stands.
    pub(crate) fn connected(&self, upstream: &settings::Upstream) {
        self.upstreams[self.labels.upstream_named(upstream)].connected.add(1);
    }

    /// A client connected; it is turned away where there are too many.
    pub(crate) fn accepted(&self, is_busy: bool) {
        self.accepted.add(1);
        if is_busy {
            self.turned_away.add(1);
        }
    }

    /// A client's connection is carried.
    pub(crate) fn entered(&self) {
        self.entered.add(1);
    }

    /// A client's connection ended.
    pub(crate) fn left(&self) {
        self.left.add(1);
    }

    /// Bytes came from clients.
    pub(crate) fn read(&self, bytes: usize) {
        self.bytes_in.add(bytes as u64);
    }

    /// Bytes went to clients.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.bytes_out.add(bytes as u64);
    }
}

/// One open tunnel, counted until this is dropped.
pub(crate) struct TunnelCells<'c> {
    cells: &'c Cells,
    /// Frames and payload bytes from the client, and to it, that are counted already.
    seen: [(u64, u64); 2],
}

impl<'c> TunnelCells<'c> {
    /// An upgraded connection begins.
    pub(crate) fn open(cells: &'c Cells) -> Self {
        cells.tunnels_opened.add(1);
        Self { cells, seen: [(0, 0); 2] }
    }

    /// So many frames, with so many bytes of payload, have passed since the beginning: from the
    /// client, and to it.
    pub(crate) fn saw(&mut self, now: [(u64, u64); 2]) {
        for (way, ((frames, bytes), before)) in now.into_iter().zip(&mut self.seen).enumerate() {
            self.cells.frames[way].add(frames.saturating_sub(before.0));
            self.cells.frame_bytes[way].add(bytes.saturating_sub(before.1));
            *before = (frames, bytes);
        }
    }
}

impl Drop for TunnelCells<'_> {
    fn drop(&mut self) {
        self.cells.tunnels_closed.add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnels_frames_are_counted_once_however_often_they_are_told() {
        let cells = Cells::new(Arc::new(Labels::new()), 0);
        let mut tunnel = TunnelCells::open(&cells);
        tunnel.saw([(1, 10), (2, 20)]);
        tunnel.saw([(1, 10), (5, 50)]);
        assert_eq!((cells.tunnels_opened.is(), cells.tunnels_closed.is()), (1, 0));
        drop(tunnel);
        assert_eq!(cells.tunnels_closed.is(), 1);
        let of = |counts: &[Count; 2]| [counts[0].is(), counts[1].is()];
        assert_eq!((of(&cells.frames), of(&cells.frame_bytes)), ([1, 5], [10, 50]));
    }

    #[test]
    fn a_duration_has_one_bucket_its_own_upper_end_too() {
        for (took_ns, want) in
            [(0, 0), (250_000, 0), (250_001, 1), (5_000_000_000, 11), (u64::MAX, 12)]
        {
            let histogram = Histogram::default();
            histogram.note(took_ns);
            let place = histogram.buckets.iter().position(|count| count.is() == 1);
            assert_eq!(place, Some(want), "{took_ns}");
        }
    }
}
