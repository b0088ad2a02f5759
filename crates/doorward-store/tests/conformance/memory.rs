//! What is true of the memory store alone: it is bounded, and being full forgets no offender.

use crate::asked::{
    MS, SECOND, TEN, USED, YES, at, claim, from, give, key, known, no, said_yes, take, window, yes,
};
use crate::oracle::Random;
use doorward_core::address::Prefix;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Key, Question, Questions, Rate, Subject};
use doorward_store::{MemoryStore, Sizes, Store};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

const SEED: [u8; 16] = *b"a seed for tests";
const SMALL: Sizes = Sizes { strangers_max: 10_000, known_max: 1_000, claims_max: 1_000 };
/// One token in five seconds: while a test's clock moves by less, every entry is live.
const SLOW: Rate = Rate { every_ns: 5 * SECOND, burst: 4 };

/// Many of a spray's addresses owe longer than its first offender, so that he would be the first to
/// be forgotten if anybody were.
const ONCE: Rate = Rate { every_ns: 5 * SECOND, burst: 2 };

fn one(store: &MemoryStore, question: Question, now: Now) -> Answer {
    let mut questions = Questions::new();
    questions.push(question);
    store.answer(&questions, now)[0]
}

fn stranger(limit: u64, address: impl Into<IpAddr>) -> Key {
    key(limit, Subject::Address(Prefix::subscriber(address.into())))
}

fn caller(number: u64) -> Key {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&number.to_le_bytes());
    key(1, Subject::Known(name))
}

#[test]
fn the_store_answers_without_waiting() {
    let store = Store::Memory(MemoryStore::new(SMALL, SEED));
    let questions: Questions = [take(caller(1), TEN, 1)].into_iter().collect();
    let mut answer = pin!(store.answer(&questions, at(0)));
    let Poll::Ready(answers) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the memory store waits for nothing");
    };
    assert_eq!(answers.as_slice(), [yes(2, 1)]);
}

/// The number of distinct addresses: small in every run, ten million in a campaign.
fn campaign() -> u32 {
    let number = std::env::var("DOORWARD_CAMPAIGN").ok();
    number.map_or(100_000, |number| number.parse().expect("DOORWARD_CAMPAIGN is a number"))
}

/// Distinct addresses, half of them IPv4 from a block of 8 bits, half IPv6 /64s of many /48s.
fn sprayed(number: u32) -> IpAddr {
    if number.is_multiple_of(2) {
        return Ipv4Addr::from(0x0b00_0000 + number / 2).into();
    }
    Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(number / 2) << 64) | 0x99).into()
}

/// Ten million addresses fill the table; the first offender stays refused, to the token; a known
/// caller is served; the table is as large as before.
#[test]
fn spray() {
    for (name, sizes) in [("small", SMALL), ("default", Sizes::default())] {
        let store = MemoryStore::new(sizes, SEED);
        let (bytes, begun, addresses) = (store.bytes(), Instant::now(), campaign());
        let offender = stranger(1, Ipv4Addr::new(198, 51, 100, 7));
        let user = Rate { every_ns: MS, burst: 200 };
        let mut now = at(0);
        assert_eq!(one(&store, take(offender, ONCE, 2), now), yes(0, 10));
        let (mut admitted, mut random) = (0_u64, Random(7));
        for number in 0..addresses {
            // A microsecond each: ten million pass within ten seconds.
            now = now.later_ns(1_000);
            let key = stranger(1, sprayed(number));
            for _ in 0..1 + random.below(2) {
                admitted += u64::from(said_yes(one(&store, take(key, ONCE, 1), now)));
            }
            if number % 1_000 == 0 {
                let elapsed_ns = now.steady_ns - at(0).steady_ns;
                if elapsed_ns < ONCE.every_ns {
                    let want = no(ONCE.every_ns - elapsed_ns);
                    assert_eq!(one(&store, take(offender, ONCE, 1), now), want, "{name} {number}");
                } else {
                    // Within ten seconds one token has come back, and never two.
                    assert!(!said_yes(one(&store, take(offender, ONCE, 2), now)), "{name}");
                }
                assert!(said_yes(one(&store, take(caller(1), user, 1), now)), "{name} {number}");
            }
        }
        // A newcomer whose neighbourhood did not spray is served, where the table is not tiny.
        let newcomer = stranger(1, Ipv4Addr::new(203, 0, 113, 9));
        assert!(name == "small" || said_yes(one(&store, take(newcomer, ONCE, 1), now)));
        assert_eq!(store.bytes(), bytes);
        println!(
            "spray: {addresses} addresses, {name} table: {bytes} bytes, {admitted} requests \
             admitted, {} ms",
            begun.elapsed().as_millis()
        );
    }
}

