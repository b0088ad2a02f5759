//! How exact the table's shares are, against maps without bounds, and what they cost beside the
//! crate `governor` in the same run.

use doorward_core::address::Prefix;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Ask, Key, Question, Questions, Rate, Subject};
use doorward_store::{MemoryStore, Sizes};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::hint::black_box;
use std::net::Ipv6Addr;
use std::num::NonZeroU32;
use std::time::Duration;

const SEED: [u8; 16] = *b"a seed for tests";
/// One a second, five at once.
const RATE: Rate = Rate { every_ns: 1_000_000_000, burst: 5 };
const DAY: u32 = 86_400;
const DAILY: u32 = 20;
/// From one request to the next.
const BETWEEN_NS: u64 = 20_000;
/// Requests for each key of a trace, on average.
const REQUESTS_OF_A_KEY: u64 = 5;
/// So many requests are the whole campaign, whose times count.
const WHOLE: u64 = 5_000_000;

/// How many requests; a small number in every run.
fn campaign() -> u64 {
    let number = std::env::var("DOORWARD_CAMPAIGN").ok();
    number.map_or(200_000, |number| number.parse().expect("DOORWARD_CAMPAIGN is a number"))
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// One of `count`, the first ones by far the most often: each power of two of ranks has as many
    /// requests as the one before it, which is Zipf's law but for what is within a power.
    fn rank(&mut self, count: u64) -> u64 {
        let powers = u64::from(count.ilog2()) + 1;
        let low = 1 << (self.next() % powers);
        (low + self.next() % low).min(count) - 1
    }
}

/// Addresses of many networks, in no order.
fn subject(rank: u64) -> Subject {
    let spread = rank.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let network = (0x2001_u128 << 112) | (u128::from(spread) << 80) | (u128::from(rank) << 64);
    Subject::Address(Prefix::subscriber(Ipv6Addr::from(network).into()))
}

fn one(ask: Ask) -> Questions {
    std::iter::once(Question { ask, always: false, watch: false }).collect()
}

/// What came of a trace.
#[derive(Debug, Default)]
struct Trace {
    admitted: u64,
    refused: u64,
    /// Requests that were admitted beyond their key's share.
    beyond: u64,
    /// Requests that were refused within it.
    short: u64,
}

/// Plays a trace; `exact` says whether the share of a key, by what was admitted of it, has room,
/// and takes it where the table said yes.
fn play(
    requests: u64,
    ask: impl Fn(Key) -> Ask,
    mut exact: impl FnMut(u64, Now) -> (bool, Box<dyn FnOnce()>),
) -> Trace {
    let keys = (requests / REQUESTS_OF_A_KEY).max(1);
    let store =
        MemoryStore::new(Sizes { strangers_max: keys as usize, known_max: 0, claims_max: 0 }, SEED);
    let (mut random, mut trace) = (Random(7), Trace::default());
    let mut now = Now { steady_ns: 1, unix_s: 20_000 * u64::from(DAY) };
    for _ in 0..requests {
        now = now.later_ns(BETWEEN_NS);
        let rank = random.rank(keys);
        let has_room = exact(rank, now);
        let answer = store.answer(&one(ask(Key { limit: 1, subject: subject(rank) })), now)[0];
        match (matches!(answer, Answer::Yes { .. }), has_room) {
            (true, (has_room, take)) => {
                take();
                trace.admitted += 1;
                trace.beyond += u64::from(!has_room);
            }
            (false, (has_room, _)) => {
                trace.refused += 1;
                trace.short += u64::from(has_room);
            }
        }
    }
    trace
}

#[test]
fn no_key_gets_more_than_its_bucket() {
    use std::cell::RefCell;
    use std::rc::Rc;
    let buckets: Rc<RefCell<HashMap<u64, u64>>> = Rc::default();
    let exact = |rank, now: Now| {
        let arrival = buckets.borrow().get(&rank).copied().unwrap_or(0).max(now.steady_ns);
        let next = arrival + RATE.every_ns;
        let has_room = next <= now.steady_ns + RATE.every_ns * u64::from(RATE.burst);
        let buckets = Rc::clone(&buckets);
        let take: Box<dyn FnOnce()> =
            Box::new(move || *buckets.borrow_mut().entry(rank).or_default() = next);
        (has_room, take)
    };
    let trace = play(campaign(), |key| Ask::TakeTokens { key, rate: RATE, cost: 1 }, exact);
    println!("buckets of {} keys: {trace:?}", campaign() / REQUESTS_OF_A_KEY);
    assert_eq!(trace.beyond, 0, "{trace:?}");
    assert!(trace.refused > campaign() / 20 && trace.admitted > campaign() / 20, "{trace:?}");
    // Whoever finds no slot of his own shares with his neighbours: less than one in a thousand.
    assert!(trace.short * 1_000 <= campaign(), "{trace:?}");
}

