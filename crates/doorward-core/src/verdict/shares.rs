//! What an admitted request's shares come to on its way: what of it is the gate's alone, what its
//! caller is told, and how long its body may be.

use super::{Admitted, Meter};
use crate::layers::credential;
use http::{HeaderMap, HeaderName};

impl Admitted {
    /// Whether a header says what a request has cost, in any spelling: it stays between gate and
    /// backend, in a head and behind a body.
    #[must_use]
    pub fn is_cost(&self, name: &HeaderName) -> bool {
        let mut costs = self.gate.quota.cost_headers().iter();
        costs.any(|own| credential::is_same(own.as_str(), name.as_str()))
    }

    /// Says what is left of its caller's shares, where that is told with each answer.
    pub(super) fn tell_shares(&self, is_exposed: bool, headers: &mut HeaderMap) {
        let told = self.kept.as_ref().and_then(|kept| kept.told(&self.gate.quota));
        match told {
            Some(told) if is_exposed => told.dress_exposed(headers),
            Some(told) => told.dress(headers),
            None => {}
        }
    }

    /// What watches the bodies; none where nothing needs to.
    #[must_use]
    pub fn meter(&self) -> Option<Meter> {
        let of_cost = self.kept.as_ref().and_then(|kept| kept.stream_bytes_max());
        let most = self.route().body_bytes_max.into_iter().chain(of_cost).min();
        most.map(|request_bytes_left| Meter { request_bytes_left })
    }
}
