//! Who may read an answer.

use super::{ALLOW_CREDENTIALS, ALLOW_ORIGIN, CHECK, CLASS, MAIN, NAVIGATE, Rule, rule};

/// One's own origin.
pub(crate) const OWN_ORIGIN: Rule = rule(
    "own-origin",
    "Fetch 4.1",
    MAIN,
    None,
    "Page and server are one origin: CORS has no say, and the page reads the answer.",
);
/// `no-cors`.
pub(crate) const OPAQUE: Rule = rule(
    "opaque",
    "Fetch 2.2.6",
    "https://fetch.spec.whatwg.org/#concept-filtered-response-opaque",
    None,
    "In no-cors mode the request is sent, and the page is given an answer without content.",
);
/// A navigation.
pub(crate) const NAVIGATION: Rule = rule(
    "navigation",
    "HTML 7.4.2",
    NAVIGATE,
    None,
    "A form or a link replaces the page: the request is sent, the person sees the answer, and the \
     page that asked cannot read it.",
);
/// A navigation that replaces nothing.
pub(crate) const STAYS: Rule = rule(
    "stays",
    "HTML 7.4.5",
    NAVIGATE,
    None,
    "The answer has nothing to show, or is a file to save: the request is sent, and the page stays \
     where it is.",
);
/// An element that has no script to hand it to.
pub(crate) const EMBEDDED: Rule = rule(
    "embedded",
    "Fetch 2.2.5",
    CLASS,
    None,
    "An element loads it without CORS: the request is sent, and no script reads the answer.",
);
/// No permission at all.
pub(crate) const ORIGIN_MISSING: Rule = rule(
    "origin-missing",
    "Fetch 4.10",
    CHECK,
    ALLOW_ORIGIN,
    "The answer has no Access-Control-Allow-Origin: the page may not read it.",
);
/// Two of them.
pub(crate) const ORIGIN_REPEATED: Rule = rule(
    "origin-repeated",
    "Fetch 4.10",
    CHECK,
    ALLOW_ORIGIN,
    "The answer has more than one Access-Control-Allow-Origin: together they name nobody.",
);
/// Somebody else.
pub(crate) const ORIGIN_OTHER: Rule = rule(
    "origin-other",
    "Fetch 4.10",
    CHECK,
    ALLOW_ORIGIN,
    "Access-Control-Allow-Origin names another origin than this page's.",
);
/// Everybody, but without cookies.
pub(crate) const STAR_WITH_CREDENTIALS: Rule = rule(
    "star-with-credentials",
    "Fetch 4.10",
    CHECK,
    ALLOW_ORIGIN,
    "With credentials `*` is an origin like any other, and no page has it.",
);
/// No word of credentials.
pub(crate) const CREDENTIALS_MISSING: Rule = rule(
    "credentials-missing",
    "Fetch 4.10",
    CHECK,
    ALLOW_CREDENTIALS,
    "The request has credentials, and the answer does not say Access-Control-Allow-Credentials: \
     true.",
);
/// It is this page.
pub(crate) const ORIGIN_ALLOWED: Rule = rule(
    "origin-allowed",
    "Fetch 4.10",
    CHECK,
    ALLOW_ORIGIN,
    "Access-Control-Allow-Origin names this page's origin: the page reads the answer.",
);
/// It is everybody.
pub(crate) const STAR_ALLOWED: Rule = rule(
    "star-allowed",
    "Fetch 4.10",
    CHECK,
    ALLOW_ORIGIN,
    "Access-Control-Allow-Origin is `*`, and the request has no credentials: any page reads the \
     answer.",
);
/// Nobody answered.
pub(crate) const NO_ANSWER: Rule = rule(
    "no-answer",
    "Fetch 4.7",
    "https://fetch.spec.whatwg.org/#concept-http-network-fetch",
    None,
    "There was no answer. To a page this looks like a refusal by CORS.",
);
/// Beyond this model.
pub(crate) const NOT_MODELLED: Rule = rule(
    "not-modelled",
    "Fetch 4.1",
    MAIN,
    None,
    "What browsers make of this is not modelled yet.",
);
/// A socket that is open.
pub(crate) const WEBSOCKET: Rule = rule(
    "websocket",
    "Fetch 4.1",
    MAIN,
    None,
    "CORS has no say over a WebSocket: the page sends and reads, unless the server looks at \
     Origin.",
);
/// A socket that did not open.
pub(crate) const NOT_A_WEBSOCKET: Rule = rule(
    "not-a-websocket",
    "WebSockets 2.1",
    "https://websockets.spec.whatwg.org/#concept-websocket-establish",
    Some("upgrade"),
    "The server does not change to the protocol of WebSockets: the page gets an error.",
);
/// A stream of events that is none.
pub(crate) const NOT_A_STREAM: Rule = rule(
    "not-a-stream",
    "HTML 9.2.3",
    "https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model",
    Some("content-type"),
    "The answer is no 200 of the type text/event-stream: the page gets an error.",
);
/// A beacon, a ping, a report.
pub(crate) const NOBODY_WAITS: Rule = rule(
    "nobody-waits",
    "Fetch 2.2.5",
    CLASS,
    None,
    "Nobody waits for the answer: the request is sent, and no script reads it.",
);
/// `integrity` of an answer without content.
pub(crate) const INTEGRITY_OPAQUE: Rule = rule(
    "integrity-opaque",
    "Fetch 4.1",
    MAIN,
    None,
    "The page wants to compare the content, and in no-cors mode it may not: it gets an error.",
);
