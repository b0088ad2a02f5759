//! The labels there are: fixed when a gate is taken, never made of what a client sends.

use arc_swap::ArcSwap;
use doorward_core::gate::Gate;
use doorward_core::reason::Reason;
use doorward_core::route::RouteId;
use std::sync::{Arc, Mutex, PoisonError};

/// Routes that have a label of their own, in the process's whole life; all others share one.
pub(crate) const ROUTES_MAX: usize = 64;
/// The slot of all other routes.
const OTHER: usize = ROUTES_MAX;
/// Slots of routes: their own ones, and the one of all others.
pub(super) const ROUTE_SLOTS: usize = ROUTES_MAX + 1;
/// What the route is called that no path of the file names. Paths begin with a slash.
const DEFAULT_LABEL: &str = "default";
const OTHER_LABEL: &str = "other";

/// The labels there are.
pub(super) struct Labels {
    /// The routes' labels, each at its slot. Only ever added to, so that a slot keeps its meaning
    /// over reloads.
    routes: Mutex<Vec<String>>,
    present: ArcSwap<Slots>,
    reasons: Vec<Reason>,
    pub(super) upstreams: Vec<String>,
}

/// The slots of one gate's routes.
struct Slots {
    /// The gate's address in memory: it tells gates apart as long as they are served.
    gate: usize,
    of_routes: Vec<u8>,
}

impl Labels {
    pub(super) fn new(upstreams: Vec<String>) -> Self {
        Self {
            routes: Mutex::default(),
            present: ArcSwap::from_pointee(Slots { gate: 0, of_routes: Vec::new() }),
            reasons: Reason::all(),
            upstreams,
        }
    }

    /// Gives a gate's routes their slots.
    pub(super) fn take(&self, gate: &Arc<Gate>) {
        let mut labels = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let routes = gate.routes().all().iter().enumerate();
        let of_routes = routes.map(|(place, route)| {
            // What the gate makes by itself (robots.txt and the like) needs no label of its own.
            if route.implicit {
                return OTHER as u8;
            }
            let label = if place == 0 { DEFAULT_LABEL } else { route.path.as_str() };
            let slot = labels.iter().position(|known| known == label).unwrap_or_else(|| {
                if labels.len() < ROUTES_MAX {
                    labels.push(label.to_owned());
                    labels.len() - 1
                } else {
                    OTHER
                }
            });
            slot as u8
        });
        let slots = Slots { of_routes: of_routes.collect(), gate: address(gate) };
        drop(labels);
        self.present.store(Arc::new(slots));
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
        let labels = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out: Vec<_> = labels.iter().cloned().enumerate().collect();
        out.push((OTHER, OTHER_LABEL.to_owned()));
        out
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
        let labels = Labels::new(Vec::new());
        let first = gate(["/a".to_owned()].into_iter());
        labels.take(&first);
        let of_a = labels.slot(&first, first.routes().find("/a"));
        for round in 0..20 {
            let next = gate((0..10).map(|number| format!("/r{round}/{number}")));
            labels.take(&next);
            assert_eq!(labels.slot(&first, first.routes().find("/a")), OTHER, "an old gate's");
        }
        assert_eq!(labels.routes().len(), ROUTE_SLOTS);
        let again = gate(["/b".to_owned(), "/a".to_owned()].into_iter());
        labels.take(&again);
        assert_eq!(labels.slot(&again, again.routes().find("/a")), of_a);
        assert_eq!(labels.slot(&again, again.routes().find("/b")), OTHER, "there is no room");
        assert_eq!(labels.routes()[of_a].1, "/a");
        assert_eq!(labels.slot(&again, RouteId(1_000)), OTHER);
    }

    #[test]
    fn every_reason_has_a_place_of_its_own() {
        let labels = Labels::new(Vec::new());
        for (place, reason) in Reason::all().into_iter().enumerate() {
            assert_eq!(labels.code(reason), place);
        }
    }
}
