//! # a page cannot read that it should wait
//!
//! ## What it is
//!
//! The 429 lacks the CORS headers that other answers have. A trusted page gets a CORS error in its
//! place.
//!
//! ## How it is found
//!
//! With `--limits`: the page's request is readable while it is served, and its 429 is not.
//!
//! ## What it does not say
//!
//! Nothing of other errors: that is C-13's.
//!
//! ## How to close it
//!
//! Send the CORS headers with every answer, errors included; expose `Retry-After`.
//!
//! ## References
//!
//! Fetch 4.10, RFC 6585 4.

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::grant::Grant;
use crate::limits::{self, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "R-08",
    title: "a page cannot read that it should wait",
    source: include_str!("r08.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(burst) = burst(look).await else { return Vec::new() };
    let Some((_, limited)) = &burst.limited else { return Vec::new() };
    let Some(origin) = burst.call.headers.joined("origin") else { return Vec::new() };
    if !Grant::of(&burst.served, &origin).reads() || Grant::of(limited, &origin).reads() {
        return Vec::new();
    }
    let words = [
        "Its 429 has no CORS headers".to_owned(),
        "A trusted page that asked too often gets a CORS error, and cannot tell that it should \
         wait."
            .to_owned(),
        "Send the CORS headers with every answer, and expose `Retry-After`.".to_owned(),
    ];
    vec![limits::finding(look, (CHECK.id, Severity::Low), (&burst.call, 429), words)]
}
