//! What a slot's value means, and how a share changes it: pure arithmetic, no table.
//!
//! * A bucket's value is its theoretical arrival time (GCRA, ITU-T I.371): the steady nanosecond at
//!   which the bucket is whole again. A time that has passed is a whole bucket.
//! * A window's value is the low 32 bits of the second at which it ends, and what was taken from
//!   it.

use crate::moment::Now;
use crate::question::Rate;

/// The longest window: 2^30 s, 34 years. Longer ones count as this long, so that a window's end can
/// be told from its low 32 bits.
pub const WINDOW_S_MAX: u32 = 1 << 30;

const SECOND_NS: u64 = 1_000_000_000;

/// What came of a wish to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Granted: what to store, what is left, and the seconds until the share is whole again.
    Yes { value: u64, left: u32, reset_s: u32 },
    /// Refused: the nanoseconds to wait; `u64::MAX`: never.
    No { retry_ns: u64 },
}

const NEVER: Taken = Taken::No { retry_ns: u64::MAX };

/// Takes `cost` tokens from the bucket `value`. The sums are made in 128 bits; what the clock
/// cannot hold (584 years ahead) is refused, not granted.
pub(crate) fn take(value: u64, rate: Rate, cost: u32, now: Now) -> Taken {
    if cost > rate.burst {
        return NEVER;
    }
    let Bucket { now_ns, arrival, empty, every } = Bucket::read(value, rate, now);
    let next = arrival + every * u128::from(cost);
    let Ok(next_ns) = u64::try_from(next) else { return NEVER };
    if next > empty {
        return Taken::No { retry_ns: clip(next - empty) };
    }
    let left = clip_u32(divide(empty - next, every));
    Taken::Yes { value: next_ns, left, reset_s: seconds(clip(next - now_ns)) }
}

/// Puts `cost` tokens back into the bucket `value`, never more than it holds. The value is 0 when
/// the bucket is whole. A debt of a slower rate is not cut: nothing else of it was given back.
pub(crate) fn give(value: u64, rate: Rate, cost: u32, now: Now) -> Taken {
    let Bucket { now_ns, empty, every, .. } = Bucket::read(value, rate, now);
    let next = now_ns.max(u128::from(value).saturating_sub(every * u128::from(cost)));
    let left = clip_u32(divide(empty.saturating_sub(next), every));
    let whole = next == now_ns;
    let value = if whole { 0 } else { clip(next) };
    Taken::Yes { value, left, reset_s: seconds(clip(next - now_ns)) }
}

/// Counts one strike: takes a token if there is one, and fills up the debt if there is none.
pub(crate) fn strike(value: u64, rate: Rate, now: Now) -> u64 {
    let Bucket { arrival, empty, every, .. } = Bucket::read(value, rate, now);
    clip(empty.min(arrival + every))
}

/// A bucket, in nanoseconds of the steady clock.
struct Bucket {
    now_ns: u128,
    /// When it is whole again: now, if it is.
    arrival: u128,
    /// The arrival time of an empty bucket.
    empty: u128,
    /// What one token costs.
    every: u128,
}

impl Bucket {
    /// Nothing is emptier than empty: a debt left by a slower rate (before a reload) is cut.
    fn read(value: u64, rate: Rate, now: Now) -> Self {
        let now_ns = u128::from(now.steady_ns);
        let every = u128::from(rate.every_ns.max(1));
        let empty = now_ns + every * u128::from(rate.burst);
        Self { now_ns, arrival: u128::from(value).clamp(now_ns, empty), empty, every }
    }
}

/// Takes `cost` from what is left of `limit` in the window `value`.
///
/// A window that is still alive keeps its own end: if the wall clock steps back over the end of a
/// window, nothing is granted twice. Where several limits share a slot, the latest end counts.
pub(crate) fn take_from_window(
    value: u64,
    window_s: u32,
    limit: u32,
    cost: u32,
    now: Now,
) -> Taken {
    if cost > limit {
        return NEVER;
    }
    let window_s = u64::from(window_s.clamp(1, WINDOW_S_MAX));
    let own_s = low(window_s - now.unix_s % window_s);
    let (held_s, held) = read_window(value, now);
    let remaining_s = own_s.max(held_s);
    let count = held.saturating_add(cost);
    if cost > 0 && (count > limit || held.checked_add(cost).is_none()) {
        return Taken::No { retry_ns: u64::from(remaining_s) * SECOND_NS };
    }
    let end = low(now.unix_s).wrapping_add(remaining_s);
    let reset_s = if count == 0 { 0 } else { remaining_s };
    let value = (u64::from(end) << 32) | u64::from(count);
    Taken::Yes { value, left: limit.saturating_sub(count), reset_s }
}

