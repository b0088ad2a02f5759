//! Keys of a limit.

use super::key;
use crate::shape::{Key, Section, Shape};

/// The words of a limit's `who`.
const WHO: &[&str] = &["all", "pages", "programs", "known", "strangers", "passes"];
/// The words of a limit's `by`.
pub(crate) const WORDS: &[&str] =
    &["address", "network", "user", "token", "key", "pass", "route", "origin"];
/// How its others begin.
pub(crate) const BEGUN: &[&str] = &["ip4/", "ip6/", "claim:", "header:"];

/// One limit.
pub(super) static LIMIT: Section = Section::new(
    "A share: whom it counts, and how much they have.",
    &[
        key(
            "name",
            Shape::Text,
            "",
            "Its name: shares survive a reload by it; it stands in headers.",
        ),
        key(
            "by",
            Shape::List(&Shape::Begun { words: WORDS, begun: BEGUN }),
            "",
            "Who is counted, all parts joined: `address` (IPv4 address, IPv6 /64), `network` (/24, \
             /48) or `ip4/28`, `ip6/56`; `user` (a known caller, wherever it is), `token` (each \
             credential of its own), `key` (an API key), `pass`, `claim:tenant`; and beside one \
             of them `route`, `origin`, `header:x-tenant`. Whom none of them tells apart is \
             counted by his name, a stranger by his address.",
        ),
        key(
            "who",
            Shape::Words { now: WHO, later: &[] },
            "\"all\"",
            "Whom it is for: `pages` are requests of which a browser says that one's own page or a \
             person sent them, `programs` all others that are not known; `known` callers have a \
             token or key, `strangers` have none.",
        ),
        key("rate", Shape::Rate, "", "How fast the share comes back."),
        key(
            "burst",
            Shape::Whole { least: 1, most: 1_000_000 },
            "",
            "How much of it can be saved up; without it, the rate's number.",
        ),
        key(
            "window",
            Shape::Text,
            "",
            "In place of a rate: a fixed window by UTC, `day`, `hour`, `minute` or a duration.",
        ),
        key(
            "limit",
            Shape::Whole { least: 1, most: 4_294_967_295 },
            "",
            "How many requests in a window.",
        ),
        key(
            "cost",
            Shape::WholeOr { least: 1, most: COST_MAX, section: &COST },
            "1",
            "What a request takes: a number; by its method, { GET = 1, POST = 5 }; by its body, { \
             per = \"64KiB\", most = 16 }; or by what the backend answers, { header = \
             \"X-Cost\", most = 100 }.",
        ),
        key(
            "counts",
            Shape::List(&Shape::Text),
            "[]",
            "Answers that count, [\"401\", \"4xx\"]: each request is counted on its way in, and \
             given back when its answer has another status; so the burst must hold what an honest \
             client has under way at once. Without any, all count.",
        ),
        key(
            "penalty",
            Shape::Table(&PENALTY),
            "",
            "For how long whoever goes beyond the limit is refused. In this process.",
        ),
        key(
            "mode",
            Shape::Words { now: &["enforce", "monitor"], later: &[] },
            "\"enforce\"",
            "`monitor`: its no is only noted, and it is counted in a space of its own.",
        ),
    ],
);

/// The most that one request can cost.
const COST_MAX: u64 = 1_000_000;
const COSTS: Shape = Shape::Whole { least: 0, most: COST_MAX };

/// The methods that can have a cost of their own.
pub(crate) const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
/// All others.
pub(crate) const OTHERS: &str = "others";

const fn of_method(name: &'static str) -> Key {
    key(name, COSTS, "", "What this method costs; 0: nothing.")
}

static COST: Section = Section::new(
    "What a request takes of a share: by its method, by its body, or by what the backend answers.",
    &[
        of_method("GET"),
        key("HEAD", COSTS, "", "What HEAD costs; without it, as much as GET."),
        of_method("OPTIONS"),
        of_method("POST"),
        of_method("PUT"),
        of_method("PATCH"),
        of_method("DELETE"),
        key(
            OTHERS,
            COSTS,
            "",
            "What methods cost that are not named; without it, as much as the dearest that is. So \
             much costs whatever could be read as two methods.",
        ),
        key(
            "per",
            Shape::Size { least: 1, most: 1 << 40 },
            "",
            "One for each piece of the body of this size that is begun.",
        ),
        key(
            "header",
            Shape::Text,
            "",
            "The header of the backend's answer that says what it has cost, in a whole number. It \
             stays between gate and backend, and a client's own is removed.",
        ),
        key(
            "most",
            Shape::Whole { least: 1, most: COST_MAX },
            "",
            "With `per`: what a body takes whose length nobody says; longer it may not be. With \
             `header`: what is taken before; what was not used is given back, and nothing where \
             the backend says nothing clear.",
        ),
    ],
);

static PENALTY: Section = Section::new(
    "For how long whoever goes beyond a limit is refused: twice as long each further time, until \
     he has behaved for ten times the last one.",
    &[
        key(
            "first",
            Shape::Duration { least_s: 1, most_s: 2_678_400 },
            "",
            "The first time; at least as long as the share takes to come back.",
        ),
        key("most", Shape::Duration { least_s: 1, most_s: 2_678_400 }, "\"1d\"", "The longest."),
    ],
);