/// One /16 and one /48 fill a small table: who comes new from there shares what his neighbours
/// left; who comes new from elsewhere is judged alone.
#[test]
fn the_sprayers_own_neighbourhood_pays() {
    let store = MemoryStore::new(SMALL, SEED);
    for number in 0..60_000_u32 {
        let v4 = stranger(1, Ipv4Addr::from(0x0b00_0000 + number));
        let v6 = stranger(1, Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(number) << 64)));
        for key in [v4, v6] {
            let _ = one(&store, take(key, SLOW, 1), at(0));
        }
    }
    let newcomer =
        |address: &str| said_yes(one(&store, take(key(1, from(address)), SLOW, 1), at(0)));
    let rows = [
        // From the sprayed /24s and /48: mostly refused.
        ("11.0.", false),
        // From elsewhere: served.
        ("203.0.", true),
    ];
    for (start, want) in rows {
        let served = (0..200).filter(|third| newcomer(&format!("{start}{third}.253"))).count();
        assert!(if want { served == 200 } else { served < 60 }, "{start}: {served} of 200");
    }
    let served = (0..200).filter(|low| newcomer(&format!("2001:db8:0:fa{low:02x}::1"))).count();
    assert!(served < 60, "{served} of 200");
    let served = (0..200).filter(|low| newcomer(&format!("2001:db9:{low:x}::1"))).count();
    assert_eq!(served, 200);
}

/// Strangers cannot push a known caller, and known callers push whoever is nearest to whole.
#[test]
fn known_callers_have_lines_of_their_own() {
    let store = MemoryStore::new(SMALL, SEED);
    let spent = caller(0);
    assert_eq!(one(&store, take(spent, SLOW, 4), at(0)), yes(0, 20));
    for number in 0..50_000 {
        let _ = one(&store, take(stranger(1, sprayed(number)), SLOW, 1), at(0));
    }
    assert_eq!(one(&store, take(spent, SLOW, 1), at(0)), no(5 * SECOND));
    // Fifty times as many callers as there is room for, each with less debt than the first.
    for number in 1..50_000 {
        assert_eq!(one(&store, take(caller(number), SLOW, 1), at(0)), yes(3, 5));
    }
    assert_eq!(one(&store, take(spent, SLOW, 1), at(0)), no(5 * SECOND));
}