/// Settles what was taken from a window in advance, `age_s` ago.
///
/// The window that was alive then is the present one exactly if that one had begun by then.
pub(crate) fn settle(
    value: u64,
    window_s: u32,
    (taken, used): (u32, u32),
    age_s: u32,
    now: Now,
) -> Taken {
    let length_s = window_s.clamp(1, WINDOW_S_MAX);
    let (held_s, held) = read_window(value, now);
    let own_s = low(u64::from(length_s) - now.unix_s % u64::from(length_s));
    let begun_s = length_s.saturating_sub(own_s.max(held_s));
    let is_same = held_s > 0 && age_s <= begun_s;
    let (back, more) = match is_same {
        true => (taken.saturating_sub(used), used.saturating_sub(taken)),
        false => (0, used.saturating_sub(taken)),
    };
    let count = held.saturating_sub(back).saturating_add(more);
    let remaining_s = own_s.max(held_s);
    let end = low(now.unix_s).wrapping_add(remaining_s);
    let value = if count == 0 { 0 } else { (u64::from(end) << 32) | u64::from(count) };
    Taken::Yes { value, left: 0, reset_s: if count == 0 { 0 } else { remaining_s } }
}

/// Seconds until the window ends, and what was taken from it: nothing when it has ended.
pub(super) fn read_window(value: u64, now: Now) -> (u32, u32) {
    let remaining_s = low(value >> 32).wrapping_sub(low(now.unix_s));
    if value == 0 || remaining_s == 0 || remaining_s > 2 * WINDOW_S_MAX {
        return (0, 0);
    }
    (remaining_s, low(value))
}

/// Nanoseconds until a window ends; 0 when it has.
pub(super) fn window_debt_ns(value: u64, now: Now) -> u64 {
    u64::from(read_window(value, now).0) * SECOND_NS
}

/// Set in a claim whose request was answered. The last second has the other bits.
const ANSWERED: u64 = 1 << 63;

/// What is kept of a claim. A last second of 0 would read as free.
pub(super) const fn claim_value(until_unix_s: u64) -> u64 {
    let until = until_unix_s & !ANSWERED;
    if until_unix_s > until {
        // Beyond what can be kept: as long as can be.
        !ANSWERED
    } else if until == 0 {
        1
    } else {
        until
    }
}

/// The last second of a claim.
pub(super) const fn claim_until(value: u64) -> u64 {
    value & !ANSWERED
}

/// The same claim, whose request was answered.
pub(super) const fn answered(value: u64) -> u64 {
    value | ANSWERED
}

/// Whether what a claim stands for was answered.
pub(super) const fn is_answered(value: u64) -> bool {
    value & ANSWERED != 0
}

