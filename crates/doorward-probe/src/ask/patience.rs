//! How long a run waits for a host in all, and how much it keeps of what was answered.

use super::{Exchange, Failed};
use std::collections::HashMap;
use std::time::Duration;

/// What an answer may take before its time is counted.
const QUICK: Duration = Duration::from_secs(1);
/// What a run waits for one host beyond that, in all.
const WAIT_MAX: Duration = Duration::from_secs(10 * 60);
/// Bytes of answers that are kept, at most. A run of ten thousand answers may have ten times that.
const KEPT_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What an answer weighs beside its texts.
const ANSWER_BYTES: usize = 512;

/// How long a run has waited, by host.
#[derive(Debug, Default)]
pub(super) struct Waits(HashMap<String, Duration>);

impl Waits {
    /// Whether a host may still be asked. Ten seconds for each of ten thousand requests are a day.
    pub(super) fn may_ask(&self, host: &str) -> Result<(), Failed> {
        match self.0.get(host) {
            Some(waited) if *waited >= WAIT_MAX => {
                Err(Failed::GivenUp(host.to_owned(), waited.as_secs()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Counts what one answer took.
    pub(super) fn add(&mut self, host: &str, took: Duration) {
        let slow = took.saturating_sub(QUICK);
        if !slow.is_zero() {
            *self.0.entry(host.to_owned()).or_default() += slow;
        }
    }
}

/// What was answered, as far as there is room.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: HashMap<[u8; 32], Exchange>,
    bytes: usize,
}

impl Memory {
    /// What a call was answered.
    pub(super) fn of(&self, key: &[u8; 32]) -> Option<Exchange> {
        self.known.get(key).cloned()
    }

    /// Keeps an answer. Where there is no room, all former ones are forgotten: a request may then
    /// be sent a second time.
    pub(super) fn keep(&mut self, key: [u8; 32], exchange: &Exchange) {
        let bytes = ANSWER_BYTES
            + exchange.as_ref().map_or(0, |answered| {
                let headers = answered.headers.iter().map(|(name, value)| name.len() + value.len());
                answered.body.len() + headers.sum::<usize>()
            });
        if self.bytes + bytes > KEPT_BYTES_MAX {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.known.insert(key, exchange.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT_BYTES_MAX, Memory, WAIT_MAX, Waits};
    use crate::call::Answered;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn who_is_slow_is_given_up_in_the_end() {
        let mut waits = Waits::default();
        (0..100_000).for_each(|_| waits.add("quick", Duration::from_millis(900)));
        assert_eq!(waits.may_ask("quick"), Ok(()));
        let mut asked = 0;
        while waits.may_ask("slow").is_ok() {
            waits.add("slow", Duration::from_secs(10));
            asked += 1;
        }
        assert_eq!(asked, WAIT_MAX.as_secs().div_ceil(9));
        assert_eq!(waits.may_ask("quick"), Ok(()));
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let mut memory = Memory::default();
        let body = vec![0; 1024 * 1024];
        let large = Answered { status: 200, headers: Default::default(), body, is_cut: false };
        let large = Ok(Arc::new(large));
        for at in 0..300_u64 {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&at.to_le_bytes());
            // The same answer stands for others of its size.
            memory.keep(key, &large);
            assert!(memory.of(&key).is_some() && memory.bytes <= KEPT_BYTES_MAX);
        }
        assert!(memory.known.len() < 256 && memory.of(&[0; 32]).is_none());
    }
}
