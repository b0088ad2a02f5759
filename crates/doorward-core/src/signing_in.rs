//! Attempts to sign in: what of the walk is theirs, between the body and what is claimed, and what
//! their answers say of them.

use crate::address::Prefix;
use crate::form;
use crate::gate::Gate;
use crate::layers::identity::{Errand, NewSession, Told};
use crate::layers::method;
use crate::layers::quota::{self, Beyond, Counts, SignIn, Taken};
use crate::memory::Memory;
use crate::mode::Force;
use crate::moment::{Moment, Now};
use crate::question::{Answer, Answers, Question, Questions};
use crate::route::{Csrf, Kind};
use crate::verdict::Outcome;
use crate::view::BodyHint;
use crate::visit::Visit;
use http::{HeaderMap, Method, StatusCode};
use std::sync::{Arc, OnceLock};

/// Nanoseconds from an answer to the question about its session at the most. Whoever has it by then
/// could have signed in as himself, under the session that his failure was given.
const ASKED_NS_MAX: u64 = 100_000_000;

/// How an attempt is counted; none: it is none, or nobody counts. Whatever has a body may be one:
/// backends read one whatever the method is. Who signs out sends DELETE, without one.
pub(crate) fn of<'v>(visit: &'v Visit<'_>) -> Option<(&'v SignIn, bool)> {
    let sign_in = visit.route().sign_in.as_ref()?;
    let force = visit.gate.force(visit, visit.gate.modes.quota);
    let is_bare = matches!(visit.view.body, BodyHint::Empty | BodyHint::Length(0));
    let method = visit.view.method;
    let is_none = is_bare && (method::is_safe(method) || *method == Method::DELETE);
    let is_one = force != Force::Off && !is_none;
    is_one.then_some((sign_in, force != Force::Enforce))
}

/// Whether a session that a request comes with is about to be replaced, so that it asks for no more
/// than a stranger does: a tab that was opened before another one has signed in. `site` must be
/// enforced: nothing else here tells another site's form.
pub(crate) fn replaces_session(visit: &Visit<'_>) -> bool {
    let route = visit.route();
    let is_for_strangers = match route.csrf {
        Csrf::Cookie | Csrf::Body => !route.requires_identity,
        Csrf::Required | Csrf::App | Csrf::Off => false,
    };
    let mut overrides = visit.view.target.query.into_iter().flat_map(method::method_fields);
    route.sign_in.as_ref().is_some_and(|sign_in| sign_in.counts == Counts::Failures)
        && is_for_strangers
        // DELETE of a session signs out, and is somebody's wish or nobody's.
        && *visit.view.method == Method::POST
        && visit.seen.method_override.is_absent()
        && overrides.next().is_none()
        && visit.gate.force(visit, visit.gate.modes.site) == Force::Enforce
}

/// What an attempt takes; none: it is none.
pub(crate) fn taken(
    visit: &Visit<'_>,
    body: &[u8],
    at: Moment<'_>,
) -> Result<Option<Box<Taken>>, (quota::Reason, bool)> {
    let Some((sign_in, watch)) = of(visit) else { return Ok(None) };
    match quota::sign_in_questions(sign_in, visit, body, watch, at) {
        Ok(taken) => Ok(taken.map(Box::new)),
        Err(reason) => Err((reason, watch)),
    }
}

