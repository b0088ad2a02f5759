//! A refusal, and how each kind of caller is told.

use crate::gate::Gate;
use crate::layers::permission::{self, Missing};
use crate::layers::quota::budget;
use crate::layers::{cors, csrf, identity, method, quota};
use crate::moment::{Chance, Now, RequestId};
use crate::page::{self, Offer};
use crate::reason::Reason;
use crate::route::{Effect, RouteId};
use crate::verdict::{Admitted, Reply};
use crate::visit::{Caller, Visit};
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

/// A refusal. It owns all that its answer needs.
pub struct Refused {
    gate: Arc<Gate>,
    reason: Reason,
    id: RequestId,
    client: IpAddr,
    caller: Caller,
    mirror: Option<HeaderValue>,
    route: RouteId,
    shape: Shape,
    retry_s: Option<u64>,
    /// `RateLimit` and `RateLimit-Policy`, where a limit was reached.
    told: Option<quota::Told>,
    /// What became of the request at the backend.
    executed: Executed,
    /// Where in its body (RFC 6901), where it is told.
    pointer: Option<String>,
    /// What a known caller lacks.
    missing: Missing,
    /// Whether it came with a bearer token.
    is_bearer: bool,
    /// What refusals of passes say beside.
    pass: Option<Box<OfPass>>,
    /// The nonce that a proof of possession must have.
    nonce: Option<HeaderValue>,
}

/// What became of a request at the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executed {
    /// It never ran.
    No,
    /// It may have run.
    Unknown,
    /// It ran, and was answered.
    Yes,
}

impl Executed {
    const fn word(self) -> &'static str {
        match self {
            Executed::No => "no",
            Executed::Unknown => "unknown",
            Executed::Yes => "yes",
        }
    }
}

/// What a refusal of `pass` says beside its code.
#[derive(Debug)]
struct OfPass {
    /// The gate's time: a client with another clock sets it by this.
    now_unix_s: u64,
    /// What differs, in words.
    note: Option<String>,
    /// Zero bits that the work must have.
    bits: Option<u8>,
}

/// What the answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `application/problem+json` (RFC 9457).
    Problem,
    /// A page, for a person who opened the address.
    Page(Offer),
}

/// The name of the header that carries a refusal's code.
pub static REFUSAL: HeaderName = HeaderName::from_static("doorward-refusal");

/// By which clients of OpenAI's and Anthropic's APIs are told whether to try again.
static SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// The longest `Retry-After` that they wait for, in seconds.
const RETRIED_S_MAX: u64 = 60;

impl Refused {
    pub(crate) fn new(visit: &Visit<'_>, reason: Reason, id: RequestId) -> Self {
        let navigates = visit.seen.fetch_mode.value() == Some("navigate")
            && visit.seen.fetch_dest.value() == Some("document");
        let reads = matches!(*visit.view.method, Method::GET | Method::HEAD)
            && visit.route().effect != Effect::Write;
        let offer = match reason {
            Reason::Site(_) if reads => Offer::OpenHere,
            // What a page could send, and a person who opens the address cannot.
            Reason::Pass(why) if reads && why.ends_with_a_new_pass() => Offer::Pass,
            Reason::Csrf(why) => csrf::offer(visit, why),
            _ => Offer::Nothing,
        };
        Self {
            shape: if navigates { Shape::Page(offer) } else { Shape::Problem },
            caller: visit.caller,
            mirror: cors::mirror(visit),
            ..Self::bare(&visit.gate, reason, id, visit.client, visit.route)
        }
    }

    pub(crate) fn bare(
        gate: &Arc<Gate>,
        reason: Reason,
        id: RequestId,
        client: IpAddr,
        route: RouteId,
    ) -> Self {
        Self {
            gate: Arc::clone(gate),
            reason,
            id,
            client,
            caller: Caller::Program,
            mirror: None,
            route,
            shape: Shape::Problem,
            retry_s: None,
            told: None,
            executed: Executed::No,
            pointer: None,
            missing: Missing::Nothing,
            is_bearer: false,
            pass: None,
            nonce: None,
        }
    }

    /// Says what a known caller lacks.
    pub(crate) fn with_missing(mut self, visit: &Visit<'_>, missing: Missing) -> Self {
        let judged = visit.known.as_ref().map(|known| known.place);
        self.is_bearer = judged.is_some_and(|judged| visit.gate.identity.is_bearer(judged));
        self.missing = missing;
        self
    }

