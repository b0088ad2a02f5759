//! The conversation: what the core wants next, until it has a verdict.

use crate::address::Prefix;
use crate::fault::Fault;
use crate::layers::csrf;
use crate::layers::identity::{Asking, Errand, Issuer, LookedUp, Told, Waited, check_delivery};
use crate::layers::pass::{Of, Reason as PassReason};
use crate::layers::quota;
use crate::moment::Moment;
use crate::own::{self, NoPass, Own, Ready};
use crate::question::{Answer, Answers, Question, Questions};
use crate::reason::Reason;
use crate::refused::{Executed, Refused};
use crate::route::HELD_BODY_BYTES_MAX;
use crate::verdict::{Admitted, Claimed, Reply, Verdict};
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
    /// Somebody is to be asked who is calling.
    Caller(AwaitingCaller<'v>),
}

/// A visit that waits for what somebody says of its caller.
pub struct AwaitingCaller<'v> {
    visit: Visit<'v>,
    asking: Box<Asking>,
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
    stage: Stage,
}

/// What the store is asked for.
enum Stage {
    /// The shares; with them what the pass claims, unless a body is to be judged before.
    Shares,
    /// What is claimed behind the body.
    Claim(Box<Claim>),
    /// What a replay must not cost: its shares go back.
    GiveBack(Box<Refused>),
}

/// A claim behind the body.
struct Claim {
    /// A share that is taken with it: of the passes that an address may ask for.
    share: Option<Question>,
    question: Question,
    shares_taken: bool,
    digest: Option<[u8; 32]>,
    /// The gate's own answer, at an address of its own.
    reply: Option<Reply>,
}

/// Within the head's checks: the keys of an issuer are to be looked up.
pub(crate) fn wait_for_keys(visit: Visit<'_>, issuer: Arc<Issuer>) -> Turn<'_> {
    Turn::Keys(AwaitingKeys { visit, issuer })
}

/// Within the head's checks: somebody is to be asked who is calling.
pub(crate) fn wait_for_caller<'v>(visit: Visit<'v>, asking: Box<Asking>) -> Turn<'v> {
    Turn::Caller(AwaitingCaller { visit, asking })
}

/// Behind the head's checks: the store's questions, the body, the verdict.
pub(crate) fn after_head<'v>(visit: Visit<'v>, at: Moment<'_>) -> Turn<'v> {
    let (asks, _) = visit.gate.asks(&visit);
    if asks || claims_at_once(&visit).is_some() {
        return Turn::Ask(Pending { visit, stage: Stage::Shares });
    }
    after_shares(visit, at, false)
}

/// Whether the body is wanted before anything is claimed.
fn wants_body(visit: &Visit<'_>) -> bool {
    let is_signed = visit.held.as_ref().is_some_and(|held| held.digest.is_some());
    let is_of_own = visit.route().own.is_some() || visit.delivery.is_some();
    visit.route().bind_body || is_signed || is_of_own || visit.csrf.waits
}

/// What the pass claims together with the shares.
fn claims_at_once(visit: &Visit<'_>) -> Option<Question> {
    let held = visit.held.as_ref().filter(|_| !wants_body(visit))?;
    held.question(visit.gate.watches(visit, held.of))
}

/// Whoever is beyond his share is refused before anything of his body is held.
fn after_shares<'v>(visit: Visit<'v>, at: Moment<'_>, shares_taken: bool) -> Turn<'v> {
    if wants_body(&visit) {
        return Turn::Body(AwaitingBody { visit, shares_taken });
    }
    admit(visit, at, shares_taken, |admitted| admitted)
}

/// Admits a visit, unless its pass has been used from too many networks while it waited: for a
/// store, or for a body that was held back.
fn admit<'v>(
    mut visit: Visit<'v>,
    at: Moment<'_>,
    shares_taken: bool,
    with: impl FnOnce(Admitted) -> Admitted,
) -> Turn<'v> {
    let traveller = visit.held.as_ref().and_then(|held| held.traveller);
    if traveller.is_some_and(|id| !at.memory.travels.note(id, visit.prefix)) {
        let reason = Reason::Pass(PassReason::Elsewhere);
        if !visit.gate.watches(&visit, Of::Pass) {
            let refused = Refused::new(&visit, reason, at.id).with_pass(at.now, None);
            return give_back(visit, shares_taken, refuse(refused));
        }
        note(&mut visit, reason);
    }
    if visit.held.as_ref().is_some_and(|held| held.of == Of::Pass && held.is_once()) {
        at.memory.crowd.note(visit.prefix, at.now);
    }
    let cors_acts = visit.gate.cors_acts(&visit);
    let admitted = Admitted::new(visit, at.now, at.id, cors_acts);
    let admitted = if shares_taken { admitted.with_shares_taken() } else { admitted };
    Turn::Done(Verdict::Admit(with(admitted)))
}

