//! Keys of the layers.

use super::budget::BUDGET;
use super::cookie::COOKIE;
use super::identity::IDENTITY;
use super::permission::PERMISSION;
use super::{LEAVE_OUT, LIMIT, key, later};
use crate::shape::{Key, Section, Shape};

pub(super) const fn mode() -> Key {
    key(
        "mode",
        Shape::Mode { may_be_off: true },
        "\"enforce\"",
        "How seriously this layer judges; the mildest of file, layer and route wins.",
    )
}

/// Some layers cannot be told to be milder.
const fn never_a_mode() -> Key {
    key(
        "mode",
        Shape::Never("this layer is always enforced"),
        "",
        "leave out its `mode`: it neither monitors nor sleeps",
    )
}

/// A layer that later versions have: it can be said to be off, so that the file knows.
const fn later_layer(name: &'static str) -> Key {
    key(name, Shape::Table(&OFF), "", "Not in this version; only mode = \"off\" can be said.")
}

static OFF: Section = Section::later(
    "A layer that is not in this version.",
    &[key(
        "mode",
        Shape::Words { now: &["off"], later: &["enforce", "monitor"] },
        "",
        "Off: the layer is known to be missing.",
    )],
);

/// The layers of later versions.
pub(crate) const LATER_LAYERS: &[&str] = &["challenge", "bot"];

/// All layers.
pub(crate) static LAYERS: Section = Section::new(
    "The layers, by their id.",
    &[
        key(
            "message",
            Shape::Table(&MESSAGE),
            "",
            "Ambiguous or oversized messages; always enforced.",
        ),
        key(
            "cors",
            Shape::Table(&CORS),
            "",
            "Answers preflights, lets allowed pages read answers.",
        ),
        key(
            "site",
            Shape::Table(&SITE),
            "",
            "Requests that a browser says come from another site.",
        ),
        key("method", Shape::Table(&METHOD), "", "Methods that a route does not declare."),
        key("quota", Shape::Table(&QUOTA), "", "Who is denied, and callers beyond their share."),
        key(
            "identity",
            Shape::Table(&IDENTITY),
            "",
            "Callers whose token or key is missing, wrong, or not the only one.",
        ),
        key(
            "permission",
            Shape::Table(&PERMISSION),
            "",
            "Known callers who lack what a route asks for.",
        ),
        key(
            "csrf",
            Shape::Table(&CSRF),
            "",
            "Changes that a cookie alone would allow, without a token of their session.",
        ),
        key(
            "pass",
            Shape::Table(&PASS),
            "",
            "Strangers' requests without a pass, or with one that is not for them.",
        ),
        key(
            "body",
            Shape::Table(&BODY),
            "",
            "Bodies that break what their route says of them (`ai`).",
        ),
        key(
            "credential",
            Shape::Table(&CREDENTIAL),
            "",
            "Headers that only the gate knows; always on.",
        ),
        key(
            "cookie",
            Shape::Table(&COOKIE),
            "",
            "Unclear cookies of requests; hardens those that the backend sets.",
        ),
        later_layer("challenge"),
        later_layer("bot"),
    ],
);

static MESSAGE: Section = Section::new(
    "Ambiguous or oversized messages. Always enforced; its sizes are [limits].",
    &[never_a_mode()],
);

static CORS: Section = Section::new(
    "Answers preflights, lets allowed pages read answers.",
    &[
        mode(),
        key(
            "credentials",
            Shape::Boolean,
            "false",
            "Pages may send cookies and read the answers; true in the profile `authenticated`.",
        ),
        key(
            "max_age",
            Shape::Duration { least_s: 0, most_s: 86_400 },
            "\"2h\"",
            "How long a browser may remember an approval: Chromium caps it at two hours.",
        ),
    ],
);

static SITE: Section =
    Section::new("Requests that a browser says come from another site.", &[mode()]);

static METHOD: Section = Section::new("Methods that a route does not declare.", &[mode()]);

static QUOTA: Section = Section::new(
    "Who is denied, and callers beyond their share.",
    &[
        mode(),
        key(
            "strikes",
            Shape::Rate,
            "\"60/min\"",
            "Malformed and forged requests that an address may make before it is refused.",
        ),
        key(
            "limits",
            Shape::List(&Shape::Table(&LIMIT)),
            "",
            "Replaces the profile's limits; a route's add to them.",
        ),
        key(
            "budgets",
            Shape::List(&Shape::Table(&BUDGET)),
            "[]",
            "Tokens or money that routes may spend; a route names those that it spends of.",
        ),
        key(
            "rate_limit",
            Shape::Words { now: &["refusals", "answers"], later: &[] },
            "\"refusals\"",
            "Where `RateLimit` and `RateLimit-Policy` stand: on refusals, for the limit that was \
             reached; or on each answer, for every limit that counts its caller, in place of the \
             backend's own.",
        ),
        key(
            "streams",
            Shape::Table(&STREAMS),
            "",
            "Streams of strangers that may be open at once, in this process.",
        ),
        key(
            "allow",
            Shape::List(&Shape::TextOr(&ALLOW)),
            "[]",
            "Whom no limit counts and no strike touches: \"203.0.113.0/24\", { key = \"<id>\" }, \
             { issuer = \"…\", subject = \"…\" }. All else judges them as anybody.",
        ),
        key(
            "deny",
            Shape::List(&Shape::Table(&DENY)),
            "[]",
            "Addresses, callers and tokens that are refused outright.",
        ),
    ],
);

