//! Whether a page meant what a cookie would let it do: where `csrf` stands in the walk.

use super::{Gate, Stop, take};
use crate::layers::csrf;
use crate::mode::{Force, Mode};
use crate::moment::Moment;
use crate::visit::Visit;

impl Gate {
    /// Whether a page meant what a cookie would let it do.
    pub(super) fn csrf(&self, visit: &mut Visit<'_>, at: Moment<'_>) -> Result<(), Stop> {
        if !self.has_csrf() {
            return Ok(());
        }
        // A token is the gate's alone, whoever sends it and whether it is needed or not.
        visit.csrf = csrf::find(visit.view.headers);
        let force = self.force(visit, self.modes.csrf);
        if force == Force::Off || self.leaves_preflight(visit) {
            return Ok(());
        }
        let step = csrf::inspect(&self.csrf, visit, at);
        take(visit, step, force)
    }

    /// Whether there are CSRF tokens here at all.
    pub(crate) fn has_csrf(&self) -> bool {
        self.modes.csrf != Mode::Off
    }

    /// Whether what a token in a body comes to is only noted.
    pub(crate) fn watches_csrf(&self, visit: &Visit<'_>) -> bool {
        self.force(visit, self.modes.csrf) != Force::Enforce
    }
}
