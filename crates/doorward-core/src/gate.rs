//! The gate: the configured whole. It opens a visit and walks it through the head's checks.

mod may;
mod passes;
mod shown;
mod tokens;

use crate::client_ip::ClientIp;
use crate::endpoints;
use crate::fault::Fault;
use crate::fingerprint;
use crate::header::One;
use crate::layers::identity::{self, Asking, Issuer, Waited, Who};
use crate::layers::{
    Step, body, cookie, cors, credential, csrf, message, method, pass, permission, quota, site,
};
use crate::mode::{Force, Mode};
use crate::moment::Moment;
use crate::names::Names;
use crate::origin::Origins;
use crate::reason::Reason;
use crate::refused::{Executed, Refused};
use crate::route::{Csrf, DEFAULT_ROUTE, Effect, Kind, Routes};
use crate::signing_in;
use crate::turn::{self, Turn};
use crate::verdict::{Reply, Verdict};
use crate::view::{BodyHint, View};
use crate::visit::{Caller, OriginIs, Visit};
use http::Method;
use std::net::IpAddr;
use std::sync::Arc;

pub use crate::misfit::Misfit;

/// The configured whole that decides about requests.
#[derive(Debug)]
pub struct Gate {
    pub(crate) names: Names,
    pub(crate) origins: Origins,
    pub(crate) routes: Routes,
    pub(crate) client_ip: ClientIp,
    pub(crate) fingerprint: fingerprint::shown::Policy,
    pub(crate) endpoints: String,
    pub(crate) mode: Mode,
    pub(crate) modes: LayerModes,
    pub(crate) message: message::Policy,
    pub(crate) cors: cors::Policy,
    pub(crate) site: site::Policy,
    pub(crate) method: method::Policy,
    pub(crate) quota: quota::Policy,
    pub(crate) identity: identity::Policy,
    pub(crate) permission: permission::Policy,
    pub(crate) csrf: csrf::Policy,
    pub(crate) pass: pass::Policy,
    pub(crate) body: body::Policy,
    pub(crate) budget: quota::budget::Policy,
    pub(crate) credential: credential::Policy,
    pub(crate) cookie: cookie::Policy,
}

/// The layers' own modes, for those that can be milder than the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerModes {
    pub(crate) cors: Mode,
    pub(crate) site: Mode,
    pub(crate) method: Mode,
    pub(crate) quota: Mode,
    pub(crate) identity: Mode,
    pub(crate) permission: Mode,
    pub(crate) csrf: Mode,
    pub(crate) pass: Mode,
    pub(crate) body: Mode,
    pub(crate) cookie: Mode,
}

impl Default for LayerModes {
    fn default() -> Self {
        let [cors, site, method, quota, identity, permission, body, cookie] = [Mode::Enforce; 8];
        // Tokens and passes are made with secrets, which only a configuration has.
        let [csrf, pass] = [Mode::Off; 2];
        Self { cors, site, method, quota, identity, permission, csrf, pass, body, cookie }
    }
}

impl Gate {
    /// Opens a visit: the head's checks, in the order of `layers::LAYERS`.
    #[must_use]
    pub fn open<'v>(self: &Arc<Self>, view: View<'v>, at: Moment<'_>) -> Turn<'v> {
        let mut visit = Visit::new(self, view);
        if let Some(reply) = endpoints::reply(self, &view) {
            return Turn::Done(Verdict::Reply(reply));
        }
        let judged = self.head(&mut visit, at);
        let judged = judged.and_then(|()| self.who(&mut visit, at, Waited::Nothing));
        let judged = judged.and_then(|()| self.permission(&mut visit));
        let judged = judged.and_then(|()| self.leave(&mut visit, at));
        let judged = judged.and_then(|()| self.credential(&mut visit));
        end(visit, at, judged)
    }

