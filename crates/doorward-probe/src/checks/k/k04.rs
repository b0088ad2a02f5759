//! # K-04: a cookie's SameSite is no word that browsers know
//!
//! ## What it is
//!
//! The value of `SameSite` is none of the three words. Browsers then do what they do without it:
//! Chromium takes it for `Lax`, the others send the cookie everywhere.
//!
//! ## How it is found
//!
//! The last `SameSite` of each cookie that was set is read as browsers read it.
//!
//! ## What it does not say
//!
//! What was meant.
//!
//! ## How to close it
//!
//! Write `Strict`, `Lax` or `None`.
//!
//! ## References
//!
//! RFC 6265bis 5.7.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-04",
    title: "a cookie's SameSite is no word that browsers know",
    source: include_str!("k04.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for cookie in k::cookies(look) {
        let Some(value) = cookie.attribute("samesite") else { continue };
        let known = ["strict", "lax", "none"];
        if known.contains(&value.to_ascii_lowercase().as_str()) {
            continue;
        }
        let words = [
            format!("`SameSite` of the cookie `{}` is no word that browsers know", cookie.name),
            "Firefox and WebKit send it along with requests of every page, as if nothing were said."
                .to_owned(),
            "Write `SameSite=Strict`, `Lax` or `None`.".to_owned(),
        ];
        findings.push(k::finding(look, (CHECK.id, Severity::Low), &cookie, words));
    }
    findings
}
