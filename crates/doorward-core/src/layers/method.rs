//! # Method
//!
//! Refuses requests whose method is not what the route is for.
//!
//! ## What it stops
//!
//! * A safe method on a route that changes state (`effect = "write"`): images, links, prefetches,
//!   crawlers and retries cannot set anything off (lab: `get-side-effect`; RFC 9110 9.2.1;
//!   CWE-352).
//! * Methods that a route does not declare; TRACE, TRACK and CONNECT always.
//! * Method overrides (`X-HTTP-Method-Override`, `X-HTTP-Method`, `X-Method-Override`, `_method`
//!   in the query) that name what the route does not allow, or that turn a safe method into
//!   another.
//!
//! ## How it decides
//!
//! 1. TRACE, TRACK, CONNECT, in any case: refused.
//! 2. A method that is neither declared nor commonly known: refused.
//! 3. A method that the route does not declare (GET declares HEAD with it): refused.
//! 4. A safe method on a route with `effect = "write"`: refused.
//! 5. An override is judged as the method that it names, by 1 to 4; a safe method overridden by
//!    anything but itself is refused, and so is every override where `override = "refuse"`.
//!
//! ## What it does not stop
//!
//! * A `_method` field inside a body: bodies are read by another layer.
//! * A backend that changes state on GET where no route says so: declare `effect = "write"`.
//!
//! ## When it cannot decide
//!
//! A repeated or unreadable override header is refused (`method/override`).
//!
//! ## References
//!
//! RFC 9110 9; RFC 5789; Fetch, forbidden methods; CWE-650.

use http::{Method, StatusCode};

use super::{Meta, Step};
use crate::form;
use crate::header::One;
use crate::query;
use crate::reason::Words;
use crate::route::{Effect, Kind, Override, Route};
use crate::visit::Visit;

/// What is said about this layer.
pub const META: Meta = Meta {
    id: "method",
    title: "Refuses requests whose method is not what the route is for.",
    needs: &[],
    can_be_off: true,
    store_away: None,
    source: include_str!("method.rs"),
};

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// TRACE, TRACK, CONNECT.
    Never,
    /// A method nobody knows.
    Unknown,
    /// Not declared by the route.
    NotDeclared,
    /// A safe method on a route that changes state.
    SafeOnWrite,
    /// An override that is not allowed.
    Override,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Never, Self::Unknown, Self::NotDeclared, Self::SafeOnWrite, Self::Override];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        let (code, status, title, advice) = match self {
            Self::Never => (
                "method/never",
                StatusCode::METHOD_NOT_ALLOWED,
                "Refused: this method is never let through",
                "TRACE, TRACK and CONNECT have no place behind a gate.",
            ),
            Self::Unknown => (
                "method/unknown",
                StatusCode::NOT_IMPLEMENTED,
                "Refused: this method is not a commonly known one",
                "If the backend knows it, declare it in the route's `methods`.",
            ),
            Self::NotDeclared => (
                "method/not-declared",
                StatusCode::METHOD_NOT_ALLOWED,
                "Refused: this address does not take this method",
                "Use a method of the Allow header, or add it to the route's `methods`.",
            ),
            Self::SafeOnWrite => (
                "method/safe-on-write",
                StatusCode::METHOD_NOT_ALLOWED,
                "Refused: this address changes something, and GET and HEAD must not",
                "Send it as POST, PUT, PATCH or DELETE (RFC 9110 9.2.1).",
            ),
            Self::Override => (
                "method/override",
                StatusCode::BAD_REQUEST,
                "Refused: the request names a second method that is not allowed here",
                "Send the method itself, without X-HTTP-Method-Override or _method.",
            ),
        };
        Words { code, status, title, advice }
    }
}

/// Checked settings: none but the routes' own.
#[derive(Debug, Default)]
pub struct Policy;

/// Methods of a route, GET with HEAD. Empty: every commonly known one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Methods(Vec<Method>);

