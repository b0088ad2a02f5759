//! Several questions in one batch: both phases, `always`, `watch`, order.

use crate::asked::{
    BEGIN_S, MS, NEVER, SECOND, SKIPPED, Story, TEN, USED, USED_AND_ANSWERED, YES, always,
    answered, at, claim, from, give, key, known, no, take, unclaim, watch, window, yes,
};
use doorward_core::question::Key;

/// A day's share of 5, and the seconds to its end at the beginning.
const DAY: u32 = 86_400;
const TO_MIDNIGHT: u32 = (DAY as u64 - BEGIN_S % DAY as u64) as u32;

fn keys() -> [Key; 4] {
    let ann = from("203.0.113.7");
    [key(1, ann), key(2, ann), key(3, known(7)), key(9, known(1))]
}

pub(crate) fn stories() -> Vec<Story> {
    let mut stories = phases();
    stories.extend(same_key());
    stories.extend(always_and_watch());
    stories.extend(claims());
    stories
}

fn phases() -> Vec<Story> {
    let [second, day, user, _] = keys();
    let both = vec![window(day, DAY, 5, 1), take(second, TEN, 1)];
    vec![
        Story { name: "an empty batch", steps: vec![(at(0), vec![], vec![])] },
        Story {
            name: "a refused second spends nothing of the day, whichever is asked first",
            steps: vec![
                (at(0), both.clone(), vec![yes(4, TO_MIDNIGHT), yes(2, 1)]),
                (at(0), both.clone(), vec![yes(3, TO_MIDNIGHT), yes(1, 1)]),
                (at(0), both.clone(), vec![yes(2, TO_MIDNIGHT), yes(0, 1)]),
                // What is not committed is not counted as taken.
                (at(0), both.clone(), vec![yes(2, TO_MIDNIGHT), no(100 * MS)]),
                (at(0), both.clone(), vec![yes(2, TO_MIDNIGHT), no(100 * MS)]),
                (
                    at(0),
                    vec![take(second, TEN, 1), window(day, DAY, 5, 1)],
                    vec![no(100 * MS), SKIPPED],
                ),
                (at(0), vec![window(day, DAY, 5, 2)], vec![yes(0, TO_MIDNIGHT)]),
            ],
        },
        Story {
            name: "after a no nothing more is asked",
            steps: vec![
                (at(0), vec![take(second, TEN, 3)], vec![yes(0, 1)]),
                (
                    at(0),
                    vec![take(user, TEN, 1), take(second, TEN, 1), take(user, TEN, 9)],
                    vec![yes(3, 0), no(100 * MS), SKIPPED],
                ),
                (
                    at(0),
                    vec![take(second, TEN, 1), give(second, TEN, 3), unclaim(second)],
                    vec![no(100 * MS), SKIPPED, SKIPPED],
                ),
                (at(0), vec![take(user, TEN, 3)], vec![yes(0, 1)]),
            ],
        },
        Story {
            name: "sixteen questions",
            steps: vec![(
                at(0),
                (0..16).map(|limit| take(key(limit, known(1)), TEN, 1)).collect(),
                vec![yes(2, 1); 16],
            )],
        },
    ]
}

fn same_key() -> Vec<Story> {
    let [second, day, user, nonce] = keys();
    vec![
        Story {
            name: "two questions on one bucket do not both pass when only one fits",
            steps: vec![
                (at(0), vec![take(second, TEN, 2)], vec![yes(1, 1)]),
                (at(0), vec![take(second, TEN, 1); 2], vec![yes(1, 1), no(100 * MS)]),
                (at(100), vec![take(second, TEN, 1); 2], vec![yes(1, 1), yes(0, 1)]),
            ],
        },
        Story {
            name: "two questions on one window do not both pass when only one fits",
            steps: vec![
                (
                    at(0),
                    vec![window(day, DAY, 5, 3); 2],
                    vec![yes(5, 0), no(u64::from(TO_MIDNIGHT) * SECOND)],
                ),
                (
                    at(0),
                    vec![window(day, DAY, 5, 3), window(day, DAY, 5, 2)],
                    vec![yes(2, TO_MIDNIGHT), yes(0, TO_MIDNIGHT)],
                ),
            ],
        },
        Story {
            name: "two claims of one key: the second is a replay, and the first is not kept",
            steps: vec![
                (at(0), vec![claim(nonce, BEGIN_S), claim(nonce, BEGIN_S)], vec![YES, USED]),
                (at(0), vec![claim(nonce, BEGIN_S)], vec![YES]),
            ],
        },
        Story {
            name: "an always question is tested with what is really taken",
            steps: vec![
                // The two plain tokens are not taken, so the third one is there.
                (
                    at(0),
                    vec![take(user, TEN, 2), take(second, TEN, 4), always(take(user, TEN, 2))],
                    vec![yes(3, 0), NEVER, yes(1, 1)],
                ),
                (at(0), vec![take(user, TEN, 1)], vec![yes(0, 1)]),
            ],
        },
    ]
}

