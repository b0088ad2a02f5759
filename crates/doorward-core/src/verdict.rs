//! What the core says: admit, refuse, or reply. Each owns what it needs; the view has ended by
//! then.

mod credited;
mod forms;
mod meter;
mod shares;
mod spends;
mod stay;

pub use meter::{Meter, MeterStep};

use crate::address::Prefix;
use crate::fault::Fault;
use crate::gate::Gate;
use crate::layers::cookie::Cleaning;
use crate::layers::credential::Edits;
use crate::layers::csrf::Page;
use crate::layers::identity::{Identity, Known};
use crate::layers::pass::{Cut, Held, Of};
use crate::layers::quota::budget::Spending;
use crate::layers::quota::{Counted, Kept, Seat};
use crate::layers::{cookie, cors, credential, csrf, quota};
use crate::memory::Memory;
use crate::moment::{Now, RequestId};
use crate::names::External;
use crate::pass::PassId;
use crate::private::make_private;
use crate::question::{Ask, Key, Question, Questions};
use crate::reason::Reason;
use crate::refused::Refused;
use crate::route::{Effect, Route, RouteId};
use crate::signing_in::{Attempt, SignedIn};
use crate::standing::{self, Text};
use crate::visit::{Caller, Visit, WouldRefuse};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;
use std::sync::Arc;

/// What the gate says to a request. Every doubt becomes a refusal.
pub enum Verdict {
    /// The backend may run it.
    Admit(Admitted),
    /// The gate answers by itself: a preflight, an address of its own.
    Reply(Reply),
    /// No.
    Refuse(Refused),
}

/// A whole answer of the gate's own.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers; the mounting adds length and date.
    pub headers: HeaderMap,
    /// Its body; empty for HEAD is the mounting's business.
    pub body: Bytes,
}

/// Proof that the core admitted a request: only the core makes one, and nothing is forwarded
/// without.
pub struct Admitted {
    gate: Arc<Gate>,
    id: RequestId,
    now: Now,
    route: RouteId,
    client: IpAddr,
    caller: Caller,
    known: Option<Known>,
    pub(crate) is_disbelieved: bool,
    held: Option<Box<Held>>,
    cut: Option<Cut>,
    csrf_cut: [bool; 2],
    /// Forms get tokens in the pages that it may be answered with.
    writes_forms: bool,
    /// A page whose forms get a token.
    page: Option<Box<Page>>,
    /// What the pass, the signature or the delivery stands for was claimed.
    claimed: Option<(Key, Claimed)>,
    /// Which of the listed names it came in by.
    external: Option<usize>,
    safe: bool,
    mirror: Option<HeaderValue>,
    cors_acts: bool,
    cookie_acts: bool,
    cleaning: Option<Cleaning>,
    /// Its route's credentials are its own to get.
    adds_credentials: bool,
    /// And for what the page's script adds.
    asks_for_own: bool,
    shares_taken: bool,
    /// Shares that are looked at again when its answer comes.
    kept: Option<Box<Kept>>,
    /// An attempt to sign in.
    sign_in: Option<Box<Attempt>>,
    /// What it spends of budgets.
    spending: Option<Box<Spending>>,
    /// A session that is remembered here, where it was not what the caller was judged by.
    session: Option<Arc<Identity>>,
    /// The credential of a request that asks for a stream, to be judged again.
    text: Option<Box<Text>>,
    /// The place of the stream that it asks for, of a stranger's.
    seat: Option<Arc<Seat>>,
    /// Boxed: most have none.
    body_digest: Option<Box<[u8; 32]>>,
    would_refuse: WouldRefuse,
}

/// Whose a claim is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// Nobody's.
    Not,
    /// This visit's: it may give it back.
    Owned,
    /// That of a delivery's first try, whose end nobody knows yet: only a success is told.
    Shared,
}

