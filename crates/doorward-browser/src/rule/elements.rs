//! What an element is given of an answer in `no-cors` mode.

use super::{NOSNIFF, POLICY, Rule, rule};

/// `Cross-Origin-Resource-Policy` says no.
pub(crate) const RESOURCE_POLICY: Rule = rule(
    "resource-policy",
    "Fetch 3.7",
    POLICY,
    Some("cross-origin-resource-policy"),
    "Cross-Origin-Resource-Policy keeps the answer from this page: the request was sent, and the \
     page gets an error.",
);
/// `Cross-Origin-Embedder-Policy` wants a word that is missing.
pub(crate) const EMBEDDER_POLICY: Rule = rule(
    "embedder-policy",
    "Fetch 3.7",
    POLICY,
    Some("cross-origin-resource-policy"),
    "The page takes from other origins only what says Cross-Origin-Resource-Policy: the request \
     was sent, and the page gets an error.",
);
/// `nosniff` and another type.
pub(crate) const NO_SNIFF: Rule = rule(
    "nosniff",
    "Fetch 3.6",
    NOSNIFF,
    Some("x-content-type-options"),
    "With nosniff the element takes its own type only: the request was sent, and the element gets \
     an error.",
);
/// A type that is no script.
pub(crate) const SCRIPT_TYPE: Rule = rule(
    "script-type",
    "Fetch 2.10",
    "https://fetch.spec.whatwg.org/#should-response-to-request-be-blocked-due-to-mime-type?",
    Some("content-type"),
    "An image, sound, film or text/csv is never run as a script: the request was sent, and the \
     element gets an error.",
);
/// Data that no element needs.
pub(crate) const OPAQUE_BLOCKED: Rule = rule(
    "opaque-blocked",
    "Opaque Response Blocking",
    "https://github.com/annevk/orb",
    Some("content-type"),
    "This engine hands data of another origin to no element: the request was sent, and the element \
     gets an error.",
);
/// Something else than the element shows.
pub(crate) const OTHER_TYPE: Rule = rule(
    "other-type",
    "HTML 4.8.4.3",
    "https://html.spec.whatwg.org/multipage/images.html#updating-the-image-data",
    Some("content-type"),
    "It is not what the element shows: the request was sent, and the element gets an error.",
);
/// A status that an element takes for an error.
pub(crate) const ELEMENT_STATUS: Rule = rule(
    "element-status",
    "HTML 8.1.4.2",
    "https://html.spec.whatwg.org/multipage/webappapis.html#fetching-scripts",
    None,
    "The element takes a status from 200 to 299 only: the request was sent, and the element gets \
     an error.",
);
