//! # C-04: `*`, and credentials
//!
//! ## What it is
//!
//! The API answers `Access-Control-Allow-Origin: *` together with
//! `Access-Control-Allow-Credentials: true`. Browsers refuse that to requests with cookies: whoever
//! wrote it meant something that does not work, and the next attempt is often to mirror every
//! origin.
//!
//! ## How it is found
//!
//! One of the answers to a trusted origin, to a stranger or to a call without `Origin` has both.
//!
//! ## What it does not say
//!
//! It opens nothing by itself. Where every origin is mirrored, C-01 says so instead.
//!
//! ## How to close it
//!
//! For public answers, leave `Access-Control-Allow-Credentials` out. For others, list origins.
//!
//! ## References
//!
//! Fetch 3.3.5 (the table), 4.10 (CORS check).

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::look::Look;

/// The check.
pub const CHECK: Check =
    Check { id: "C-04", title: "`*`, and credentials", source: include_str!("c04.rs"), look };

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let origins = look.origins().await;
    if origins.is_mirror {
        return None;
    }
    let control = origins.controls.iter().find(|control| {
        let grant = Grant::of(&control.answered, control.origin.as_deref().unwrap_or_default());
        control.answered.is_success() && grant.allowed == Allowed::Everybody && grant.credentials
    })?;
    let title = "It says `*` and allows credentials, which browsers refuse";
    let mut finding = look.finding(CHECK.id, Severity::Low, title);
    finding.who = format!(
        "No page, of an allowed origin either, can read {} with its visitor's cookies.",
        look.operation.name()
    );
    finding.request = control.call.curl();
    finding.evidence = vec![
        "Access-Control-Allow-Origin: *".to_owned(),
        "Access-Control-Allow-Credentials: true".to_owned(),
    ];
    finding.fix = "For public answers leave `Access-Control-Allow-Credentials` out; for others \
                   list origins."
        .to_owned();
    Some(finding)
}