/// What the store's answers come to: the longest wait.
pub(crate) fn judge(visit: &Visit<'_>, answers: &Answers) -> Option<Beyond<'static>> {
    let reason = match visit.route().sign_in.as_ref().map(|sign_in| sign_in.counts) {
        Some(Counts::Attempts) => quota::Reason::Share,
        Some(Counts::Failures) | None => quota::Reason::SignIn,
    };
    let mut beyond: Option<Beyond<'static>> = None;
    for answer in answers {
        let (reason, retry_ns) = match answer {
            Answer::Yes { .. } => continue,
            Answer::No { retry_ns } => (reason, Some(*retry_ns)),
            // Behind a no nothing is asked any more.
            Answer::Skipped if beyond.is_some() => continue,
            Answer::Skipped | Answer::Used { .. } | Answer::Unavailable => {
                (quota::Reason::StoreAway, None)
            }
        };
        if beyond.is_none_or(|other| other.retry_ns < retry_ns) {
            beyond = Some(Beyond { reason, retry_ns, limit: None });
        }
    }
    beyond
}

/// An attempt that was admitted.
pub(crate) struct Attempt {
    taken: Taken,
    /// What it came with.
    with: With,
    said: OnceLock<Said>,
}

/// Whose session an attempt came with. A session goes on through a failure, under its own value or
/// another, and says nothing of it.
enum With {
    /// None.
    Nobody,
    /// One that is nobody's, by its value.
    Session(String),
    /// A known caller's: its session's value, and whose share is charged.
    Known(Option<String>, [u8; 16]),
    /// One that nobody has judged.
    Unjudged,
}

/// What its answer says.
enum Said {
    /// It has failed, as far as anybody can tell, or counts whatever comes of it.
    Failed,
    /// It has succeeded.
    Succeeded,
    /// It has, if this session is somebody's; and the steady nanosecond at which that was seen.
    Session(NewSession, u64),
}

impl Attempt {
    /// None: the visit is none.
    pub(crate) fn of(visit: &mut Visit<'_>) -> Option<Box<Self>> {
        let taken = *visit.sign_in.take()?;
        Some(Box::new(Self { taken, with: With::of(visit), said: OnceLock::new() }))
    }

    /// Notices what its answer says.
    pub(crate) fn notice(
        &self,
        gate: &Gate,
        sign_in: Option<&SignIn>,
        (status, headers): (StatusCode, &HeaderMap),
        memory: &Memory,
        now: Now,
    ) {
        let said = self.said.get_or_init(|| self.said(gate, sign_in, (status, headers), now));
        if let (Said::Succeeded, Some(here)) = (said, self.taken.here) {
            memory.familiar.note(here);
        }
    }

    /// Whether its answer has failed, where the route says what a success is.
    pub(crate) fn has_failed(&self, sign_in: Option<&SignIn>) -> bool {
        sign_in.is_some_and(|sign_in| sign_in.success.is_some())
            && matches!(self.said.get(), Some(Said::Failed))
    }

    fn said(
        &self,
        gate: &Gate,
        sign_in: Option<&SignIn>,
        (status, headers): (StatusCode, &HeaderMap),
        now: Now,
    ) -> Said {
        if sign_in.is_some_and(|sign_in| sign_in.counts == Counts::Attempts) {
            return Said::Failed;
        }
        let named = sign_in.and_then(|sign_in| sign_in.success.as_ref());
        let has_succeeded = match named {
            Some(success) => success.is_told_by(status, headers),
            None if gate.identity.asks_about_sessions() => {
                let is_answered = status.is_success() || status.is_redirection();
                let new = is_answered.then(|| gate.identity.new_session(headers)).flatten();
                return match new {
                    Some(new) if self.with.may_become(&new) => Said::Session(new, now.steady_ns),
                    Some(_) | None => Said::Failed,
                };
            }
            // A page says "wrong password" with 200 as well, and a redirect leads back to it.
            None if gate.identity.knows_by_tokens_alone() => {
                status.is_success() && form::is_json(headers)
            }
            None => false,
        };
        if has_succeeded { Said::Succeeded } else { Said::Failed }
    }

    /// What is given back at the end.
    pub(crate) fn settle(&self, outcome: Outcome) -> impl Iterator<Item = Question> {
        let has_succeeded = match outcome {
            Outcome::NeverSent => true,
            Outcome::Sent => false,
            // What named nobody may have been for anybody.
            Outcome::Answered(_) => {
                self.taken.here.is_some() && matches!(self.said.get(), Some(Said::Succeeded))
            }
        };
        has_succeeded.then(|| self.taken.give_back()).into_iter().flatten()
    }

    /// The session that its answer has set, which somebody is to be asked about.
    pub(crate) fn session(&self, gate: &Arc<Gate>, prefix: Prefix) -> Option<SignedIn> {
        let Some(Said::Session(session, seen_ns)) = self.said.get() else { return None };
        self.taken.here?;
        let before = match self.with {
            With::Known(_, user) => Some(user),
            With::Nobody | With::Session(_) | With::Unjudged => None,
        };
        Some(SignedIn {
            gate: Arc::clone(gate),
            session: session.clone(),
            taken: self.taken.clone(),
            prefix,
            before,
            seen_ns: *seen_ns,
        })
    }
}

impl With {
    fn of(visit: &Visit<'_>) -> Self {
        let gate = &visit.gate;
        let session = match gate.identity.session_of(visit) {
            Ok(session) => session,
            Err(_) => return Self::Unjudged,
        };
        // Who cannot be asked about is taken for nobody where a request only reads.
        let is_judged = visit.route().kind == Kind::Api
            && gate.force(visit, gate.modes.identity) == Force::Enforce
            && !method::is_safe(visit.view.method);
        match (session, &visit.known) {
            (session, Some(known)) => {
                Self::Known(session.map(str::to_owned), known.identity.user())
            }
            (Some(session), None) if is_judged => Self::Session(session.to_owned()),
            (Some(_), None) => Self::Unjudged,
            (None, None) => Self::Nobody,
        }
    }

    /// Whether a session that is set may be a new one.
    fn may_become(&self, new: &NewSession) -> bool {
        match self {
            Self::Nobody | Self::Known(None, _) => true,
            Self::Session(old) | Self::Known(Some(old), _) => !new.is(old),
            Self::Unjudged => false,
        }
    }
}

/// An attempt to sign in whose answer has set a session. It has succeeded if somebody says whose
/// that is: whoever carries visits asks, when the answer is on its way.
pub struct SignedIn {
    gate: Arc<Gate>,
    session: NewSession,
    taken: Taken,
    prefix: Prefix,
    before: Option<[u8; 16]>,
    seen_ns: u64,
}

impl SignedIn {
    /// What is to be asked, and whom.
    #[must_use]
    pub fn errand(&self) -> Errand {
        self.session.errand()
    }

    /// For whom: nobody may have others asked about at everybody's cost.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// What the store is asked, now that this was said, and [`SignedIn::answered`] is to hear of.
    /// `late_ns`: nanoseconds from the answer to the question; none: it was asked before. Nothing:
    /// the attempt counts as a failure.
    #[must_use]
    pub fn told(&self, told: &Told, late_ns: Option<u64>, memory: &Memory, now: Now) -> Questions {
        let Some(late_ns) = late_ns.filter(|late_ns| *late_ns <= ASKED_NS_MAX) else {
            return Questions::new();
        };
        let said = (told, self.seen_ns.saturating_add(late_ns));
        let user = self.session.user(&self.gate.identity, said, memory, now);
        match user.filter(|_| user != self.before) {
            Some(user) => self.taken.give_back_to(user),
            None => Questions::new(),
        }
    }

    /// Notes where the account has signed in, if its user had a success left. In doubt nothing is
    /// noted.
    pub fn answered(&self, answers: &Answers, memory: &Memory) {
        if let (Some(Answer::Yes { .. }), Some(here)) = (answers.first(), self.taken.here) {
            memory.familiar.note(here);
        }
    }
}
