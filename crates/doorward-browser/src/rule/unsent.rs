//! What never leaves the page, and why.

use super::{CLASS, LOCAL_NETWORK, MAIN, MIXED, Rule, rule};

/// `no-cors` with another method.
pub(crate) const NO_CORS_METHOD: Rule = rule(
    "no-cors-method",
    "Fetch 5.4",
    CLASS,
    None,
    "In no-cors mode only GET, HEAD and POST can be asked for: fetch throws before anything is \
     sent.",
);
/// CONNECT, TRACE, TRACK, or no token.
pub(crate) const METHOD_FORBIDDEN: Rule = rule(
    "method-forbidden",
    "Fetch 5.4",
    CLASS,
    None,
    "No script may use this method: fetch throws before anything is sent.",
);
/// A name or a value that is none.
pub(crate) const HEADER_MALFORMED: Rule = rule(
    "header-malformed",
    "Fetch 5.1",
    CLASS,
    None,
    "A header's name or value is malformed: fetch throws before anything is sent.",
);
/// A body with GET or HEAD.
pub(crate) const BODY_NOT_ALLOWED: Rule = rule(
    "body-not-allowed",
    "Fetch 5.4",
    CLASS,
    None,
    "GET and HEAD have no body: fetch throws before anything is sent.",
);
/// `same-origin` mode to another origin.
pub(crate) const SAME_ORIGIN_ONLY: Rule = rule(
    "same-origin-only",
    "Fetch 4.1",
    MAIN,
    None,
    "The script asked for its own origin only: nothing is sent to another.",
);
/// `javascript:`, `data:`, `ftp:`.
pub(crate) const SCHEME: Rule =
    rule("scheme", "Fetch 4.1", MAIN, None, "Only http: and https: have CORS: nothing is sent.");
/// An engine that does not follow it.
pub(crate) const NOT_FOLLOWED: Rule = rule(
    "not-followed",
    "HTML 4.6.7.18",
    "https://html.spec.whatwg.org/multipage/links.html#link-type-prefetch",
    None,
    "This engine does not follow <link rel=prefetch>: nothing is sent.",
);
/// `mode: "navigate"` or `"websocket"`.
pub(crate) const MODE_FORBIDDEN: Rule = rule(
    "mode-forbidden",
    "Fetch 5.4",
    CLASS,
    None,
    "No script may ask in this mode: fetch throws before anything is sent.",
);
/// `only-if-cached` for another origin.
pub(crate) const ONLY_IF_CACHED_MODE: Rule = rule(
    "only-if-cached-mode",
    "Fetch 5.4",
    CLASS,
    None,
    "only-if-cached needs the mode same-origin: fetch throws before anything is sent.",
);
/// `https://user:password@host/`.
pub(crate) const ADDRESS_CREDENTIALS: Rule = rule(
    "address-credentials",
    "Fetch 5.4",
    CLASS,
    None,
    "The address holds a name or a password: fetch throws before anything is sent.",
);
/// A stream, in an engine that sends none.
pub(crate) const STREAM_UNKNOWN: Rule = rule(
    "stream-unknown",
    "measured",
    CLASS,
    None,
    "This engine sends no streams: fetch throws before anything is sent.",
);
/// A stream without `duplex`.
pub(crate) const STREAM_DUPLEX: Rule = rule(
    "stream-duplex",
    "Fetch 5.4",
    CLASS,
    None,
    "A stream needs duplex: \"half\": fetch throws before anything is sent.",
);
/// A stream in `no-cors` mode.
pub(crate) const STREAM_MODE: Rule = rule(
    "stream-mode",
    "Fetch 5.4",
    CLASS,
    None,
    "A stream can be sent in the modes cors and same-origin only: fetch throws before anything is \
     sent.",
);
/// A stream that would outlive its page.
pub(crate) const STREAM_KEEPALIVE: Rule = rule(
    "stream-keepalive",
    "Fetch 5.2",
    "https://fetch.spec.whatwg.org/#concept-bodyinit-extract",
    None,
    "A stream cannot outlive its page: with keepalive the call throws before anything is sent.",
);
/// A beacon, a socket or another with a scheme that is not theirs.
pub(crate) const SCHEME_FORBIDDEN: Rule = rule(
    "scheme-forbidden",
    "HTML 9.2",
    "https://html.spec.whatwg.org/multipage/web-sockets.html#network",
    None,
    "The address has a scheme that this call does not take: it throws before anything is sent.",
);
/// More than 64 KiB beyond the page's life.
pub(crate) const KEEPALIVE_SIZE: Rule = rule(
    "keepalive-size",
    "Fetch 4.6",
    "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    None,
    "With keepalive a body has at most 64 KiB: nothing is sent.",
);
/// A stylesheet's, worker's or script's redirect mode in `no-cors`.
pub(crate) const NO_CORS_REDIRECT: Rule = rule(
    "no-cors-redirect",
    "Fetch 4.1",
    MAIN,
    None,
    "In no-cors mode redirects of another origin can only be followed: nothing is sent.",
);
/// A port of another protocol.
pub(crate) const BAD_PORT: Rule = rule(
    "bad-port",
    "Fetch 2.9",
    "https://fetch.spec.whatwg.org/#bad-port",
    None,
    "The port belongs to another protocol: nothing is sent.",
);
/// `http:` in a page of `https:`.
pub(crate) const MIXED_CONTENT: Rule = rule(
    "mixed-content",
    "Mixed Content 4.4",
    MIXED,
    None,
    "A page of https: may not load from http: addresses: nothing is sent.",
);
/// The scheme `data:`.
pub(crate) const NO_NETWORK: Rule = rule(
    "no-network",
    "Fetch 4.2",
    "https://fetch.spec.whatwg.org/#scheme-fetch",
    None,
    "The address holds its own content: no server is asked.",
);
/// `only-if-cached`, and it is not.
pub(crate) const NOT_CACHED: Rule = rule(
    "not-cached",
    "Fetch 4.6",
    "https://fetch.spec.whatwg.org/#http-network-or-cache-fetch",
    None,
    "The script wants it from the cache only, and it is not there: nothing is sent.",
);
/// A nearer address space, and nobody was asked yet.
pub(crate) const LOCAL_NETWORK_PROMPT: Rule = rule(
    "local-network-prompt",
    "Local Network Access 3",
    LOCAL_NETWORK,
    None,
    "The server is nearer than the page: the browser asks the person first, and no header of the \
     server's can say yes.",
);
/// A nearer address space, and the person said no.
pub(crate) const LOCAL_NETWORK_DENIED: Rule = rule(
    "local-network-denied",
    "Local Network Access 3",
    LOCAL_NETWORK,
    None,
    "The server is nearer than the page, and the person does not let the page ask it: nothing is \
     sent.",
);
/// A nearer address space, from a page by plain `http:`.
pub(crate) const LOCAL_NETWORK_INSECURE: Rule = rule(
    "local-network-insecure",
    "Local Network Access 3",
    LOCAL_NETWORK,
    None,
    "The server is nearer than the page, and the page is no secure context: nothing is sent.",
);
/// `targetAddressSpace` that is not the server's.
pub(crate) const LOCAL_NETWORK_OTHER: Rule = rule(
    "local-network-other",
    "Local Network Access 3",
    LOCAL_NETWORK,
    None,
    "The server is in another address space than the script named: nothing is sent.",
);
