//! Whether a stranger has a pass or a ticket: where `pass` stands in the walk.

use super::{Gate, Stop, note, take};
use crate::layers::pass::{self, Carried, Of};
use crate::layers::{Step, quota};
use crate::mode::{Force, Mode};
use crate::moment::Moment;
use crate::own::Own;
use crate::reason::Reason;
use crate::route::{self, Kind};
use crate::visit::Visit;

impl Gate {
    /// Whether what a visit holds is claimed for certain, by everybody and whatever his address.
    pub(super) fn runs_once(&self, visit: &Visit<'_>) -> bool {
        let modes = [self.mode, self.modes.pass, visit.route().mode];
        let is_pass = |held: &pass::Held| held.of == Of::Pass && held.is_once();
        modes.iter().all(|mode| *mode == Mode::Enforce)
            && visit.held.as_deref().is_some_and(is_pass)
    }

    /// Whether a stranger has a pass or a ticket. Known callers need none.
    pub(super) fn pass(&self, visit: &mut Visit<'_>, at: Moment<'_>) -> Result<(), Stop> {
        let force = match visit.route().own {
            // Who asks for a pass has none yet. A ticket is for those who are known, or have one.
            Some(Own::Pass | Own::Challenge | Own::Csrf) => return Ok(()),
            Some(Own::Ticket) => Force::Enforce,
            None => self.force(visit, self.modes.pass),
        };
        // A ticket is the gate's alone, whoever sends it and whether it is needed or not.
        let carried = if self.has_passes() { pass::find(visit) } else { Ok(Carried::Nothing) };
        visit.cut = pass::cut(carried);
        let leaves_preflight = visit.route().own.is_none() && self.leaves_preflight(visit);
        let needs_none = force == Force::Off
            || visit.known.is_some()
            || !matches!(visit.route().kind, Kind::Api)
            || leaves_preflight;
        if needs_none {
            return Ok(());
        }
        match pass::inspect(&self.pass, visit, at, carried) {
            Ok(held) => {
                let quota_force = self.force(visit, self.modes.quota);
                if quota_force != Force::Off && quota::denies_held(&self.quota, &held, at) {
                    let refuse = Step::Refuse(Reason::Quota(quota::Reason::Denied));
                    take(visit, refuse, quota_force)?;
                }
                // Whoever has most of what is remembered is refused first.
                if force == Force::Enforce && !at.memory.crowd.takes(visit.prefix, at.now) {
                    return Err(Stop::Pass(pass::Reason::StoreAway.into()));
                }
                visit.held = Some(Box::new(held));
            }
            Err(no)
                if no.reason == pass::Reason::Missing
                    && visit.route().pass == route::Pass::Optional => {}
            Err(no) if force == Force::Enforce => {
                if no.is_strike && !self.client_ip.trusts(visit.client) {
                    quota::strike(&self.quota, visit.client, at);
                }
                return Err(Stop::Pass(no));
            }
            Err(no) => note(visit, Reason::Pass(no.reason)),
        }
        Ok(())
    }

    /// Whether the answers about what a pass, a signature or a delivery claims are only noted.
    pub(crate) fn watches(&self, visit: &Visit<'_>, of: Of) -> bool {
        let layer = match of {
            Of::Pass => self.modes.pass,
            Of::Signature | Of::Proof => self.modes.identity,
            Of::Delivery => self.mode_of_deliveries(),
        };
        visit.route().own.is_none() && self.force(visit, layer) != Force::Enforce
    }

    /// Whether there are passes here at all.
    pub(crate) fn has_passes(&self) -> bool {
        self.modes.pass != Mode::Off && self.pass.has_keys()
    }
}