    /// Says where in the body it is.
    pub(crate) fn with_pointer(mut self, pointer: Option<String>) -> Self {
        self.pointer = pointer;
        self
    }

    /// Says when the budget begins anew that does not suffice.
    pub(crate) fn with_budget(mut self, beyond: &budget::Beyond) -> Self {
        self.retry_s = beyond.retry_ns.map(|ns| ns.div_ceil(1_000_000_000).max(1));
        if let (Some(budget), Some(retry_s)) = (&beyond.budget, self.retry_s) {
            let limit = format!("\"{}\";r=0;t={retry_s}", budget.name);
            self.told = quota::Told::of_budget(limit, budget.policy());
        }
        self
    }

    /// Says the gate's time, and what differs.
    pub(crate) fn with_pass(mut self, now: Now, note: Option<String>) -> Self {
        self.pass = Some(Box::new(OfPass { now_unix_s: now.unix_s, note, bits: None }));
        self
    }

    /// Says which nonce is wanted, where that is what is missing.
    pub(crate) fn with_nonce(mut self, now: Now) -> Self {
        if self.reason == Reason::Identity(identity::Reason::ProofNonce) {
            self.nonce = self.gate.identity.nonce(now);
        }
        self
    }

    /// Says how much work is wanted.
    pub(crate) fn with_bits(mut self, bits: u8) -> Self {
        if let Some(pass) = &mut self.pass {
            pass.bits = Some(bits);
        }
        self
    }

    /// Says what became of the request at the backend.
    pub(crate) fn with_executed(mut self, executed: Executed) -> Self {
        self.executed = executed;
        self
    }

    pub(crate) fn after_admission(
        admitted: &Admitted,
        reason: Reason,
        mirror: Option<HeaderValue>,
        route: RouteId,
    ) -> Self {
        let bare = Self::bare(admitted.gate(), reason, admitted.id(), admitted.client(), route);
        // A fault behind the admission: whether the backend ran it shows nobody.
        let executed = Executed::Unknown;
        Self { mirror, caller: admitted.caller(), executed, ..bare }
    }

    /// Says how long to wait, and for which limit.
    pub(crate) fn with_wait(mut self, beyond: &quota::Beyond<'_>, chance: &dyn Chance) -> Self {
        self.retry_s = beyond.retry_ns.map(|wait_ns| quota::retry_s(wait_ns, chance));
        self.told = quota::tell(beyond, self.retry_s);
        self
    }

    /// Says what is left of all shares, where that is told.
    pub(crate) fn with_told(mut self, told: Option<quota::Told>) -> Self {
        self.told = told.or(self.told);
        self
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The visit's id.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.id
    }

    /// The client's address, as it was judged.
    #[must_use]
    pub const fn client(&self) -> IpAddr {
        self.client
    }

    /// The route that the request met; the default one where it was not known yet.
    #[must_use]
    pub fn route(&self) -> &crate::route::Route {
        self.gate.routes.route(self.route)
    }