/// Nanoseconds from now to the end of a claim, when it is free again.
pub(super) fn claim_wait_ns(value: u64, now: Now) -> u64 {
    claim_until(value).saturating_sub(now.unix_s).saturating_add(1).saturating_mul(SECOND_NS)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low(wide: u64) -> u32 {
    wide as u32
}

fn clip(wide: u128) -> u64 {
    u64::try_from(wide).unwrap_or(u64::MAX)
}

fn clip_u32(wide: u64) -> u32 {
    u32::try_from(wide).unwrap_or(u32::MAX)
}

/// A division that is one instruction for every rate of this world.
fn divide(share: u128, every: u128) -> u64 {
    match (u64::try_from(share), u64::try_from(every)) {
        (Ok(share), Ok(every)) => share / every,
        _ => clip(share / every),
    }
}

fn seconds(ns: u64) -> u32 {
    clip_u32(ns.div_ceil(SECOND_NS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(steady_ns: u64) -> Now {
        Now { steady_ns, unix_s: 0 }
    }

    const fn on(unix_s: u64) -> Now {
        Now { steady_ns: 0, unix_s }
    }

    const RATE: Rate = Rate { every_ns: 100, burst: 3 };

    #[test]
    fn a_bucket_is_exact_at_its_edges() {
        let rows = [
            // held, cost, now, wanted
            (0, 1, 0, Taken::Yes { value: 100, left: 2, reset_s: 1 }),
            (0, 3, 0, Taken::Yes { value: 300, left: 0, reset_s: 1 }),
            (0, 4, 0, NEVER),
            (0, 0, 0, Taken::Yes { value: 0, left: 3, reset_s: 0 }),
            (300, 1, 0, Taken::No { retry_ns: 100 }),
            (300, 1, 99, Taken::No { retry_ns: 1 }),
            (300, 1, 100, Taken::Yes { value: 400, left: 0, reset_s: 1 }),
            (300, 2, 100, Taken::No { retry_ns: 100 }),
            (300, 0, 0, Taken::Yes { value: 300, left: 0, reset_s: 1 }),
            (300, 3, 300, Taken::Yes { value: 600, left: 0, reset_s: 1 }),
            // A debt of a slower rate is cut to an empty bucket.
            (9_000, 1, 0, Taken::No { retry_ns: 100 }),
            (9_000, 1, 8_800, Taken::Yes { value: 9_100, left: 0, reset_s: 1 }),
        ];
        for (held, cost, now, want) in rows {
            assert_eq!(take(held, RATE, cost, at(now)), want, "{held} {cost} {now}");
        }
    }

    #[test]
    fn what_the_clock_cannot_hold_is_refused() {
        let slow = Rate { every_ns: u64::MAX, burst: u32::MAX };
        assert_eq!(
            take(0, slow, 1, at(0)),
            Taken::Yes { value: u64::MAX, left: u32::MAX - 1, reset_s: u32::MAX }
        );
        assert_eq!(take(0, slow, 1, at(1)), NEVER);
        assert_eq!(take(u64::MAX, slow, 1, at(0)), NEVER);
        assert_eq!(take(0, slow, u32::MAX, at(0)), NEVER);
        assert_eq!(take(0, RATE, 1, at(u64::MAX)), NEVER);
        assert_eq!(strike(u64::MAX, slow, at(u64::MAX)), u64::MAX);
        // Twin: rates that a table may meet, far ahead.
        let year = 31_536_000_000_000_000;
        assert_eq!(
            take(0, RATE, 1, at(500 * year)),
            Taken::Yes { value: 500 * year + 100, left: 2, reset_s: 1 }
        );
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_burst() {
        let whole = Taken::Yes { value: 0, left: 3, reset_s: 0 };
        assert_eq!(give(100, RATE, 3, at(0)), whole);
        assert_eq!(give(0, RATE, u32::MAX, at(50)), whole);
        assert_eq!(give(300, RATE, 1, at(0)), Taken::Yes { value: 200, left: 1, reset_s: 1 });
    }

    #[test]
    fn what_is_given_back_forgives_no_more_than_was_taken() {
        const SLOW: Rate = Rate { every_ns: 9_000, burst: 5 };
        let mut debt = 0;
        for _ in 0..4 {
            let Taken::Yes { value, .. } = take(debt, SLOW, 1, at(0)) else { panic!("its burst") };
            debt = value;
        }
        for cost in 0..=4 {
            let given = Taken::Yes { value: debt - 100 * u64::from(cost), left: 0, reset_s: 1 };
            assert_eq!(give(debt, RATE, cost, at(0)), given, "{cost}");
        }
        // Twin: by its own rate it is whole again.
        assert_eq!(give(debt, SLOW, 4, at(0)), Taken::Yes { value: 0, left: 5, reset_s: 0 });
        assert_eq!(give(u64::MAX, RATE, 1, at(0)), {
            Taken::Yes { value: u64::MAX - 100, left: 0, reset_s: u32::MAX }
        });
    }

    #[test]
    fn strikes_fill_up_the_debt_and_stop_there() {
        assert_eq!(strike(0, RATE, at(0)), 100);
        assert_eq!(strike(250, RATE, at(0)), 300);
        assert_eq!(strike(300, RATE, at(0)), 300);
        assert_eq!(strike(300, RATE, at(1_000)), 1_100);
    }

    #[test]
    fn a_window_ends_at_a_multiple_of_its_length() {
        let value = |end: u64, count: u64| (end << 32) | count;
        let rows = [
            (0, 1, on(0), Taken::Yes { value: value(60, 1), left: 9, reset_s: 60 }),
            (0, 10, on(59), Taken::Yes { value: value(60, 10), left: 0, reset_s: 1 }),
            (0, 11, on(0), NEVER),
            (0, 0, on(0), Taken::Yes { value: value(60, 0), left: 10, reset_s: 0 }),
            (value(60, 9), 2, on(59), Taken::No { retry_ns: 1_000_000_000 }),
            (value(60, 9), 1, on(59), Taken::Yes { value: value(60, 10), left: 0, reset_s: 1 }),
            (value(60, 10), 1, on(60), Taken::Yes { value: value(120, 1), left: 9, reset_s: 60 }),
            // The clock stepped back over the end: what was taken stays taken.
            (value(120, 10), 1, on(59), Taken::No { retry_ns: 61_000_000_000 }),
            // A limit that shrank.
            (value(60, 50), 0, on(0), Taken::Yes { value: value(60, 50), left: 0, reset_s: 60 }),
            (value(60, 50), 1, on(0), Taken::No { retry_ns: 60_000_000_000 }),
        ];
        for (held, cost, now, want) in rows {
            assert_eq!(take_from_window(held, 60, 10, cost, now), want, "{held:x} {cost} {now:?}");
        }
    }

    #[test]
    fn a_window_does_not_overflow() {
        let end = on(u64::MAX);
        let Taken::Yes { value, left: 0, reset_s } =
            take_from_window(0, u32::MAX, u32::MAX, u32::MAX, end)
        else {
            panic!("within the limit");
        };
        assert!((1..=WINDOW_S_MAX).contains(&reset_s));
        let Taken::No { retry_ns } = take_from_window(value, u32::MAX, u32::MAX, 1, end) else {
            panic!("beyond the limit");
        };
        assert_eq!(retry_ns, u64::from(reset_s) * SECOND_NS);
        // Past 2106 the low 32 bits of the end have wrapped: the window is still seen to end.
        let late = on((1 << 32) - 1);
        let Taken::Yes { value, .. } = take_from_window(0, 60, 1, 1, late) else {
            panic!("within the limit");
        };
        assert_eq!(take_from_window(value, 60, 1, 1, late), {
            Taken::No { retry_ns: 45 * SECOND_NS }
        });
        let next = Now { steady_ns: 0, unix_s: late.unix_s + 45 };
        assert!(matches!(take_from_window(value, 60, 1, 1, next), Taken::Yes { .. }));
    }

    #[test]
    fn what_was_taken_in_advance_is_settled_in_its_own_window() {
        let value = |end: u64, count: u64| if count == 0 { 0 } else { (end << 32) | count };
        let rows = [
            // held, taken, used, age, now, wanted count and end
            (value(60, 9), 5, 2, 10, 30, value(60, 6)),
            (value(60, 9), 5, 5, 10, 30, value(60, 9)),
            (value(60, 9), 5, 8, 10, 30, value(60, 12)),
            (value(60, 5), 5, 0, 30, 30, 0),
            // More is given back than there is: a limit's name stands for another one by now.
            (value(60, 3), 5, 0, 10, 30, 0),
            // Taken before this window began: nothing of it is given back here.
            (value(60, 9), 5, 2, 31, 30, value(60, 9)),
            (value(60, 9), 5, 8, 31, 30, value(60, 12)),
            // Its window has ended, and nothing was taken since.
            (value(60, 9), 5, 2, 40, 70, 0),
            (value(60, 9), 5, 8, 40, 70, value(120, 3)),
            (value(60, 9), u32::MAX, u32::MAX, 0, 30, value(60, 9)),
            (value(60, 9), 0, u32::MAX, 0, 30, value(60, u64::from(u32::MAX))),
        ];
        for (held, taken, used, age_s, now, want) in rows {
            let Taken::Yes { value, .. } = settle(held, 60, (taken, used), age_s, on(now)) else {
                panic!("always yes");
            };
            assert_eq!(value, want, "{held:x} {taken} {used} {age_s} {now}");
        }
    }

    #[test]
    fn a_claim_is_free_after_its_last_second() {
        assert_eq!(claim_wait_ns(10, on(10)), SECOND_NS);
        assert_eq!(claim_wait_ns(10, on(8)), 3 * SECOND_NS);
        assert_eq!(claim_wait_ns(u64::MAX, on(0)), u64::MAX);
        assert_eq!(claim_wait_ns(answered(10), on(8)), 3 * SECOND_NS);
        assert!(is_answered(answered(10)) && !is_answered(10));
        assert_eq!((claim_value(0), claim_value(7)), (1, 7));
        assert_eq!(claim_until(answered(claim_value(u64::MAX))), u64::MAX >> 1);
    }
}
