//! Whether a known caller may: where `permission` stands in the walk.

use super::{Gate, Stop, note};
use crate::layers::permission;
use crate::mode::Force;
use crate::reason::Reason;
use crate::visit::Visit;

impl Gate {
    /// Whether whoever is calling has what the route asks for.
    pub(super) fn permission(&self, visit: &mut Visit<'_>) -> Result<(), Stop> {
        if visit.route().parameters.is_empty() && visit.route().permission.is_none() {
            return Ok(());
        }
        let force = self.force(visit, self.modes.permission);
        if force == Force::Off || self.leaves_preflight(visit) {
            return Ok(());
        }
        if let Err(no) = permission::inspect_parameters(visit) {
            return lacks(visit, no, force);
        }
        // While strangers come in all the same, leaving the token out must not do better than
        // sending it.
        let force = self.force(visit, self.modes.permission.milder(self.modes.identity));
        match permission::inspect(&self.permission, visit) {
            Err(no) if force != Force::Off => lacks(visit, no, force),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn lacks(visit: &mut Visit<'_>, no: permission::No, force: Force) -> Result<(), Stop> {
    match force {
        Force::Enforce => Err(Stop::Lacks(no)),
        Force::Monitor | Force::Off => {
            note(visit, Reason::Permission(no.reason));
            Ok(())
        }
    }
}
