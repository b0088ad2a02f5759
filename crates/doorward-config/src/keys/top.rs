//! Keys at the top of the file, and of the tables that are no layers.

use super::budget::PRICE;
use super::layers::LAYERS;
use super::route::ROUTE;
use super::upstream::UPSTREAM;
use super::{LEAVE_OUT, key, later};
use crate::shape::{Section, Shape};

/// The whole file.
pub(crate) static TOP: Section = Section::new(
    "Doorward's configuration.",
    &[
        key(
            "profile",
            Shape::Words { now: &["public", "authenticated"], later: &[] },
            "\"public\"",
            "Which set of defaults: `public` for pages that anybody may open, `authenticated` for \
             known callers.",
        ),
        key(
            "mode",
            Shape::Mode { may_be_off: false },
            "\"enforce\"",
            "How seriously the gate judges: the mildest of file, layer and route wins.",
        ),
        key(
            "listen",
            Shape::Text,
            "\"127.0.0.1:8080\"",
            "Address and port to listen on; port 0 takes a free one.",
        ),
        key(
            "external",
            Shape::List(&Shape::Text),
            "[]",
            "How browsers reach this gate; any other Host is refused. Required off loopback and \
             private addresses.",
        ),
        key(
            "http2",
            Shape::Boolean,
            "true",
            "Clients may speak HTTP/2: over TLS as they agree, without it by prior knowledge.",
        ),
        key(
            "proxy_protocol",
            Shape::List(&Shape::Text),
            "[]",
            "Networks of load balancers that begin each connection with a PROXY line, or \
             \"private\", \"loopback\". They must send one; anybody else's is refused.",
        ),
        key(
            "upstream",
            Shape::TextOr(&UPSTREAM),
            "",
            "What is guarded: \"http://127.0.0.1:3000\", \"https://api.internal\", \
             \"unix:/run/app.sock\", or a table.",
        ),
        key(
            "upstream_host",
            Shape::Text,
            "\"keep\"",
            "The Host that the upstream is told: `keep` (the client's), `upstream` (its address), \
             or a name. Where it is not said, a public https upstream that is given a credential \
             is told its own.",
        ),
        key(
            "origins",
            Shape::List(&Shape::Text),
            "[]",
            "Origins of the pages that may call, exact or with one {number} or {name} in a label; \
             `file:PATH` for a list.",
        ),
        key(
            "threads",
            Shape::Whole { least: 0, most: 1024 },
            "0",
            "Worker threads; 0 takes one a core.",
        ),
        key(
            "gate_id",
            Shape::Text,
            "\"doorward\"",
            "In every label and seal: what one gate signs is forged at another.",
        ),
        key("endpoints", Shape::Text, "\"/.doorward\"", "Where the gate's own addresses begin."),
        key(
            "unmatched",
            Shape::Words { now: &["judge", "refuse"], later: &[] },
            "\"judge\"",
            "What of a path that no route names: judged by the file's settings, or refused.",
        ),
        key(
            "log",
            Shape::Words { now: &["auto", "pretty", "json", "off"], later: &[] },
            "\"auto\"",
            "One line a request: pretty on a terminal and JSON otherwise, or one of them always.",
        ),
        key("tls", Shape::Table(&TLS), "", "The certificate that clients are shown."),
        key("admin", Shape::Table(&ADMIN), "", "The listener for metrics and the operator."),
        key("secrets", Shape::Table(&SECRETS), "", "Secrets, by reference."),
        key("client_ip", Shape::Table(&CLIENT_IP), "", "Whom to believe about clients' addresses."),
        key(
            "limits",
            Shape::Table(&LIMITS),
            "",
            "How large messages may be, and how many at once.",
        ),
        key("time", Shape::Table(&TIME), "", "How long each phase may take."),
        key(
            "prices",
            Shape::Members(&Shape::Table(&PRICE)),
            "",
            "What tokens cost, by model: [prices.\"gpt-4o-mini\"].",
        ),
        key("store", Shape::Table(&STORE), "", "Where shares are kept."),
        key("layers", Shape::Table(&LAYERS), "", "The layers, by their id."),
        key(
            "route",
            Shape::List(&Shape::Table(&ROUTE)),
            "",
            "What the file says about some paths: [[route]].",
        ),
        later("refusals", LEAVE_OUT),
        later("insecure_partial", LEAVE_OUT),
    ],
);

