//! # T-01: what should be taken once is taken twice
//!
//! ## What it is
//!
//! The request carries something that is made for one request: a DPoP proof, a signature with a
//! nonce. Sent again, it is taken again; whoever sees it once can repeat it.
//!
//! ## How it is found
//!
//! Where the given session has such a header, and a stranger is refused: the same request is sent
//! twice, and both are served.
//!
//! ## What it does not say
//!
//! A bearer token is made to be sent often, and is no fault here. A server may let a proof pass
//! for some seconds by design (RFC 9449 11.1).
//!
//! ## How to close it
//!
//! Remember each nonce or `jti` for as long as it is good, and refuse it the second time.
//!
//! ## References
//!
//! RFC 9421 7.2.2, RFC 9449 11.1, CWE-294.

use crate::checks::t;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "T-01",
    title: "what should be taken once is taken twice",
    source: include_str!("t01.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(signed) = t::signed(look).await else { return Vec::new() };
    let once = |(name, value): &(&str, &str)| {
        let name = name.to_ascii_lowercase();
        name == "dpop" || name.ends_with("nonce") || (name == "signature-input" && has_nonce(value))
    };
    let Some((name, _)) = signed.session.headers().find(once) else { return Vec::new() };
    let Ok(again) = look.ask_again(&signed.call).await else { return Vec::new() };
    if !signed.is_served(&again) {
        return Vec::new();
    }
    let words = [
        format!("The same `{name}` is taken twice"),
        "Whoever sees one request of a signed-in person can send it again.".to_owned(),
        "Remember each nonce or `jti` while it is good, and refuse it the second time.".to_owned(),
    ];
    vec![t::finding(look, (CHECK.id, Severity::Medium), (&signed.call, &again), words)]
}

fn has_nonce(value: &str) -> bool {
    value.split(';').any(|part| part.trim().starts_with("nonce="))
}
