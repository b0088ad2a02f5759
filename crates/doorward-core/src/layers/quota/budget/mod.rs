//! Budgets: tokens or money that callers may spend in a window, counted by what the backend's
//! answers say. What may be spent is taken in advance, and settled when it is known.

mod carry;
mod counts;
mod events;
mod find;
mod output;
mod price;
mod reading;
mod settled;
mod share;
mod spending;
mod usage;

pub use counts::{Counts, Spent};
pub use price::{Price, Tokens, UNITS_OF_USD};
pub(crate) use spending::Beyond;
pub use spending::{Next, Spending, Unreadable};
pub use usage::Path;

use super::limit::fnv;
use crate::address::Prefix;
use crate::layers::quota::Counted;
use crate::question::{Key, Subject};
use std::collections::HashMap;
use std::sync::Arc;

/// Budgets that one route may name.
pub const ROUTE_BUDGETS_MAX: usize = 4;

/// Whose budget it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Everybody's together: what the operator may be billed.
    Everybody,
    /// What one subscriber holds: an IPv4 address, an IPv6 /64.
    Address,
    /// Its neighbourhood: IPv4 /24, IPv6 /48.
    Network,
    /// A known caller's; a stranger's by his address.
    User,
    /// A pass's; without one, the address's.
    Pass,
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Tokens of prompt and answer.
    Tokens,
    /// Ten millionths of a dollar, by the file's prices.
    Money,
    /// Whatever the backend's answer says at this place, in whole numbers.
    Said {
        /// Where.
        usage: Path,
        /// What is taken in advance: as much as one request may cost.
        reserve: u32,
    },
}

/// So much in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its name: what was spent survives a reload by it.
    pub name: String,
    /// Whose.
    pub by: By,
    /// Seconds of the window; they are fixed, and a day is a UTC day.
    pub window_s: u32,
    /// What is counted.
    pub unit: Unit,
    /// How many units.
    pub limit: u32,
}

/// What the file says of budgets.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The budgets that routes may name.
    pub budgets: Vec<Budget>,
    /// What tokens cost, by model.
    pub prices: Vec<(String, Price)>,
}

/// Checked settings.
#[derive(Debug, Default)]
pub struct Policy {
    budgets: Vec<Purse>,
    prices: HashMap<String, Price>,
}

/// A budget with the spaces that it is counted in: enforced, and only noted.
#[derive(Debug)]
struct Purse {
    budget: Arc<Budget>,
    spaces: [u64; 2],
}

impl Policy {
    /// Takes the file's budgets and prices.
    pub(crate) fn new(settings: &Settings) -> Self {
        let counted = |budget: &Budget| Purse {
            spaces: [budget.space(false), budget.space(true)],
            budget: Arc::new(budget.clone()),
        };
        Self {
            budgets: settings.budgets.iter().map(counted).collect(),
            prices: settings.prices.iter().cloned().collect(),
        }
    }

    /// What a model's tokens cost; none: nobody has said.
    fn price(&self, model: &str) -> Option<Price> {
        self.prices.get(model).copied()
    }

    /// The budgets, for whoever counts them.
    pub fn budgets(&self) -> impl Iterator<Item = &Budget> {
        self.budgets.iter().map(|counted| &*counted.budget)
    }
}

impl Budget {
    /// Tells budgets apart, and from limits of the same name.
    fn space(&self, watch: bool) -> u64 {
        const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        fnv(fnv(BASIS, self.name.as_bytes()), &[1, u8::from(watch)])
    }

    /// Whose share a caller's is.
    fn key(&self, counted: Counted<'_>, space: u64) -> Key {
        let known = match self.by {
            By::Everybody => Some(*b"budget of us all"),
            By::User => counted.user,
            By::Pass => counted.pass,
            By::Address | By::Network => None,
        };
        let subject = match (known, self.by) {
            (Some(known), _) => Subject::Known(known),
            (None, By::Network) => Subject::Address(Prefix::neighbourhood(counted.client)),
            (None, By::Everybody | By::Address | By::User | By::Pass) => {
                Subject::Address(Prefix::subscriber(counted.client))
            }
        };
        Key { limit: space, subject }
    }

    /// The budget as `RateLimit-Policy` tells it.
    pub(crate) fn policy(&self) -> String {
        let unit = match self.unit {
            Unit::Tokens => "tokens",
            Unit::Money => "10 micro-usd",
            Unit::Said { .. } => "units",
        };
        let Self { name, limit, window_s, .. } = self;
        format!("\"{name}\";q={limit};w={window_s};qu=\"{unit}\"")
    }
}
