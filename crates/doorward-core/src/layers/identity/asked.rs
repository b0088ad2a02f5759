//! A caller that somebody else knows: remembered, or to be asked about.

use super::checker::{Checker, IN_VAIN_RATE, Told, UNKNOWN_RATE};
use super::find::whole;
use super::place::Carried;
use super::who::By;
use super::{Identity, Known, Place, Policy, Reason, Who};
use crate::layers::method;
use crate::moment::Moment;
use crate::route::Effect;
use crate::visit::Visit;
use std::borrow::Cow;
use std::sync::Arc;

/// A question about a caller that a visit waits for.
pub(crate) struct Asking {
    pub(crate) checker: Arc<Checker>,
    /// What it is about.
    pub(crate) text: String,
}

/// A credential that somebody else knows.
#[derive(Clone, Copy)]
pub(super) struct Shown<'s, 'v> {
    pub(super) policy: &'s Policy,
    pub(super) checker: &'s Arc<Checker>,
    pub(super) visit: &'s Visit<'v>,
    pub(super) at: Moment<'s>,
    /// Where it stands, by its place in the policy's list.
    pub(super) place: usize,
    pub(super) text: &'s str,
}

impl<'s> Shown<'s, '_> {
    /// What is remembered of its caller, without asking anybody. None: nothing.
    pub(super) fn remembered(&self) -> Option<Who> {
        let (identity, until_ns) = self.known_before()?;
        if until_ns <= self.at.now.steady_ns {
            return None;
        }
        if identity.ends_unix_s.is_some_and(|ends| ends <= self.at.now.unix_s) {
            return Some(Who::Refuse(Reason::Expired));
        }
        Some(Who::Known(self.known(identity, true)))
    }

    /// Whether its caller was known here, and is only to be asked about again.
    pub(super) fn was_known(&self) -> bool {
        let is_renewed = || {
            let text = self.whole();
            text.is_some_and(|text| self.at.memory.tokens.is_renewed(&text))
        };
        self.known_before().is_some() || is_renewed()
    }

    /// Whom it was known to be, and the steady nanosecond until which that is believed.
    fn known_before(&self) -> Option<(Arc<Identity>, u64)> {
        let identity = self.at.memory.tokens.find(&self.whole()?)?;
        let By::Checker(by, until_ns, _) = identity.by.as_ref()? else { return None };
        let until_ns = *until_ns;
        by.is_same(self.checker).then_some((identity, until_ns))
    }

    /// Judges its caller by what was said, and the steady nanosecond at which that was asked; where
    /// nothing was said yet, somebody is to be asked.
    pub(super) fn judge(&self, told: Option<(&Told, u64)>) -> Who {
        let route = self.visit.route();
        let who = match self.is_askable() {
            Ok(text) => match told {
                Some((told, asked_ns)) => self.by(&text, told, asked_ns),
                None => self.ask(text),
            },
            Err(reason) => Who::Refuse(reason),
        };
        let Who::Refuse(reason) = who else { return who };
        if !self.checker.is_of_sessions() || route.requires_identity {
            return Who::Refuse(reason);
        }
        // Many applications give everybody a session, before anybody signs in: that is nobody.
        // Whoever cannot be asked about is not taken for nobody where it changes something: it may
        // be somebody, and his cookie would go on unjudged.
        let reads = method::is_safe(self.visit.view.method) && route.effect != Effect::Write;
        match reason {
            Reason::SessionUnknown => Who::Nobody,
            // Of a record's cookie. The backend might believe it, so it does not go on.
            Reason::SessionForged | Reason::SessionMalformed => Who::Disbelieved,
            reason if reads => Who::Unjudged(reason),
            reason => Who::Refuse(reason),
        }
    }

    /// The whole text, if anybody could know it.
    fn is_askable(&self) -> Result<Cow<'s, str>, Reason> {
        self.checker.inspect(self.text)?;
        self.whole().ok_or(Reason::Unclear)
    }

    fn whole(&self) -> Option<Cow<'s, str>> {
        whole(self.checker, self.visit, self.text)
    }

    /// A proxy of one's own stands for many.
    fn is_his_own(&self) -> bool {
        !self.visit.gate.client_ip.trusts(self.visit.client)
    }

    fn ask(&self, text: Cow<'s, str>) -> Who {
        let (memory, now, prefix) = (self.at.memory, self.at.now, self.visit.prefix);
        let is_over = memory.unknown.wait_ns(prefix, UNKNOWN_RATE, now).is_some()
            || memory.in_vain.wait_ns(prefix, IN_VAIN_RATE, now).is_some();
        // Whoever was known before is asked about all the same.
        if self.is_his_own() && is_over && !self.was_known() {
            return Who::Refuse(Reason::TooManyUnknown);
        }
        let (checker, text) = (Arc::clone(self.checker), text.into_owned());
        Who::Ask(Box::new(Asking { checker, text }))
    }

    fn by(&self, text: &str, told: &Told, asked_ns: u64) -> Who {
        let (memory, now) = (self.at.memory, self.at.now);
        match self.checker.read(text, told, &self.policy.kept_claims, now) {
            Ok(identity) => {
                let identity = Arc::new(identity);
                memory.tokens.remember_asked(text, &identity, asked_ns);
                Who::Known(self.known(identity, false))
            }
            Err(reason) => {
                let is_no = !matches!(reason, Reason::CheckAway | Reason::Busy);
                // Each is counted once: a page sends many requests with one session. But whoever
                // sends the same ones again and again makes somebody work as well.
                let is_new = is_no && memory.tokens.note_unknown(text, now);
                if is_no && self.is_his_own() {
                    if is_new {
                        memory.unknown.strike(self.visit.prefix, UNKNOWN_RATE, now);
                    }
                    memory.in_vain.strike(self.visit.prefix, IN_VAIN_RATE, now);
                }
                Who::Refuse(reason)
            }
        }
    }

    fn known(&self, identity: Arc<Identity>, is_remembered: bool) -> Known {
        let place = self.place;
        let is_ambient = matches!(self.policy.places.get(place), Some(Place::Cookie(_)));
        Known { identity, place, visitor: None, is_remembered, is_ambient }
    }
}

/// What is remembered of a session that comes along with a request that was not judged by it: on
/// pages, or beside a key. An answer that ends it must end that too.
pub(crate) fn session_beside(
    policy: &Policy,
    visit: &Visit<'_>,
    at: Moment<'_>,
) -> Option<Arc<Identity>> {
    let checker = policy.checkers.iter().find(|checker| checker.is_of_sessions())?;
    let is_judged_by = visit
        .known
        .as_ref()
        .is_some_and(|known| policy.places.get(known.place) == Some(&checker.settings.place));
    if is_judged_by || !visit.seen.cookie {
        return None;
    }
    let Carried::Text(text) = checker.settings.place.look(visit) else { return None };
    let text = whole(checker, visit, text)?;
    at.memory.tokens.find(&text).filter(|identity| identity.is_asked_about())
}
