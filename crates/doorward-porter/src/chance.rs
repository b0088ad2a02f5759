//! Where random bytes come from.

use doorward_core::moment::Chance;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Random bytes fetched at once, so that a request id does not cost a call of its own.
const BATCH_BYTES: usize = 1_024;

struct Batch {
    bytes: [u8; BATCH_BYTES],
    used: usize,
}

thread_local! {
    static BATCH: RefCell<Batch> =
        const { RefCell::new(Batch { bytes: [0; BATCH_BYTES], used: BATCH_BYTES }) };
}

/// The operating system's randomness, by way of aws-lc's generator; fetched in batches a thread.
/// A byte is wiped when it is handed out.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, out: &mut [u8]) {
        if out.len() > BATCH_BYTES {
            draw(out);
            return;
        }
        BATCH.with_borrow_mut(|batch| {
            if BATCH_BYTES - batch.used < out.len() {
                draw(&mut batch.bytes);
                batch.used = 0;
            }
            let from = &mut batch.bytes[batch.used..batch.used + out.len()];
            out.copy_from_slice(from);
            from.fill(0);
            batch.used += out.len();
        });
    }
}

/// Without randomness every id and token could be guessed: then the process must not go on.
fn draw(out: &mut [u8]) {
    if aws_lc_rs::rand::fill(out).is_err() {
        std::process::abort();
    }
}

/// A seeded sequence (SplitMix64) for tests: the same seed gives the same bytes.
#[derive(Debug)]
pub struct SeededChance {
    state: AtomicU64,
}

impl SeededChance {
    /// The sequence of `seed`. Predictable: for tests only.
    #[must_use]
    pub const fn insecure(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }
}

impl Chance for SeededChance {
    fn fill(&self, out: &mut [u8]) {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        for piece in out.chunks_mut(8) {
            let mut word = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            piece.copy_from_slice(&word.to_le_bytes()[..piece.len()]);
        }
    }
}
