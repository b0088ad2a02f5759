//! # T-03: a token's end is taken lightly
//!
//! ## What it is
//!
//! The given token's time is over for more than a minute, and it is still taken.
//!
//! ## How it is found
//!
//! As T-02, between one minute and five.
//!
//! ## What it does not say
//!
//! Clocks differ; that is why the finding is low.
//!
//! ## How to close it
//!
//! Allow a minute.
//!
//! ## References
//!
//! RFC 7519 4.1.4, CWE-613.

use crate::checks::t;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "T-03",
    title: "a token's end is taken lightly",
    source: include_str!("t03.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// What clocks may differ by.
const MINUTE_S: i64 = 60;

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(signed) = t::signed(look).await else { return Vec::new() };
    let late = t::late_s(&signed).filter(|late_s| (MINUTE_S..=t::SKEW_S_MAX).contains(late_s));
    let Some(late_s) = late else { return Vec::new() };
    let words = [
        format!("A token is taken {late_s} seconds after its end"),
        "Whoever has a token has it a few minutes longer than it says.".to_owned(),
        "Allow a minute for clocks that differ.".to_owned(),
    ];
    vec![t::finding(look, (CHECK.id, Severity::Low), (&signed.call, &signed.full), words)]
}
