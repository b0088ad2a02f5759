//! One question at a time: buckets, windows and claims at their edges.

use crate::asked::{
    BEGIN_S, MS, NEVER, SECOND, Story, TEN, USED, YES, at, claim, from, give, key, known, no, on,
    settle, take, unclaim, window, yes,
};
use doorward_core::question::Rate;

/// The last second that a claim can be kept for: one bit says whether it was answered.
const LAST_S: u64 = u64::MAX >> 1;

pub(crate) fn stories() -> Vec<Story> {
    let mut stories = buckets();
    stories.extend(extremes());
    stories.extend(windows());
    stories.extend(settlements());
    stories.extend(claims());
    stories
}

fn buckets() -> Vec<Story> {
    let ann = key(1, from("203.0.113.7"));
    let twin = key(1, from("203.0.113.8"));
    let other_limit = key(2, from("203.0.113.7"));
    let one = |ms, cost, want| (at(ms), vec![take(ann, TEN, cost)], vec![want]);
    vec![
        Story {
            name: "a bucket comes back token by token, to the nanosecond",
            steps: vec![
                one(0, 1, yes(2, 1)),
                one(0, 1, yes(1, 1)),
                one(0, 1, yes(0, 1)),
                one(0, 1, no(100 * MS)),
                one(99, 1, no(MS)),
                (at(99).later_ns(MS - 1), vec![take(ann, TEN, 1)], vec![no(1)]),
                one(100, 1, yes(0, 1)),
                one(100, 2, no(200 * MS)),
                one(299, 2, no(MS)),
                one(300, 2, yes(0, 1)),
                one(10_000, 0, yes(3, 0)),
            ],
        },
        Story {
            name: "time that goes nowhere gives nothing",
            steps: vec![
                one(0, 3, yes(0, 1)),
                one(0, 1, no(100 * MS)),
                one(0, 1, no(100 * MS)),
                one(0, 1, no(100 * MS)),
                one(100, 1, yes(0, 1)),
            ],
        },
        Story {
            name: "cost nothing asks and takes nothing; more than the burst is never granted",
            steps: vec![
                one(0, 0, yes(3, 0)),
                one(0, 4, NEVER),
                one(0, u32::MAX, NEVER),
                one(0, 3, yes(0, 1)),
                one(0, 0, yes(0, 1)),
                one(0, 4, NEVER),
            ],
        },
        Story {
            name: "limits and callers do not share a bucket",
            steps: vec![
                one(0, 3, yes(0, 1)),
                one(0, 1, no(100 * MS)),
                (at(0), vec![take(twin, TEN, 3)], vec![yes(0, 1)]),
                (at(0), vec![take(other_limit, TEN, 3)], vec![yes(0, 1)]),
                (at(0), vec![take(key(1, known(7)), TEN, 3)], vec![yes(0, 1)]),
                (at(0), vec![take(key(1, known(7)), TEN, 1)], vec![no(100 * MS)]),
                (at(0), vec![take(key(1, known(8)), TEN, 3)], vec![yes(0, 1)]),
            ],
        },
        Story {
            name: "one subscriber has one bucket, however its address is written",
            steps: vec![
                one(0, 3, yes(0, 1)),
                (at(0), vec![take(key(1, from("::ffff:203.0.113.7")), TEN, 1)], vec![no(100 * MS)]),
                (
                    at(0),
                    vec![take(key(1, from("64:ff9b::203.0.113.7")), TEN, 1)],
                    vec![no(100 * MS)],
                ),
                (at(0), vec![take(key(1, from("2001:db8::1")), TEN, 3)], vec![yes(0, 1)]),
                (at(0), vec![take(key(1, from("2001:db8::2:3")), TEN, 1)], vec![no(100 * MS)]),
                (at(0), vec![take(key(1, from("2001:db8:0:1::1")), TEN, 3)], vec![yes(0, 1)]),
            ],
        },
        Story {
            name: "what is given back can be taken again, and never more than the bucket holds",
            steps: vec![
                one(0, 3, yes(0, 1)),
                (at(0), vec![give(ann, TEN, 1)], vec![yes(1, 1)]),
                one(0, 2, no(100 * MS)),
                one(0, 1, yes(0, 1)),
                (at(0), vec![give(ann, TEN, u32::MAX)], vec![yes(3, 0)]),
                (at(0), vec![give(ann, TEN, 1)], vec![yes(3, 0)]),
                one(0, 3, yes(0, 1)),
                (at(1_000), vec![give(ann, TEN, 2)], vec![yes(3, 0)]),
                one(1_000, 4, NEVER),
            ],
        },
        Story {
            name: "a share survives a change of its rate; nothing is emptier than empty",
            steps: vec![
                (
                    at(0),
                    vec![take(ann, Rate { every_ns: 3_600 * SECOND, burst: 3 }, 3)],
                    vec![yes(0, 10_800)],
                ),
                one(0, 1, no(100 * MS)),
            ],
        },
    ]
}

