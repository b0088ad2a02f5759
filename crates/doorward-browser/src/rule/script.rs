//! Which cookies of a script's are kept: what it writes into `document.cookie`.

use super::cookies::cookie;
use super::{Rule, rule};

/// A script meets `HttpOnly`.
pub(crate) const KEPT_HTTP_ONLY: Rule = cookie(
    "not-kept-http-only",
    "RFC 6265bis 5.7",
    "set-cookie",
    "A script neither makes nor replaces a cookie that is HttpOnly.",
);
/// A page without an origin.
pub(crate) const KEPT_OPAQUE: Rule = rule(
    "not-kept-opaque",
    "HTML 3.1.4",
    "https://html.spec.whatwg.org/multipage/dom.html#dom-document-cookie",
    None,
    "A sandboxed page has no cookies: writing one throws.",
);
