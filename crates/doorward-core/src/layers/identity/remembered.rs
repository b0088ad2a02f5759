//! Tokens that were verified before, so that one costs its cryptography once.

use super::who::Identity;
use crate::crypto;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// What all remembered tokens may weigh, in bytes.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What one of them weighs, about.
const TOKEN_BYTES: u64 = 512;

/// Verified tokens by their SHA-256, bounded. Only what was found good is kept: nobody fills it
/// with what he makes up.
pub struct Tokens(Cache<[u8; 32], Arc<Identity>, Weight, BuildHasherDefault<First>>);

impl Tokens {
    /// What was found out about a token.
    pub(super) fn find(&self, text: &str) -> Option<Arc<Identity>> {
        self.0.get(&crypto::sha256(text.as_bytes()))
    }

    /// Keeps what was found out.
    pub(super) fn remember(&self, text: &str, identity: &Arc<Identity>) {
        self.0.insert(crypto::sha256(text.as_bytes()), Arc::clone(identity));
    }

    /// How many are kept.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl Default for Tokens {
    fn default() -> Self {
        let about = usize::try_from(BYTES_MAX / TOKEN_BYTES).unwrap_or(usize::MAX);
        let (weight, first) = (Weight, BuildHasherDefault::default());
        Self(Cache::with(about, BYTES_MAX, weight, first, DefaultLifecycle::default()))
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
