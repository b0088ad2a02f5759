//! The conversation: what the core wants next, until it has a verdict.

use crate::address::Prefix;
use crate::fault::Fault;
use crate::layers::identity::{Issuer, LookedUp};
use crate::layers::quota;
use crate::moment::Moment;
use crate::question::{Answers, Questions};
use crate::reason::Reason;
use crate::refused::Refused;
use crate::route::HELD_BODY_BYTES_MAX;
use crate::verdict::{Admitted, Verdict};
use crate::visit::Visit;
use std::sync::Arc;

/// What happens next. It borrows the view, nothing else; boxing a part would allocate on each
/// visit.
pub enum Turn<'v> {
    /// The verdict.
    Done(Verdict),
    /// The body is wanted.
    Body(AwaitingBody<'v>),
    /// The store is asked.
    Ask(Pending<'v>),
    /// An issuer's keys are wanted.
    Keys(AwaitingKeys<'v>),
}

/// A visit that waits for an issuer's keys.
pub struct AwaitingKeys<'v> {
    visit: Visit<'v>,
    issuer: Arc<Issuer>,
}

/// A visit that waits for its body.
pub struct AwaitingBody<'v> {
    visit: Visit<'v>,
    shares_taken: bool,
}

/// A visit that waits for the store.
pub struct Pending<'v> {
    visit: Visit<'v>,
    /// The answers are only noted.
    watch: bool,
}

/// Within the head's checks: the keys of an issuer are to be looked up.
pub(crate) fn wait_for_keys(visit: Visit<'_>, issuer: Arc<Issuer>) -> Turn<'_> {
    Turn::Keys(AwaitingKeys { visit, issuer })
}

/// Behind the head's checks: the store's questions, the body, the verdict.
pub(crate) fn after_head<'v>(visit: Visit<'v>, at: Moment<'_>) -> Turn<'v> {
    let (asks, watch) = visit.gate.asks(&visit);
    if asks {
        return Turn::Ask(Pending { visit, watch });
    }
    after_shares(visit, at, false)
}

/// Whoever is beyond his share is refused before anything of his body is held.
fn after_shares<'v>(visit: Visit<'v>, at: Moment<'_>, shares_taken: bool) -> Turn<'v> {
    if visit.route().bind_body {
        return Turn::Body(AwaitingBody { visit, shares_taken });
    }
    Turn::Done(Verdict::Admit(admit(visit, at, shares_taken)))
}

fn admit(visit: Visit<'_>, at: Moment<'_>, shares_taken: bool) -> Admitted {
    let cors_acts = visit.gate.cors_acts(&visit);
    let admitted = Admitted::new(visit, at.now, at.id, cors_acts);
    if shares_taken { admitted.with_shares_taken() } else { admitted }
}

impl<'v> Pending<'v> {
    /// The batch for the store.
    #[must_use]
    pub fn questions(&self) -> Questions {
        quota::questions(&self.visit.gate.quota, self.visit.counted(), self.watch)
    }

    /// Goes on with the store's answers, one for each question.
    #[must_use]
    pub fn answer(mut self, answers: &Answers, at: Moment<'_>) -> Turn<'v> {
        let gate = self.visit.gate.clone();
        let Some(beyond) = quota::judge(&gate.quota, self.visit.counted(), answers) else {
            return after_shares(self.visit, at, !self.watch);
        };
        let reason = Reason::Quota(beyond.reason);
        if self.watch {
            // The list is long enough for every layer; a full one has said enough.
            let _ = self.visit.would_refuse.try_push(reason);
            return after_shares(self.visit, at, false);
        }
        let refused = Refused::new(&self.visit, reason, at.id).with_wait(&beyond);
        Turn::Done(Verdict::Refuse(refused))
    }
}

impl<'v> AwaitingKeys<'v> {
    /// Whose keys.
    #[must_use]
    pub const fn issuer(&self) -> &Arc<Issuer> {
        &self.issuer
    }

    /// For whom: nobody may wait at everybody's cost.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.visit.prefix
    }

    /// Goes on with what the look-up came to.
    #[must_use]
    pub fn with(self, looked_up: LookedUp, at: Moment<'_>) -> Turn<'v> {
        let gate = Arc::clone(&self.visit.gate);
        gate.go_on(self.visit, at, looked_up)
    }
}

impl<'v> AwaitingBody<'v> {
    /// Bytes that are held at the most; a longer body is `Fault::BodyTooLarge`.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        let of_route = self.visit.route().body_bytes_max;
        let of_route = of_route.and_then(|bytes| usize::try_from(bytes).ok());
        of_route.unwrap_or(HELD_BODY_BYTES_MAX).min(HELD_BODY_BYTES_MAX)
    }

    /// Goes on with the whole body.
    #[must_use]
    pub fn with(self, body: &[u8], at: Moment<'_>) -> Turn<'v> {
        if body.len() > self.bytes_max() {
            return self.failed(Fault::BodyTooLarge, at);
        }
        let digest = crate::crypto::sha256(body);
        let admitted = admit(self.visit, at, self.shares_taken).with_body_digest(digest);
        Turn::Done(Verdict::Admit(admitted))
    }

    /// The body did not come.
    #[must_use]
    pub fn failed(self, fault: Fault, at: Moment<'_>) -> Turn<'v> {
        let refused = Refused::new(&self.visit, Reason::Fault(fault), at.id);
        Turn::Done(Verdict::Refuse(refused))
    }
}
