//! An issuer of tokens: what is believed of it, and the keys by which it is known.

use super::algorithm::{Algorithm, Check};
use super::key_set::{Checked, KeySet, KeySetError};
use super::place::Place;
use crate::moment::Now;
use crate::secret::Secret;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// What the configuration says about an issuer.
#[derive(Clone, Debug)]
pub struct IssuerSettings {
    /// The `iss` of its tokens, compared byte for byte (RFC 7519 4.1.1).
    pub issuer: String,
    /// What this gate is called by it: a token's `aud` must have one of them.
    pub audiences: Vec<String>,
    /// The algorithms that its tokens may have.
    pub algorithms: Vec<Algorithm>,
    /// Where its keys come from.
    pub keys: KeysFrom,
    /// Where its tokens stand in a request.
    pub place: Place,
    /// The `typ` that its tokens may have, in lower case without `application/`; one without any
    /// passes too.
    pub types: Vec<String>,
    /// The claim that names the caller: a text.
    pub subject: String,
    /// The claim that lists its scopes: a text with spaces, or a list of texts.
    pub scopes: String,
    /// Seconds by which the issuer's clock may differ from this one's.
    pub leeway_s: u64,
}

/// Where an issuer's keys come from.
#[derive(Clone, Debug)]
pub enum KeysFrom {
    /// A JWKS that was read already: a file's.
    Set(Vec<u8>),
    /// A JWKS that is fetched.
    Url(KeysUrl),
    /// A shared secret, for HS256 alone: at least 32 bytes.
    Shared(Secret),
}

/// A JWKS that is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysUrl {
    /// Where.
    pub url: String,
    /// A name that leads to a private address is meant so.
    pub is_private: bool,
    /// Seconds between two fetches.
    pub refresh_s: u64,
    /// Seconds for which keys are believed when they cannot be fetched any more.
    pub stale_s: u64,
}

/// Seconds by which clocks may differ.
pub const LEEWAY_S: u64 = 30;
/// Seconds between two fetches of an issuer's keys.
pub const REFRESH_S: u64 = 300;
/// Seconds for which keys are believed that cannot be fetched any more: an hour, so that an
/// issuer's bad day does not lock out those who are signed in.
pub const STALE_S: u64 = 3_600;
/// Bytes of a shared secret at the least: as long as its digest (RFC 7518 3.2).
pub const SHARED_SECRET_BYTES_MIN: usize = 32;

impl IssuerSettings {
    /// An issuer with every default.
    #[must_use]
    pub fn new(issuer: &str, audience: &str, keys: KeysFrom, algorithms: &[Algorithm]) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audiences: vec![audience.to_owned()],
            algorithms: algorithms.to_vec(),
            keys,
            place: Place::Bearer,
            types: vec!["jwt".to_owned(), "at+jwt".to_owned()],
            subject: "sub".to_owned(),
            scopes: "scope".to_owned(),
            leeway_s: LEEWAY_S,
        }
    }
}

/// An issuer. Its keys change while the gate runs; all else stays. What was remembered of one
/// `Issuer` says nothing to another: a reload makes new ones.
#[derive(Debug)]
pub struct Issuer {
    pub(super) settings: IssuerSettings,
    keys: RwLock<Arc<KeySet>>,
    /// Grows with each change of the keys: what was checked by a key that is gone is not believed.
    generation: AtomicU64,
    /// The steady nanosecond until which the keys are believed.
    believed_until_ns: AtomicU64,
}

impl Issuer {
    /// An issuer with what keys there are already.
    ///
    /// # Errors
    /// When keys are at hand and are none.
    pub(super) fn new(settings: IssuerSettings) -> Result<Self, KeySetError> {
        let (keys, until_ns) = match &settings.keys {
            KeysFrom::Set(bytes) => (KeySet::parse(bytes, &settings.algorithms)?, u64::MAX),
            KeysFrom::Shared(secret) => (KeySet::shared(Check::shared(secret)), u64::MAX),
            KeysFrom::Url(_) => (KeySet::default(), 0),
        };
        Ok(Self {
            settings,
            keys: RwLock::new(Arc::new(keys)),
            generation: AtomicU64::new(1),
            believed_until_ns: AtomicU64::new(until_ns),
        })
    }

    /// The `iss` of its tokens.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.issuer
    }

    /// Where its keys are fetched; none where they are not.
    #[must_use]
    pub const fn keys_url(&self) -> Option<&KeysUrl> {
        match &self.settings.keys {
            KeysFrom::Url(url) => Some(url),
            KeysFrom::Set(_) | KeysFrom::Shared(_) => None,
        }
    }

    /// Takes in its JWKS, as fetched `at`. Says whether it differs from what was known. The keys
    /// are believed for the longest time without another fetch.
    ///
    /// # Errors
    /// When it is none; then what was known stays as it is.
    pub fn learn(&self, jwks: &[u8], at: Now) -> Result<bool, KeySetError> {
        let learned = KeySet::parse(jwks, &self.settings.algorithms)?;
        let stale_s = self.keys_url().map_or(u64::MAX, |url| url.refresh_s + url.stale_s);
        let stale_ns = stale_s.saturating_mul(1_000_000_000);
        Ok(self.believe(learned, at.steady_ns.saturating_add(stale_ns)))
    }

    fn believe(&self, learned: KeySet, until_ns: u64) -> bool {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = !keys.is_same(&learned);
        if is_new {
            *keys = Arc::new(learned);
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        self.believed_until_ns.store(until_ns, Ordering::Release);
        is_new
    }

    /// Takes over what `other` knows, if both fetch the same keys for the same use.
    pub(super) fn adopt(&self, other: &Self) {
        let is_same = self.keys_url().is_some_and(|url| other.keys_url() == Some(url))
            && self.name() == other.name()
            && self.settings.algorithms == other.settings.algorithms;
        if is_same {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = other.keys();
            let until_ns = other.believed_until_ns.load(Ordering::Acquire);
            self.believed_until_ns.store(until_ns, Ordering::Release);
        }
    }

    /// Which state of its keys this is.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Until when its keys are believed without another fetch, steady; `u64::MAX`: for good.
    #[must_use]
    pub fn believed_until_ns(&self) -> u64 {
        self.believed_until_ns.load(Ordering::Acquire)
    }

    /// Whether its keys are believed at that moment.
    #[must_use]
    pub fn is_believed(&self, now: Now) -> bool {
        now.steady_ns < self.believed_until_ns.load(Ordering::Acquire)
    }

    /// Checks a signature; with it, the state of the keys that it was checked by.
    pub(super) fn check(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> (Checked, u64) {
        // Read before the keys: a change in between makes what follows count as older than it is.
        let generation = self.generation();
        (self.keys().check(id, algorithm, message, signature), generation)
    }

    /// Whether it has any keys at all.
    pub(super) fn has_keys(&self) -> bool {
        !self.keys().is_empty()
    }

    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}
