//! The rules that decide, each spelled once: what it says, where it stands, which header it read.

mod chain;
mod cookies;
mod elements;
mod questions;
mod readers;
mod script;
mod unsent;

pub(crate) use self::chain::*;
pub(crate) use self::cookies::*;
pub(crate) use self::elements::*;
pub(crate) use self::questions::*;
pub(crate) use self::readers::*;
pub(crate) use self::script::*;
pub(crate) use self::unsent::*;

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
const LOCAL_NETWORK: &str = "https://wicg.github.io/local-network-access/";
const MIXED: &str = "https://w3c.github.io/webappsec-mixed-content/#should-block-fetch";
const REDIRECTING: &str = "https://fetch.spec.whatwg.org/#concept-http-redirect-fetch";
const POLICY: &str = "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header";
const NOSNIFF: &str = "https://fetch.spec.whatwg.org/#x-content-type-options-header";
