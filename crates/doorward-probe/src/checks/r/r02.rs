//! # the limit believes what a caller says of his address
//!
//! ## What it is
//!
//! The limit counts by a header that any caller can write. With another value each time there is
//! no limit; with somebody's address, he is the one who is refused.
//!
//! ## How it is found
//!
//! With `--limits`, once the plain request is answered 429: the same with an address in each of
//! the headers by which proxies tell it. It must be served, twice, while the plain one is
//! refused, and once more after it.
//!
//! ## What it does not say
//!
//! Behind a proxy that overwrites these headers nothing is found, and nothing is wrong. Networks
//! of IPv6 (/64) cannot be tried from here.
//!
//! ## How to close it
//!
//! Count by the connection's address, or by what one's own proxy has written, and nobody else.
//!
//! ## References
//!
//! RFC 7239 8.1, CWE-290, CWE-348.

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::limits::{self, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "R-02",
    title: "the limit believes what a caller says of his address",
    source: include_str!("r02.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// Headers in which proxies tell their client's address, with one that is nobody's (RFC 5737).
const HEADERS: &[(&str, &str)] = &[
    ("X-Forwarded-For", "203.0.113.7"),
    ("X-Real-IP", "203.0.113.7"),
    ("Forwarded", "for=203.0.113.7"),
    ("X-Client-IP", "203.0.113.7"),
    ("X-Originating-IP", "203.0.113.7"),
    ("True-Client-IP", "203.0.113.7"),
    ("CF-Connecting-IP", "203.0.113.7"),
];

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(burst) = burst(look).await.filter(|burst| burst.limited.is_some()) else {
        return Vec::new();
    };
    let mut believed = Vec::new();
    for (name, value) in HEADERS {
        let call = burst.call.clone().with(name, value);
        if burst.slips(look, &call).await {
            believed.push((*name, call));
        }
        // Two show it; the requests are few.
        if believed.len() == 2 {
            break;
        }
    }
    let Some((name, call)) = believed.first() else { return Vec::new() };
    let words = [
        format!("The limit counts by `{name}`, which any caller can write"),
        "Anybody has no limit with a new value each time, and can use up somebody else's share."
            .to_owned(),
        "Count by the connection's address, or by what one's own proxy writes.".to_owned(),
    ];
    let shown = (call, burst.served.status);
    let mut finding = limits::finding(look, (CHECK.id, Severity::Medium), shown, words);
    finding.evidence.extend(believed.iter().map(|(name, _)| format!("served with {name}")));
    vec![finding]
}