fn extremes() -> Vec<Story> {
    let ann = key(1, known(1));
    let slow = Rate { every_ns: u64::MAX, burst: u32::MAX };
    let quick = Rate { every_ns: 1, burst: u32::MAX };
    vec![
        Story {
            name: "what the clock cannot hold is refused",
            steps: vec![
                (at(0), vec![take(ann, slow, 1)], vec![NEVER]),
                (at(0), vec![take(ann, slow, u32::MAX)], vec![NEVER]),
                (at(0), vec![take(ann, slow, 0)], vec![yes(u32::MAX, 0)]),
                (at(0), vec![give(ann, slow, u32::MAX)], vec![yes(u32::MAX, 0)]),
            ],
        },
        Story {
            name: "the largest burst of the quickest rate",
            steps: vec![
                (at(0), vec![take(ann, quick, u32::MAX)], vec![yes(0, 5)]),
                (at(0), vec![take(ann, quick, 1)], vec![no(1)]),
                (at(0), vec![take(ann, quick, u32::MAX)], vec![no(u64::from(u32::MAX))]),
                (at(0).later_ns(1), vec![take(ann, quick, 1)], vec![yes(0, 5)]),
            ],
        },
    ]
}

fn windows() -> Vec<Story> {
    let ann = key(1, from("203.0.113.7"));
    let minute = |unix_s, cost, want| (on(unix_s), vec![window(ann, 60, 10, cost)], vec![want]);
    let edge = BEGIN_S - BEGIN_S % 60 + 60;
    vec![
        Story {
            name: "a window is spent until it ends, at a multiple of its length",
            steps: vec![
                minute(edge - 2, 0, yes(10, 0)),
                minute(edge - 2, 11, NEVER),
                minute(edge - 2, 9, yes(1, 2)),
                minute(edge - 1, 2, no(SECOND)),
                minute(edge - 1, 1, yes(0, 1)),
                minute(edge - 1, 1, no(SECOND)),
                minute(edge, 10, yes(0, 60)),
                minute(edge, 1, no(60 * SECOND)),
                minute(edge + 59, 1, no(SECOND)),
                minute(edge + 60, 1, yes(9, 60)),
                minute(edge + 1_000, 0, yes(10, 0)),
            ],
        },
        Story {
            name: "a day is a UTC day",
            steps: vec![
                // 2026-01-01T23:59:59Z, and a second later.
                (on(1_767_311_999), vec![window(ann, 86_400, 5, 5)], vec![yes(0, 1)]),
                (on(1_767_311_999), vec![window(ann, 86_400, 5, 1)], vec![no(SECOND)]),
                (on(1_767_312_000), vec![window(ann, 86_400, 5, 1)], vec![yes(4, 86_400)]),
            ],
        },
        Story {
            name: "a clock that steps back over the edge grants nothing twice",
            steps: vec![
                minute(edge, 10, yes(0, 60)),
                minute(edge - 1, 1, no(61 * SECOND)),
                minute(edge + 60, 1, yes(9, 60)),
            ],
        },
        Story {
            name: "a window and a bucket of one key are two shares",
            steps: vec![
                (at(0), vec![take(ann, TEN, 3)], vec![yes(0, 1)]),
                (on(edge), vec![window(ann, 60, 10, 10)], vec![yes(0, 60)]),
                (
                    on(edge),
                    vec![window(ann, 3_600, 20, 1)],
                    vec![yes(19, (3_600 - edge % 3_600) as u32)],
                ),
                (at(0), vec![take(ann, TEN, 1)], vec![no(100 * MS)]),
            ],
        },
        Story {
            name: "windows at the ends of their numbers",
            steps: vec![
                (on(0), vec![window(ann, 1, u32::MAX, u32::MAX)], vec![yes(0, 1)]),
                (on(0), vec![window(ann, 1, u32::MAX, 1)], vec![no(SECOND)]),
                (on(1), vec![window(ann, 1, 0, 0)], vec![yes(0, 0)]),
                (on(1), vec![window(ann, 1, 0, 1)], vec![NEVER]),
                (on(1), vec![window(ann, 1, u32::MAX, u32::MAX)], vec![yes(0, 1)]),
            ],
        },
    ]
}