#[test]
fn full_claims_are_unavailable_and_never_forgotten() {
    let store = MemoryStore::new(Sizes { claims_max: 20_000, ..SMALL }, SEED);
    let until = at(0).unix_s + 60;
    let room = (0..20_000).filter(|n| one(&store, claim(caller(*n), until), at(0)) == YES).count();
    assert!(room >= 19_980, "with {room} of 20,000 claims");
    let mut kept = Vec::new();
    for number in 0..60_000 {
        match one(&store, claim(caller(number), until), at(0)) {
            Answer::Yes { .. } | Answer::No { .. } | Answer::Used { .. } => kept.push(number),
            Answer::Skipped | Answer::Unavailable => {}
        }
    }
    assert!((20_000..40_000).contains(&kept.len()), "{} claims", kept.len());
    for number in &kept {
        assert_eq!(one(&store, claim(caller(*number), until), at(0)), USED);
    }
    // A full store stops the batch, and nothing of it is taken; a watched one stops nothing.
    let full =
        (0..60_000).find(|n| one(&store, claim(caller(*n), until), at(0)) == Answer::Unavailable);
    let full = claim(caller(full.expect("a claim without room")), until);
    let batch = [full, take(key(5, known(1)), TEN, 3)].into_iter().collect();
    assert_eq!(store.answer(&batch, at(0)).as_slice(), [Answer::Unavailable, yes(3, 0)]);
    let batch = [crate::asked::watch(full), take(key(5, known(1)), TEN, 3)].into_iter().collect();
    assert_eq!(store.answer(&batch, at(0)).as_slice(), [Answer::Unavailable, yes(0, 1)]);
    // Twin: once they have expired there is room again.
    assert_eq!(one(&store, claim(caller(70_000), until + 99), at(61_000)), YES);
}

/// At `strangers_max` live keys less than one in a thousand shares with its neighbours.
#[test]
fn a_table_holds_the_keys_it_was_made_for() {
    let store = MemoryStore::new(Sizes { strangers_max: 60_000, ..SMALL }, SEED);
    let once = Rate { every_ns: 5 * SECOND, burst: 1 };
    let key =
        |n: u32| stranger(1, Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(n) << 64)));
    let refused =
        (0..60_000).filter(|n| !said_yes(one(&store, take(key(*n), once, 1), at(0)))).count();
    assert!(refused <= 60, "{refused} of 60,000");
}

/// A table of nothing but reserve slots still counts: nobody is unlimited because it is full.
#[test]
fn the_reserve_never_refuses_to_count() {
    let store = MemoryStore::new(Sizes { strangers_max: 0, known_max: 0, claims_max: 0 }, SEED);
    let ann = stranger(1, Ipv4Addr::new(203, 0, 113, 7));
    assert_eq!(one(&store, take(ann, SLOW, 4), at(0)), yes(0, 20));
    assert_eq!(one(&store, take(ann, SLOW, 1), at(0)), no(5 * SECOND));
    assert_eq!(one(&store, window(ann, 60, 5, 5), at(0)), yes(0, 10));
    assert_eq!(one(&store, window(ann, 60, 5, 1), at(0)), no(10 * SECOND));
    // What was taken from a shared slot is not given back.
    assert_eq!(one(&store, give(ann, SLOW, 4), at(0)), yes(4, 0));
    assert_eq!(one(&store, take(ann, SLOW, 1), at(0)), no(5 * SECOND));
    // Who has no reserve is told that there is no room.
    assert_eq!(one(&store, take(caller(1), SLOW, 1), at(0)), Answer::Unavailable);
    assert_eq!(one(&store, claim(caller(1), at(9_000).unix_s), at(0)), Answer::Unavailable);
}

/// Two threads with more addresses than slots: wider shards are locked in the same order, so that
/// nobody waits for ever, and a known caller's bucket is exact among them.
#[test]
fn overflow_under_a_hammer() {
    let store = MemoryStore::new(Sizes { strangers_max: 8_192, ..SMALL }, SEED);
    let user = Rate { every_ns: 5 * SECOND, burst: 5_000 };
    let served = |thread: u32| {
        let ask = |number: &u32| {
            let address = stranger(1, sprayed(number * 2 + thread));
            let batch = [take(address, SLOW, 0), take(caller(1), user, 1)].into_iter().collect();
            let _ = one(&store, take(address, SLOW, 1), at(0));
            said_yes(store.answer(&batch, at(0))[1])
        };
        (0..10_000).filter(ask).count()
    };
    let total = std::thread::scope(|scope| {
        let other = scope.spawn(|| served(1));
        served(0) + other.join().expect("the other thread")
    });
    assert_eq!(total, 5_000);
}
