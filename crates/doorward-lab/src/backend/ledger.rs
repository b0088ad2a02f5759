//! The ledger: who has how much. Every attack that lands moves the same balance.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bank that backends share: what one of them moves, all have moved.
#[derive(Debug)]
pub struct Bank(Mutex<Ledger>);

/// The accounts, in whole euros.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Ledger(BTreeMap<&'static str, i64>);

/// Money that moved.
pub(super) struct Moved {
    from: &'static str,
    to: &'static str,
    amount: i64,
}

/// Why no money moved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotMoved {
    NoSuchAccount,
    SameAccount,
    Amount,
    NotEnough,
}

impl Default for Bank {
    fn default() -> Self {
        Self(Mutex::new(Ledger::new()))
    }
}

impl Bank {
    /// Every account with its balance, in whole euros.
    #[must_use]
    pub fn balances(&self) -> Vec<(&'static str, i64)> {
        self.ledger().0.iter().map(|(name, balance)| (*name, *balance)).collect()
    }

    /// The balance of an account; none when there is no such account.
    #[must_use]
    pub fn balance(&self, account: &str) -> Option<i64> {
        self.ledger().balance(account)
    }

    /// Gives everybody back what they had in the beginning.
    pub fn reset(&self) {
        *self.ledger() = Ledger::new();
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    fn new() -> Self {
        Self(BTreeMap::from([("ann", 1000), ("ben", 500), ("evil", 0)]))
    }

    pub(super) fn balance(&self, account: &str) -> Option<i64> {
        self.0.get(account).copied()
    }

    /// The account's name as the ledger spells it.
    pub(super) fn account(&self, name: &str) -> Option<&'static str> {
        self.0.get_key_value(name).map(|(name, _)| *name)
    }

    pub(super) fn move_money(
        &mut self,
        from: &str,
        to: &str,
        amount: i64,
    ) -> Result<Moved, NotMoved> {
        let from = self.account(from).ok_or(NotMoved::NoSuchAccount)?;
        let to = self.account(to).ok_or(NotMoved::NoSuchAccount)?;
        if from == to {
            return Err(NotMoved::SameAccount);
        }
        if amount <= 0 {
            return Err(NotMoved::Amount);
        }
        if self.balance(from).is_none_or(|balance| balance < amount) {
            return Err(NotMoved::NotEnough);
        }
        // The sum of all accounts does not change, so that neither line can overflow.
        self.0.entry(from).and_modify(|balance| *balance -= amount);
        self.0.entry(to).and_modify(|balance| *balance += amount);
        Ok(Moved { from, to, amount })
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, amount } = self;
        write!(f, "{from} -{amount}, {to} +{amount}")
    }
}

impl fmt::Display for NotMoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchAccount => "no such account: nothing moved",
            Self::SameAccount => "both accounts are the same: nothing moved",
            Self::Amount => "the amount is not above zero: nothing moved",
            Self::NotEnough => "not enough money: nothing moved",
        })
    }
}
