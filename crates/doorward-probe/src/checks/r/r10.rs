//! # everybody behind one address shares one limit
//!
//! ## What it is
//!
//! The limit counts a signed-in person and a stranger of the same address together. Behind a
//! company's or a carrier's one address, a few of them lock out the rest, and any stranger there
//! locks out who is signed in.
//!
//! ## How it is found
//!
//! With `--limits` and a session: once the session's request is answered 429, the same without the
//! session is answered 429 too, though it was not before.
//!
//! ## What it does not say
//!
//! Whether there is a second, higher limit for addresses, of which this is the one.
//!
//! ## How to close it
//!
//! Count who is known by who he is, and strangers by address.
//!
//! ## References
//!
//! RFC 6269 13.1, CWE-770.

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::limits::{self, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "R-10",
    title: "everybody behind one address shares one limit",
    source: include_str!("r10.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let plain = look.operation.call();
    let signed = look.session.and_then(|session| session.on(&plain));
    let Some(burst) = burst(look).await.filter(|burst| burst.limited.is_some()) else {
        return Vec::new();
    };
    let Some(before) = look.ask(&plain).await.ok().filter(|_| signed.is_some()) else {
        return Vec::new();
    };
    let Some(after) = &burst.stranger else { return Vec::new() };
    if before.status == 429 || after.status != 429 {
        return Vec::new();
    }
    let words = [
        "A signed-in person and a stranger share one limit".to_owned(),
        "Whoever asks too often locks out everybody behind the same address.".to_owned(),
        "Count who is known by who he is, and strangers by address.".to_owned(),
    ];
    vec![limits::finding(look, (CHECK.id, Severity::Info), (&plain, after.status), words)]
}
