//! One limit: who is counted by it, how, and the question that it asks.

use super::cost::{AnswerIs, Cost};
use super::key::By;
use super::penalty::Penalty;
use super::whose::Whose;
use crate::layers::identity::{Identity, Known};
use crate::layers::pass::Held;
use crate::pass::PassId;
use crate::question::{Ask, Key, Question, Rate};
use crate::route::Route;
use crate::visit::{Caller, Visit};
use std::fmt;
use std::net::IpAddr;

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
    /// Who it is, where it is known and counted as itself.
    pub identity: Option<&'a Identity>,
    /// The request, as long as it is there.
    pub asked: Option<Asked<'a>>,
}

/// A request that is being judged.
#[derive(Clone, Copy)]
pub struct Asked<'a>(pub(super) &'a Visit<'a>);

impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

impl<'a> Counted<'a> {
    /// Who is counted. One who acts for a visitor is counted as that visitor.
    pub(crate) fn new(
        caller: Caller,
        client: IpAddr,
        known: Option<&'a Known>,
        route: &'a Route,
    ) -> Self {
        let (user, pass, identity, asked) = (None, None, None, None);
        let counted = Self { caller, client, user, pass, route, identity, asked };
        match known {
            None => counted,
            Some(Known { visitor: Some(client), .. }) => {
                Self { caller: Caller::Page, client: *client, ..counted }
            }
            Some(known) => {
                let identity = &*known.identity;
                Self { user: Some(identity.user()), identity: Some(identity), ..counted }
            }
        }
    }

    /// The same, while its request is there.
    pub(crate) fn with_asked(self, visit: &'a Visit<'_>) -> Self {
        Self { asked: Some(Asked(visit)), ..self }
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
    /// Whose share: the parts of its key, in any order.
    pub by: Vec<By>,
    /// Whom it is for.
    pub who: Who,
    /// How much.
    pub measure: Measure,
    /// What a request costs.
    pub cost: Cost,
    /// Answers that count; all others are given back. None: each request counts.
    pub counts: Vec<AnswerIs>,
    /// How long whoever goes beyond it is refused; none: until the share is back.
    pub penalty: Option<Penalty>,
    /// Its no is only noted, and it is counted in a space of its own.
    pub is_watched: bool,
}

impl Who {
    /// Whether whoever has a pass is among them.
    #[must_use]
    pub const fn counts_pages_with_passes(self) -> bool {
        matches!(self, Self::All | Self::Pages | Self::Strangers | Self::Passes)
    }
}

impl Limit {
    /// A limit for everybody, enforced, with nothing else said.
    #[must_use]
    pub fn new(name: &str, by: &[By], measure: Measure) -> Self {
        Self {
            name: name.to_owned(),
            by: by.to_vec(),
            who: Who::All,
            measure,
            cost: Cost::default(),
            counts: Vec::new(),
            penalty: None,
            is_watched: false,
        }
    }

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
    fn counts(&self, counted: Counted<'_>) -> bool {
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

    /// What one caller has at once, at the most.
    #[must_use]
    pub const fn most_at_once(&self) -> u32 {
        match self.measure {
            Measure::Rate(rate) => rate.burst,
            Measure::Window { limit, .. } => limit,
        }
    }

    /// Seconds in which a share that is used up is whole again.
    #[must_use]
    pub fn whole_again_s(&self) -> u64 {
        self.policy().1
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
    fn space(&self, watch: bool) -> u64 {
        fnv(fnv(0xcbf2_9ce4_8422_2325, self.name.as_bytes()), &[0, u8::from(watch)])
    }
}

/// A limit made ready: its key, and the spaces that it is counted in.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) limit: Limit,
    /// Its place in the policy's list.
    pub(super) place: usize,
    /// What it takes can be told only while the request is there, or is looked at again when its
    /// answer comes.
    pub(super) is_kept: bool,
    /// What it takes shows with the backend's answer.
    is_told_later: bool,
    whose: Whose,
    /// Enforced, and only noted.
    spaces: [u64; 2],
}

impl Counter {
    pub(super) fn new(place: usize, limit: Limit) -> Self {
        let spaces = [limit.space(false), limit.space(true)];
        let whose = Whose::new(&limit.by);
        let Limit { cost, counts, .. } = &limit;
        let is_told_later = cost.is_by_answer() || !counts.is_empty();
        let is_kept = whose.asks_the_request() || cost.asks_the_request() || is_told_later;
        Self { whose, place, is_kept, is_told_later, spaces, limit }
    }

    /// Whether it is for a caller. At the gate's own addresses no backend answers.
    pub(super) fn counts(&self, counted: Counted<'_>) -> bool {
        self.limit.counts(counted) && !(self.is_told_later && counted.route.own.is_some())
    }

    /// Whether its answer for a caller is only noted. `watch`: everybody's are.
    pub(super) const fn watches(&self, watch: bool) -> bool {
        watch || self.limit.is_watched
    }

    /// Whose share it is.
    pub(super) fn key(&self, counted: Counted<'_>, watch: bool) -> Key {
        let space = self.spaces[usize::from(self.watches(watch))];
        let of_route = || fnv(space, counted.route.path.as_bytes());
        let limit = if self.whose.per_route { of_route() } else { space };
        Key { limit, subject: self.whose.subject(counted) }
    }

    /// The question for a caller that the limit is for.
    pub(super) fn question(&self, counted: Counted<'_>, watch: bool) -> Question {
        let (key, cost) = (self.key(counted, watch), self.limit.cost.before(counted));
        let ask = match self.limit.measure {
            Measure::Rate(rate) => Ask::TakeTokens { key, rate, cost },
            Measure::Window { window_s, limit } => {
                Ask::TakeFromWindow { key, window_s, limit, cost }
            }
        };
        Question { ask, always: false, watch: self.watches(watch) }
    }
}

/// 64-bit FNV-1a, gone on with from `hash`.
pub(super) fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
