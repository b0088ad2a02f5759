//! The crate `governor` as oracle: the same questions at the same times, the same answers.

use crate::asked::{Fresh, key, known, no, said_yes, take};
use doorward_core::moment::Now;
use doorward_core::question::{Questions, Rate};
use governor::clock::{Clock, FakeRelativeClock};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;

const STEPS: u64 = 2_000;
const RATES: [Rate; 5] = [
    Rate { every_ns: 1, burst: 1 },
    Rate { every_ns: 1_000, burst: 1 },
    Rate { every_ns: 50_000_000, burst: 400 },
    Rate { every_ns: 333_333_333, burst: 7 },
    Rate { every_ns: 3_600_000_000_000, burst: 60 },
];

pub(crate) fn compare(fresh: &Fresh) {
    for (number, rate) in RATES.into_iter().enumerate() {
        compare_rate(fresh, rate, number as u64);
    }
}

fn compare_rate(fresh: &Fresh, rate: Rate, seed: u64) {
    let ask = fresh();
    let clock = FakeRelativeClock::default();
    let burst = NonZeroU32::new(rate.burst).expect("a burst");
    let period = Duration::from_nanos(rate.every_ns);
    let quota = Quota::with_period(period).expect("a period").allow_burst(burst);
    let oracle = RateLimiter::direct_with_clock(quota, clock.clone());
    let mut random = Random(seed + 1);
    let mut now = Now { steady_ns: 0, unix_s: 0 };
    let mut both = [0, 0];
    for step in 0..STEPS {
        // Mostly a fraction of a token's time, now and then none and now and then an age.
        let ns = match random.below(8) {
            0 => 0,
            1 => rate.every_ns * u64::from(rate.burst) / 2,
            _ => random.below(rate.every_ns * 2),
        };
        now = now.later_ns(ns);
        clock.advance(Duration::from_nanos(ns));
        let cost = 1 + random.below(u64::from(rate.burst)) as u32;
        let mut questions = Questions::new();
        questions.push(take(key(1, known(1)), rate, cost));
        let answer = ask(&questions, now)[0];
        let wanted =
            oracle.check_n(NonZeroU32::new(cost).expect("a cost")).expect("within the burst");
        match wanted {
            Ok(()) => {
                assert!(said_yes(answer), "{rate:?}, step {step}: {answer:?}");
                both[0] += 1;
            }
            Err(until) => {
                let wait = until.wait_time_from(clock.now()).as_nanos() as u64;
                assert_eq!(answer, no(wait), "{rate:?}, step {step}");
                both[1] += 1;
            }
        }
    }
    assert!(rate.every_ns < 2 || both.iter().all(|count| *count > 100), "{rate:?}: {both:?}");
}

/// A small generator of numbers (xorshift64), the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) % end.max(1)
    }
}
