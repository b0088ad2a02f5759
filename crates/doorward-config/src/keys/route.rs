//! Keys of a route.

use super::budget::AI;
use super::permission::REQUIRE;
use super::upstream::UPSTREAM;
use super::{LEAVE_OUT, LIMIT, key, later};
use crate::shape::{Section, Shape};

/// One `[[route]]`.
pub(super) static ROUTE: Section = Section::new(
    "What the file says about some paths: it refines the file's settings.",
    &[
        key(
            "path",
            Shape::Text,
            "",
            "\"/v1/users/{id}\", \"/static/**\"; the most specific route wins. A parameter may \
             have a form: {id:uuid}, {id:int}, {name:slug}.",
        ),
        key(
            "kind",
            Shape::Words { now: &["api", "page", "return", "webhook", "health"], later: &[] },
            "\"api\"",
            "What it is for: programs, documents, where people are sent back to, deliveries that \
             their sender signs, the app's health check.",
        ),
        key(
            "profile",
            Shape::Words { now: &["public", "authenticated"], later: &[] },
            "",
            "Whether callers must be known here: `public` no, `authenticated` yes; without it, as \
             the file says.",
        ),
        key(
            "methods",
            Shape::List(&Shape::Text),
            "[]",
            "Declared methods; without any, the known ones.",
        ),
        key(
            "effect",
            Shape::Words { now: &["read", "write"], later: &[] },
            "",
            "What it does to the backend's state; without it, safe methods read and others write.",
        ),
        key(
            "mode",
            Shape::Mode { may_be_off: false },
            "\"enforce\"",
            "A mode milder than the file's.",
        ),
        key(
            "origins",
            Shape::List(&Shape::Text),
            "",
            "Its own allowed origins, in place of the file's; `file:PATH` for a list.",
        ),
        key(
            "embed",
            Shape::Words { now: &["own", "same-site", "anyone"], later: &[] },
            "\"own\"",
            "Who may embed its answers (images, scripts, frames).",
        ),
        key(
            "post",
            Shape::Boolean,
            "false",
            "A `return` route that people are sent back to by POST.",
        ),
        key(
            "override",
            Shape::Words { now: &["judge", "refuse"], later: &[] },
            "\"judge\"",
            "Method overrides: the method they name must be allowed too, or none at all.",
        ),
        key(
            "allow",
            Shape::List(&Shape::Words { now: &["encoded-slash"], later: &[] }),
            "[]",
            "What the backend is known to read right.",
        ),
        key("limits", Shape::List(&Shape::Table(&LIMIT)), "[]", "Limits added to the file's."),
        key("limits_only", Shape::Boolean, "false", "The route's limits replace the file's."),
        key(
            "credential",
            Shape::List(&Shape::Text),
            "[]",
            "Names of the credentials that are added.",
        ),
        key(
            "insecure_open_credential",
            Shape::Boolean,
            "false",
            "Strangers may call a route that has a credential.",
        ),
        key("body", Shape::Table(&BODY), "", "What its request bodies may be."),
        key(
            "csrf",
            Shape::Words { now: &["cookie", "body", "required", "app", "off"], later: &[] },
            "\"cookie\"",
            "Who needs a CSRF token to change something: callers known by a cookie; the same, with \
             the token in the body; strangers too, as to log in (with `sign_in`, or where forms \
             get tokens, it may stand in the body); nobody, since the application has its own; \
             nobody.",
        ),
        key(
            "forms",
            Shape::Words { now: &["leave", "inject"], later: &[] },
            "",
            "Whether the forms of its pages get a CSRF token; without it, as the layer says, and \
             not where csrf = \"app\" or \"off\".",
        ),
        key(
            "sign_in",
            Shape::Table(&SIGN_IN),
            "",
            "Attempts to sign in: failures are counted on the account and on the address.",
        ),
        key(
            "pass",
            Shape::Words { now: &["required", "optional"], later: &[] },
            "\"required\"",
            "Whether strangers need a pass, where the layer is on.",
        ),
        key(
            "tickets",
            Shape::Words { now: &["once", "window"], later: &[] },
            "\"once\"",
            "How often a ticket may be good: once, or for a time (media, downloads).",
        ),
        key("upstream", Shape::TextOr(&UPSTREAM), "", "Its own upstream."),
        key(
            "require",
            Shape::Table(&REQUIRE),
            "",
            "What callers must have, who must be known here.",
        ),
        key(
            "when",
            Shape::Text,
            "",
            "What must be true of caller and request, in CEL: \"'admin' in caller.roles || \
             caller.subject == path.id\".",
        ),
        key(
            "webhook",
            Shape::Table(&WEBHOOK),
            "",
            "Who sends the deliveries of a route of the kind `webhook`.",
        ),
        later("navigate", LEAVE_OUT),
        later("cache", LEAVE_OUT),
        later("sign_body", LEAVE_OUT),
        key("ai", Shape::Table(&AI), "", "What an AI may be asked here."),
        key(
            "budget",
            Shape::List(&Shape::Text),
            "[]",
            "Names of the budgets that its requests spend of, four at the most.",
        ),
    ],
);

