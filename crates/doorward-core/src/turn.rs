//! The conversation: what the core wants next, until it has a verdict.

mod body;
mod spend;

use crate::address::Prefix;
use crate::gate::Gate;
use crate::layers::identity::{Asking, Errand, Issuer, LookedUp, Told, Waited, session_beside};
use crate::layers::pass::{Of, Reason as PassReason};
use crate::layers::quota::{self, Taken};
use crate::mode::Force;
use crate::moment::Moment;
use crate::own;
use crate::question::{Answer, Answers, Question, Questions};
use crate::reason::Reason;
use crate::refused::{Executed, Refused};
use crate::signing_in;
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
    /// What is spent of budgets, and what is claimed with it.
    Spend(Box<spend::Spend>),
    /// What an attempt to sign in takes; the body's digest, and whether shares were taken.
    SignIn(Box<Taken>, Option<[u8; 32]>, bool),
    /// What a replay must not cost goes back: its shares, if it is to be spared those, and what an
    /// attempt to sign in has taken.
    GiveBack(Box<Refused>, bool),
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
    let (asks, watch) = visit.gate.asks(&visit);
    let mut visit = visit;
    if asks && let Err(turn) = boxed(&mut visit, watch, at) {
        return *turn;
    }
    if asks || claims_at_once(&visit).is_some() {
        return Turn::Ask(Pending { visit, stage: Stage::Shares });
    }
    after_shares(visit, at, false)
}

/// Who is still refused because he went beyond a limit takes nothing of anybody's share.
fn boxed<'v>(visit: &mut Visit<'_>, watch: bool, at: Moment<'_>) -> Result<(), Box<Turn<'v>>> {
    let gate = Arc::clone(&visit.gate);
    let judged = quota::boxed(&gate.quota, visit.counted(), watch, at);
    if let Some(beyond) = judged.refuses {
        let refused = Refused::new(visit, Reason::Quota(beyond.reason), at.id);
        return Err(Box::new(refuse(refused.with_wait(&beyond, at.chance))));
    }
    if let Some(beyond) = judged.notes {
        note(visit, Reason::Quota(beyond.reason));
    }
    Ok(())
}

/// Whether the body is wanted before anything is claimed.
fn wants_body(visit: &Visit<'_>) -> bool {
    let is_signed = visit.held.as_ref().is_some_and(|held| held.digest.is_some());
    let is_of_own = visit.route().own.is_some() || visit.delivery.is_some();
    visit.route().bind_body
        || is_signed
        || is_of_own
        || signing_in::of(visit).is_some()
        || visit.csrf.waits
        || spend::reads_body(visit)
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
    let force = visit.gate.force(&visit, visit.gate.modes.quota);
    let mut seat = None;
    if force != Force::Off {
        let (taken, judged) = quota::seat(&at.memory.streams, visit.gate.quota.streams, &visit);
        match judged {
            Err(reason) if force == Force::Enforce => {
                let refused = Refused::new(&visit, Reason::Quota(reason), at.id);
                return give_back(visit, shares_taken, refuse(refused));
            }
            Err(reason) => note(&mut visit, Reason::Quota(reason)),
            Ok(()) => {}
        }
        seat = taken;
    }
    if visit.held.as_ref().is_some_and(|held| held.of == Of::Pass && held.is_once()) {
        at.memory.crowd.note(visit.prefix, at.now);
    }
    let cors_acts = visit.gate.cors_acts(&visit);
    let session = session_beside(&visit.gate.identity, &visit, at);
    let admitted =
        Admitted::new(visit, at.now, at.id, cors_acts).with_session(session).with_seat(seat);
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
            Stage::Spend(spend) => spend.questions(&self.visit),
            Stage::SignIn(taken, ..) => taken.questions.iter().copied().collect(),
            Stage::GiveBack(_, is_spared) => {
                let taken = match is_spared {
                    true => quota::give_back(&self.visit.gate.quota, self.visit.counted()),
                    false => Questions::new(),
                };
                // The address that sent it is not spared; an attempt to sign in that never reaches
                // the backend is none.
                let taken = taken.into_iter().filter(Question::is_of_known);
                let attempt = self.visit.sign_in.as_deref().into_iter();
                let spent = spend::spent(&self.visit);
                taken.chain(attempt.flat_map(Taken::give_back)).chain(spent).collect()
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
        let is_claim = matches!(stage, Stage::Shares | Stage::Claim(_));
        if is_claim && has_outlived(&visit, at) {
            let reason = what(&visit).outlived();
            return refuse(Refused::new(&visit, reason, at.id).with_pass(at.now, None));
        }
        match stage {
            Stage::Shares => after_answers(visit, answers, at),
            Stage::Claim(claim) => after_claim(visit, *claim, answers, at),
            Stage::SignIn(taken, digest, shares_taken) => {
                after_sign_in(visit, taken, digest, shares_taken, answers, at)
            }
            Stage::Spend(spend) => spend::answered(visit, *spend, answers, at),
            Stage::GiveBack(refused, _) => refuse(*refused),
        }
    }
}

