//! What becomes of a redirect.

use super::{REDIRECTING, Rule, rule};

const LOCATION: Option<&str> = Some("location");

/// `redirect: "error"`.
pub(crate) const REDIRECT_ERROR: Rule = rule(
    "redirect-error",
    "Fetch 4.4",
    REDIRECTING,
    LOCATION,
    "The script takes a redirect for an error: the next address is not asked.",
);
/// `redirect: "manual"`.
pub(crate) const REDIRECT_MANUAL: Rule = rule(
    "redirect-manual",
    "Fetch 4.4",
    REDIRECTING,
    LOCATION,
    "The script is told that there was a redirect and nothing else: the next address is not asked.",
);
/// An address that is none.
pub(crate) const REDIRECT_MALFORMED: Rule = rule(
    "redirect-malformed",
    "Fetch 4.5",
    REDIRECTING,
    LOCATION,
    "Location is no address: the page gets an error.",
);
/// `Location: data:…`.
pub(crate) const REDIRECT_SCHEME: Rule = rule(
    "redirect-scheme",
    "Fetch 4.5",
    REDIRECTING,
    LOCATION,
    "A redirect may lead to http: and https: only: the page gets an error.",
);
/// The twenty-first.
pub(crate) const REDIRECT_TOO_MANY: Rule = rule(
    "redirect-too-many",
    "Fetch 4.5",
    REDIRECTING,
    LOCATION,
    "Twenty redirects are followed, and no more: the page gets an error.",
);
/// A name or a password in the next address.
pub(crate) const REDIRECT_CREDENTIALS: Rule = rule(
    "redirect-credentials",
    "Fetch 4.5",
    REDIRECTING,
    LOCATION,
    "Location holds a name or a password, and another origin has a part in it: the page gets an \
     error.",
);
/// A body that is gone.
pub(crate) const REDIRECT_STREAM: Rule = rule(
    "redirect-stream",
    "Fetch 4.5",
    REDIRECTING,
    LOCATION,
    "The body was a stream and cannot be sent twice: the page gets an error.",
);
