//! # T-07: tokens are handed out without a limit
//!
//! ## What it is
//!
//! The address hands out tokens, and a few dozen requests for them meet no limit. Whoever collects
//! tokens has each token's share.
//!
//! ## How it is found
//!
//! With `--limits`, at an address that has a word of a token: up to 30 requests.
//!
//! ## What it does not say
//!
//! A limit above that is not seen: that is why it is tentative.
//!
//! ## How to close it
//!
//! Limit what one address is handed out in a minute.
//!
//! ## References
//!
//! CWE-770, CWE-799.

use crate::checks::t;
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::limits::{PRESSED_MAX, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "T-07",
    title: "tokens are handed out without a limit",
    source: include_str!("t07.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !t::hands_out_tokens(look) {
        return Vec::new();
    }
    let Some(burst) = burst(look).await.filter(|burst| burst.limited.is_none()) else {
        return Vec::new();
    };
    let words = [
        format!("{PRESSED_MAX} tokens were handed out at once"),
        "Anybody can collect tokens, and has the share of each.".to_owned(),
        "Limit what one address is handed out in a minute.".to_owned(),
    ];
    let shown = (&burst.call, &burst.served);
    let mut finding = t::finding(look, (CHECK.id, Severity::Low), shown, words);
    finding.confidence = Confidence::Tentative;
    vec![finding]
}