fn always_and_watch() -> Vec<Story> {
    let [second, day, user, _] = keys();
    let address = |cost| always(take(second, TEN, cost));
    vec![
        Story {
            name: "always is committed when another says no, before it and after it",
            steps: vec![
                (at(0), vec![take(user, TEN, 3)], vec![yes(0, 1)]),
                (at(0), vec![address(1), take(user, TEN, 1)], vec![yes(2, 1), no(100 * MS)]),
                (at(0), vec![take(user, TEN, 1), address(1)], vec![no(100 * MS), yes(1, 1)]),
                (
                    at(0),
                    vec![address(1), window(day, DAY, 5, 1), take(user, TEN, 1)],
                    vec![yes(0, 1), yes(5, 0), no(100 * MS)],
                ),
                // Its own no is a no like any other, and takes nothing.
                (at(0), vec![address(1), window(day, DAY, 5, 1)], vec![no(100 * MS), SKIPPED]),
                (
                    at(0),
                    vec![take(user, TEN, 1), address(1), window(day, DAY, 5, 1)],
                    vec![no(100 * MS), no(100 * MS), SKIPPED],
                ),
                (at(100), vec![address(1), take(user, TEN, 1)], vec![yes(0, 1), yes(0, 1)]),
            ],
        },
        Story {
            name: "a watched no stops nothing; a watched yes is committed like the rest",
            steps: vec![
                (at(0), vec![take(second, TEN, 3)], vec![yes(0, 1)]),
                (
                    at(0),
                    vec![watch(take(second, TEN, 1)), take(user, TEN, 1)],
                    vec![no(100 * MS), yes(2, 1)],
                ),
                (
                    at(0),
                    vec![watch(window(day, DAY, 5, 5)), take(user, TEN, 1)],
                    vec![yes(0, TO_MIDNIGHT), yes(1, 1)],
                ),
                (
                    at(0),
                    vec![watch(window(day, DAY, 5, 1)), take(user, TEN, 1)],
                    vec![no(u64::from(TO_MIDNIGHT) * SECOND), yes(0, 1)],
                ),
            ],
        },
        Story {
            name: "after a no what is watched is still tested, and takes nothing",
            steps: vec![
                (at(0), vec![take(second, TEN, 3)], vec![yes(0, 1)]),
                (
                    at(0),
                    vec![
                        watch(window(day, DAY, 5, 1)),
                        take(second, TEN, 1),
                        watch(take(user, TEN, 2)),
                        watch(take(user, TEN, 4)),
                        take(user, TEN, 1),
                    ],
                    vec![yes(5, 0), no(100 * MS), yes(3, 0), NEVER, SKIPPED],
                ),
                (at(0), vec![take(user, TEN, 3)], vec![yes(0, 1)]),
                (at(0), vec![window(day, DAY, 5, 5)], vec![yes(0, TO_MIDNIGHT)]),
            ],
        },
        Story {
            name: "watched and always: committed whatever the others say, and stops nobody",
            steps: vec![
                (at(0), vec![take(second, TEN, 3)], vec![yes(0, 1)]),
                (
                    at(0),
                    vec![take(second, TEN, 1), watch(always(take(user, TEN, 3)))],
                    vec![no(100 * MS), yes(0, 1)],
                ),
                (
                    at(0),
                    vec![watch(always(take(user, TEN, 1))), window(day, DAY, 5, 1)],
                    vec![no(100 * MS), yes(4, TO_MIDNIGHT)],
                ),
            ],
        },
    ]
}

fn claims() -> Vec<Story> {
    let [second, _, user, nonce] = keys();
    let ticket = claim(nonce, BEGIN_S + 89);
    vec![
        Story {
            name: "a refused share burns no claim, wherever the claim stands",
            steps: vec![
                (at(0), vec![take(second, TEN, 3)], vec![yes(0, 1)]),
                (at(0), vec![ticket, take(second, TEN, 1)], vec![SKIPPED, no(100 * MS)]),
                (at(0), vec![take(second, TEN, 1), ticket], vec![no(100 * MS), SKIPPED]),
                (at(100), vec![ticket, take(second, TEN, 1)], vec![YES, yes(0, 1)]),
            ],
        },
        Story {
            name: "a replay costs nobody but its sender's address",
            steps: vec![
                (
                    at(0),
                    vec![ticket, always(take(second, TEN, 1)), take(user, TEN, 1)],
                    vec![YES, yes(2, 1), yes(2, 1)],
                ),
                (
                    at(0),
                    vec![ticket, always(take(second, TEN, 1)), take(user, TEN, 1)],
                    vec![USED, yes(1, 1), yes(2, 1)],
                ),
                (at(0), vec![take(user, TEN, 2)], vec![yes(0, 1)]),
            ],
        },
        Story {
            name: "a watched claim stops nobody, and is kept when all say yes",
            steps: vec![
                (at(0), vec![watch(ticket), take(user, TEN, 9)], vec![YES, NEVER]),
                (at(0), vec![watch(ticket), take(user, TEN, 1)], vec![YES, yes(2, 1)]),
                (at(0), vec![watch(ticket), take(user, TEN, 1)], vec![USED, yes(1, 1)]),
            ],
        },
        Story {
            name: "what is given back in a batch is given back before it is claimed",
            steps: vec![
                (at(0), vec![ticket], vec![YES]),
                (at(0), vec![ticket, unclaim(nonce)], vec![YES, YES]),
                (at(0), vec![ticket], vec![USED]),
                // A refused batch gives nothing back.
                (at(0), vec![unclaim(nonce), take(user, TEN, 9)], vec![YES, NEVER]),
                (at(0), vec![ticket], vec![USED]),
            ],
        },
        Story {
            name: "whoever claims again is told whether the first was answered",
            steps: vec![
                // Nothing is claimed yet, so nothing is answered.
                (at(0), vec![answered(nonce)], vec![YES]),
                (at(0), vec![ticket], vec![YES]),
                (at(0), vec![ticket], vec![USED]),
                (at(0), vec![answered(nonce)], vec![YES]),
                (at(0), vec![ticket], vec![USED_AND_ANSWERED]),
                (at(89_000), vec![ticket], vec![USED_AND_ANSWERED]),
                // What was answered is not given back.
                (at(0), vec![unclaim(nonce)], vec![YES]),
                (at(0), vec![ticket], vec![USED_AND_ANSWERED]),
            ],
        },
    ]
}
