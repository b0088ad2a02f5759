//! The cells of all workers put together, as OpenMetrics text. Only scraping pays for it.

use super::Counted;
use super::cells::{BUCKETS_NS, Count, Histogram, Judged};
use super::store;
use crate::shared::Shared;
use doorward_core::layers::LAYERS;
use doorward_core::layers::quota::budget::Counts;
use doorward_core::mode::Mode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::fmt::{self, Error};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// One scrape: a text that ends with `# EOF`.
///
/// # Errors
/// None in practice: writing to a string does not fail.
pub(crate) fn scrape(shared: &Arc<Shared>) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(Arc::clone(shared))));
    let mut out = String::with_capacity(32 * 1024);
    text::encode(&mut out, &registry)?;
    Ok(out)
}

struct Scrape(Arc<Shared>);

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let workers = self.0.metrics.workers();
        let mut page = Page { encoder, shared: &self.0, workers: &workers };
        page.requests()?;
        page.refusals()?;
        page.durations()?;
        page.connections()?;
        page.upstreams()?;
        page.tunnels()?;
        page.gate()?;
        page.identity()?;
        page.budgets()?;
        page.store()?;
        store::write(&mut page)?;
        page.process()
    }
}

pub(super) struct Page<'a, 'e> {
    pub(super) encoder: DescriptorEncoder<'e>,
    pub(super) shared: &'a Shared,
    workers: &'a [Counted],
}

