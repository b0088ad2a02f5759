//! What the backend holds: its settings, its money, its users, its items and its witness.

use super::ledger::{Bank, Ledger};
use super::session::{SameSite, Sessions};
use super::tokens::Tokens;
use super::valves::Valves;
use super::witness::{Event, Kind, Witness};
use super::{Admission, BackendOptions, CorsPolicy, Trust};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The state that all connections share.
pub(super) struct Shop {
    pub(super) trust: Trust,
    pub(super) same_site: SameSite,
    pub(super) admission: Option<Admission>,
    pub(super) witness: Witness,
    pub(super) valves: Valves,
    pub(super) tokens: Tokens,
    cors: RwLock<CorsPolicy>,
    bank: Arc<Bank>,
    sessions: Mutex<Sessions>,
    /// How often each item was changed, by its id.
    items: Mutex<BTreeMap<String, u64>>,
}

impl Shop {
    pub(super) fn new(options: BackendOptions) -> Self {
        let items = ["1", "2", "3"].map(|id| (id.to_owned(), 0));
        Self {
            trust: options.trust,
            same_site: options.same_site,
            admission: options.admission,
            witness: Witness::new(options.listener),
            valves: Valves::default(),
            tokens: Tokens::default(),
            cors: RwLock::new(options.cors),
            bank: options.bank,
            sessions: Mutex::default(),
            items: Mutex::new(BTreeMap::from(items)),
        }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.bank.ledger()
    }

    pub(super) fn cors(&self) -> CorsPolicy {
        self.cors.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_cors(&self, policy: CorsPolicy) {
        *self.cors.write().unwrap_or_else(PoisonError::into_inner) = policy;
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn items(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request from its arrival to the end of its answer. Dropped before its end, it is noted as
/// cut off: that is how a caller who leaves is seen.
pub(super) struct Running {
    shop: Arc<Shop>,
    arrived: Event,
    open: bool,
}

impl Running {
    pub(super) const fn begin(shop: Arc<Shop>, arrived: Event) -> Self {
        Self { shop, arrived, open: true }
    }

    /// The state behind it.
    pub(super) fn shop(&self) -> Arc<Shop> {
        Arc::clone(&self.shop)
    }

    /// Its route ran, or was begun.
    pub(super) fn executed(&self, what: &str) {
        self.shop.witness.note(&self.arrived, Kind::Executed, what);
    }

    /// Its answer is finished.
    pub(super) const fn finish(&mut self) {
        self.open = false;
    }

    /// It came to nothing, for a reason that is not the caller's leaving.
    pub(super) fn end(mut self, kind: Kind, what: &str) {
        self.open = false;
        self.shop.witness.note(&self.arrived, kind, what);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.open {
            self.shop.witness.note(&self.arrived, Kind::CutOff, "the caller left");
        }
    }
}