    /// Goes on with a visit that waited to learn who is calling.
    pub(crate) fn go_on<'v>(
        self: &Arc<Self>,
        mut visit: Visit<'v>,
        at: Moment<'_>,
        waited: Waited<'_>,
    ) -> Turn<'v> {
        let judged = self.who(&mut visit, at, waited);
        let judged = judged.and_then(|()| self.permission(&mut visit));
        let judged = judged.and_then(|()| self.leave(&mut visit, at));
        let judged = judged.and_then(|()| self.credential(&mut visit));
        end(visit, at, judged)
    }

    /// The order of the checks. It is `layers::LAYERS`, read aloud.
    fn head(&self, visit: &mut Visit<'_>, at: Moment<'_>) -> Result<(), Stop> {
        // What is ambiguous, or not for this gate, is looked at no further.
        let step = message::inspect(&self.message, visit);
        // An allowed page is told why, also where the message itself is refused.
        visit.origin = match visit.seen.origin {
            One::Absent => OriginIs::Absent,
            One::Value(text) => visit.whose(text),
            One::Repeated | One::Unreadable => OriginIs::Unclear,
        };
        take(visit, step, Force::Enforce)?;
        // Before anybody reads cookies.
        let force = self.force(visit, self.modes.cookie);
        let step = cookie::inspect(&self.cookie, visit, at.now, force);
        take(visit, step, force)?;
        // Preflights end here, before anything that asks who is calling: they carry no credentials.
        let force = self.force(visit, self.modes.cors);
        if force != Force::Off {
            let step = cors::inspect(&self.cors, visit);
            match (step, force) {
                // In monitor preflights go on to the backend.
                (Step::Reply(_), Force::Monitor) => {}
                (step, force) => take(visit, step, force)?,
            }
        }
        // A preflight that only the page's script has caused is nobody's but the gate's.
        if force != Force::Enforce
            && self.has_passes()
            && let Some(reply) = cors::reply_alone(&self.cors, visit)
        {
            return Err(Stop::Reply(Box::new(reply)));
        }
        // Another site's request charges nobody.
        let force = self.force(visit, self.modes.site);
        if force != Force::Off && !(force == Force::Monitor && cors::is_preflight(visit)) {
            let step = site::inspect(&self.site, visit);
            take(visit, step, force)?;
        }
        // A preflight that is left to the backend is no request of the page's yet.
        let force = self.force(visit, self.modes.method);
        if force != Force::Off && !self.leaves_preflight(visit) {
            let step = method::inspect(&self.method, visit);
            take(visit, step, force)?;
        }
        // The address, before any work is done for it.
        let force = self.force(visit, self.modes.quota);
        if force != Force::Off
            && let Some(beyond) = quota::inspect(&self.quota, visit, at)
            && !self.is_spared(visit, at, &beyond)
        {
            match force {
                Force::Enforce => return Err(Stop::Beyond(beyond)),
                Force::Monitor | Force::Off => note(visit, Reason::Quota(beyond.reason)),
            }
        }
        if force != Force::Off
            && let Some(reason) = quota::inspect_sign_in(visit)
        {
            take(visit, Step::Refuse(Reason::Quota(reason)), force)?;
        }
        if method::is_never(visit.view.method.as_str()) {
            return Err(Stop::Refuse(Reason::Method(method::Reason::Never)));
        }
        carries(visit).map_err(|fault| Stop::Refuse(Reason::Fault(fault)))
    }

    /// Who is calling: the last of the head's checks, and the only one that may wait.
    fn who(&self, visit: &mut Visit<'_>, at: Moment<'_>, waited: Waited<'_>) -> Result<(), Stop> {
        if visit.route().kind == Kind::Webhook {
            return self.delivery(visit, at);
        }
        let force = self.force(visit, self.modes.identity);
        let asks = matches!(visit.route().kind, Kind::Api) && force != Force::Off;
        if !asks || (self.identity.is_empty() && !visit.route().requires_identity) {
            return Ok(());
        }
        let known = match identity::inspect(&self.identity, visit, at, waited) {
            Who::Nobody => return Ok(()),
            Who::Disbelieved => {
                visit.is_disbelieved = force == Force::Enforce;
                return Ok(());
            }
            Who::Unjudged(reason) => {
                // While it is tried out, whom `identity` does not know is nobody.
                visit.unjudged = (force == Force::Enforce).then_some(reason);
                return Ok(());
            }
            Who::Wait(issuer) => return Err(Stop::Wait(issuer)),
            Who::Ask(asking) => return Err(Stop::Ask(asking)),
            Who::Refuse(identity::Reason::Missing) if self.leaves_preflight(visit) => {
                return Ok(());
            }
            Who::Refuse(reason) => {
                // What is only watched locks nobody out; and a proxy of one's own stands for many.
                let is_his_own = !self.client_ip.trusts(visit.client);
                if reason.is_strike() && force == Force::Enforce && is_his_own {
                    quota::strike(&self.quota, visit.client, at);
                }
                let refuse = Step::Refuse(Reason::Identity(reason));
                return take(visit, refuse, force);
            }
            Who::Unsigned(reason) => {
                let is_his_own = !self.client_ip.trusts(visit.client);
                if reason.is_strike() && force == Force::Enforce && is_his_own {
                    quota::strike(&self.quota, visit.client, at);
                }
                return take(visit, Step::Refuse(Reason::Signature(reason)), force);
            }
            Who::Signed(known, held) => {
                visit.held = Some(held);
                known
            }
            Who::Known(known) => known,
        };
        let quota_force = self.force(visit, self.modes.quota);
        if quota_force != Force::Off && quota::denies(&self.quota, &known, at) {
            let refuse = Step::Refuse(Reason::Quota(quota::Reason::Denied));
            take(visit, refuse, quota_force)?;
        }
        let is_traced = visit.caller == Caller::Page
            || self.force(visit, self.modes.site) == Force::Off
            || (method::is_safe(visit.view.method) && visit.route().effect != Effect::Write);
        // A page's WebSocket carries cookies wherever the page is from, and no token (CSWSH).
        let is_tunnel = site::is_web_socket(visit.seen.upgrade)
            && !matches!(visit.origin, OriginIs::Own | OriginIs::Allowed | OriginIs::Absent);
        // Where a token is asked for, that judges better: programs have one too.
        let is_left_to_csrf = self.force(visit, self.modes.csrf) == Force::Enforce
            && !matches!(visit.route().csrf, Csrf::App | Csrf::Off);
        let is_told = is_traced || is_left_to_csrf || signing_in::replaces_session(visit);
        if known.is_ambient && (is_tunnel || !is_told) {
            let refuse = Step::Refuse(Reason::Identity(identity::Reason::CookieAlone));
            return take(visit, refuse, force);
        }
        visit.caller = Caller::Known;
        visit.known = Some(known);
        Ok(())
    }

    /// Who has sent a webhook's delivery, as far as its head tells.
    fn delivery(&self, visit: &mut Visit<'_>, at: Moment<'_>) -> Result<(), Stop> {
        let reason = match identity::read_delivery(visit, at) {
            Some(Ok(delivery)) => {
                visit.delivery = Some(delivery);
                return Ok(());
            }
            Some(Err(_)) | None if self.leaves_preflight(visit) => return Ok(()),
            Some(Err(reason)) => reason,
            None => identity::SignatureReason::Missing,
        };
        let force = self.force(visit, self.mode_of_deliveries());
        take(visit, Step::Refuse(Reason::Signature(reason)), force)
    }

    /// Deliveries are the route's own check: it is not off where `identity` is, but never stricter
    /// than the file and the route say.
    fn mode_of_deliveries(&self) -> Mode {
        match self.modes.identity {
            Mode::Off => Mode::Enforce,
            mode => mode,
        }
    }

    /// Whether it has leave; and where it says that it was sent before, whether it would run twice.
    fn leave(&self, visit: &mut Visit<'_>, at: Moment<'_>) -> Result<(), Stop> {
        self.csrf(visit, at)?;
        self.pass(visit, at)?;
        if visit.seen.again.is_absent() || self.runs_once(visit) {
            return Ok(());
        }
        // Nothing is claimed here, so nobody knows what became of the first.
        Err(Stop::Pass(pass::Reason::Used.into()))
    }

    /// Whether what the gate adds would be the only one of its name.
    fn credential(&self, visit: &mut Visit<'_>) -> Result<(), Stop> {
        let step = credential::inspect(&self.credential, visit);
        take(visit, step, Force::Enforce)
    }

    /// Whether a caller is let through although forgeries came from its address: one that costs no
    /// cryptography to know must not be locked out by others behind the same address.
    fn is_spared(&self, visit: &Visit<'_>, at: Moment<'_>, beyond: &quota::Beyond<'_>) -> bool {
        if beyond.reason != quota::Reason::Strikes {
            return false;
        }
        match visit.route().kind {
            Kind::Api => {
                self.force(visit, self.modes.identity) == Force::Enforce
                    && identity::vouches(&self.identity, visit, at)
            }
            // Providers deliver for everybody from the same addresses, and what a delivery costs is
            // bounded by their share.
            Kind::Webhook => true,
            Kind::Page | Kind::Return | Kind::Health => false,
        }
    }

    /// Whether it is a preflight that `cors` leaves to the backend: browsers put no credentials on
    /// one, so asking for them would refuse every page.
    pub(crate) fn leaves_preflight(&self, visit: &Visit<'_>) -> bool {
        let is_bare = matches!(visit.view.body, BodyHint::Empty | BodyHint::Length(0))
            && visit.seen.method_override.is_absent();
        is_bare && cors::is_preflight(visit) && self.force(visit, self.modes.cors) != Force::Enforce
    }

    pub(crate) fn force(&self, visit: &Visit<'_>, layer: Mode) -> Force {
        self.mode.milder(layer).milder(visit.route().mode).force(visit.prefix)
    }

    /// Whether the store is asked for this visit, and whether its answers are only noted.
    pub(crate) fn asks(&self, visit: &Visit<'_>) -> (bool, bool) {
        let force = self.force(visit, self.modes.quota);
        let asks = force != Force::Off
            && self.quota.count(visit.counted()) > 0
            && !quota::allows(&self.quota, visit);
        (asks, force == Force::Monitor)
    }

    /// Whether `cors` owns the answer's headers for this visit.
    pub(crate) fn cors_acts(&self, visit: &Visit<'_>) -> bool {
        self.force(visit, self.modes.cors) == Force::Enforce
    }

    /// What a fault comes to that a mounting saw where there is no visit (yet).
    #[must_use]
    pub fn fault(self: &Arc<Self>, fault: Fault, peer: IpAddr, at: Moment<'_>) -> Refused {
        let reason = Reason::Fault(fault);
        // What a proxy of one's own passes on is not its own doing, and stands for many.
        if reason.is_strike() && !self.client_ip.trusts(peer) {
            quota::strike(&self.quota, peer, at);
        }
        Refused::bare(self, reason, at.id, crate::address::unwrap(peer), DEFAULT_ROUTE)
    }

    /// The issuers whose tokens are believed: whoever carries visits keeps their keys fresh.
    #[must_use]
    pub fn issuers(&self) -> &[Arc<Issuer>] {
        self.identity.issuers()
    }

    /// Who names people here: the same name of another issuer is somebody else.
    #[must_use]
    pub fn issuer_names(&self) -> Vec<&str> {
        self.identity.issuer_names()
    }

    /// Takes over the keys that `other` has fetched, so that a reload makes nobody wait.
    pub fn adopt(&self, other: &Self) {
        self.identity.adopt(&other.identity);
    }

    /// The routes, for `check`.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The allowed origins, for hints.
    #[must_use]
    pub fn origins(&self) -> &Origins {
        &self.origins
    }

    /// Whether `origin` misses an allowed one by its scheme, port, `www.` or spelling of this
    /// machine only: the allowed one.
    #[must_use]
    pub fn near_origin(&self, origin: &str) -> Option<&crate::origin::Origin> {
        crate::near::near_origin(&self.origins, origin)
    }
}