fn refuse<'v>(refused: Refused) -> Turn<'v> {
    Turn::Done(Verdict::Refuse(refused))
}

fn note(visit: &mut Visit<'_>, reason: Reason) {
    // The list is long enough for every layer; a full one has said enough.
    let _ = visit.would_refuse.try_push(reason);
}

impl<'v> Pending<'v> {
    /// The batch for the store.
    #[must_use]
    pub fn questions(&self) -> Questions {
        match &self.stage {
            Stage::Shares => self.shares(),
            Stage::Claim(claim) => claim.share.into_iter().chain([claim.question]).collect(),
            Stage::GiveBack(_) => {
                let taken = quota::give_back(&self.visit.gate.quota, self.visit.counted());
                // The address that sent it is not spared.
                taken.into_iter().filter(Question::is_of_known).collect()
            }
        }
    }

    fn shares(&self) -> Questions {
        let visit = &self.visit;
        let (asks, watch) = visit.gate.asks(visit);
        let mut out = match asks {
            true => quota::questions(&visit.gate.quota, visit.counted(), watch),
            false => Questions::new(),
        };
        // There is room for it: it was checked for when the gate was made.
        if let Some(claim) = claims_at_once(visit) {
            let _ = out.try_push(claim);
        }
        out
    }

    /// Goes on with the store's answers, one for each question.
    #[must_use]
    pub fn answer(self, answers: &Answers, at: Moment<'_>) -> Turn<'v> {
        let Self { visit, stage } = self;
        match stage {
            Stage::Shares => after_answers(visit, answers, at),
            Stage::Claim(claim) => after_claim(visit, *claim, answers, at),
            Stage::GiveBack(refused) => refuse(*refused),
        }
    }
}

/// What the answers about shares, and about what is claimed with them, come to.
fn after_answers<'v>(mut visit: Visit<'v>, answers: &Answers, at: Moment<'_>) -> Turn<'v> {
    let gate = visit.gate.clone();
    let (asks, watch) = gate.asks(&visit);
    let mut rest = answers.as_slice();
    let mut is_noted = false;
    if asks {
        rest = answers.get(gate.quota.count(visit.counted())..).unwrap_or_default();
        if let Some(beyond) = quota::judge(&gate.quota, visit.counted(), answers) {
            let reason = Reason::Quota(beyond.reason);
            if !watch {
                return refuse(Refused::new(&visit, reason, at.id).with_wait(&beyond));
            }
            note(&mut visit, reason);
            is_noted = true;
        }
    }
    let shares_taken = asks && !watch && !is_noted;
    let Some(question) = claims_at_once(&visit) else {
        return after_shares(visit, at, shares_taken);
    };
    let claimed = match claimed(&mut visit, rest.first().copied(), question.watch, at) {
        Ok(claimed) => claimed,
        // Nothing was taken with it: the batch is one.
        Err(turn) => return *turn,
    };
    admit(visit, at, shares_taken, |admitted| admitted.with_claim(&question, claimed))
}

/// What the answer about a claim comes to.
fn claimed<'v>(
    visit: &mut Visit<'_>,
    answer: Option<Answer>,
    watch: bool,
    at: Moment<'_>,
) -> Result<Claimed, Box<Turn<'v>>> {
    let of = what(visit);
    match answer {
        Some(Answer::Yes { .. }) => return Ok(Claimed::Owned),
        // A sender's own retry: the first has not succeeded, as far as is known.
        Some(Answer::Used { answered: false }) if of == Of::Delivery => return Ok(Claimed::Shared),
        Some(Answer::Used { answered: true }) if of == Of::Delivery && !watch => {
            return Err(Box::new(Turn::Done(Verdict::Reply(own::taken_before()))));
        }
        Some(Answer::Used { answered }) if !watch => {
            return Err(Box::new(used(visit, answered, at)));
        }
        Some(Answer::Used { .. }) => note(visit, of.used()),
        Some(_) | None if !watch => return Err(Box::new(store_away(visit, at))),
        Some(_) | None => note(visit, of.store_away()),
    }
    Ok(Claimed::Not)
}

