//! What happened in a minute, in numbers. Bounded, however many callers there are.

use super::{Entry, Kind};
use doorward_core::address::Prefix;
use std::collections::{BTreeMap, HashSet};

/// Addresses that are told apart in one minute; beyond that it says "more than".
const ADDRESSES_MAX: usize = 10_000;

/// What happened in a minute.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    admitted: u64,
    /// By code: as many as there are reasons.
    refused: BTreeMap<&'static str, u64>,
    addresses: HashSet<Prefix>,
    addresses_are_more: bool,
}

impl Tally {
    pub(super) fn count(&mut self, entry: &Entry<'_>) {
        match entry.kind {
            Kind::Admit => self.admitted += 1,
            Kind::Reply => {}
            Kind::Refuse => {
                if let Some(reason) = entry.reason {
                    *self.refused.entry(reason.code()).or_default() += 1;
                }
                self.add(Prefix::subscriber(entry.address));
            }
        }
    }

    fn add(&mut self, prefix: Prefix) {
        if self.addresses.len() < ADDRESSES_MAX {
            self.addresses.insert(prefix);
        } else if !self.addresses.contains(&prefix) {
            self.addresses_are_more = true;
        }
    }

    /// Takes in another worker's, which begins anew.
    pub(crate) fn take(&mut self, other: &mut Self) {
        self.admitted += std::mem::take(&mut other.admitted);
        for (code, times) in std::mem::take(&mut other.refused) {
            *self.refused.entry(code).or_default() += times;
        }
        for prefix in other.addresses.drain() {
            self.add(prefix);
        }
        self.addresses_are_more |= std::mem::take(&mut other.addresses_are_more);
    }

    /// Whether something was refused.
    pub(crate) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    pub(super) const fn admitted(&self) -> u64 {
        self.admitted
    }

    pub(super) fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refused.iter().map(|(code, times)| (*code, *times))
    }

    pub(super) fn addresses(&self) -> usize {
        self.addresses.len()
    }

    pub(super) const fn addresses_are_more(&self) -> bool {
        self.addresses_are_more
    }
}