impl Page<'_, '_> {
    pub(super) fn family<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        counter: bool,
        members: impl Iterator<Item = (L, u64)>,
    ) -> Result<(), Error> {
        let kind = if counter { MetricType::Counter } else { MetricType::Gauge };
        let mut metric = self.encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in members {
            let mut member = metric.encode_family(&labels)?;
            if counter {
                member.encode_counter::<NoLabelSet, u64, f64>(&value, None)?;
            } else {
                member.encode_gauge(&value)?;
            }
        }
        Ok(())
    }

    pub(super) fn counter(&mut self, name: &str, help: &str, value: u64) -> Result<(), Error> {
        let kind = MetricType::Counter;
        let mut metric = self.encoder.encode_descriptor(name, help, None, kind)?;
        metric.encode_counter::<NoLabelSet, u64, f64>(&value, None)
    }

    pub(super) fn gauge(&mut self, name: &str, help: &str, value: u64) -> Result<(), Error> {
        let kind = MetricType::Gauge;
        self.encoder.encode_descriptor(name, help, None, kind)?.encode_gauge(&value)
    }

    fn sum(&self, count: impl Fn(&Counted) -> u64) -> u64 {
        self.workers.iter().map(count).sum()
    }

    /// What is kept, where something is.
    fn store(&mut self) -> Result<(), Error> {
        let Some(figures) = self.shared.store.figures() else { return Ok(()) };
        let help = "Commits of the store";
        self.counter("doorward_store_commits", help, figures.commits)?;
        let help = "Commits of the store that failed";
        self.counter("doorward_store_failures", help, figures.failures)?;
        let help = "Milliseconds for which the oldest change waits to be kept";
        self.gauge("doorward_store_behind_ms", help, figures.behind_ms)?;
        self.gauge("doorward_store_rows", "Windows that are kept", figures.rows)?;
        let help = "Whether the store can keep nothing";
        self.gauge("doorward_store_away", help, u64::from(figures.away.is_some()))
    }

    fn requests(&mut self) -> Result<(), Error> {
        let mut members = Vec::new();
        for (slot, route) in self.shared.metrics.labels.routes() {
            for judged in Judged::ALL {
                let times = self.sum(|worker| worker.cells.requests[slot][judged as usize].is());
                if times > 0 {
                    members.push(([("route", route.clone()), word("verdict", judged)], times));
                }
            }
        }
        let help = "Requests by the route of the configuration and the core's verdict";
        self.family("doorward_requests", help, true, members.into_iter())?;
        let preflights = self.sum(|worker| worker.cells.preflights.is());
        let own = self.sum(|worker| worker.cells.own_endpoints.is());
        let members = [([("kind", "preflight")], preflights), ([("kind", "own")], own)];
        self.family("doorward_replies", "Answers of the gate's own", true, members.into_iter())
    }

    fn refusals(&mut self) -> Result<(), Error> {
        let refused = self.by_code(|worker, place| worker.cells.refused[place].is());
        let help = "Refusals by layer and code, faults too";
        self.family("doorward_refusals", help, true, refused.into_iter())?;
        let would = self.by_code(|worker, place| worker.cells.would_refuse[place].is());
        let help = "What monitored layers would have refused, by layer and code";
        self.family("doorward_would_refuse", help, true, would.into_iter())
    }

    /// The codes that occurred; there are too many to list all.
    fn by_code(
        &self,
        count: impl Fn(&Counted, usize) -> u64,
    ) -> Vec<([(&'static str, &'static str); 2], u64)> {
        let reasons = self.shared.metrics.labels.reasons().iter().enumerate();
        let members = reasons.map(|(place, reason)| {
            let labels = [("layer", reason.layer()), ("code", reason.code())];
            (labels, self.sum(|worker| count(worker, place)))
        });
        members.filter(|(_, times)| *times > 0).collect()
    }

    fn durations(&mut self) -> Result<(), Error> {
        let workers = self.workers;
        let help = "From a request's head to its answer's head";
        let name = "doorward_request_duration";
        let mut metric = seconds(&mut self.encoder, name, help)?;
        for judged in Judged::ALL {
            let parts = workers.iter().map(|worker| &worker.cells.durations[judged as usize]);
            histogram(metric.encode_family(&[("verdict", judged.word())])?, parts)?;
        }
        let help = "From a request's admission to the head of its upstream's answer";
        let name = "doorward_upstream_duration";
        let mut metric = seconds(&mut self.encoder, name, help)?;
        for (place, upstream) in self.shared.metrics.labels.upstreams() {
            let parts = workers.iter().map(|worker| &worker.cells.upstreams[place].duration);
            histogram(metric.encode_family(&[("upstream", upstream.as_str())])?, parts)?;
        }
        Ok(())
    }

    fn connections(&mut self) -> Result<(), Error> {
        let accepted = self.sum(|worker| worker.cells.accepted.is());
        self.counter("doorward_connections", "Connections of clients", accepted)?;
        let turned_away = self.sum(|worker| worker.cells.turned_away.is());
        let help = "Connections that were turned away because there were too many";
        self.counter("doorward_connections_refused", help, turned_away)?;
        let open = self.workers.iter().enumerate().map(|(place, worker)| {
            // Read one after the other, while the worker goes on: `left` first, so that it is not
            // ahead.
            let left = worker.cells.left.is();
            let open = worker.cells.entered.is().saturating_sub(left);
            ([("worker", place.to_string())], open)
        });
        let open: Vec<_> = open.collect();
        let help = "Open connections of clients, by worker";
        self.family("doorward_connections_open", help, false, open.into_iter())?;
        let counts = &self.shared.counts;
        let help = "Requests of clients that wrote the fingerprint header of trusted proxies";
        self.counter("doorward_fingerprint_claims", help, counts.claims.load(Relaxed))?;
        let handshakes = counts.handshakes.load(Relaxed);
        let failed = counts.handshakes_failed.load(Relaxed);
        let (second, floods) = (counts.second.load(Relaxed), counts.floods.load(Relaxed));
        self.counter("doorward_tls_handshakes", "TLS handshakes that were begun", handshakes)?;
        let help = "TLS handshakes that came to nothing";
        self.counter("doorward_tls_handshakes_failed", help, failed)?;
        self.counter("doorward_http2_connections", "HTTP/2 connections", second)?;
        let help = "HTTP/2 connections that were ended for a flood of frames";
        self.counter("doorward_http2_floods", help, floods)?;
        let bytes_in = self.sum(|worker| worker.cells.bytes_in.is());
        self.counter("doorward_bytes_in", "Bytes read from clients", bytes_in)?;
        let bytes_out = self.sum(|worker| worker.cells.bytes_out.is());
        self.counter("doorward_bytes_out", "Bytes written to clients", bytes_out)?;
        let held = self.shared.held_bytes.load(Relaxed) as u64;
        self.gauge("doorward_held_bytes", "Bytes of bodies that wait for a verdict", held)?;
        let dropped = self.sum(|worker| worker.log.lines().dropped_ever);
        let help = "Lines of the log that were dropped because its reader is too slow";
        self.counter("doorward_log_lines_dropped", help, dropped)
    }

    fn upstreams(&mut self) -> Result<(), Error> {
        let labels = self.shared.metrics.labels.upstreams();
        let mut connected = Vec::new();
        let mut failures = Vec::new();
        for (place, upstream) in &labels {
            let place = *place;
            let own = |worker: &Counted| worker.cells.upstreams[place].connected.is();
            connected.push(([("upstream", upstream.as_str())], self.sum(own)));
            let failed =
                self.by_code(|worker, code| worker.cells.upstreams[place].failures[code].is());
            for ([_, code], times) in failed {
                failures.push(([("upstream", upstream.as_str()), code], times));
            }
        }
        let mut open = vec![0; labels.len()];
        let setup = self.shared.setup.load();
        for pool in self.workers.iter().filter_map(|worker| worker.pool.upgrade()) {
            for (backend, count) in setup.backends.iter().zip(pool.open_counts(&setup)) {
                let slot = self.shared.metrics.labels.upstream_named(&backend.upstream);
                let place = labels.iter().position(|(known, _)| *known == slot);
                if let Some(open) = place.and_then(|place| open.get_mut(place)) {
                    *open += count.load(Relaxed) as u64;
                }
            }
        }
        let open = labels.iter().zip(open);
        let open = open.map(|((_, upstream), open)| ([("upstream", upstream.as_str())], open));
        let help = "Connections that were opened to an upstream; over HTTP/2, requests";
        self.family("doorward_upstream_connections", help, true, connected.into_iter())?;
        let help = "Open connections to an upstream, idle ones too; over HTTP/2, requests";
        self.family("doorward_upstream_connections_open", help, false, open)?;
        let help = "Admitted requests that failed at their upstream, by the fault's code";
        self.family("doorward_upstream_failures", help, true, failures.into_iter())
    }

    fn tunnels(&mut self) -> Result<(), Error> {
        let opened = self.sum(|worker| worker.cells.tunnels_opened.is());
        self.counter("doorward_tunnels", "Upgraded connections", opened)?;
        let closed = self.sum(|worker| worker.cells.tunnels_closed.is());
        let open = opened.saturating_sub(closed);
        self.gauge("doorward_tunnels_open", "Open upgraded connections", open)?;
        let ways = |part: fn(&Counted) -> &[Count; 2]| {
            let sum = |way: usize| self.sum(|worker| part(worker)[way].is());
            [([("direction", "in")], sum(0)), ([("direction", "out")], sum(1))]
        };
        let frames = ways(|worker| &worker.cells.frames);
        let bytes = ways(|worker| &worker.cells.frame_bytes);
        let help = "WebSocket frames";
        self.family("doorward_websocket_frames", help, true, frames.into_iter())?;
        let help = "Payload of WebSocket frames";
        self.family("doorward_websocket_payload_bytes", help, true, bytes.into_iter())
    }

    fn gate(&mut self) -> Result<(), Error> {
        let metrics = &self.shared.metrics;
        let members = [
            ([("result", "good")], metrics.reloads_good.load(Relaxed)),
            ([("result", "bad")], metrics.reloads_bad.load(Relaxed)),
        ];
        let help = "Configurations that were read again; a bad one is not served";
        self.family("doorward_reloads", help, true, members.into_iter())?;
        let gate = Arc::clone(&self.shared.setup.load().gate);
        let modes = LAYERS.iter().map(|meta| {
            let mode = mode(gate.mode_of(meta.id));
            ([("layer", meta.id), ("mode", mode)], 1)
        });
        let help = "How seriously a layer is taken; a route may be milder";
        self.family("doorward_layer_mode", help, false, modes)
    }

    fn identity(&mut self) -> Result<(), Error> {
        let hits = self.sum(|worker| worker.cells.remembered.is());
        let misses = self.sum(|worker| worker.cells.verified.is());
        let members = [([("result", "hit")], hits), ([("result", "miss")], misses)];
        let help = "Credentials of admitted requests that were remembered, or verified anew";
        self.family("doorward_identity_cache", help, true, members.into_iter())?;
        let gate = Arc::clone(&self.shared.setup.load().gate);
        let now_ns = self.shared.clock.now().steady_ns;
        let fetched = gate.issuers().iter().filter(|issuer| issuer.keys_url().is_some());
        let left = fetched.map(|issuer| {
            let left_ns = issuer.believed_until_ns().saturating_sub(now_ns);
            ([("issuer", issuer.name().to_owned())], left_ns / 1_000_000_000)
        });
        let left: Vec<_> = left.collect();
        let help = "Seconds for which an issuer's keys are believed without another fetch";
        self.family("doorward_identity_keys_left", help, false, left.into_iter())
    }

    /// By the budgets' names, never by a caller.
    fn budgets(&mut self) -> Result<(), Error> {
        let all = self.shared.memory.spent.all();
        let mut family = |part: &str, help, count: fn(&Counts) -> u64| {
            let members = all.iter().map(|(name, counts)| {
                let label = [("budget", name.as_str())];
                (label, count(counts))
            });
            self.family(&format!("doorward_budget_{part}"), help, true, members)
        };
        let help = "Taken of budgets before requests ran, in their units";
        family("reserved", help, |counts| counts.reserved)?;
        let help = "What ended requests came to, in their budgets' units";
        family("spent", help, |counts| counts.spent)?;
        let help = "Requests that were refused because of a budget";
        family("refused", help, |counts| counts.refused)?;
        let help = "Answers that were ended because of a budget";
        family("cut", help, |counts| counts.cut)
    }

    fn process(&mut self) -> Result<(), Error> {
        let help = "The program";
        let kind = MetricType::Info;
        let mut metric = self.encoder.encode_descriptor("doorward_build", help, None, kind)?;
        metric.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])?;
        let Some(bytes) = resident_bytes() else { return Ok(()) };
        self.gauge("process_resident_memory_bytes", "Resident memory", bytes)
    }
}