    /// Who seemed to be calling, as far as it was looked at.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        self.caller
    }

    /// The route's place in the gate's table.
    #[must_use]
    pub const fn route_id(&self) -> RouteId {
        self.route
    }

    /// The answer.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let words = self.reason.words();
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(REFUSAL.clone(), HeaderValue::from_static(words.code));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if words.status == StatusCode::METHOD_NOT_ALLOWED
            && let Ok(value) = HeaderValue::try_from(method::allow(self.route()))
        {
            headers.insert(header::ALLOW, value);
        }
        if let (StatusCode::UNAUTHORIZED, Reason::Identity(reason)) = (words.status, self.reason) {
            headers.insert(header::WWW_AUTHENTICATE, self.gate.identity.challenge(reason));
        }
        if let (StatusCode::UNAUTHORIZED, Reason::Signature(_)) = (words.status, self.reason) {
            let value = HeaderValue::from_static("Signature realm=\"doorward\"");
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if let Some(value) = self.insufficient_scope() {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if let Some(seconds) = self.retry_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.reason == Reason::Quota(quota::Reason::Budget)
            && self.retry_s.is_none_or(|seconds| seconds > RETRIED_S_MAX)
        {
            // Clients of these APIs wait so long at the most, and then ask in vain.
            headers.insert(SHOULD_RETRY.clone(), HeaderValue::from_static("false"));
        }
        if let Some(told) = self.told.clone() {
            told.dress(&mut headers);
        }
        cors::dress_own(&self.gate.cors, self.mirror.as_ref(), &mut headers);
        if let Some(nonce) = self.nonce.clone() {
            identity::say_nonce(nonce, self.mirror.is_some(), &mut headers);
        }
        let body = match self.shape {
            Shape::Problem => {
                let json = HeaderValue::from_static("application/problem+json");
                headers.insert(header::CONTENT_TYPE, json);
                self.problem()
            }
            Shape::Page(offer) => {
                let html = HeaderValue::from_static("text/html; charset=utf-8");
                headers.insert(header::CONTENT_TYPE, html);
                let policy = HeaderValue::from_static(offer.policy());
                headers.insert(header::CONTENT_SECURITY_POLICY, policy);
                self.page(offer)
            }
        };
        Reply { status: words.status, headers, body: Bytes::from(body) }
    }

    /// What a bearer token's sender is told of the scopes that it lacks (RFC 6750 3.1).
    fn insufficient_scope(&self) -> Option<HeaderValue> {
        let is_scope = self.reason == Reason::Permission(permission::Reason::Scope);
        let (Missing::All(names) | Missing::AnyOf(names), true, true) =
            (&self.missing, is_scope, self.is_bearer)
        else {
            return None;
        };
        // Only what can stand in quotes is a scope of a route.
        let scopes = names.join(" ");
        let value = format!("Bearer error=\"insufficient_scope\", scope=\"{scopes}\"");
        HeaderValue::try_from(value).ok()
    }

    /// Whether the caller hears why and what to do: allowed origins and this machine.
    #[must_use]
    pub fn tells_all(&self) -> bool {
        self.mirror.is_some() || self.client.is_loopback()
    }

    fn detail(&self) -> &'static str {
        if self.tells_all() {
            self.reason.words().advice
        } else {
            "If you think this is a mistake, tell the operator of this address the id."
        }
    }

    /// Every text in it is the gate's own, so that nothing needs escaping, but for what a note
    /// repeats of the request, and what the file says that a caller needs.
    fn problem(&self) -> String {
        let words = self.reason.words();
        let mut out = String::with_capacity(512);
        let detail = serde_json::Value::String(self.whole_detail());
        let mut written = write!(
            out,
            "{{\"type\":\"urn:doorward:refusal:{code}\",\"title\":{title:?},\"status\":{status},\
             \"detail\":{detail},\"code\":\"{code}\",\"id\":\"{id}\",\"executed\":\"{executed}\"",
            code = words.code,
            title = words.title,
            status = words.status.as_u16(),
            id = self.id.text().as_str(),
            executed = self.executed.word(),
        );
        if let Some(pass) = &self.pass {
            written = written.and_then(|()| write!(out, ",\"now\":{}", pass.now_unix_s));
            if let Some(bits) = pass.bits {
                written = written.and_then(|()| write!(out, ",\"bits\":{bits}"));
            }
        }
        let missing = match &self.missing {
            Missing::Nothing => None,
            Missing::All(names) => Some(("missing", names)),
            Missing::AnyOf(names) => Some(("missing_one_of", names)),
        };
        if let Some((member, names)) = missing {
            let names = serde_json::Value::from(names.as_slice());
            written = written.and_then(|()| write!(out, ",\"{member}\":{names}"));
        }
        if let Some(pointer) = &self.pointer {
            let pointer = serde_json::Value::from(pointer.as_str());
            written = written.and_then(|()| write!(out, ",\"pointer\":{pointer}"));
        }
        if self.route().ai.is_some() {
            // Where clients of these APIs look for the reason.
            let message = serde_json::Value::from(format!("{}. {}", words.title, self.detail()));
            let (pointer, code) = (serde_json::Value::from(self.pointer.clone()), words.code);
            written = written.and_then(|()| {
                write!(
                    out,
                    ",\"error\":{{\"message\":{message},\"type\":\"doorward\",\
                     \"param\":{pointer},\"code\":\"{code}\"}}",
                )
            });
        }
        written = written.and_then(|()| out.write_str("}\n"));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
        out
    }

    /// The advice, and for those who may hear it what differs.
    fn whole_detail(&self) -> String {
        let note = self.pass.as_ref().and_then(|pass| pass.note.as_deref());
        match note.filter(|_| self.tells_all()) {
            Some(note) => format!("{note} {}", self.detail()),
            None => self.detail().to_owned(),
        }
    }

    fn page(&self, offer: Offer) -> String {
        let words = self.reason.words();
        page::write(&page::Said {
            title: words.title,
            detail: self.detail(),
            code: words.code,
            id: self.id.text().as_str(),
            offer,
            endpoints: &self.gate.endpoints,
        })
    }
}
