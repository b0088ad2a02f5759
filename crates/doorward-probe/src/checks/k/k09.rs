//! # K-09: one name, two cookies
//!
//! ## What it is
//!
//! Two cookies of one name differ by `Path` or `Domain`. Browsers keep both and send both; which
//! one a server reads is chance, and logging out may take away only one.
//!
//! ## How it is found
//!
//! All cookies that were set in the run are compared by name.
//!
//! ## What it does not say
//!
//! Whether both are ever set for one visitor: that is why it is tentative.
//!
//! ## How to close it
//!
//! Give them two names, or one `Path` and no `Domain`.
//!
//! ## References
//!
//! RFC 6265bis 5.7, 5.8.3.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::look::Look;
use crate::set_cookie::short;

/// The check.
pub const CHECK: Check =
    Check { id: "K-09", title: "one name, two cookies", source: include_str!("k09.rs"), look };

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let all = look.asker().cookies().all();
    for cookie in k::cookies(look) {
        let host = cookie.url().host_str();
        let twin = all.iter().find(|other| {
            let is_other = ["path", "domain"]
                .iter()
                .any(|name| other.attribute(name) != cookie.attribute(name));
            other.name == cookie.name
                && other.url().host_str() == host
                && is_other
                && !other.is_deletion()
        });
        let is_told = findings.iter().any(|own| own.variant == short(&cookie.name));
        let Some(twin) = twin.filter(|_| !is_told) else { continue };
        let words = [
            format!("There are two cookies `{}`", cookie.name),
            "A visitor who was given both sends both here, and chance decides which one is read."
                .to_owned(),
            "Set it with one `Path` and one `Domain` everywhere, or use two names.".to_owned(),
        ];
        let mut finding = k::finding(look, (CHECK.id, Severity::Low), &cookie, words);
        finding.evidence.push(twin.shown());
        finding.confidence = Confidence::Tentative;
        findings.push(finding);
    }
    findings
}