#[test]
fn no_key_gets_more_than_its_day() {
    use std::cell::RefCell;
    use std::rc::Rc;
    let days: Rc<RefCell<HashMap<u64, u32>>> = Rc::default();
    let exact = |rank, _now| {
        let has_room = days.borrow().get(&rank).copied().unwrap_or(0) < DAILY;
        let days = Rc::clone(&days);
        let take: Box<dyn FnOnce()> =
            Box::new(move || *days.borrow_mut().entry(rank).or_default() += 1);
        (has_room, take)
    };
    let ask = |key| Ask::TakeFromWindow { key, window_s: DAY, limit: DAILY, cost: 1 };
    let trace = play(campaign(), ask, exact);
    println!("days of {} keys: {trace:?}", campaign() / REQUESTS_OF_A_KEY);
    assert_eq!(trace.beyond, 0, "{trace:?}");
    assert!(trace.refused > campaign() / 20 && trace.admitted > campaign() / 20, "{trace:?}");
    assert!(trace.short * 1_000 <= campaign(), "{trace:?}");
}

/// Nanoseconds for which this thread has run: what others did meanwhile is not in it.
fn run_ns() -> u64 {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux says it");
    line.split(' ').next().and_then(|ns| ns.parse().ok()).expect("its first word is the time")
}

/// Nanoseconds of one call, over `times` of them.
fn nanoseconds(times: u64, call: impl FnMut(u64)) -> f64 {
    let begun = run_ns();
    (0..times).for_each(call);
    (run_ns() - begun) as f64 / times as f64
}

/// A rank for each turn, in an order that no cache foresees.
const fn shuffled(turn: u64, keys: u64) -> u64 {
    turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % keys
}

/// A share that is never spent, so that every call takes.
const PLENTY: Rate = Rate { every_ns: 1, burst: 1_000_000_000 };

#[test]
fn what_a_share_costs_beside_governor() {
    let is_whole = campaign() >= WHOLE;
    let keys: u64 = if is_whole { 10_000_000 } else { 20_000 };
    let sizes = Sizes { strangers_max: keys as usize, known_max: 0, claims_max: 0 };
    let store = MemoryStore::new(sizes, SEED);
    let quota = Quota::with_period(Duration::from_nanos(PLENTY.every_ns)).expect("a period");
    let quota = quota.allow_burst(NonZeroU32::new(PLENTY.burst).expect("a burst"));
    let take = |rank| {
        let key = Key { limit: 1, subject: subject(rank) };
        one(Ask::TakeTokens { key, rate: PLENTY, cost: 1 })
    };
    let at = |turn| Now { steady_ns: 1_000 + turn, unix_s: 1_790_000_000 };
    let same = take(1);
    let one_key = nanoseconds(keys, |turn| {
        black_box(store.answer(black_box(&same), at(turn)));
    });
    let direct = RateLimiter::direct(quota);
    let one_key_of_governor = nanoseconds(keys, |_| {
        let _ = black_box(direct.check());
    });
    let mut many = [0.0, 0.0];
    let mut another = take(1);
    // The second round finds all of them there.
    for round in &mut many {
        *round = nanoseconds(keys, |turn| {
            // Whoever asks writes his questions where they stay: they are not moved.
            let key = Key { limit: 1, subject: subject(shuffled(turn, keys)) };
            another[0].ask = Ask::TakeTokens { key, rate: PLENTY, cost: 1 };
            black_box(store.answer(black_box(&another), at(turn)));
        });
    }
    let keyed = RateLimiter::hashmap(quota);
    let mut many_of_governor = [0.0, 0.0];
    for round in &mut many_of_governor {
        *round = nanoseconds(keys, |turn| {
            let _ = black_box(keyed.check_key(&shuffled(turn, keys)));
        });
    }
    let bytes = store.bytes() as f64 / keys as f64;
    println!("                          doorward   governor   ratio");
    let rows = [
        ("one key, ns".to_owned(), one_key, one_key_of_governor),
        (format!("{keys} keys, ns"), many[1], many_of_governor[1]),
    ];
    for (what, ours, theirs) in rows {
        println!("{what:<24} {ours:>9.1} {theirs:>10.1} {:>7.2}", ours / theirs);
    }
    println!("bytes a key: {bytes:.1}, and never more");
    assert!(!is_whole || bytes <= 32.0, "{bytes}");
    // A direct limiter of governor's is one number without a key.
    assert!(!is_whole || one_key <= 4.0 * one_key_of_governor, "{one_key} ns");
    assert!(!is_whole || many[1] <= many_of_governor[1], "{many:?} {many_of_governor:?}");
}
