//! The labels there are: fixed when a gate is taken, never made of what a client sends.

use crate::settings::{Upstream, UpstreamAddress};
use arc_swap::ArcSwap;
use doorward_core::gate::Gate;
use doorward_core::reason::Reason;
use doorward_core::route::RouteId;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Routes that have a label of their own, in the process's whole life; all others share one.
pub(crate) const ROUTES_MAX: usize = 64;
/// The slot of all other routes.
const OTHER: usize = ROUTES_MAX;
/// Slots of routes: their own ones, and the one of all others.
pub(super) const ROUTE_SLOTS: usize = ROUTES_MAX + 1;
/// Upstreams that have a label of their own, in the process's whole life; all others share one.
pub(super) const UPSTREAMS_MAX: usize = 16;
/// Slots of upstreams.
pub(super) const UPSTREAM_SLOTS: usize = UPSTREAMS_MAX + 1;
/// What the route is called that no path of the file names. Paths begin with a slash.
const DEFAULT_LABEL: &str = "default";
const OTHER_LABEL: &str = "other";

/// The labels there are.
pub(super) struct Labels {
    /// The routes' labels, each at its slot. Only ever added to, so that a slot keeps its meaning
    /// over reloads.
    routes: Mutex<Vec<String>>,
    /// The same of the upstreams.
    upstreams: Mutex<Vec<String>>,
    present: ArcSwap<Slots>,
    reasons: Vec<Reason>,
}

/// The slots of one gate's routes and upstreams.
struct Slots {
    /// The gate's address in memory: it tells gates apart as long as they are served.
    gate: usize,
    of_routes: Vec<u8>,
    of_upstreams: Vec<u8>,
}

impl Labels {
    pub(super) fn new() -> Self {
        let slots = Slots { gate: 0, of_routes: Vec::new(), of_upstreams: Vec::new() };
        Self {
            routes: Mutex::default(),
            upstreams: Mutex::default(),
            present: ArcSwap::from_pointee(slots),
            reasons: Reason::all(),
        }
    }

    /// Gives a gate's routes and upstreams their slots.
    pub(super) fn take<'u>(&self, gate: &Arc<Gate>, upstreams: impl Iterator<Item = &'u Upstream>) {
        let mut labels = lock(&self.routes);
        let routes = gate.routes().all().iter().enumerate();
        let of_routes = routes.map(|(index, route)| {
            // What the gate makes by itself (robots.txt and the like) needs no label of its own.
            if route.implicit {
                return OTHER as u8;
            }
            let label = if index == 0 { DEFAULT_LABEL } else { route.path.as_str() };
            place(&mut labels, label, ROUTES_MAX) as u8
        });
        let of_routes = of_routes.collect();
        drop(labels);
        let mut labels = lock(&self.upstreams);
        let of_upstreams =
            upstreams.map(|upstream| place(&mut labels, &name(upstream), UPSTREAMS_MAX) as u8);
        let slots = Slots { gate: address(gate), of_routes, of_upstreams: of_upstreams.collect() };
        drop(labels);
        self.present.store(Arc::new(slots));
    }

    /// The slot of an upstream, by its place in its gate's list.
    pub(super) fn upstream(&self, gate: &Arc<Gate>, upstream: usize) -> usize {
        let present = self.present.load();
        if present.gate != address(gate) {
            return UPSTREAMS_MAX;
        }
        present.of_upstreams.get(upstream).map_or(UPSTREAMS_MAX, |slot| usize::from(*slot))
    }

    /// The slot of an upstream by its name; asked for new connections only.
    pub(super) fn upstream_named(&self, upstream: &Upstream) -> usize {
        let name = name(upstream);
        lock(&self.upstreams).iter().position(|known| *known == name).unwrap_or(UPSTREAMS_MAX)
    }

    /// The labels of all upstreams' slots, the one of all others last.
    pub(super) fn upstreams(&self) -> Vec<(usize, String)> {
        all(&self.upstreams, UPSTREAMS_MAX)
    }

    /// The slot of a route. Requests that a gate judged which is not served any more have no label
    /// of their own: that is one moment at a reload.
    pub(super) fn slot(&self, gate: &Arc<Gate>, route: RouteId) -> usize {
        let present = self.present.load();
        if present.gate != address(gate) {
            return OTHER;
        }
        present.of_routes.get(route.0).map_or(OTHER, |slot| usize::from(*slot))
    }

    /// The slot of a reason. Asked for refusals only.
    pub(super) fn code(&self, reason: Reason) -> usize {
        // The list is that of all reasons, so that there is always a place.
        self.reasons.iter().position(|known| *known == reason).unwrap_or_default()
    }

    pub(super) fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The labels of all slots, the one of all other routes last.
    pub(super) fn routes(&self) -> Vec<(usize, String)> {
        all(&self.routes, OTHER)
    }
}

