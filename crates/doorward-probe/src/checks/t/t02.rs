//! # T-02: a token is good after its end
//!
//! ## What it is
//!
//! The given token says by `exp` that its time is over, and is taken all the same.
//!
//! ## How it is found
//!
//! Where the given session has a JWT and a stranger is refused. `exp` is compared with the
//! answer's own `Date`; more than five minutes are no skew of clocks.
//!
//! ## What it does not say
//!
//! It can be asked only with such a token: give one that is over.
//!
//! ## How to close it
//!
//! Refuse a token whose `exp` has passed, within a minute.
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
    id: "T-02",
    title: "a token is good after its end",
    source: include_str!("t02.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(signed) = t::signed(look).await else { return Vec::new() };
    let Some(late_s) = t::late_s(&signed).filter(|late_s| *late_s > t::SKEW_S_MAX) else {
        return Vec::new();
    };
    let words = [
        format!("A token is taken {} minutes after its end", late_s / 60),
        "Whoever finds an old token has its owner's access for ever.".to_owned(),
        "Refuse a token whose `exp` has passed.".to_owned(),
    ];
    vec![t::finding(look, (CHECK.id, Severity::High), (&signed.call, &signed.full), words)]
}
