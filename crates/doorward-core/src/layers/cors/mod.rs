//! # Cors
//!
//! Answers preflights, and writes the headers that let an allowed page read an answer.
//!
//! ## What it stops
//!
//! * Preflighted requests of pages that are not allowed (JSON, PUT, DELETE, custom headers): the
//!   browser never sends them (lab: `json-post`, `auth-get`; CWE-942).
//! * A backend's own mistakes: blanket preflights, mirrored origins, `*`, two
//!   `Access-Control-Allow-Origin`, a missing `Vary` (lab: `blanket-preflight`, `missing-vary`).
//!
//! ## How it decides
//!
//! 1. A preflight is `OPTIONS` with `Origin` and `Access-Control-Request-Method`; anything else
//!    passes. Every preflight ends here, allowed or not.
//! 2. Its origin must be allowed on the route, or the gate's own; the headers must be clear.
//! 3. The approval mirrors the origin, names the route's methods, and echoes the headers asked for
//!    (at most `ECHO_NAMES_MAX` names, `ECHO_BYTES_MAX` bytes), since SDKs send their own.
//! 4. An answer loses the backend's `Access-Control-*`; for an allowed origin it gets the gate's,
//!    with the backend's exposed names kept. `Vary: Origin` is on every answer.
//!
//! ## What it does not stop
//!
//! * Any actual request: CORS decides what a page may *read*. `site` refuses requests.
//! * Programs: they send no preflight, and do not look at the answer's headers.
//! * A browser that remembers an approval: a removed origin is felt after `max_age_s` at the
//!   latest.
//!
//! ## When it cannot decide
//!
//! A repeated or unreadable header of a preflight is a refusal. In monitor it leaves preflights and
//! headers to the backend.
//!
//! ## References
//!
//! Fetch 3.3 (CORS protocol), 4.8 to 4.10; RFC 9110 12.5.5 (`Vary`).

mod beside;

pub(crate) use beside::{approve_own, asks_for_own, reply_alone, strip};

use super::{Meta, Need, Step, method};
use crate::header::{One, is_token};
use crate::reason::Words;
use crate::verdict::Reply;
use crate::visit::{OriginIs, Visit};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "cors",
    title: "Answers preflights, and writes the headers that let an allowed page read an answer.",
    needs: &[Need::Dress],
    can_be_off: true,
    store_away: None,
    source: include_str!("mod.rs"),
};

/// Why this layer refuses a preflight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The origin is not allowed.
    Origin,
    /// A header of the preflight is repeated, unreadable or malformed.
    Unclear,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Origin, Self::Unclear];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        let (code, title, advice) = match self {
            Self::Origin => (
                "cors/origin",
                "Not approved: the page's origin is not allowed to send this request",
                "If the page is yours, add its origin to `origins`.",
            ),
            Self::Unclear => (
                "cors/unclear",
                "Not approved: a header of the preflight is repeated, unreadable or malformed",
                "Send each header of a preflight once, as browsers do (Fetch 4.8).",
            ),
        };
        Words { code, status: StatusCode::FORBIDDEN, title, advice }
    }
}

/// Names of headers that are echoed at the most.
pub const ECHO_NAMES_MAX: usize = 64;
/// Bytes of names of headers that are echoed at the most.
pub const ECHO_BYTES_MAX: usize = 4096;
/// Seconds for which a browser may remember an approval: what Chromium caps it to.
pub const MAX_AGE_S: u32 = 7200;

/// How approvals are given.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Pages may send cookies, and read the answers.
    pub credentials: bool,
    /// Seconds for which a browser may remember an approval.
    pub max_age_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { credentials: false, max_age_s: MAX_AGE_S }
    }
}

/// Checked settings.
#[derive(Debug)]
pub struct Policy {
    credentials: bool,
    max_age: HeaderValue,
}

impl Policy {
    /// Prepares the headers that never change.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { credentials: settings.credentials, max_age: HeaderValue::from(settings.max_age_s) }
    }
}

static TRUE: HeaderValue = HeaderValue::from_static("true");
static VARY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
static VARY_PREFLIGHT: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
);
/// What a page may read of the gate's own headers on a refusal.
static EXPOSED_OWN: HeaderValue =
    HeaderValue::from_static("Doorward-Refusal, Retry-After, RateLimit, RateLimit-Policy");

/// Whether a request is a preflight (Fetch 3.3.2): without a method asked for, `OPTIONS` is
/// ordinary.
#[must_use]
pub fn is_preflight(visit: &Visit<'_>) -> bool {
    *visit.view.method == Method::OPTIONS
        && !visit.seen.origin.is_absent()
        && !visit.seen.preflight_method.is_absent()
}

/// Answers preflights; lets everything else pass.
#[must_use]
pub fn inspect(policy: &Policy, visit: &Visit<'_>) -> Step {
    if !is_preflight(visit) {
        return Step::Next;
    }
    match visit.origin {
        OriginIs::Own | OriginIs::Allowed => {}
        OriginIs::Other | OriginIs::Null | OriginIs::Absent => return refuse(Reason::Origin),
        OriginIs::Unclear => return refuse(Reason::Unclear),
    }
    match approve(policy, visit) {
        Some(reply) => Step::Reply(Box::new(reply)),
        None => refuse(Reason::Unclear),
    }
}

