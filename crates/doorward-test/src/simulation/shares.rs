//! The shadow of the shares: naive buckets of floating-point tokens in maps that grow for ever, and
//! a ledger of who was admitted when.

use super::facts::Facts;
use super::world::{LIMITS, LimitFacts, Much, RouteFacts, STRIKES_BURST, STRIKES_EVERY_MS};
use std::collections::BTreeMap;

/// Whose share, under which limit.
pub(super) type Account = (String, String);

/// What everybody has left, and had.
#[derive(Debug, Default)]
pub(super) struct Shares {
    tokens: BTreeMap<Account, (f64, u64)>,
    windows: BTreeMap<(Account, u64), u32>,
    debts: BTreeMap<String, (f64, u64)>,
    admitted: BTreeMap<Account, Vec<u64>>,
    given: BTreeMap<Account, Vec<u64>>,
}

/// Sums of thousandths are exact to far more than this.
const HAIR: f64 = 1e-6;
/// Admissions of an account that the ledger looks back on.
const LEDGER_MAX: usize = 40;

/// The limits that count a caller on a route.
pub(super) fn limits_for(route: &RouteFacts, is_page: bool) -> Vec<LimitFacts> {
    let of_file = if route.limits_only { &[][..] } else { &LIMITS[..] };
    let all = of_file.iter().chain(route.limit.iter()).copied();
    all.filter(|limit| limit.pages.is_none_or(|pages| pages == is_page)).collect()
}

/// Whose account a limit charges.
pub(super) fn account(
    limit: &LimitFacts,
    facts: &Facts,
    route: &RouteFacts,
    watched: bool,
) -> Account {
    let who = if limit.by_network { &facts.network } else { &facts.subscriber };
    let place = if limit.per_route { route.path } else { "" };
    let space = if watched { "watched" } else { "counted" };
    (format!("{} {place} {space}", limit.name), who.clone())
}

impl Shares {
    /// Whether one more fits.
    pub(super) fn fits(&self, limit: &LimitFacts, account: &Account, now_ms: u64) -> bool {
        match limit.much {
            Much::Tokens { every_ms, burst } => {
                self.left(account, every_ms, burst, now_ms) + HAIR >= 1.0
            }
            Much::Window { window_s, limit } => {
                let window = now_ms / 1_000 / u64::from(window_s);
                let taken = self.windows.get(&(account.clone(), window)).copied().unwrap_or(0);
                taken < limit
            }
        }
    }

    /// Takes one that fits.
    pub(super) fn take(&mut self, limit: &LimitFacts, account: &Account, now_ms: u64) {
        match limit.much {
            Much::Tokens { every_ms, burst } => {
                let left = self.left(account, every_ms, burst, now_ms);
                self.tokens.insert(account.clone(), (left - 1.0, now_ms));
            }
            Much::Window { window_s, .. } => {
                let window = now_ms / 1_000 / u64::from(window_s);
                *self.windows.entry((account.clone(), window)).or_default() += 1;
            }
        }
    }

    /// Gives one back. Days and money stay spent.
    pub(super) fn give(&mut self, limit: &LimitFacts, account: &Account, now_ms: u64) {
        if let Much::Tokens { every_ms, burst } = limit.much {
            let left = self.left(account, every_ms, burst, now_ms);
            let left = (left + 1.0).min(f64::from(burst));
            self.tokens.insert(account.clone(), (left, now_ms));
            self.given.entry(account.clone()).or_default().push(now_ms);
        }
    }

    fn left(&self, account: &Account, every_ms: u64, burst: u32, now_ms: u64) -> f64 {
        let Some((left, then_ms)) = self.tokens.get(account) else { return f64::from(burst) };
        let back = (now_ms - then_ms) as f64 / every_ms as f64;
        (left + back).min(f64::from(burst))
    }

    /// Counts a strike.
    pub(super) fn strike(&mut self, subscriber: &str, now_ms: u64) {
        let debt = (self.debt(subscriber, now_ms) + 1.0).min(f64::from(STRIKES_BURST));
        self.debts.insert(subscriber.to_owned(), (debt, now_ms));
    }

    /// Whether another strike would be one too many.
    pub(super) fn is_struck(&self, subscriber: &str, now_ms: u64) -> bool {
        self.debt(subscriber, now_ms) > f64::from(STRIKES_BURST) - 1.0 + HAIR
    }

    fn debt(&self, subscriber: &str, now_ms: u64) -> f64 {
        let Some((debt, then_ms)) = self.debts.get(subscriber) else { return 0.0 };
        (debt - (now_ms - then_ms) as f64 / STRIKES_EVERY_MS as f64).max(0.0)
    }

    /// Writes an admission down.
    ///
    /// # Errors
    /// In words, when with it the account had more in some time than its limit grants and than was
    /// given back in that time: whatever the buckets say.
    pub(super) fn admit(
        &mut self,
        limit: &LimitFacts,
        account: Account,
        now_ms: u64,
    ) -> Result<(), String> {
        let times = self.admitted.entry(account.clone()).or_default();
        times.push(now_ms);
        if times.len() > LEDGER_MAX {
            times.remove(0);
        }
        let given = self.given.get(&account).map_or(&[][..], Vec::as_slice);
        for (place, since_ms) in times.iter().enumerate() {
            let count = (times.len() - place) as u64;
            let back = given.iter().rev().take_while(|then_ms| *then_ms >= since_ms).count() as u64;
            let most = match limit.much {
                Much::Tokens { every_ms, burst } => {
                    u64::from(burst) + (now_ms - since_ms) / every_ms
                }
                Much::Window { window_s, limit } => {
                    let window = |ms: u64| ms / 1_000 / u64::from(window_s);
                    u64::from(limit) * (window(now_ms) - window(*since_ms) + 1)
                }
            };
            if count > most + back {
                let ms = now_ms - since_ms;
                return Err(format!("{account:?} was admitted {count} times in {ms} ms"));
            }
        }
        Ok(())
    }
}