/// How a forwarded request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not one byte of it left for the backend.
    NeverSent,
    /// The backend may have run it.
    Sent,
    /// The backend has answered it.
    Answered(StatusCode),
}

/// What an operator may want to know of a dressed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dressed {
    /// A cookie was so large that it left without all of its hardening.
    pub has_large_cookie: bool,
}

impl Admitted {
    pub(crate) fn new(mut visit: Visit<'_>, now: Now, id: RequestId, cors_acts: bool) -> Self {
        let writes_forms = csrf::are_written(&visit);
        Self {
            sign_in: Attempt::of(&mut visit),
            spending: visit.spending.take(),
            mirror: cors::mirror(&visit),
            adds_credentials: credited::adds(&visit, cors_acts),
            asks_for_own: !cors_acts && visit.gate.has_passes() && cors::asks_for_own(&visit),
            writes_forms,
            page: writes_forms.then(|| Page::of(&visit)).flatten(),
            external: visit.named.and_then(|named| named.external),
            safe: crate::layers::method::is_safe(visit.view.method),
            cookie_acts: cookie::acts(&visit),
            text: standing::text_of(&visit),
            cleaning: visit.cleaning,
            gate: visit.gate,
            id,
            now,
            route: visit.route,
            client: visit.client,
            caller: visit.caller,
            known: visit.known,
            is_disbelieved: visit.is_disbelieved,
            held: visit.held,
            cut: visit.cut,
            csrf_cut: visit.csrf.cut,
            claimed: None,
            cors_acts,
            shares_taken: false,
            kept: visit.kept,
            session: None,
            seat: None,
            body_digest: None,
            would_refuse: visit.would_refuse,
        }
    }

    pub(crate) fn with_session(mut self, session: Option<Arc<Identity>>) -> Self {
        self.session = session;
        self
    }

    pub(crate) fn with_seat(mut self, seat: Option<Arc<Seat>>) -> Self {
        self.seat = seat;
        self
    }

    pub(crate) fn with_shares_taken(mut self) -> Self {
        self.shares_taken = true;
        self
    }

    pub(crate) fn with_claim(mut self, question: &Question, claimed: Claimed) -> Self {
        self.claimed = match (question.ask, claimed) {
            (_, Claimed::Not) => None,
            (Ask::ClaimOnce { key, .. }, claimed) => Some((key, claimed)),
            _ => None,
        };
        self
    }

    pub(crate) fn with_body_digest(mut self, digest: [u8; 32]) -> Self {
        self.body_digest = Some(Box::new(digest));
        self
    }

