//! One limit: who is counted by it, how, and the question that it asks.

use crate::address::Prefix;
use crate::layers::identity::Known;
use crate::layers::pass::Held;
use crate::pass::PassId;
use crate::question::{Ask, Key, Question, Rate, Subject};
use crate::route::Route;
use crate::visit::Caller;
use std::net::IpAddr;

/// Whose share a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// What one subscriber holds: an IPv4 address, an IPv6 /64.
    Address,
    /// Its neighbourhood: IPv4 /24, IPv6 /48.
    Network,
    /// A known caller, wherever it calls from; a stranger by his address.
    User,
    /// A pass, wherever it is used; without one, the address.
    Pass,
}

/// Whom a limit is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    #[default]
    All,
    /// Requests of which a browser says that one's own page or a person sent them.
    Pages,
    /// All others that are not known.
    Programs,
    /// Known callers.
    Known,
    /// All but known callers.
    Strangers,
    /// Requests with a pass or a ticket.
    Passes,
}

/// How much, in what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A rate with a burst (GCRA).
    Rate(Rate),
    /// So many in each fixed window, by UTC.
    Window {
        /// Seconds.
        window_s: u32,
        /// How many.
        limit: u32,
    },
}

/// Who is counted, and where: what a limit looks at.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// Who seems to be calling.
    pub caller: Caller,
    /// The client's address.
    pub client: IpAddr,
    /// The digest of a known caller's name.
    pub user: Option<[u8; 16]>,
    /// The pass, where the request has a good one.
    pub pass: Option<PassId>,
    /// The route.
    pub route: &'a Route,
}

impl<'a> Counted<'a> {
    /// Who is counted. One who acts for a visitor is counted as that visitor.
    pub(crate) fn new(
        caller: Caller,
        client: IpAddr,
        known: Option<&Known>,
        route: &'a Route,
    ) -> Self {
        match known {
            None => Self { caller, client, user: None, pass: None, route },
            Some(Known { visitor: Some(client), .. }) => {
                Self { caller: Caller::Page, client: *client, user: None, pass: None, route }
            }
            Some(known) => {
                Self { caller, client, user: Some(known.identity.user()), pass: None, route }
            }
        }
    }

    /// The same, with a pass, or with a ticket that a known caller asked for. Whoever has a pass
    /// is counted among the pages, whatever its headers say: no address has both shares.
    pub(crate) fn with_held(self, held: Option<&Held>) -> Self {
        let Some(held) = held else { return self };
        let counted = Self { pass: held.pass, ..self };
        match (held.user, held.pass) {
            (Some(user), _) => Self { caller: Caller::Known, user: Some(user), ..counted },
            (None, Some(_)) if self.user.is_none() => Self { caller: Caller::Page, ..counted },
            (None, _) => counted,
        }
    }
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name: shares survive a reload by it.
    pub name: String,
    /// Whose share.
    pub by: By,
    /// Whom it is for.
    pub who: Who,
    /// Each route has a share of its own.
    pub per_route: bool,
    /// How much.
    pub measure: Measure,
}

impl Who {
    /// Whether whoever has a pass is among them.
    #[must_use]
    pub const fn counts_pages_with_passes(self) -> bool {
        matches!(self, Self::All | Self::Pages | Self::Strangers | Self::Passes)
    }
}

impl Limit {
    /// The most that one caller gets in so many seconds.
    #[must_use]
    pub fn most_in(&self, seconds: u64) -> u64 {
        match self.measure {
            Measure::Rate(rate) => {
                let more = seconds.saturating_mul(1_000_000_000) / rate.every_ns.max(1);
                u64::from(rate.burst).saturating_add(more)
            }
            // Two windows may stand in it, by its end and by its beginning.
            Measure::Window { window_s, limit } => {
                let windows = seconds.div_ceil(u64::from(window_s.max(1))).saturating_add(1);
                u64::from(limit).saturating_mul(windows)
            }
        }
    }

    /// Whether the limit is for a caller.
    pub(super) fn counts(&self, counted: Counted<'_>) -> bool {
        match (self.who, counted.caller) {
            (Who::Passes, _) => counted.pass.is_some(),
            (Who::All, _)
            | (Who::Pages | Who::Strangers, Caller::Page)
            | (Who::Programs | Who::Strangers, Caller::Program)
            | (Who::Known, Caller::Known) => true,
            (Who::Pages, Caller::Program | Caller::Known)
            | (Who::Programs, Caller::Page | Caller::Known)
            | (Who::Strangers, Caller::Known)
            | (Who::Known, Caller::Page | Caller::Program) => false,
        }
    }

    /// The question for a caller that the limit is for, in a space that [`Limit::space`] gave.
    pub(super) fn question(&self, counted: Counted<'_>, space: u64, watch: bool) -> Question {
        let known = match self.by {
            By::User => counted.user,
            By::Pass => counted.pass,
            By::Address | By::Network => None,
        };
        let subject = match (known, self.by) {
            (Some(known), _) => Subject::Known(known),
            (None, By::Network) => Subject::Address(Prefix::neighbourhood(counted.client)),
            (None, By::Address | By::User | By::Pass) => {
                Subject::Address(Prefix::subscriber(counted.client))
            }
        };
        let limit = if self.per_route { fnv(space, counted.route.path.as_bytes()) } else { space };
        let key = Key { limit, subject };
        let ask = match self.measure {
            Measure::Rate(rate) => Ask::TakeTokens { key, rate, cost: 1 },
            Measure::Window { window_s, limit } => {
                Ask::TakeFromWindow { key, window_s, limit, cost: 1 }
            }
        };
        Question { ask, always: false, watch }
    }

    /// The limit as `RateLimit-Policy` tells it: how many in how many seconds.
    #[must_use]
    pub fn policy(&self) -> (u32, u64) {
        match self.measure {
            Measure::Rate(rate) => {
                let window_ns = rate.every_ns.saturating_mul(u64::from(rate.burst));
                (rate.burst, window_ns.div_ceil(1_000_000_000).max(1))
            }
            Measure::Window { window_s, limit } => (limit, u64::from(window_s)),
        }
    }

    /// Tells limits apart: a hash of the name and of whether its answers are only noted. Names come
    /// from the file, never from a client.
    pub(super) fn space(&self, watch: bool) -> u64 {
        fnv(fnv(0xcbf2_9ce4_8422_2325, self.name.as_bytes()), &[0, u8::from(watch)])
    }
}

/// 64-bit FNV-1a, gone on with from `hash`.
pub(super) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