/// What the answers about an attempt to sign in come to.
fn after_sign_in<'v>(
    mut visit: Visit<'v>,
    mut taken: Box<Taken>,
    digest: Option<[u8; 32]>,
    shares_taken: bool,
    answers: &Answers,
    at: Moment<'_>,
) -> Turn<'v> {
    let is_watched = taken.questions.iter().any(|question| question.watch);
    match signing_in::judge(&visit, answers) {
        Some(beyond) if is_watched => note(&mut visit, Reason::Quota(beyond.reason)),
        Some(beyond) => {
            let reason = Reason::Quota(beyond.reason);
            return refuse(Refused::new(&visit, reason, at.id).with_wait(&beyond, at.chance));
        }
        None => {}
    }
    taken.keep_taken(answers);
    visit.sign_in = Some(taken);
    claim_behind_body(visit, digest, shares_taken, at)
}

/// What is claimed behind the body, where anything is.
fn claim_behind_body<'v>(
    visit: Visit<'v>,
    digest: Option<[u8; 32]>,
    shares_taken: bool,
    at: Moment<'_>,
) -> Turn<'v> {
    let watch = visit.gate.watches(&visit, what(&visit));
    match visit.held.as_ref().and_then(|held| held.question(watch)) {
        question if visit.spending.is_some() => {
            let spend = spend::Spend { claim: question, shares_taken, digest };
            Turn::Ask(Pending { visit, stage: Stage::Spend(Box::new(spend)) })
        }
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

/// What the answers about shares, and about what is claimed with them, come to.
fn after_answers<'v>(mut visit: Visit<'v>, answers: &Answers, at: Moment<'_>) -> Turn<'v> {
    let gate = visit.gate.clone();
    let (asks, watch) = gate.asks(&visit);
    let mut rest = answers.as_slice();
    let mut shares_taken = false;
    if asks {
        rest = answers.get(gate.quota.count(visit.counted())..).unwrap_or_default();
        let judged = match shares(&gate, &visit, watch, answers, at) {
            Ok(judged) => judged,
            Err(turn) => return *turn,
        };
        // What is only watched takes of a space of its own.
        shares_taken = !watch;
        visit.kept = quota::Kept::of(&gate.quota, visit.counted(), watch, answers, at.now);
        // Whoever would be refused for a time would not have been asked about.
        let penalty = Reason::Quota(quota::Reason::Penalty);
        if let Some(beyond) = judged.notes.filter(|_| !visit.would_refuse.contains(&penalty)) {
            note(&mut visit, Reason::Quota(beyond.reason));
        }
    }
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

/// What the answers about shares come to.
fn shares<'g, 'v>(
    gate: &'g Gate,
    visit: &Visit<'_>,
    watch: bool,
    answers: &Answers,
    at: Moment<'_>,
) -> Result<quota::Judged<'g>, Box<Turn<'v>>> {
    let judged = quota::judge(&gate.quota, visit.counted(), watch, answers);
    let judged = quota::punish(&gate.quota, visit.counted(), (watch, judged), answers, at);
    let Some(beyond) = judged.refuses else { return Ok(judged) };
    let refused = Refused::new(visit, Reason::Quota(beyond.reason), at.id);
    let told = quota::told(&gate.quota, visit.counted(), answers);
    Err(Box::new(refuse(refused.with_wait(&beyond, at.chance).with_told(told))))
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

/// Whether the life in which a claim was judged has ended: what was claimed in it may be forgotten,
/// so that whatever the store says now tells nothing.
fn has_outlived(visit: &Visit<'_>, at: Moment<'_>) -> bool {
    let once = visit.held.as_ref().filter(|held| held.is_once());
    once.is_some_and(|held| {
        held.life != at.memory.lives.boot(at.now) && !visit.gate.watches(visit, held.of)
    })
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
        let refused = Refused::new(&visit, Reason::Quota(reason), at.id);
        let refused = refused.with_wait(&beyond, at.chance);
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
    let is_spared = shares_taken && (visit.held.is_some() || visit.csrf.waits);
    match turn {
        Turn::Done(Verdict::Refuse(refused))
            if is_spared || visit.sign_in.is_some() || visit.spending.is_some() =>
        {
            Turn::Ask(Pending { visit, stage: Stage::GiveBack(Box::new(refused), is_spared) })
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

    /// Goes on with what was said to a question that was asked at `asked_ns`, steady; that may be
    /// before this visit, where another has asked the same.
    #[must_use]
    pub fn with(self, told: &Told, asked_ns: u64, at: Moment<'_>) -> Turn<'v> {
        let gate = Arc::clone(&self.visit.gate);
        gate.go_on(self.visit, at, Waited::Caller(told, asked_ns))
    }
}
