//! Tokens that were verified before, so that one costs its cryptography once.

use super::who::Identity;
use crate::crypto;
use crate::moment::Now;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// What all remembered tokens may weigh, in bytes.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What one of them weighs, about.
const TOKEN_BYTES: u64 = 512;

/// Changed sessions that are kept, each for as long as a question about it could take.
const CHANGED_MAX: usize = 16 * 1024;

/// Nanoseconds for which one that nobody knew is counted once.
const UNKNOWN_NS: u64 = 60_000_000_000;

/// Verified tokens by their SHA-256, bounded. Only what was found good is kept: nobody fills it
/// with what he makes up.
pub struct Tokens {
    known: Cache<[u8; 32], Arc<Identity>, Weight, BuildHasherDefault<First>>,
    /// Sessions that have changed, and the steady nanosecond at which that was seen: what was asked
    /// before says nothing of them.
    changed: Cache<[u8; 32], u64>,
    /// Texts that nobody knew, and the steady nanosecond at which that was noted.
    unknown: Cache<[u8; 32], u64>,
    /// Sessions that answers to known callers have set in the place of theirs.
    renewed: Cache<[u8; 32], ()>,
}

impl Tokens {
    /// What was found out about a token.
    pub(super) fn find(&self, text: &str) -> Option<Arc<Identity>> {
        self.find_of(&crypto::sha256(text.as_bytes()))
    }

    /// What was found out about what has this SHA-256.
    pub(super) fn find_of(&self, digest: &[u8; 32]) -> Option<Arc<Identity>> {
        self.known.get(digest)
    }

    /// What was found out about the token with this digest.
    pub(super) fn find_digest(&self, digest: &[u8; 32]) -> Option<Arc<Identity>> {
        self.known.get(digest)
    }

    /// Keeps what was found out.
    pub(super) fn remember(&self, text: &str, identity: &Arc<Identity>) {
        self.remember_of(crypto::sha256(text.as_bytes()), identity);
    }

    /// Keeps what was found out about what has this SHA-256. A certificate's bytes are no text, so
    /// that no token has that of one.
    pub(super) fn remember_of(&self, digest: [u8; 32], identity: &Arc<Identity>) {
        self.known.insert(digest, Arc::clone(identity));
    }

    /// Keeps what was found out by a question that was asked at `asked_ns`, unless it has changed
    /// since.
    pub(super) fn remember_asked(&self, text: &str, identity: &Arc<Identity>, asked_ns: u64) {
        let digest = crypto::sha256(text.as_bytes());
        if self.changed.get(&digest).is_none_or(|changed_ns| changed_ns < asked_ns) {
            self.known.insert(digest, Arc::clone(identity));
        }
    }

    /// Notes a text that somebody did not know, and forgets what was known of it. Whether it is the
    /// first time for a minute.
    pub(super) fn note_unknown(&self, text: &str, now: Now) -> bool {
        let digest = crypto::sha256(text.as_bytes());
        self.known.remove(&digest);
        let noted_ns = self.unknown.get(&digest);
        let is_new = noted_ns.is_none_or(|ns| now.steady_ns.saturating_sub(ns) >= UNKNOWN_NS);
        if is_new {
            self.unknown.insert(digest, now.steady_ns);
        }
        is_new
    }

    /// Notes a session that an answer to a known caller has set in the place of his.
    pub(super) fn note_renewed(&self, text: &str) {
        self.renewed.insert(crypto::sha256(text.as_bytes()), ());
    }

    /// Whether it was one.
    pub(super) fn is_renewed(&self, text: &str) -> bool {
        self.renewed.get(&crypto::sha256(text.as_bytes())).is_some()
    }

    /// Forgets a session that has changed.
    pub(super) fn forget(&self, digest: [u8; 32], now: Now) {
        self.changed.insert(digest, now.steady_ns);
        self.known.remove(&digest);
    }

    /// How many are kept.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.len()
    }
}

impl Default for Tokens {
    fn default() -> Self {
        let about = usize::try_from(BYTES_MAX / TOKEN_BYTES).unwrap_or(usize::MAX);
        let (weight, first) = (Weight, BuildHasherDefault::default());
        let known = Cache::with(about, BYTES_MAX, weight, first, DefaultLifecycle::default());
        Self {
            known,
            changed: Cache::new(CHANGED_MAX),
            unknown: Cache::new(CHANGED_MAX),
            renewed: Cache::new(CHANGED_MAX),
        }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("count", &self.count()).finish()
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<[u8; 32], Arc<Identity>> for Weight {
    fn weight(&self, key: &[u8; 32], identity: &Arc<Identity>) -> u64 {
        (key.len() + identity.weight()) as u64
    }
}

/// A digest is spread evenly as it is: its first bytes are its hash.
#[derive(Default)]
struct First(u64);

impl Hasher for First {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    // The length of an array, which is hashed before it.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
