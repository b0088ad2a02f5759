//! How often an issuer is asked because of requests: what a stranger can cause is bounded.

use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A bucket of look-ups that are allowed at once, and one more after each pause.
pub(super) struct Bucket {
    every: Duration,
    /// How far `full_at` may lie ahead, so that one more is allowed.
    room: Duration,
    /// When the bucket is full again.
    full_at: Instant,
}

impl Bucket {
    pub(super) fn new(burst: u32, every: Duration) -> Self {
        Self { every, room: every * burst.saturating_sub(1), full_at: Instant::now() }
    }

    /// Waits until one is allowed.
    pub(super) async fn ready(&self) {
        if let Some(ready_at) = self.full_at.checked_sub(self.room) {
            sleep_until(ready_at).await;
        }
    }

    /// Takes one.
    pub(super) fn take(&mut self) {
        self.full_at = self.full_at.max(Instant::now()) + self.every;
    }
}
