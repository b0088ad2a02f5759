//! # C-09: this machine, or a private network, is allowed
//!
//! ## What it is
//!
//! The API allows `http://localhost`, a loopback address or one of a private network, as it is
//! convenient while it is written. In production each visitor has a `localhost` of his own:
//! whatever program serves pages there, or stands at that address in his network, reads the API's
//! answers as he.
//!
//! ## How it is found
//!
//! The usual origins of that kind are sent. One of them is allowed, twice, and is not among the
//! trusted ones.
//!
//! ## What it does not say
//!
//! On an API of this machine it is expected, and low; where the trusted origin is itself of this
//! machine, it is only noted.
//!
//! ## How to close it
//!
//! Let development have a list of its own, which is not shipped.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), RFC 6761 6.3, RFC 1918, CWE-942, CWE-489.

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;
use crate::origins::is_this_machine;

/// The check.
pub const CHECK: Check = Check {
    id: "C-09",
    title: "this machine, or a private network, is allowed",
    source: include_str!("c09.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Let development have a list of origins of its own, which is not shipped.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let origins = look.origins().await;
    let title = "It allows origins of its visitors' own machines or networks";
    let mut finding = origins.finding(look, CHECK.id, title, FIX)?;
    let is_developed = look.trusted.iter().any(|origin| is_this_machine(origin));
    let severity_max = match (is_developed, origins.standing.is_loopback) {
        (true, _) => Severity::Info,
        (false, true) => Severity::Low,
        (false, false) => Severity::Medium,
    };
    finding.severity = finding.severity.min(severity_max);
    Some(finding)
}
