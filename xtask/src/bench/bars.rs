//! The bars that the gate is held to; ratios and differences are of one run.

use super::kind::{
    DOORWARD, DOORWARD_ES256, DOORWARD_FRESH, DOORWARD_JSON, DOORWARD_PASSES, DOORWARD_SESSION,
    DOORWARD_VALKEY, ENVOY_ES256, HAPROXY_ES256, HAPROXY_HS256, HAPROXY_MAC, NGINX, NGINX_ALIKE,
};
use super::round::{Measured, Round, Spread};

/// A bar, measured.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) figure: Spread,
    /// The most that it may be; none where the figure is only to be known.
    pub(super) at_most: Option<f64>,
}

impl Bar {
    pub(super) fn is_met(&self) -> bool {
        self.at_most.is_none_or(|most| self.figure.median <= most)
    }

    /// A line of its own.
    fn line(&self) -> String {
        let Spread { median, least, most } = self.figure;
        let word = match self.at_most {
            None => "to be known".to_owned(),
            Some(most) if self.is_met() => format!("at most {most}: met"),
            Some(most) => format!("at most {most}: MISSED"),
        };
        format!("bar: {}: {median:.2} ({least:.2}–{most:.2}), {word}\n", self.name)
    }
}

/// CPU of one peer as a multiple of another's.
const RATIOS: &[(&str, &str, Option<f64>)] = &[
    (DOORWARD, NGINX, Some(1.2)),
    (DOORWARD_ES256, HAPROXY_HS256, Some(0.85)),
    (DOORWARD_ES256, HAPROXY_ES256, Some(0.25)),
    (DOORWARD_ES256, ENVOY_ES256, Some(0.45)),
    (DOORWARD_ES256, NGINX, Some(1.35)),
    (DOORWARD_FRESH, HAPROXY_ES256, None),
    (DOORWARD_SESSION, NGINX, Some(1.35)),
    (DOORWARD_VALKEY, DOORWARD, Some(1.5)),
    (DOORWARD_PASSES, NGINX_ALIKE, Some(1.5)),
    (DOORWARD_PASSES, NGINX, None),
    (DOORWARD_PASSES, HAPROXY_MAC, None),
];
const CALLS_MAX: f64 = 4.3;
const RESIDENT_MIB_MAX: f64 = 25.0;
const LOG_CPU_US_MAX: f64 = 1.5;
const LOG_CALLS_MAX: f64 = 0.1;

/// Every bar whose peers were measured.
pub(super) fn bars(measured: &[Measured]) -> Vec<Bar> {
    let of = |name: &str| measured.iter().find(|peer| peer.name() == name);
    let mut bars = Vec::new();
    for (ours, theirs, at_most) in RATIOS {
        if let (Some(us), Some(them)) = (of(ours), of(theirs)) {
            let name = format!("CPU of {ours} as a multiple of {theirs}");
            bars.push(Bar { name, figure: us.ratio(them), at_most: *at_most });
        }
    }
    for gate in [DOORWARD, DOORWARD_ES256].into_iter().filter_map(of) {
        let name = format!("system calls a request of {}", gate.name());
        let figure = gate.spread(|round| round.calls);
        bars.push(Bar { name, figure, at_most: Some(CALLS_MAX) });
        let name = format!("resident MiB of {}", gate.name());
        let figure = gate.spread(Round::resident_mib);
        bars.push(Bar { name, figure, at_most: Some(RESIDENT_MIB_MAX) });
    }
    if let (Some(logging), Some(quiet)) = (of(DOORWARD_JSON), of(DOORWARD)) {
        let more = |with, without| with - without;
        let figure = logging.beside(quiet, |round| round.cpu_us, more);
        let name = "CPU µs of a JSON line".to_owned();
        bars.push(Bar { name, figure, at_most: Some(LOG_CPU_US_MAX) });
        let figure = logging.beside(quiet, |round| round.calls, more);
        let name = "system calls of a JSON line".to_owned();
        bars.push(Bar { name, figure, at_most: Some(LOG_CALLS_MAX) });
    }
    bars
}

/// A line for each bar.
pub(super) fn lines(bars: &[Bar]) -> String {
    bars.iter().map(Bar::line).collect()
}