static TLS: Section = Section::new(
    "The certificate that clients are shown. With it, TLS is spoken and nothing else.",
    &[
        key(
            "certificate",
            Shape::Text,
            "",
            "A file in PEM: the gate's own certificate first, then those that vouch for it.",
        ),
        key("key", Shape::Text, "", "Its private key: a file in PEM."),
        key(
            "clients",
            Shape::Text,
            "",
            "The authorities whose certificates clients may show: a file in PEM. A client without \
             one is let on, one with another is not; without this key none is asked for.",
        ),
        key(
            "crl",
            Shape::Text,
            "",
            "Which of those were revoked: a file in PEM with the list of each authority. One that \
             has ended turns all of its certificates away.",
        ),
    ],
);

static ADMIN: Section = Section::new(
    "The listener for metrics and the operator. Without this table there is none.",
    &[
        key(
            "listen",
            Shape::Text,
            "\"127.0.0.1:9180\"",
            "Its address and port; port 0 takes a free one.",
        ),
        key(
            "hosts",
            Shape::List(&Shape::Text),
            "[]",
            "Names by which it may be called, beside localhost, 127.0.0.1 and [::1].",
        ),
        key(
            "token",
            Shape::Secret,
            "",
            "What callers send as `Authorization: Bearer`, 16 bytes at least. Required off \
             loopback; there one is drawn at each start and printed.",
        ),
    ],
);

static SECRETS: Section = Section::new(
    "Secrets, by reference: `env:NAME` or `file:PATH`.",
    &[
        key(
            "signing",
            Shape::List(&Shape::Secret),
            "",
            "At least 32 bytes each. Several while rotating: the first signs, all are accepted. \
             Required off loopback and private addresses.",
        ),
        key(
            "admission",
            Shape::Secret,
            "",
            "The key of Doorward-Admitted, for the backend: 32 bytes in base64url or hexadecimal, \
             or a text of 32 bytes or more. Without it the key is derived from the first signing \
             secret.",
        ),
        key(
            "insecure_literal_secret",
            Shape::Boolean,
            "false",
            "Secrets may stand in the file itself, and so in every copy of it.",
        ),
    ],
);

static CLIENT_IP: Section = Section::new(
    "Whom to believe about clients' addresses. Without it: the socket, nothing else.",
    &[
        key(
            "trusted_proxies",
            Shape::List(&Shape::Text),
            "[]",
            "Networks of one's own proxies, \"private\", \"loopback\", or `file:PATH` for a list.",
        ),
        key(
            "from",
            Shape::Words { now: &["x-forwarded-for", "forwarded", "x-real-ip"], later: &[] },
            "\"x-forwarded-for\"",
            "The one header that they write.",
        ),
        key(
            "fingerprint_from",
            Shape::Text,
            "",
            "The header in which they tell the JA4 of a client's TLS, which they end: \"x-ja4\". \
             From anybody else it is not believed; it never goes on to the backend.",
        ),
    ],
);