static WEBHOOK: Section = Section::new(
    "A webhook's sender: { scheme = \"stripe\", secret = \"env:STRIPE_SECRET\" }.",
    &[
        key(
            "scheme",
            Shape::Words {
                now: &["github", "stripe", "slack", "shopify", "standard-webhooks", "custom"],
                later: &[],
            },
            "",
            "How it signs what it delivers.",
        ),
        key(
            "secret",
            Shape::OneOrMore(&Shape::Secret),
            "",
            "The secret that it signs with; a list of two while it is changed.",
        ),
        key("header", Shape::Text, "", "Of a custom scheme: the header with the signature."),
        key("prefix", Shape::Text, "\"\"", "What stands before the signature: \"sha256=\"."),
        key(
            "encoding",
            Shape::Words { now: &["hex", "base64"], later: &[] },
            "\"hex\"",
            "How the signature is written.",
        ),
        key(
            "digest",
            Shape::Words { now: &["sha256", "sha512"], later: &[] },
            "\"sha256\"",
            "The hash of its HMAC.",
        ),
        key(
            "signed",
            Shape::Text,
            "\"{body}\"",
            "What is signed: \"{timestamp}.{body}\", with {id} where it has one.",
        ),
        key("timestamp", Shape::Text, "", "The header with the signed time, in seconds."),
        key("id", Shape::Text, "", "The header with the delivery's id."),
        key(
            "window",
            Shape::Duration { least_s: 1, most_s: 3600 },
            "\"5m\"",
            "By how much a signed time may differ from now.",
        ),
    ],
);

static BODY: Section = Section::new(
    "What a route's request bodies may be.",
    &[
        key(
            "max",
            Shape::Size { least: 0, most: 1 << 40 },
            "",
            "The largest; without it, no limit.",
        ),
        key(
            "bind",
            Shape::Boolean,
            "false",
            "The body is held (up to 1 MiB) and its digest put into the admission proof.",
        ),
        later("schema", "leave it out for now; the backend must judge the body"),
    ],
);

static SIGN_IN: Section = Section::new(
    "Attempts to sign in: whatever comes to this route by another method than GET, HEAD and \
     OPTIONS, or with a body. What succeeds is given back: where sessions are asked about \
     (`check`), an answer below 400 that sets one, when it is somebody's; where callers are known \
     by tokens alone, JSON with a status of 2xx; elsewhere what `success` says, or nothing.",
    &[
        key(
            "account",
            Shape::Text,
            "",
            "What names the account: the form's field, as it is written, and in a JSON object the \
             members on the way (\"email\", \"user[email]\", \"Input.Email\"); or a JSON \
             member alone (\"$.user.name\"). In the query it is refused.",
        ),
        key(
            "counts",
            Shape::Words { now: &["failures", "attempts"], later: &[] },
            "\"failures\"",
            "What counts: failures, as of a log-in; or each attempt, on this route alone, as of a \
             forgotten password, where each one is a mail.",
        ),
        key("per_account", Shape::Rate, "\"10/min\"", "What counts, of one account."),
        key("per_address", Shape::Rate, "\"60/min\"", "The same, of one address."),
        key("success", Shape::Table(&SUCCESS), "", "How the backend answers a success."),
    ],
);

static SUCCESS: Section = Section::new(
    "How the backend answers whoever has signed in, and nobody else; all of it must fit.",
    &[
        key(
            "status",
            Shape::OneOrMore(&Shape::Whole { least: 200, most: 399 }),
            "[]",
            "The answer's status: 204; without it, any redirect.",
        ),
        key(
            "location",
            Shape::OneOrMore(&Shape::Text),
            "[]",
            "Where it redirects to, as the backend writes it: \"/\".",
        ),
    ],
);
