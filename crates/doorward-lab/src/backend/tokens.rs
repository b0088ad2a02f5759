//! Tokens as they are usually built: whoever asks is given one, and it is good for one request.

use http::HeaderMap;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Tokens that are not used yet; more are given, but open nothing.
const TOKENS_MAX: usize = 10_000;

/// The tokens that were given and not used.
#[derive(Default)]
pub(super) struct Tokens {
    open: Mutex<HashSet<String>>,
    drawn: AtomicU64,
    chance: RandomState,
}

impl Tokens {
    /// A token that nobody is asked for.
    pub(super) fn draw(&self) -> String {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}", self.chance.hash_one(number))
    }

    /// A token that opens one request.
    pub(super) fn issue(&self) -> String {
        let token = self.draw();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() < TOKENS_MAX {
            open.insert(token.clone());
        }
        token
    }

    /// Uses up the token of a request; whether it had one.
    pub(super) fn take(&self, headers: &HeaderMap) -> bool {
        let token = headers.get("x-token").and_then(|value| value.to_str().ok());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        token.is_some_and(|token| open.remove(token))
    }
}