static STORE: Section = Section::new(
    "Where shares are kept.",
    &[
        key(
            "url",
            Shape::Text,
            "\"memory:\"",
            "`memory:` is this process's own: shares are forgotten at a restart. `file:PATH` keeps \
             windows of an hour and more, budgets and denials in a file. `valkey://HOST`, \
             `redis://`, with an s for TLS, `unix:PATH` or `valkey+sentinel://HOST,HOST/NAME` is \
             shared by all gates of a fleet, and may come from `env:NAME`.",
        ),
        key(
            "private",
            Shape::Boolean,
            "false",
            "Its name may lead to a private address, and \
             plain text is meant.",
        ),
        key("password", Shape::Secret, "", "The password of the server that gates share."),
        key(
            "secret",
            Shape::Secret,
            "",
            "What names in a shared store are made with, the same for all its gates; without it, \
             the first signing secret, and a rotation begins everything anew.",
        ),
        key(
            "deadline",
            Shape::Duration { least_s: 0, most_s: 10 },
            "\"250ms\"",
            "How long a request waits for a shared store.",
        ),
        key(
            "instances",
            Shape::Whole { least: 1, most: 10_000 },
            "",
            "How many gates run beside each other: what each goes on with, by when_away = \
             \"local\".",
        ),
        key(
            "lease",
            Shape::Text,
            "",
            "What part of a hot share each gate takes in advance, and spends without a trip: \
             \"2%\". Never more than the share is granted; as much may lie unused for a second.",
        ),
        key(
            "insecure_evicting_store",
            Shape::Boolean,
            "false",
            "A server is taken that forgets when it is full: a copy of a request may pass.",
        ),
        key(
            "when_away",
            Shape::Words { now: &["refuse", "memory", "local"], later: &[] },
            "\"refuse\"",
            "What becomes of budgets while a file cannot keep them: they are refused, or go on in \
             this process's `memory`. What becomes of all shares while a shared store is away: \
             they are refused, or each gate goes on with its part of them (`local`).",
        ),
    ],
);

static LIMITS: Section = Section::new(
    "How large messages may be, and how many at once.",
    &[
        key(
            "head",
            Shape::Size { least: 1024, most: 1 << 20 },
            "\"64KiB\"",
            "A request's whole head.",
        ),
        key("headers", Shape::Whole { least: 8, most: 1000 }, "100", "Header lines of a request."),
        key(
            "path",
            Shape::Size { least: 64, most: 64 * 1024 },
            "\"8KiB\"",
            "Path and query of a request.",
        ),
        key(
            "connections",
            Shape::Whole { least: 1, most: 1_000_000 },
            "16384",
            "Client connections of one worker; more are refused.",
        ),
        key(
            "upstream_requests",
            Shape::Whole { least: 1, most: 1_000_000 },
            "1024",
            "Requests at one upstream at once, of one worker; more are refused.",
        ),
        key(
            "least_rate",
            Shape::Size { least: 0, most: 1 << 20 },
            "\"500B\"",
            "The least that a body moves in a second, in either direction, while its client is \
             waited for.",
        ),
    ],
);

const fn seconds(least_s: u64, most_s: u64) -> Shape {
    Shape::Duration { least_s, most_s }
}

static TIME: Section = Section::new(
    "How long each phase may take.",
    &[
        key("head", seconds(1, 3600), "\"10s\"", "From a head's first byte to its last."),
        key("idle", seconds(1, 86_400), "\"1m\"", "A kept-alive connection without a request."),
        key(
            "body",
            seconds(1, 3600),
            "\"30s\"",
            "What a client is waited for while it sends a body slowly.",
        ),
        key("write", seconds(1, 3600), "\"1m\"", "The same while it reads an answer slowly."),
        key("connect", seconds(1, 300), "\"5s\"", "Until a connection to an upstream stands."),
        key(
            "upstream",
            seconds(1, 3600),
            "\"30s\"",
            "From the request's last byte to the answer's head.",
        ),
        key(
            "stream",
            seconds(1, 86_400),
            "\"10m\"",
            "An answer that has begun and of which nothing comes.",
        ),
        key(
            "upstream_idle",
            seconds(0, 3600),
            "\"4s\"",
            "How long an unused upstream connection is kept; below what the upstream keeps it.",
        ),
        key("drain", seconds(0, 3600), "\"10s\"", "How long a stop waits for requests in flight."),
    ],
);
