//! # no limit was met, or it does not say for how long
//!
//! ## What it is
//!
//! A few dozen requests at once are all served: whoever wants more has more. Or there is a limit,
//! and its 429 has no `Retry-After`, so honest clients try again at once.
//!
//! ## How it is found
//!
//! With `--limits`: the same request up to 30 times, until the first 429.
//!
//! ## What it does not say
//!
//! A limit above 30 is not seen, which is why the finding is tentative. An address of tokens is
//! T-07's. Limits by IPv6 address should count /64 networks: that cannot be asked from one
//! address.
//!
//! ## How to close it
//!
//! Limit each caller, and each address; answer 429 with `Retry-After`.
//!
//! ## References
//!
//! RFC 6585 4, RFC 9110 10.2.3, CWE-770.

use crate::checks::t::hands_out_tokens;
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::limits::{self, PRESSED_MAX, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "R-01",
    title: "no limit was met, or it does not say for how long",
    source: include_str!("r01.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(burst) = burst(look).await else { return Vec::new() };
    let Some((before, limited)) = &burst.limited else {
        if hands_out_tokens(look) {
            return Vec::new();
        }
        let words = [
            format!("No limit was met within {PRESSED_MAX} requests"),
            "Anybody can ask as often as he likes, as far as was tried.".to_owned(),
            "Limit each caller and each address, and answer 429 with `Retry-After`.".to_owned(),
        ];
        let shown = (&burst.call, burst.served.status);
        let mut finding = limits::finding(look, (CHECK.id, Severity::Low), shown, words);
        finding.confidence = Confidence::Tentative;
        return vec![finding];
    };
    if limited.headers.has("retry-after") {
        return Vec::new();
    }
    let words = [
        "Its 429 does not say when to try again".to_owned(),
        "Honest clients repeat at once, and are refused again.".to_owned(),
        "Answer 429 with `Retry-After`.".to_owned(),
    ];
    let shown = (&burst.call, limited.status);
    let mut finding = limits::finding(look, (CHECK.id, Severity::Info), shown, words);
    finding.evidence.push(format!("after {before} requests, without Retry-After"));
    finding.variant = "Retry-After".to_owned();
    vec![finding]
}
