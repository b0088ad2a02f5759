//! What comes of a body that was held: whose it is, and what it says.

use super::{AwaitingBody, Claim, Pending, Stage, Turn, spend};
use super::{claim_behind_body, give_back, note, refuse, what};
use crate::fault::Fault;
use crate::layers::csrf;
use crate::layers::identity::check_delivery;
use crate::layers::pass::Of;
use crate::moment::Moment;
use crate::own::{self, NoPass, Own, Ready};
use crate::reason::Reason;
use crate::refused::Refused;
use crate::route::HELD_BODY_BYTES_MAX;
use crate::signing_in;
use crate::verdict::Verdict;
use crate::visit::Visit;

impl<'v> AwaitingBody<'v> {
    /// Bytes that are held at the most; a longer body is `Fault::BodyTooLarge`.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        let of_route = self.visit.route().body_bytes_max;
        let of_route = of_route.and_then(|bytes| usize::try_from(bytes).ok());
        // No longer than its caller has paid for, where its length was not said.
        let of_cost = self.visit.kept.as_ref().and_then(|kept| kept.stream_bytes_max());
        let of_cost = of_cost.and_then(|bytes| usize::try_from(bytes).ok());
        of_route.into_iter().chain(of_cost).fold(HELD_BODY_BYTES_MAX, usize::min)
    }

    /// Goes on with the whole body.
    #[must_use]
    pub fn with(self, body: &[u8], at: Moment<'_>) -> Turn<'v> {
        if body.len() > self.bytes_max() {
            return self.failed(Fault::BodyTooLarge, at);
        }
        let Self { mut visit, shares_taken } = self;
        let digest = crate::crypto::sha256(body);
        if let Some(kept) = &mut visit.kept {
            kept.held(body.len());
        }
        if let Err(turn) = deliver(&mut visit, body, at) {
            return *turn;
        }
        let signed = visit.held.as_ref().and_then(|held| held.digest.as_ref());
        if signed.is_some_and(|signed| !signed.fits(body, &digest)) {
            let reason = what(&visit).body_differs();
            if !visit.gate.watches(&visit, what(&visit)) {
                let refused = Refused::new(&visit, reason, at.id).with_pass(at.now, None);
                return give_back(visit, shares_taken, refuse(refused));
            }
            note(&mut visit, reason);
        }
        let is_late = visit.held.as_ref().is_some_and(|held| held.is_late(at.now));
        if is_late && !visit.gate.watches(&visit, what(&visit)) {
            // It was timely when its head came, and its body took too long.
            let reason = what(&visit).expired();
            let refused = Refused::new(&visit, reason, at.id).with_pass(at.now, None);
            return give_back(visit, shares_taken, refuse(refused));
        }
        if let Err(reason) = csrf_in_body(&visit, body, at) {
            if !visit.gate.watches_csrf(&visit) {
                let refused = Refused::new(&visit, reason, at.id);
                return give_back(visit, shares_taken, refuse(refused));
            }
            note(&mut visit, reason);
        }
        if let Some(own) = visit.route().own {
            return at_own(visit, own, body, shares_taken, at);
        }
        let digest = visit.route().bind_body.then_some(digest);
        if let Err(turn) = spend::judge(&mut visit, body, at) {
            return give_back(visit, shares_taken, *turn);
        }
        match signing_in::taken(&visit, body, at) {
            Ok(None) => {}
            Ok(Some(taken)) => {
                let stage = Stage::SignIn(taken, digest, shares_taken);
                return Turn::Ask(Pending { visit, stage });
            }
            Err((reason, true)) => note(&mut visit, Reason::Quota(reason)),
            Err((reason, false)) => {
                let refused = Refused::new(&visit, Reason::Quota(reason), at.id);
                return give_back(visit, shares_taken, refuse(refused));
            }
        }
        claim_behind_body(visit, digest, shares_taken, at)
    }

    /// The body did not come.
    #[must_use]
    pub fn failed(self, fault: Fault, at: Moment<'_>) -> Turn<'v> {
        let Self { visit, shares_taken } = self;
        let refused = Refused::new(&visit, Reason::Fault(fault), at.id);
        // A copy of a signed head, without its body, must not cost the pass anything.
        give_back(visit, shares_taken, refuse(refused))
    }
}

/// Checks a webhook's delivery over its body. Its sender's address gets no strike: anybody can have
/// a provider send him something that fails, from the address of all the provider's others.
fn deliver<'v>(visit: &mut Visit<'_>, body: &[u8], at: Moment<'_>) -> Result<(), Box<Turn<'v>>> {
    let Some(delivery) = visit.delivery.take() else { return Ok(()) };
    match check_delivery(visit, &delivery, body, at) {
        Ok(held) => visit.held = Some(Box::new(held)),
        Err(reason) if visit.gate.watches(visit, Of::Delivery) => {
            note(visit, Reason::Signature(reason));
        }
        Err(reason) => {
            let refused = Refused::new(visit, Reason::Signature(reason), at.id);
            return Err(Box::new(refuse(refused)));
        }
    }
    Ok(())
}

/// Judges the CSRF token in a body, where it was not in the head.
fn csrf_in_body(visit: &Visit<'_>, body: &[u8], at: Moment<'_>) -> Result<(), Reason> {
    if !visit.csrf.waits {
        return Ok(());
    }
    csrf::judge_body(&visit.gate.csrf, visit, body, at).map_err(Reason::Csrf)
}

/// What a request at one of the gate's own addresses comes to.
fn at_own<'v>(
    visit: Visit<'v>,
    own: Own,
    body: &[u8],
    shares_taken: bool,
    at: Moment<'_>,
) -> Turn<'v> {
    if own == Own::Csrf {
        return match csrf::hand_out(&visit, at) {
            Ok(reply) => Turn::Done(Verdict::Reply(reply)),
            Err(reason) => refuse(Refused::new(&visit, reason, at.id)),
        };
    }
    match own::with_body(own, &visit, body, at) {
        Ok(Ready { reply, claim: None }) => Turn::Done(Verdict::Reply(reply)),
        Ok(Ready { reply, claim: Some(question) }) => {
            let share = (own == Own::Pass).then(|| own::mint_share(&visit));
            let reply = Some(reply);
            let claim = Claim { share, question, shares_taken, digest: None, reply };
            Turn::Ask(Pending { visit, stage: Stage::Claim(Box::new(claim)) })
        }
        Err(NoPass { no, bits }) => {
            let refused = Refused::new(&visit, Reason::Pass(no.reason), at.id);
            let refused = refused.with_pass(at.now, no.note);
            let refused = match bits {
                Some(bits) => refused.with_bits(bits),
                None => refused,
            };
            // Nothing was claimed, so a copy of it must not cost the pass either.
            give_back(visit, shares_taken, refuse(refused))
        }
    }
}
