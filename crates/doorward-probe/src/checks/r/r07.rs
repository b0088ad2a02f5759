//! # preflights are refused by the limit
//!
//! ## What it is
//!
//! The limit counts preflights with the requests, or refuses them when the requests are too many.
//! A refused preflight is a CORS error to the page: it cannot see that it should wait.
//!
//! ## How it is found
//!
//! With `--limits`: a preflight of a trusted page is approved before, and answered 429 once the
//! request is.
//!
//! ## What it does not say
//!
//! That preflights have a limit of their own is right.
//!
//! ## How to close it
//!
//! Let preflights end before the limit, or give them a share of their own.
//!
//! ## References
//!
//! Fetch 4.8, CWE-770.

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::limits::{self, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "R-07",
    title: "preflights are refused by the limit",
    source: include_str!("r07.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(burst) = burst(look).await.filter(|burst| burst.limited.is_some()) else {
        return Vec::new();
    };
    let Some(asked) = burst.preflight.as_ref() else { return Vec::new() };
    let Some(answer) = burst.again(look, asked).await.filter(|answer| answer.status == 429) else {
        return Vec::new();
    };
    let words = [
        "A preflight is refused by the limit".to_owned(),
        "A trusted page that asked too often gets a CORS error, and cannot tell that it should \
         wait."
            .to_owned(),
        "Let preflights end before the limit, or give them a share of their own.".to_owned(),
    ];
    vec![limits::finding(look, (CHECK.id, Severity::Low), (asked, answer.status), words)]
}
