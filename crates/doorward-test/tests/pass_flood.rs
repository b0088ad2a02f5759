//! A flood of forged tickets from as many networks as there are: each is refused by its MAC alone,
//! nobody asks the store, and nothing of it is remembered.
//!
//! `DOORWARD_CAMPAIGN` is the number of tickets; with it the time is held to its bound, which is of
//! use in an optimised build alone.

use doorward_core::verdict::Verdict;
use doorward_test::pass_visits::{Forger, at, judge, minted, settings, ticket, with_ticket};
use doorward_test::sample::{Rig, spoken};
use std::fs;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Tickets when nobody says how many.
const TICKETS: u32 = 20_000;
/// One in so many comes before the others, for the allocator to find its size.
const WARMING: u32 = 10;
/// Memory that the flood may take, in all.
const GROWN_KIB_MAX: u64 = 512;
/// A whole visit with a forged ticket: the bound of a campaign.
const FORGED_NS_MAX: f64 = 6_000.0;

fn campaign() -> Option<u32> {
    std::env::var("DOORWARD_CAMPAIGN").ok()?.parse().ok()
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the process's own status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn a_forged_ticket_costs_a_mac_and_no_memory() {
    let count = campaign().unwrap_or(TICKETS);
    let (rig, now) = (Rig::new(&settings()), at(0));
    let real = ticket(&rig, &minted(&rig, now), now);
    let forger = Forger::new(&real);
    let mut asked = 0_u32;
    let mut flood = |numbers: std::ops::Range<u32>| {
        let mut took = Duration::ZERO;
        for number in numbers {
            let mut request = with_ticket(&forger.forged(number));
            request.peer = Ipv4Addr::from(number.rotate_left(12)).into();
            let begun = Instant::now();
            let verdict = rig.judge_with(request.view(), b"", rig.at(now), |questions| {
                asked += 1;
                rig.store.answer(questions, now)
            });
            took += begun.elapsed();
            let Verdict::Refuse(refused) = &verdict else { panic!("{}", spoken(&verdict)) };
            assert_eq!(refused.reason().code(), "pass/forged", "{number}");
        }
        took
    };
    let warm = count / WARMING;
    flood(0..warm);
    let before = resident_kib();
    let took = flood(warm..count);
    let grown = resident_kib().saturating_sub(before);
    assert_eq!(asked, 0, "the store is asked about what is good alone");
    assert!(grown <= GROWN_KIB_MAX, "{grown} KiB more");
    let each = took.as_secs_f64() * 1e9 / f64::from(count - warm);
    println!(
        "{count} forged tickets: {each:.0} ns each, the store asked {asked} times, {grown} KiB"
    );
    if campaign().is_some() {
        assert!(each <= FORGED_NS_MAX, "{each:.0} ns");
    }
    // Its twin: what was forged is still good, once.
    assert_eq!(spoken(&judge(&rig, &with_ticket(&real), b"", now)), "admit");
    assert_eq!(spoken(&judge(&rig, &with_ticket(&real), b"", now)), "refuse pass/used");
}
