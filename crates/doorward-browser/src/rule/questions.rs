//! Why a browser asks first, and what the answer to its question lacks.

use super::{
    ALLOW_HEADERS, ALLOW_METHODS, CLASS, METHODS, PREFLIGHT, REQUEST_HEADERS, REQUEST_METHOD, Rule,
    SAFELIST, rule,
};

/// Nothing to ask.
pub(crate) const SIMPLE: Rule = rule(
    "simple",
    "Fetch 2.2.2",
    SAFELIST,
    Some("content-type"),
    "Method, headers and content type are such that any form could send them too: the request is \
     sent without asking.",
);
/// By its method.
pub(crate) const ASKS_METHOD: Rule = rule(
    "asks-method",
    "Fetch 2.2.1",
    METHODS,
    REQUEST_METHOD,
    "The method is none of GET, HEAD and POST: the browser asks first.",
);
/// By a header.
pub(crate) const ASKS_HEADER: Rule = rule(
    "asks-header",
    "Fetch 2.2.2",
    SAFELIST,
    REQUEST_HEADERS,
    "A header is not on the safelist: the browser asks first.",
);
/// By the content type.
pub(crate) const ASKS_TYPE: Rule = rule(
    "asks-type",
    "Fetch 2.2.2",
    SAFELIST,
    REQUEST_HEADERS,
    "The content type is none of the three that a form can send: the browser asks first.",
);
/// By a streamed body.
pub(crate) const ASKS_STREAM: Rule =
    rule("asks-stream", "Fetch 5.4", CLASS, None, "The body is a stream: the browser asks first.");
/// By a listener.
pub(crate) const ASKS_UPLOAD: Rule = rule(
    "asks-upload",
    "Fetch 2.2.5",
    "https://xhr.spec.whatwg.org/#the-send()-method",
    None,
    "A script listens to the upload: the browser asks first.",
);
/// It was asked before.
pub(crate) const REMEMBERED: Rule = rule(
    "remembered",
    "Fetch 4.9",
    "https://fetch.spec.whatwg.org/#cors-preflight-cache",
    None,
    "The browser remembers that it asked before: the request is sent without asking again.",
);

// What the answer to the question lacks.

/// A yes.
pub(crate) const APPROVED: Rule = rule(
    "approved",
    "Fetch 4.8",
    PREFLIGHT,
    ALLOW_HEADERS,
    "The answer to the preflight names this page, the method and the headers: the request is sent.",
);
/// Its status.
pub(crate) const PREFLIGHT_STATUS: Rule = rule(
    "preflight-status",
    "Fetch 4.8",
    PREFLIGHT,
    None,
    "The answer to the preflight has no status from 200 to 299: the request is not sent.",
);
/// A list that is none.
pub(crate) const PREFLIGHT_MALFORMED: Rule = rule(
    "preflight-malformed",
    "Fetch 4.8",
    PREFLIGHT,
    ALLOW_HEADERS,
    "A list in the answer to the preflight is malformed: the request is not sent.",
);
/// The method.
pub(crate) const METHOD_NOT_ALLOWED: Rule = rule(
    "method-not-allowed",
    "Fetch 4.8",
    PREFLIGHT,
    ALLOW_METHODS,
    "The answer to the preflight does not list the method: the request is not sent.",
);
/// `Authorization` below a star.
pub(crate) const AUTHORIZATION_NOT_ALLOWED: Rule = rule(
    "authorization-not-allowed",
    "Fetch 4.8",
    PREFLIGHT,
    ALLOW_HEADERS,
    "`*` does not cover Authorization, and the answer does not list it: the request is not sent.",
);
/// A header.
pub(crate) const HEADER_NOT_ALLOWED: Rule = rule(
    "header-not-allowed",
    "Fetch 4.8",
    PREFLIGHT,
    ALLOW_HEADERS,
    "The answer to the preflight does not list a header: the request is not sent.",
);
