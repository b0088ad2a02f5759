//! # T-06: two credentials, and either is taken
//!
//! ## What it is
//!
//! `Authorization` stands twice, one of them wrong, and the request is served whichever comes
//! first. What stands before the API may judge one of them, and the API another.
//!
//! ## How it is found
//!
//! Where the given session has `Authorization` and a stranger is refused: a made-up one before it,
//! and behind it. Both must be served.
//!
//! ## What it does not say
//!
//! Taking always the first, or always the last, is not told: it is as wrong, and usual.
//!
//! ## How to close it
//!
//! Refuse a request with more than one `Authorization`.
//!
//! ## References
//!
//! RFC 9110 5.3, 11.6.2, CWE-436.

use crate::checks::t;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "T-06",
    title: "two credentials, and either is taken",
    source: include_str!("t06.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(signed) = t::signed(look).await else { return Vec::new() };
    let own = signed.session.headers().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let Some((name, value)) = own else { return Vec::new() };
    let wrong = t::made_up(value);
    let rest = signed.session.keeping(|own, _| !own.eq_ignore_ascii_case("authorization"));
    let plain = look.operation.call();
    let plain = rest.on(&plain).unwrap_or(plain);
    for pair in [[value, wrong.as_str()], [wrong.as_str(), value]] {
        let call = pair.iter().fold(plain.clone(), |call, one| call.with(name, one));
        let Ok(answer) = look.ask(&call).await else { return Vec::new() };
        if !signed.is_served(&answer) {
            return Vec::new();
        }
    }
    let call = plain.with(name, &wrong).with(name, value);
    let words = [
        "Of two credentials, either is taken".to_owned(),
        "Whoever gets past a check of one credential brings another of his own.".to_owned(),
        "Refuse a request with more than one `Authorization`.".to_owned(),
    ];
    vec![t::finding(look, (CHECK.id, Severity::Low), (&call, &signed.full), words)]
}