fn claims() -> Vec<Story> {
    let nonce = key(9, known(1));
    let twin = key(9, known(2));
    let other = key(8, known(1));
    let until = BEGIN_S + 90;
    let once = |unix_s, want| (on(unix_s), vec![claim(nonce, until)], vec![want]);
    vec![
        Story {
            name: "a claim is made once, until its last second has passed",
            steps: vec![
                once(BEGIN_S, YES),
                once(BEGIN_S, USED),
                (on(BEGIN_S), vec![claim(nonce, until + 500)], vec![USED]),
                (on(BEGIN_S), vec![claim(twin, until)], vec![YES]),
                (on(BEGIN_S), vec![claim(other, until)], vec![YES]),
                once(until, USED),
                (on(until + 1), vec![claim(nonce, until + 1)], vec![YES]),
                (on(until + 1), vec![claim(nonce, until + 1)], vec![USED]),
            ],
        },
        Story {
            name: "a claim that could not be kept is refused",
            steps: vec![once(until + 1, NEVER), once(until, YES), once(until, USED)],
        },
        Story {
            name: "what is given back can be claimed again; what is not claimed may be given back",
            steps: vec![
                (on(BEGIN_S), vec![unclaim(nonce)], vec![YES]),
                once(BEGIN_S, YES),
                (on(BEGIN_S), vec![unclaim(twin)], vec![YES]),
                once(BEGIN_S, USED),
                (on(BEGIN_S), vec![unclaim(nonce)], vec![YES]),
                once(BEGIN_S, YES),
            ],
        },
        Story {
            name: "claims at the ends of their numbers",
            steps: vec![
                (on(1), vec![claim(nonce, 1)], vec![YES]),
                (on(1), vec![claim(nonce, 1)], vec![USED]),
                (on(5), vec![claim(twin, LAST_S)], vec![YES]),
                (on(LAST_S - 1), vec![claim(twin, LAST_S)], vec![USED]),
                (on(5), vec![claim(twin, LAST_S)], vec![USED]),
            ],
        },
    ]
}

fn settlements() -> Vec<Story> {
    let day = key(1, known(1));
    let begin = BEGIN_S - BEGIN_S % 60;
    let take = |s, cost, want| (on(begin + s), vec![window(day, 60, 10, cost)], vec![want]);
    let told = |s, amounts, age, reset| {
        (on(begin + s), vec![settle(day, 60, amounts, age)], vec![yes(0, reset)])
    };
    vec![
        Story {
            name: "what was taken in advance and not used comes back in its own window",
            steps: vec![
                take(0, 10, yes(0, 60)),
                take(1, 1, no(59 * SECOND)),
                told(2, (10, 4), 2, 58),
                take(2, 6, yes(0, 58)),
                take(2, 1, no(58 * SECOND)),
            ],
        },
        Story {
            name: "what came to more is spent, beyond the limit too",
            steps: vec![
                take(0, 4, yes(6, 60)),
                told(1, (4, 14), 1, 59),
                take(2, 1, no(58 * SECOND)),
                take(60, 1, yes(9, 60)),
            ],
        },
        Story {
            name: "a window gets nothing back that was taken from the one before",
            steps: vec![
                take(50, 10, yes(0, 10)),
                take(60, 10, yes(0, 60)),
                told(61, (10, 0), 11, 59),
                take(61, 1, no(59 * SECOND)),
                // Its own is given back all the same.
                told(61, (10, 9), 1, 59),
                take(61, 1, yes(0, 59)),
            ],
        },
        Story {
            name: "what ran over the end of its window costs the next one what is on top",
            steps: vec![
                take(50, 2, yes(8, 10)),
                told(65, (2, 5), 15, 55),
                take(65, 8, no(55 * SECOND)),
                take(65, 7, yes(0, 55)),
            ],
        },
    ]
}
