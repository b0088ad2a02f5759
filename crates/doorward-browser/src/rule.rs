//! The rules that decide, each spelled once: what it says, where it stands, which header it read.

/// One rule of the specifications, or a measured habit of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, for tables and links.
    pub id: &'static str,
    /// The specification's section, as in `Fetch 4.10`.
    pub section: &'static str,
    /// Its address.
    pub link: &'static str,
    /// What it says, in one sentence.
    pub says: &'static str,
    /// The header that decided, in lower case, of the request or of the answer; none where no
    /// single one did.
    pub header: Option<&'static str>,
}

impl Rule {
    /// The rule of a question that was answered with yes.
    #[must_use]
    pub const fn approved() -> Self {
        APPROVED
    }

    /// The rule of a request that is sent without asking.
    #[must_use]
    pub const fn simple() -> Self {
        SIMPLE
    }
}

/// A rule of Fetch, HTML or another living standard.
const fn rule(
    id: &'static str,
    section: &'static str,
    link: &'static str,
    header: Option<&'static str>,
    says: &'static str,
) -> Rule {
    Rule { id, section, link, says, header }
}

/// A rule of RFC 6265bis, about `Cookie` or `Set-Cookie`.
const fn cookie(
    id: &'static str,
    section: &'static str,
    header: &'static str,
    says: &'static str,
) -> Rule {
    let link = "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis";
    Rule { id, section, link, says, header: Some(header) }
}

const ALLOW_ORIGIN: Option<&str> = Some("access-control-allow-origin");
const ALLOW_CREDENTIALS: Option<&str> = Some("access-control-allow-credentials");
const ALLOW_METHODS: Option<&str> = Some("access-control-allow-methods");
const ALLOW_HEADERS: Option<&str> = Some("access-control-allow-headers");
const REQUEST_HEADERS: Option<&str> = Some("access-control-request-headers");
const REQUEST_METHOD: Option<&str> = Some("access-control-request-method");
const CHECK: &str = "https://fetch.spec.whatwg.org/#concept-cors-check";
const PREFLIGHT: &str = "https://fetch.spec.whatwg.org/#cors-preflight-fetch";
const SAFELIST: &str = "https://fetch.spec.whatwg.org/#cors-safelisted-request-header";
const METHODS: &str = "https://fetch.spec.whatwg.org/#cors-safelisted-method";
const MAIN: &str = "https://fetch.spec.whatwg.org/#concept-main-fetch";
const CLASS: &str = "https://fetch.spec.whatwg.org/#request-class";
const NAVIGATE: &str = "https://html.spec.whatwg.org/multipage/browsing-the-web.html#navigate";

// What never leaves the page.

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

// Why it asks first.

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

// Who may read.

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
/// Beyond this model.
pub(crate) const REDIRECT: Rule = rule(
    "redirect",
    "Fetch 4.5",
    "https://fetch.spec.whatwg.org/#concept-http-redirect-fetch",
    Some("location"),
    "The answer is a redirect, and what browsers make of it is not modelled yet.",
);

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
