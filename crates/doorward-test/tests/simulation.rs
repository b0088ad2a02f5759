//! Visits at random against a shadow model, with a store that fails, lags and repeats.
//!
//! `DOORWARD_CAMPAIGN` is the number of visits; `DOORWARD_SEED` plays one world alone.

use doorward_test::simulation::{Tally, VISITS_OF_A_WORLD, play};
use std::env;

/// Visits when nobody says how many.
const VISITS: u64 = 20_000;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

#[test]
fn simulation_of_visits_against_a_shadow() {
    let alone = number("DOORWARD_SEED");
    let visits = number("DOORWARD_CAMPAIGN").unwrap_or(VISITS);
    let worlds = visits.div_ceil(VISITS_OF_A_WORLD);
    let seeds = match alone {
        Some(seed) => seed..=seed,
        None => 1..=worlds,
    };
    let mut tally = Tally::new();
    let mut failed = Vec::new();
    for seed in seeds {
        match play(seed, VISITS_OF_A_WORLD) {
            Ok(of_world) => {
                for (what, count) in of_world {
                    *tally.entry(what).or_default() += count;
                }
            }
            Err(what) => {
                println!("{what}\nagain: DOORWARD_SEED={seed} cargo test --test simulation");
                failed.push(seed);
            }
        }
    }
    assert!(failed.is_empty(), "failing seeds: {failed:?}");
    for (what, count) in &tally {
        println!("{count:>9} {what}");
    }
    if alone.is_none() && visits >= VISITS {
        everything_was_met(&tally);
    }
}

/// A campaign that meets only one kind of visit shows nothing of the others.
fn everything_was_met(tally: &Tally) {
    for what in [
        "Admit([])",
        "Admit([\"site\"])",
        "Admit([\"method\"])",
        "Admit([\"quota\"])",
        "Reply",
        "Refuse(\"message\")",
        "Refuse(\"cors\")",
        "Refuse(\"site\")",
        "Refuse(\"method\")",
        "Refuse(\"quota\")",
        "Refuse(\"gate\")",
        "Refuse(\"body\")",
        "fault",
        "given back",
    ] {
        assert!(tally.get(what).is_some_and(|count| *count >= 10), "too few of {what}: {tally:?}");
    }
}