/// Why the head's checks end.
enum Stop {
    Refuse(Reason),
    Beyond(quota::Beyond<'static>),
    Lacks(permission::No),
    Pass(pass::No),
    Reply(Box<Reply>),
    Wait(Arc<Issuer>),
    Ask(Box<Asking>),
}

/// What comes behind the head's checks.
fn end<'v>(visit: Visit<'v>, at: Moment<'_>, judged: Result<(), Stop>) -> Turn<'v> {
    match judged {
        Ok(()) => turn::after_head(visit, at),
        Err(Stop::Wait(issuer)) => turn::wait_for_keys(visit, issuer),
        Err(Stop::Ask(asking)) => turn::wait_for_caller(visit, asking),
        Err(Stop::Reply(reply)) => Turn::Done(Verdict::Reply(*reply)),
        Err(Stop::Refuse(reason)) => {
            let refused = Refused::new(&visit, reason, at.id).with_nonce(at.now);
            Turn::Done(Verdict::Refuse(refused))
        }
        Err(Stop::Lacks(no)) => {
            let refused = Refused::new(&visit, Reason::Permission(no.reason), at.id);
            Turn::Done(Verdict::Refuse(refused.with_missing(&visit, no.missing)))
        }
        Err(Stop::Pass(no)) => {
            let refused = Refused::new(&visit, Reason::Pass(no.reason), at.id);
            let refused = refused.with_pass(at.now, no.note);
            // In the head nothing is asked of the store yet.
            let is_unknown = no.reason == pass::Reason::Used;
            let executed = if is_unknown { Executed::Unknown } else { Executed::No };
            Turn::Done(Verdict::Refuse(refused.with_executed(executed)))
        }
        Err(Stop::Beyond(beyond)) => {
            let reason = Reason::Quota(beyond.reason);
            let refused = Refused::new(&visit, reason, at.id).with_wait(&beyond, at.chance);
            Turn::Done(Verdict::Refuse(refused))
        }
    }
}

fn take(visit: &mut Visit<'_>, step: Step, force: Force) -> Result<(), Stop> {
    match (step, force) {
        (Step::Next, _) => Ok(()),
        (Step::Reply(reply), _) => Err(Stop::Reply(reply)),
        (Step::Refuse(reason), Force::Enforce) => Err(Stop::Refuse(reason)),
        (Step::Refuse(reason), Force::Monitor | Force::Off) => {
            note(visit, reason);
            Ok(())
        }
    }
}

fn note(visit: &mut Visit<'_>, reason: Reason) {
    // Every layer notes once, and there are fewer layers than places.
    let _ = visit.would_refuse.try_push(reason);
}

/// What this mounting or route cannot take, whoever sends it.
fn carries(visit: &Visit<'_>) -> Result<(), Fault> {
    let is_connect = *visit.view.method == Method::CONNECT;
    let is_carried = visit.view.fidelity.upgrades || !site::is_web_socket(visit.seen.upgrade);
    if is_connect || !is_carried {
        return Err(Fault::UpgradeNotCarried);
    }
    match (visit.view.body, visit.route().body_bytes_max) {
        (BodyHint::Length(bytes), Some(max)) if bytes > max => Err(Fault::BodyTooLarge),
        (BodyHint::Empty | BodyHint::Length(_) | BodyHint::Stream, _) => Ok(()),
    }
}
