//! # K-08: a cookie asks to live longer than browsers let it
//!
//! ## What it is
//!
//! Browsers end a cookie after 400 days, whatever it asks for.
//!
//! ## How it is found
//!
//! `Max-Age`, or else `Expires` by the answer's own clock, of each cookie that was set.
//!
//! ## What it does not say
//!
//! Whether a session should live so long.
//!
//! ## How to close it
//!
//! Ask for 400 days at most, and set it anew while it is used.
//!
//! ## References
//!
//! RFC 6265bis 4.1.2.1, 5.5.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-08",
    title: "a cookie asks to live longer than browsers let it",
    source: include_str!("k08.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// What browsers keep a cookie for, at most: 400 days.
const LIFE_S_MAX: i64 = 400 * 86_400;

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for cookie in k::cookies(look) {
        let Some(seconds) = cookie.lives_s().filter(|seconds| *seconds > LIFE_S_MAX) else {
            continue;
        };
        let days = seconds / 86_400;
        let words = [
            format!("The cookie `{}` asks to live for {days} days", cookie.name),
            "Every browser ends it after 400 days; visitors are forgotten sooner than planned."
                .to_owned(),
            "Ask for 400 days at most, and set it anew while it is used.".to_owned(),
        ];
        findings.push(k::finding(look, (CHECK.id, Severity::Info), &cookie, words));
    }
    findings
}
