//! # C-12: credentials are allowed with a word that browsers do not know
//!
//! ## What it is
//!
//! `Access-Control-Allow-Credentials` has one value that means something, `true`, in small letters.
//! The API answers with another, as `True` or `1`: browsers then keep the answer from a page that
//! sent cookies.
//!
//! ## How it is found
//!
//! The answer to a trusted origin is a success that names it, byte for byte, with such a value.
//!
//! ## What it does not say
//!
//! `false` says nothing, and is no fault.
//!
//! ## How to close it
//!
//! Write `true`, or leave the header out.
//!
//! ## References
//!
//! Fetch 3.3.3 (`%s"true"`), 4.10 (CORS check).

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::join::shortened;
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-12",
    title: "credentials are allowed with a word that browsers do not know",
    source: include_str!("c12.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    for control in look.origins().await.trusted(look) {
        let origin = control.origin.as_deref().unwrap_or_default();
        let said = control.answered.header("access-control-allow-credentials");
        let Some(said) = said.filter(|said| !matches!(said.as_str(), "true" | "false")) else {
            continue;
        };
        let grant = Grant::of(&control.answered, origin);
        if !control.answered.is_success() || grant.allowed != Allowed::Exactly {
            continue;
        }
        let title = "`Access-Control-Allow-Credentials` is not `true`: no browser accepts that";
        let mut finding = look.finding(CHECK.id, Severity::Low, title);
        finding.who = format!(
            "No page, that of `{origin}` neither, can read {} with its visitor's cookies.",
            look.operation.name()
        );
        finding.request = control.call.curl();
        finding.evidence = vec![format!("Access-Control-Allow-Credentials: {}", shortened(&said))];
        finding.fix = "Write `true`, in small letters, or leave the header out.".to_owned();
        return Some(finding);
    }
    None
}