static STREAMS: Section = Section::new(
    "WebSockets and event streams that strangers hold open: each takes a connection for as long as \
     it likes, and costs one request.",
    &[
        key("pass", Shape::Whole { least: 0, most: 1_000_000 }, "4", "Of one pass."),
        key("address", Shape::Whole { least: 0, most: 1_000_000 }, "40", "Of one address."),
    ],
);

static ALLOW: Section = Section::new(
    "A known caller whom no limit counts.",
    &[
        key("issuer", Shape::Text, "", "Whose caller it is: the issuer of a `jwt`."),
        key("subject", Shape::Text, "", "How its issuer names it."),
        key("key", Shape::Text, "", "An API key: its id."),
    ],
);

static DENY: Section = Section::new(
    "An address or network, a caller, a token or a pass that is refused outright.",
    &[
        key("address", Shape::Text, "", "Whom: \"203.0.113.7\" or \"203.0.113.0/24\"."),
        key("issuer", Shape::Text, "", "Whose caller or token it is: the issuer of a `jwt`."),
        key("subject", Shape::Text, "", "A caller: how its issuer names it."),
        key("token", Shape::Text, "", "A token: its `jti`."),
        key("key", Shape::Text, "", "An API key: its id."),
        key("pass", Shape::Text, "", "A pass: its id, as the log has it. It lives ten minutes."),
        key(
            "session",
            Shape::Text,
            "",
            "A session: SHA-256 of its cookie's value, in 64 hexadecimal digits.",
        ),
        key("until", Shape::Moment, "", "Until when; without it, for good."),
        key("why", Shape::Text, "", "Why, for the operator."),
    ],
);

static CSRF: Section = Section::new(
    "Tokens for changes that a cookie alone would allow: pages ask for one at /.doorward/csrf.",
    &[
        key(
            "mode",
            Shape::Mode { may_be_off: true },
            "\"off\"",
            "How seriously this layer judges, the mildest of file, layer and route. Where nothing \
             is said: enforced if a route says csrf = \"required\" or \"body\"; as `identity` if \
             callers must be known and may be by a cookie.",
        ),
        key(
            "fields",
            Shape::Boolean,
            "false",
            "A token may stand in a form's field `_csrf` or `csrf_token`, or in the member `csrf` \
             of a JSON object, on every route; such bodies are held (up to 1 MiB). True where \
             `forms` are written, here or on a route.",
        ),
        key(
            "forms",
            Shape::Words { now: &["leave", "inject"], later: &[] },
            "\"leave\"",
            "Whether the forms of pages get a token: those that a browser sends to the page's own \
             origin by POST. Such pages leave uncompressed, and no cache keeps them.",
        ),
    ],
);

static PASS: Section = Section::new(
    "Passes for the pages of strangers, and the signatures and tickets made with them.",
    &[
        key(
            "mode",
            Shape::Mode { may_be_off: true },
            "\"enforce\"",
            "How seriously this layer judges, the mildest of file, layer and route; off in the \
             profile `authenticated` where nothing is said.",
        ),
        key(
            "work",
            Shape::Whole { least: 0, most: 15 },
            "11",
            "Zero bits of each of the eight numbers that a pass costs, at the least.",
        ),
    ],
);

static BODY: Section = Section::new("Bodies that break what their route says of them.", &[mode()]);

static CREDENTIAL: Section = Section::new(
    "What only the gate knows, added on the way to the backend.",
    &[
        never_a_mode(),
        key(
            "add",
            Shape::List(&Shape::Table(&CREDENTIAL_ADD)),
            "[]",
            "Credentials that routes may name.",
        ),
    ],
);

/// One credential.
pub(crate) static CREDENTIAL_ADD: Section = Section::new(
    "A header, or a query's parameter, that is added on routes that name it.",
    &[
        key("name", Shape::Text, "", "What routes call it."),
        key("header", Shape::Text, "", "The header: \"authorization\"."),
        key("query", Shape::Text, "", "Or the query's parameter: \"key\"."),
        key(
            "value",
            Shape::Secret,
            "",
            "Its value, with `env:NAME` or `file:PATH` in it: \"Bearer env:API_KEY\".",
        ),
        later("budget", LEAVE_OUT),
    ],
);