fn lock(labels: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    labels.lock().unwrap_or_else(PoisonError::into_inner)
}

fn all(labels: &Mutex<Vec<String>>, other: usize) -> Vec<(usize, String)> {
    let mut out: Vec<_> = lock(labels).iter().cloned().enumerate().collect();
    out.push((other, OTHER_LABEL.to_owned()));
    out
}

/// The place of a label, which is added where there is room; else `max`, that of all others.
fn place(labels: &mut Vec<String>, label: &str, max: usize) -> usize {
    if let Some(known) = labels.iter().position(|known| known == label) {
        return known;
    }
    if labels.len() >= max {
        return max;
    }
    labels.push(label.to_owned());
    labels.len() - 1
}

/// An upstream's address as a label.
pub(super) fn name(upstream: &Upstream) -> String {
    match &upstream.address {
        UpstreamAddress::Tcp { host, port } => format!("{host}:{port}"),
        UpstreamAddress::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn address(gate: &Arc<Gate>) -> usize {
    Arc::as_ptr(gate).addr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::route;
    use doorward_core::settings::Settings;

    fn gate(paths: impl Iterator<Item = String>) -> Arc<Gate> {
        let mut settings = Settings::public();
        settings.routes =
            paths.map(|path| route::Settings { path, ..route::Settings::default() }).collect();
        Gate::new(&settings).expect("the test's settings are right")
    }

    #[test]
    fn labels_are_bounded_over_all_reloads_and_keep_their_meaning() {
        let labels = Labels::new();
        let first = gate(["/a".to_owned()].into_iter());
        labels.take(&first, std::iter::empty());
        let of_a = labels.slot(&first, first.routes().find("/a"));
        for round in 0..20 {
            let next = gate((0..10).map(|number| format!("/r{round}/{number}")));
            labels.take(&next, std::iter::empty());
            assert_eq!(labels.slot(&first, first.routes().find("/a")), OTHER, "an old gate's");
        }
        assert_eq!(labels.routes().len(), ROUTE_SLOTS);
        let again = gate(["/b".to_owned(), "/a".to_owned()].into_iter());
        labels.take(&again, std::iter::empty());
        assert_eq!(labels.slot(&again, again.routes().find("/a")), of_a);
        assert_eq!(labels.slot(&again, again.routes().find("/b")), OTHER, "there is no room");
        assert_eq!(labels.routes()[of_a].1, "/a");
        assert_eq!(labels.slot(&again, RouteId(1_000)), OTHER);
    }

    #[test]
    fn an_upstream_keeps_its_label_when_its_place_changes() {
        let at = |port: u16| Upstream::from(std::net::SocketAddr::from(([127, 0, 0, 1], port)));
        let labels = Labels::new();
        let first = gate(std::iter::empty());
        labels.take(&first, [at(1), at(2)].iter());
        let of_two = labels.upstream(&first, 1);
        let next = gate(std::iter::empty());
        labels.take(&next, [at(2), at(3)].iter());
        assert_eq!(labels.upstream(&next, 0), of_two);
        assert_eq!(labels.upstreams()[of_two].1, "127.0.0.1:2");
        assert_eq!(labels.upstream_named(&at(2)), of_two);
        for other in [labels.upstream(&first, 1), labels.upstream(&next, 2)] {
            assert_eq!(other, UPSTREAMS_MAX);
        }
        for round in 0..10 {
            let many: Vec<_> = (0..10).map(|port| at(100 + round * 10 + port)).collect();
            labels.take(&gate(std::iter::empty()), many.iter());
        }
        assert_eq!(labels.upstreams().len(), UPSTREAM_SLOTS);
        assert_eq!(labels.upstream_named(&at(199)), UPSTREAMS_MAX);
    }

    #[test]
    fn every_reason_has_a_place_of_its_own() {
        let labels = Labels::new();
        for (place, reason) in Reason::all().into_iter().enumerate() {
            assert_eq!(labels.code(reason), place);
        }
    }
}