fn word(name: &'static str, judged: Judged) -> (&'static str, String) {
    (name, judged.word().to_owned())
}

const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "off",
        Mode::Monitor => "monitor",
        Mode::Share(_) => "share",
        Mode::Enforce => "enforce",
    }
}

pub(super) fn seconds<'s>(
    encoder: &'s mut DescriptorEncoder<'_>,
    name: &'s str,
    help: &str,
) -> Result<MetricEncoder<'s>, Error> {
    encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)
}

fn histogram<'h>(
    mut metric: MetricEncoder<'_>,
    parts: impl Iterator<Item = &'h Histogram>,
) -> Result<(), Error> {
    let mut counts = [0; BUCKETS_NS.len() + 1];
    let mut sum_ns = 0;
    for part in parts {
        for (count, bucket) in counts.iter_mut().zip(&part.buckets) {
            *count += bucket.is();
        }
        sum_ns += part.sum_ns.is();
    }
    let ends = BUCKETS_NS.iter().map(|end| *end as f64 / 1e9).chain([f64::INFINITY]);
    let buckets: Vec<(f64, u64)> = ends.zip(counts).collect();
    let count = counts.iter().sum();
    metric.encode_histogram::<NoLabelSet>(sum_ns as f64 / 1e9, count, &buckets, None)
}

/// What the process holds in memory; none where the system does not say.
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
