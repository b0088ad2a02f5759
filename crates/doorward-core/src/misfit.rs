//! Layers that a mounting cannot carry.

use crate::gate::Gate;
use crate::layers;
use crate::mode::Mode;
use crate::view::Fidelity;

/// A layer that a mounting cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The layer's id.
    pub layer: &'static str,
    /// What the mounting lacks.
    pub need: layers::Need,
}

impl Gate {
    /// The layers that are enforced or monitored here and that such a mounting cannot carry.
    #[must_use]
    pub fn misfits(&self, fidelity: Fidelity) -> Vec<Misfit> {
        let carries = |need: &layers::Need| match need {
            layers::Need::RawHead => fidelity.raw_head,
            layers::Need::Dress => fidelity.dress,
            layers::Need::Edits => fidelity.edits,
            layers::Need::Pages => fidelity.pages,
        };
        let mut out = Vec::new();
        for meta in layers::LAYERS {
            let mode = self.modes.of(meta.id).unwrap_or_default();
            if mode == Mode::Off {
                continue;
            }
            let lacking = meta.needs.iter().filter(|need| !carries(need));
            out.extend(lacking.map(|need| Misfit { layer: meta.id, need: *need }));
        }
        let injects = self.has_csrf() && self.routes.all().iter().any(|route| route.injects);
        if injects && !carries(&layers::Need::Pages) {
            out.push(Misfit { layer: "csrf", need: layers::Need::Pages });
        }
        out
    }
}