fn approve(policy: &Policy, visit: &Visit<'_>) -> Option<Reply> {
    let asked = visit.seen.preflight_method.value()?;
    let asked_method = Method::from_bytes(asked.as_bytes()).ok()?;
    let route = visit.route();
    let allowed = if route.methods.contains(&asked_method) {
        HeaderValue::from_str(asked).ok()?
    } else {
        HeaderValue::from_str(&method::allow(route)).ok()?
    };
    let mut headers = HeaderMap::with_capacity(6);
    allow_origin(policy, visit.seen.origin.value()?, &mut headers)?;
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allowed);
    if let Some(names) = asked_names(visit.view.headers)? {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, policy.max_age.clone());
    headers.insert(header::VARY, VARY_PREFLIGHT.clone());
    Some(Reply { status: StatusCode::NO_CONTENT, headers, body: bytes::Bytes::new() })
}

fn allow_origin(policy: &Policy, origin: &str, headers: &mut HeaderMap) -> Option<()> {
    let value = HeaderValue::from_str(origin).ok()?;
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
    if policy.credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE.clone());
    }
    Some(())
}

/// The headers asked for, to be echoed. `None`: not a list of names, or too long.
fn asked_names(headers: &HeaderMap) -> Option<Option<HeaderValue>> {
    let mut lines = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let Some(line) = lines.next() else { return Some(None) };
    if lines.next().is_some() || line.len() > ECHO_BYTES_MAX {
        return None;
    }
    let text = line.to_str().ok()?;
    if text.trim().is_empty() {
        return Some(None);
    }
    let mut count = 0;
    for name in text.split(',') {
        count += 1;
        if count > ECHO_NAMES_MAX || !is_token(name.trim().as_bytes()) {
            return None;
        }
    }
    Some(Some(line.clone()))
}

/// Lets an allowed page read a reply of the gate's own, refusals included.
pub(crate) fn dress_own(policy: &Policy, mirror: Option<&HeaderValue>, headers: &mut HeaderMap) {
    merge_vary(headers);
    let Some(origin) = mirror else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_OWN.clone());
    if policy.credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE.clone());
    }
}

/// Writes the gate's headers on the backend's answer, in place of the backend's.
pub(crate) fn dress(policy: &Policy, mirror: Option<&HeaderValue>, headers: &mut HeaderMap) {
    let exposed = take_backends(policy, headers);
    merge_vary(headers);
    let Some(origin) = mirror else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    if policy.credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE.clone());
    }
    if let Some(exposed) = exposed {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// Removes the backend's `Access-Control-*`; what it exposed is kept for the gate's own.
fn take_backends(policy: &Policy, headers: &mut HeaderMap) -> Option<HeaderValue> {
    let is_cors = |name: &HeaderName| name.as_str().starts_with("access-control-");
    if !headers.keys().any(is_cors) {
        return None;
    }
    let mut exposed: Vec<String> = Vec::new();
    for line in headers.get_all(header::ACCESS_CONTROL_EXPOSE_HEADERS) {
        let Ok(text) = line.to_str() else { continue };
        exposed.extend(text.split(',').map(|name| name.trim().to_owned()));
    }
    // With credentials `*` is a name like any other (Fetch 3.3.5), so it is written out.
    if policy.credentials && exposed.iter().any(|name| name == "*") {
        exposed = headers
            .keys()
            .filter(|name| !is_cors(name) && **name != header::SET_COOKIE)
            .map(|name| name.as_str().to_owned())
            .collect();
    }
    let names: Vec<HeaderName> = headers.keys().filter(|name| is_cors(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
    exposed.retain(|name| is_token(name.as_bytes()));
    if exposed.is_empty() { None } else { HeaderValue::from_str(&exposed.join(", ")).ok() }
}

/// Adds `Origin` to `Vary`, unless it is there or `*` is.
fn merge_vary(headers: &mut HeaderMap) {
    let covered = headers.get_all(header::VARY).iter().any(|line| {
        line.to_str().is_ok_and(|text| {
            let mut names = text.split(',').map(str::trim);
            names.any(|name| name == "*" || name.eq_ignore_ascii_case("origin"))
        })
    });
    if !covered {
        headers.append(header::VARY, VARY_ORIGIN.clone());
    }
}

/// The value that mirrors an allowed or own origin of this visit; none for others.
pub(crate) fn mirror(visit: &Visit<'_>) -> Option<HeaderValue> {
    let One::Value(origin) = visit.seen.origin else { return None };
    match visit.origin {
        OriginIs::Allowed => visit.origins().mirror(origin),
        // One's own page needs no permission; a cross-origin one of ours (an alias) gets it.
        OriginIs::Own => HeaderValue::from_str(origin).ok(),
        OriginIs::Other | OriginIs::Null | OriginIs::Absent | OriginIs::Unclear => None,
    }
}

const fn refuse(reason: Reason) -> Step {
    Step::Refuse(crate::reason::Reason::Cors(reason))
}