const KNOWN: &[Method] = &[
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

impl Methods {
    /// Reads method names; they are case-sensitive (RFC 9110 9.1).
    ///
    /// # Errors
    /// The first name that is no method, or is one that is never let through.
    pub fn parse(names: &[String]) -> Result<Self, String> {
        let mut list = Vec::new();
        for name in names {
            let method = Method::from_bytes(name.as_bytes()).map_err(|_| name.clone())?;
            if is_never(name) || name.bytes().any(|byte| byte.is_ascii_lowercase()) {
                return Err(name.clone());
            }
            list.push(method);
        }
        if list.contains(&Method::GET) && !list.contains(&Method::HEAD) {
            list.push(Method::HEAD);
        }
        Ok(Self(list))
    }

    /// Whether a request with `method` may come.
    #[must_use]
    pub fn contains(&self, method: &Method) -> bool {
        self.list().contains(method)
    }

    fn list(&self) -> &[Method] {
        if self.0.is_empty() { KNOWN } else { &self.0 }
    }
}

/// The `Allow` header of a route: every method that this layer lets through there.
#[must_use]
pub fn allow(route: &Route) -> String {
    let allowed = route.methods.list().iter().filter(|method| judge(method, route).is_none());
    allowed.map(Method::as_str).collect::<Vec<_>>().join(", ")
}

/// Whether a route may be read with GET.
pub(crate) fn may_get(route: &Route) -> bool {
    judge(&Method::GET, route).is_none()
}

/// Judges the method, and the one that an override names.
#[must_use]
pub fn inspect(_policy: &Policy, visit: &Visit<'_>) -> Step {
    let route = visit.route();
    let method = visit.view.method;
    if let Some(reason) = judge(method, route) {
        return refuse(reason);
    }
    let named = match visit.seen.method_override {
        One::Repeated | One::Unreadable => return refuse(Reason::Override),
        One::Value(text) => Some(text),
        One::Absent => None,
    };
    if let Some(text) = named
        && !override_is_allowed(text.as_bytes(), method, route)
    {
        return refuse(Reason::Override);
    }
    let Some(query) = visit.view.target.query else { return Step::Next };
    for value in method_fields(query) {
        if !override_is_allowed(&value, method, route) {
            return refuse(Reason::Override);
        }
    }
    Step::Next
}

/// The methods that a page or health route takes when it declares none.
const READING: &[Method] = &[Method::GET, Method::HEAD];

fn judge(method: &Method, route: &Route) -> Option<Reason> {
    if is_never(method.as_str()) {
        return Some(Reason::Never);
    }
    if !route.methods.contains(method) {
        let known = KNOWN.contains(method);
        return Some(if known { Reason::NotDeclared } else { Reason::Unknown });
    }
    let only_reads = matches!(route.kind, Kind::Page | Kind::Health);
    if only_reads && !READING.contains(method) {
        return Some(Reason::NotDeclared);
    }
    (route.effect == Effect::Write && is_safe(method)).then_some(Reason::SafeOnWrite)
}

/// Whether a method promises to change nothing (RFC 9110 9.2.1).
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Methods that are never let through, whatever the mode.
pub(crate) fn is_never(name: &str) -> bool {
    ["TRACE", "TRACK", "CONNECT"].iter().any(|never| name.eq_ignore_ascii_case(never))
}

fn override_is_allowed(named: &[u8], method: &Method, route: &Route) -> bool {
    if route.overrides == Override::Refuse {
        return false;
    }
    // Frameworks fold the name to upper case, so it is judged so.
    let Ok(named) = Method::from_bytes(&named.to_ascii_uppercase()) else { return false };
    if is_safe(method) && named != *method {
        return false;
    }
    judge(&named, route).is_none()
}

/// Whether another method than the request's own is named, which a backend may take.
pub(crate) fn is_overridden(visit: &Visit<'_>) -> bool {
    let method = visit.view.method.as_str();
    let by_header = match visit.seen.method_override {
        One::Absent => false,
        One::Value(text) => !text.eq_ignore_ascii_case(method),
        One::Repeated | One::Unreadable => true,
    };
    let mut fields = visit.view.target.query.into_iter().flat_map(method_fields);
    by_header || fields.any(|value| !value.eq_ignore_ascii_case(method.as_bytes()))
}

/// The values of every `_method` field in a query, decoded as backends do.
pub(crate) fn method_fields(query: &str) -> impl Iterator<Item = Vec<u8>> + '_ {
    query::fields(query).filter_map(|field| {
        let (name, value) = query::pair(field);
        is_method_field(name).then(|| {
            // What cannot be decoded stays as it is: it is then no method, and refused as one.
            crate::path::decode(value.as_bytes()).unwrap_or_else(|| value.as_bytes().to_vec())
        })
    })
}

fn is_method_field(name: &str) -> bool {
    form::is_field(name, b"_method")
}

const fn refuse(reason: Reason) -> Step {
    Step::Refuse(crate::reason::Reason::Method(reason))
}

#[cfg(test)]
mod tests {
    use super::is_method_field;

    #[test]
    fn a_field_is_the_override_however_frameworks_fold_its_name() {
        for name in [
            "_method",
            "_METHOD",
            "%5Fmethod",
            ".method",
            "%2emethod",
            "+_method",
            "%20_method",
            "_method%00",
            "_method[]",
            "_method%5B0%5D",
            "[_method]",
            "?_method",
            "_m%65thod",
        ] {
            assert!(is_method_field(name), "{name}");
        }
        for name in ["method", "_methods", "x_method", "a[_method]", "_metho", "", "%5", "_%zz"] {
            assert!(!is_method_field(name), "{name}");
        }
    }
}