/// What it is that is claimed. Keys of passes that are asked for are a pass's.
fn what(visit: &Visit<'_>) -> Of {
    visit.held.as_ref().map_or(Of::Pass, |held| held.of)
}

fn used<'v>(visit: &Visit<'_>, answered: bool, at: Moment<'_>) -> Turn<'v> {
    let executed = if answered { Executed::Yes } else { Executed::Unknown };
    let refused = Refused::new(visit, what(visit).used(), at.id);
    refuse(refused.with_pass(at.now, None).with_executed(executed))
}

fn store_away<'v>(visit: &Visit<'_>, at: Moment<'_>) -> Turn<'v> {
    if what(visit) == Of::Pass {
        at.memory.crowd.press(at.now);
    }
    refuse(Refused::new(visit, what(visit).store_away(), at.id).with_pass(at.now, None))
}

/// What the answer about a claim behind the body comes to.
fn after_claim<'v>(
    mut visit: Visit<'v>,
    claim: Claim,
    answers: &Answers,
    at: Moment<'_>,
) -> Turn<'v> {
    let answer = answers.last().copied();
    if let (Some(_), Some(Answer::No { retry_ns })) = (claim.share, answers.first()) {
        let (reason, retry_ns) = (quota::Reason::Share, Some(*retry_ns));
        let beyond = quota::Beyond { reason, retry_ns, limit: None };
        let refused = Refused::new(&visit, Reason::Quota(reason), at.id).with_wait(&beyond);
        return give_back(visit, claim.shares_taken, refuse(refused));
    }
    let claimed = match claimed(&mut visit, answer, claim.question.watch, at) {
        Ok(claimed) => claimed,
        Err(turn) => return give_back(visit, claim.shares_taken, *turn),
    };
    if let Some(reply) = claim.reply {
        return Turn::Done(Verdict::Reply(reply));
    }
    admit(visit, at, claim.shares_taken, |admitted| {
        let admitted = match claim.digest {
            Some(digest) => admitted.with_body_digest(digest),
            None => admitted,
        };
        admitted.with_claim(&claim.question, claimed)
    })
}

/// What is refused behind the shares costs nobody but its sender's address: what a copy took of a
/// pass's share goes back. Whoever has no pass, and asks for one, pays for each try.
fn give_back<'v>(visit: Visit<'v>, shares_taken: bool, turn: Turn<'v>) -> Turn<'v> {
    // What a page could make a visitor's browser send does not cost the visitor either.
    let is_spared = visit.held.is_some() || visit.csrf.waits;
    match turn {
        Turn::Done(Verdict::Refuse(refused)) if shares_taken && is_spared => {
            Turn::Ask(Pending { visit, stage: Stage::GiveBack(Box::new(refused)) })
        }
        turn => turn,
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
        gate.go_on(self.visit, at, Waited::Keys(looked_up))
    }
}

impl<'v> AwaitingCaller<'v> {
    /// What is to be asked, and whom.
    #[must_use]
    pub fn errand(&self) -> Errand {
        self.asking.checker.errand(&self.asking.text)
    }

    /// For whom: nobody may wait at everybody's cost.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.visit.prefix
    }

    /// Goes on with what was said.
    #[must_use]
    pub fn with(self, told: &Told, at: Moment<'_>) -> Turn<'v> {
        let gate = Arc::clone(&self.visit.gate);
        gate.go_on(self.visit, at, Waited::Caller(told, self.asking.asked_ns))
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
        let Self { mut visit, shares_taken } = self;
        let digest = crate::crypto::sha256(body);
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
        let watch = visit.gate.watches(&visit, what(&visit));
        let question = visit.held.as_ref().and_then(|held| held.question(watch));
        let digest = visit.route().bind_body.then_some(digest);
        match question {
            Some(question) => {
                let claim = Claim { share: None, question, shares_taken, digest, reply: None };
                Turn::Ask(Pending { visit, stage: Stage::Claim(Box::new(claim)) })
            }
            None => admit(visit, at, shares_taken, |admitted| match digest {
                Some(digest) => admitted.with_body_digest(digest),
                None => admitted,
            }),
        }
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
    match check_delivery(visit, &delivery, body) {
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
