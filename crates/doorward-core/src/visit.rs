//! One request being judged: the view, and what the layers have found out so far.

use crate::address::Prefix;
use crate::gate::Gate;
use crate::layers::cookie::Cleaning;
use crate::layers::identity::Known;
use crate::layers::pass::{Cut, Held};
use crate::layers::quota::budget::Spending;
use crate::layers::quota::{Counted, Kept, Taken};
use crate::layers::{csrf, identity};
use crate::names::Named;
use crate::origin::Origins;
use crate::reason::Reason;
use crate::route::{DEFAULT_ROUTE, Route, RouteId};
use crate::view::{Seen, View};
use crate::webhook::Delivery;
use arrayvec::ArrayVec;
use std::net::IpAddr;
use std::sync::Arc;

/// Would-be refusals that one visit remembers.
pub const WOULD_REFUSE_MAX: usize = 10;
/// Would-be refusals of a monitored visit, in the layers' order.
pub type WouldRefuse = ArrayVec<Reason, WOULD_REFUSE_MAX>;

/// Who seems to be calling, by what only a browser puts on a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// A browser says that one's own page, or a person, sent it.
    Page,
    /// Nothing says so: a program, as far as can be told.
    #[default]
    Program,
    /// One that was verified.
    Known,
}

/// Whose the `Origin` of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginIs {
    /// The gate's own.
    Own,
    /// An allowed one.
    Allowed,
    /// Somebody else's.
    Other,
    /// `null`: an opaque origin, or a page under `Referrer-Policy: no-referrer`.
    Null,
    /// There is none.
    Absent,
    /// Repeated or unreadable.
    Unclear,
}

/// One request being judged.
pub struct Visit<'v> {
    pub(crate) gate: Arc<Gate>,
    pub(crate) view: View<'v>,
    pub(crate) seen: Seen<'v>,
    /// Set by `message`.
    pub(crate) named: Option<Named<'v>>,
    /// Set by `message`.
    pub(crate) route: RouteId,
    /// The client's address, taken from the forwarding headers of trusted proxies.
    pub(crate) client: IpAddr,
    /// What the client's subscriber holds.
    pub(crate) prefix: Prefix,
    /// Set behind `message`: it depends on the route.
    pub(crate) origin: OriginIs,
    /// What is done to its cookies before anybody reads them. Set by `cookie`.
    pub(crate) cleaning: Option<Cleaning>,
    /// Set by `site`, and by `identity` for known callers.
    pub(crate) caller: Caller,
    /// Set by `identity`.
    pub(crate) known: Option<Known>,
    /// Its session is not believed. Set by `identity`.
    pub(crate) is_disbelieved: bool,
    /// Why nobody can say whose its session is. Set by `identity`.
    pub(crate) unjudged: Option<identity::Reason>,
    /// Set by `pass`, and by `identity` for signatures. Boxed: it is large, and most have none.
    pub(crate) held: Option<Box<Held>>,
    /// A webhook's delivery, of which the body is still to be checked. Set by `identity`.
    pub(crate) delivery: Option<Box<Delivery>>,
    /// What of it is the gate's alone. Set by `pass`.
    pub(crate) cut: Option<Cut>,
    /// Set by `csrf`.
    pub(crate) csrf: csrf::Carried<'v>,
    /// What an attempt to sign in has taken.
    pub(crate) sign_in: Option<Box<Taken>>,
    /// What it spends of its route's budgets. Set behind the body.
    pub(crate) spending: Option<Box<Spending>>,
    /// Shares that are looked at again when its answer comes. Boxed: most have none.
    pub(crate) kept: Option<Box<Kept>>,
    pub(crate) would_refuse: WouldRefuse,
}

impl<'v> Visit<'v> {
    pub(crate) fn new(gate: &Arc<Gate>, view: View<'v>) -> Self {
        let client = gate.client_ip.client(view.peer, view.headers);
        Self {
            gate: Arc::clone(gate),
            seen: Seen::of(view.headers),
            view,
            named: None,
            route: DEFAULT_ROUTE,
            client,
            prefix: Prefix::subscriber(client),
            origin: OriginIs::Unclear,
            cleaning: None,
            caller: Caller::Program,
            known: None,
            is_disbelieved: false,
            unjudged: None,
            held: None,
            delivery: None,
            cut: None,
            csrf: csrf::Carried::default(),
            sign_in: None,
            spending: None,
            kept: None,
            would_refuse: WouldRefuse::new(),
        }
    }

    /// The route that the request meets.
    #[must_use]
    pub fn route(&self) -> &Route {
        self.gate.routes.route(self.route)
    }

    /// Who is counted by limits, and where.
    pub(crate) fn counted(&self) -> Counted<'_> {
        Counted::new(self.caller, self.client, self.known.as_ref(), self.route())
            .with_held(self.held.as_deref())
            .with_asked(self)
    }

    /// The origins that are allowed on this route.
    pub(crate) fn origins(&self) -> &Origins {
        self.route().origins.as_ref().unwrap_or(&self.gate.origins)
    }

    /// Whose an origin is, as a text.
    pub(crate) fn whose(&self, origin: &str) -> OriginIs {
        if origin == "null" {
            return OriginIs::Null;
        }
        if self.origins().allows(origin) {
            return OriginIs::Allowed;
        }
        let own = self.named.is_some_and(|named| self.gate.names.is_own(origin, named));
        if own { OriginIs::Own } else { OriginIs::Other }
    }
}
