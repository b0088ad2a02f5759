//! Which cookies go along, and which are kept.

use super::Rule;

/// A rule of RFC 6265bis, about `Cookie` or `Set-Cookie`.
pub(super) const fn cookie(
    id: &'static str,
    section: &'static str,
    header: &'static str,
    says: &'static str,
) -> Rule {
    let link = "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis";
    Rule { id, section, link, says, header: Some(header) }
}

// Which cookies go along.

/// One's own site.
pub(crate) const COOKIE_SAME_SITE: Rule = cookie(
    "cookie-same-site",
    "RFC 6265bis 5.8.3",
    "cookie",
    "Page and server are the same site: SameSite has no say.",
);
/// `SameSite=None`.
pub(crate) const COOKIE_NONE: Rule = cookie(
    "cookie-none",
    "RFC 6265bis 5.8.3",
    "cookie",
    "SameSite=None: it goes along with requests of other sites too.",
);
/// No attribute, where that is as None.
pub(crate) const COOKIE_UNSET: Rule = cookie(
    "cookie-unset",
    "RFC 6265bis 5.6.7",
    "cookie",
    "It has no SameSite, and this engine sends such cookies along with requests of other sites.",
);
/// `Lax` and a link.
pub(crate) const COOKIE_LAX_LINK: Rule = cookie(
    "cookie-lax-link",
    "RFC 6265bis 5.8.3",
    "cookie",
    "SameSite=Lax goes along where another site's page navigates the whole tab by GET.",
);
/// Two minutes.
pub(crate) const COOKIE_LAX_GRACE: Rule = cookie(
    "cookie-lax-grace",
    "RFC 6265bis 5.6.7.2",
    "cookie",
    "It has no SameSite and is younger than two minutes: it goes along with a form of another \
     site.",
);
/// `Strict`.
pub(crate) const COOKIE_STRICT_WITHHELD: Rule = cookie(
    "cookie-strict-withheld",
    "RFC 6265bis 5.8.3",
    "cookie",
    "SameSite=Strict: it never goes along with a request of another site.",
);
/// `Lax` and no link.
pub(crate) const COOKIE_LAX_WITHHELD: Rule = cookie(
    "cookie-lax-withheld",
    "RFC 6265bis 5.8.3",
    "cookie",
    "SameSite=Lax: it goes along with another site's request only where that navigates the whole \
     tab by GET.",
);
/// `Lax` by default.
pub(crate) const COOKIE_DEFAULT_WITHHELD: Rule = cookie(
    "cookie-default-withheld",
    "RFC 6265bis 5.6.7.1",
    "cookie",
    "It has no SameSite, and this engine takes that for Lax.",
);
/// Another site's page.
pub(crate) const COOKIE_PARTITIONED: Rule = cookie(
    "cookie-partitioned",
    "CHIPS",
    "cookie",
    "In a page of another site this engine gives the server another, empty jar.",
);
/// Another site's page.
pub(crate) const COOKIE_BLOCKED: Rule = cookie(
    "cookie-blocked",
    "third-party cookies",
    "cookie",
    "In a page of another site this browser sends no cookies at all.",
);
/// `Secure` on `http:`.
pub(crate) const COOKIE_INSECURE: Rule = cookie(
    "cookie-insecure",
    "RFC 6265bis 5.8.3",
    "cookie",
    "It is Secure, and the connection is not.",
);
/// `credentials: "omit"` or another origin.
pub(crate) const COOKIE_NO_CREDENTIALS: Rule = cookie(
    "cookie-no-credentials",
    "Fetch 4.6",
    "cookie",
    "The request has no credentials: the script did not ask for them.",
);

// Which cookies are kept.

/// It is in the jar.
pub(crate) const KEPT: Rule =
    cookie("kept", "RFC 6265bis 5.7", "set-cookie", "The browser keeps it.");
/// It is out of the jar.
pub(crate) const DELETED: Rule = cookie(
    "deleted",
    "RFC 6265bis 5.7",
    "set-cookie",
    "Its time has passed: the browser forgets it.",
);
/// Not read at all.
pub(crate) const NOT_A_COOKIE: Rule = cookie(
    "not-a-cookie",
    "RFC 6265bis 5.6",
    "set-cookie",
    "The browser cannot read it, and ignores it.",
);
/// `Secure` from `http:`.
pub(crate) const KEPT_INSECURE: Rule = cookie(
    "not-kept-insecure",
    "RFC 6265bis 5.7",
    "set-cookie",
    "It is Secure, and this engine does not take such a cookie from here.",
);
/// `None` without `Secure`.
pub(crate) const KEPT_NONE_INSECURE: Rule = cookie(
    "not-kept-none",
    "RFC 6265bis 5.7",
    "set-cookie",
    "SameSite=None needs Secure: without it the browser ignores the cookie.",
);
/// A prefix that lies.
pub(crate) const KEPT_PREFIX: Rule = cookie(
    "not-kept-prefix",
    "RFC 6265bis 5.7",
    "set-cookie",
    "Its prefix promises more than it has: the browser ignores the cookie.",
);
/// Somebody else's domain.
pub(crate) const KEPT_DOMAIN: Rule = cookie(
    "not-kept-domain",
    "RFC 6265bis 5.7",
    "set-cookie",
    "Its Domain is not this server's own: the browser ignores the cookie.",
);
/// Another site's page.
pub(crate) const KEPT_CROSS_SITE: Rule = cookie(
    "not-kept-cross-site",
    "RFC 6265bis 5.7",
    "set-cookie",
    "A Lax or Strict cookie is not kept from an answer to another site's request.",
);
/// A `Secure` one is there.
pub(crate) const KEPT_SHADOWED: Rule = cookie(
    "not-kept-shadowed",
    "RFC 6265bis 5.7",
    "set-cookie",
    "A Secure cookie of that name is there, and this one came without https.",
);
/// `Partitioned` without `Secure`.
pub(crate) const KEPT_PARTITIONED: Rule = cookie(
    "not-kept-partitioned",
    "CHIPS",
    "set-cookie",
    "Partitioned needs Secure: without it the browser ignores the cookie.",
);