    /// The gate that admitted it; a reload in between does not change it.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// The visit's id.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.id
    }

    /// When it was opened.
    #[must_use]
    pub const fn now(&self) -> Now {
        self.now
    }

    /// The route.
    #[must_use]
    pub fn route(&self) -> &Route {
        self.gate.routes.route(self.route)
    }

    /// The route's place in the gate's table.
    #[must_use]
    pub const fn route_id(&self) -> RouteId {
        self.route
    }

    /// The client's address, as it was judged.
    #[must_use]
    pub const fn client(&self) -> IpAddr {
        self.client
    }

    /// Who seems to be calling.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        self.caller
    }

    /// Whether the client may hear why: allowed origins and this machine.
    #[must_use]
    pub fn tells_all(&self) -> bool {
        self.mirror.is_some() || self.client.is_loopback()
    }

    /// Whether `cors` owns the answer's headers.
    pub(crate) const fn cors_acts(&self) -> bool {
        self.cors_acts
    }

    /// The listed name of the gate that it came in by; none while trying out without a list.
    #[must_use]
    pub fn external(&self) -> Option<&External> {
        self.gate.names.listed().get(self.external?)
    }

    /// Whether browsers reach the gate by https: what `X-Forwarded-Proto` says upstream.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.external().is_some_and(|external| external.origin().scheme() == "https")
    }

    /// Which of the mounting's upstreams it goes to.
    #[must_use]
    pub fn upstream(&self) -> usize {
        self.route().upstream
    }

    /// Whether it may change the backend's state: a client that leaves does not abort it.
    #[must_use]
    pub fn writes(&self) -> bool {
        match self.route().effect {
            Effect::Write => true,
            Effect::Read => false,
            Effect::ByMethod => !self.safe,
        }
    }

    /// Whether it may be sent once more when a reused connection died before a byte of the answer:
    /// only GET and HEAD that change nothing. The mounting adds: only without a body.
    #[must_use]
    pub fn may_be_resent(&self, method: &Method) -> bool {
        (*method == Method::GET || *method == Method::HEAD) && !self.writes()
    }

    /// The caller, where it is known.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.known.as_ref().map(|known| &*known.identity)
    }

    /// Whether a known caller was known before, without any cryptography; none for strangers.
    #[must_use]
    pub fn is_remembered(&self) -> Option<bool> {
        self.known.as_ref().map(|known| known.is_remembered)
    }

    /// Which credential was judged, by its place in the identity policy's list.
    pub(crate) fn judged(&self) -> Option<usize> {
        self.known.as_ref().map(|known| known.place)
    }

    /// What was done to its cookies before anybody read them.
    pub(crate) const fn cleaning(&self) -> Option<Cleaning> {
        self.cleaning
    }

    /// What monitored layers would have refused it for.
    #[must_use]
    pub const fn would_refuse(&self) -> &WouldRefuse {
        &self.would_refuse
    }

    /// The digest of the held body.
    #[must_use]
    pub fn body_digest(&self) -> Option<&[u8; 32]> {
        self.body_digest.as_deref()
    }

    /// What changes on the head on its way to the backend. `target` is the path with the query, as
    /// it goes on.
    ///
    /// # Errors
    /// A refusal, when the proof of admission cannot be written.
    pub fn upstream_edits(&self, method: &Method, target: &str) -> Result<Edits<'_>, Box<Refused>> {
        Edits::new(self, method, target)
            .map_err(|reason| Box::new(self.refuse(Reason::Credential(reason))))
    }

    /// Notices what the backend's answer says of an attempt to sign in, and of its caller's
    /// session: one that it signs out, or gives another cookie, is not remembered any more.
    pub fn notice(&self, status: StatusCode, headers: &HeaderMap, memory: &Memory, now: Now) {
        if let Some(kept) = &self.kept {
            kept.notice(&self.gate.quota, (status, headers), now);
        }
        if let Some(attempt) = &self.sign_in {
            let sign_in = self.route().sign_in.as_ref();
            attempt.notice(&self.gate, sign_in, (status, headers), memory, now);
        }
        let identity = self.identity().filter(|identity| identity.is_asked_about());
        let identity = identity.or(self.session.as_deref());
        let Some(identity) = identity else { return };
        let mut lines = headers.get_all(header::SET_COOKIE).into_iter();
        if lines.any(|line| identity.is_changed_by(line.as_bytes())) {
            identity.forget(memory, now);
            self.gate.identity.note_renewed(headers, memory);
        }
    }

    /// Writes the gate's headers on the backend's answer.
    pub fn dress(&self, headers: &mut HeaderMap) -> Dressed {
        credential::dress(headers);
        let has_large_cookie =
            self.cookie_acts && cookie::dress(&self.gate.cookie, self.external, self.now, headers);
        if self.cors_acts {
            cors::dress(&self.gate.cors, self.mirror.as_ref(), headers);
        }
        if self.asks_for_own {
            cors::approve_own(headers);
        }
        for name in self.gate.quota.cost_headers() {
            headers.remove(name);
        }
        let is_exposed = self.cors_acts && self.mirror.is_some();
        self.gate.identity.dress(self.held.as_deref(), self.now, is_exposed, headers);
        self.tell_shares(is_exposed, headers);
        if self.cut() == Some(Cut::Protocols)
            && headers.contains_key(header::SEC_WEBSOCKET_ACCEPT)
            && !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL)
        {
            // A browser that asked for subprotocols ends the connection when none was chosen.
            let own = HeaderValue::from_static("doorward");
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, own);
        }
        let is_guarded = self.known.is_some() || self.held.is_some();
        if !self.route().credentials.is_empty() || is_guarded {
            make_private(headers);
        }
        Dressed { has_large_cookie }
    }

    /// What the store is told at the end.
    #[must_use]
    pub fn settle(&self, outcome: Outcome) -> Questions {
        let about = |ask: fn(Key) -> Ask, must_own: bool| {
            let claimed = self.claimed.filter(|(_, of)| !must_own || *of == Claimed::Owned);
            claimed.map(|(key, _)| Question { ask: ask(key), always: true, watch: false })
        };
        let mut out = Questions::new();
        match outcome {
            Outcome::NeverSent => {
                if self.shares_taken {
                    out = quota::give_back(&self.gate.quota, self.counted());
                }
                out.extend(self.spent_in_vain());
                // There is room for it: it was checked for when the gate was made.
                out.extend(about(|key| Ask::Unclaim { key }, true));
                let kept = self.kept.iter();
                for question in kept.flat_map(|kept| kept.give_back(&self.gate.quota)) {
                    let _ = out.try_push(question);
                }
            }
            // A delivery that failed, in its sender's eyes, comes again and must be let in.
            Outcome::Answered(status) if self.is_delivery() && !status.is_success() => {
                out.extend(about(|key| Ask::Unclaim { key }, true));
            }
            Outcome::Answered(_) => out.extend(about(|key| Ask::Answered { key }, false)),
            Outcome::Sent => {}
        }
        let is_answered = matches!(outcome, Outcome::Answered(_));
        let kept = self.kept.iter().filter(|_| is_answered);
        for question in kept.flat_map(|kept| kept.settle()) {
            let _ = out.try_push(question);
        }
        for question in self.sign_in.iter().flat_map(|attempt| attempt.settle(outcome)) {
            let _ = out.try_push(question);
        }
        out
    }

    /// The session that the answer to an attempt to sign in has set: whoever carries visits asks
    /// whose it is, when the answer was noticed. None: there is nothing to ask.
    #[must_use]
    pub fn signed_in(&self) -> Option<SignedIn> {
        self.sign_in.as_ref()?.session(&self.gate, Prefix::subscriber(self.client))
    }

    /// The id of the pass that it came with: what the deny-list can name.
    #[must_use]
    pub fn pass(&self) -> Option<PassId> {
        self.held.as_ref()?.pass
    }

    fn is_delivery(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.of == Of::Delivery)
    }

    /// Whether the store is to be told that the backend answered.
    #[must_use]
    pub const fn is_claimed(&self) -> bool {
        self.claimed.is_some() || self.sign_in.is_some() || self.kept.is_some()
    }

    /// Whether it is a preflight for what the page's script adds, and left to the backend.
    pub(crate) const fn asks_for_own(&self) -> bool {
        self.asks_for_own
    }

    /// What of the request was the pass's alone.
    pub(crate) const fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// The refusal that a fault after the admission comes to.
    #[must_use]
    pub fn fault(&self, fault: Fault) -> Refused {
        self.refuse(Reason::Fault(fault))
    }

    /// Which headers held a token of the gate's.
    pub(crate) const fn csrf_cut(&self) -> [bool; 2] {
        self.csrf_cut
    }

    fn refuse(&self, reason: Reason) -> Refused {
        Refused::after_admission(self, reason, self.mirror.clone(), self.route)
    }

    fn counted(&self) -> Counted<'_> {
        Counted::new(self.caller, self.client, self.known.as_ref(), self.route())
            .with_held(self.held.as_deref())
    }
}
