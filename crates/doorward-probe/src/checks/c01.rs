//! # C-01: any page may read it, signed in
//!
//! ## What it is
//!
//! The API answers with whatever `Origin` it is sent in `Access-Control-Allow-Origin`, together
//! with `Access-Control-Allow-Credentials: true`. A page of anybody's can then have a visitor's
//! browser fetch the answer with the visitor's cookies, and read it.
//!
//! ## How it is found
//!
//! The same request is sent as pages of two origins send it that are drawn for this run. Both must
//! get themselves back, byte for byte, with success, and a second time. Where everybody is refused
//! for want of a session, refusals that do so are noted.
//!
//! ## What it does not say
//!
//! Whether a cookie travels depends on its `SameSite`, on the page's site and on the browser: the
//! finding says in which. An API that knows its callers by a header alone gives such a page
//! nothing that its visitor has.
//!
//! ## How to close it
//!
//! Compare `Origin` with a list of whole origins, answer with the one that matched, and add `Vary:
//! Origin`.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), CWE-942.

use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::Grant;
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-01",
    title: "any page may read it, signed in",
    source: include_str!("c01.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Compare `Origin` with a list of whole origins; answer with the one \
                   that matched, and `Vary: Origin`.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let title = "It allows every origin, with credentials";
        match look.origins().await.finding(look, CHECK.id, title, FIX) {
            Some(found) => vec![found],
            None => refusals(look).await.into_iter().collect(),
        }
    })
}

/// Where nobody gets an answer, strangers' refusals are all that there is to see.
async fn refusals(look: &Look<'_>) -> Option<Finding> {
    let controls = &look.origins().await.controls;
    let is_refused = |status| matches!(status, 401 | 403);
    if controls.is_empty() || !controls.iter().all(|one| is_refused(one.answered.status)) {
        return None;
    }
    for canary in look.canaries {
        let call = look.from_page(canary);
        for answered in [look.ask(&call).await.ok()?, look.ask_again(&call).await.ok()?] {
            let grant = Grant::of(&answered, canary);
            if !is_refused(answered.status) || !grant.reads_signed_in() {
                return None;
            }
        }
    }
    let call = look.from_page(&look.canaries[0]);
    let title = "Its refusals allow every origin, with credentials: its answers may too";
    let mut finding = look.finding(CHECK.id, Severity::Info, title);
    finding.confidence = Confidence::Tentative;
    finding.who = format!(
        "Any page can read that {} refuses it; with `--with-session`, the probe sees whether it \
         can read the answer.",
        look.operation.name()
    );
    finding.request = call.curl();
    finding.evidence = controls
        .iter()
        .map(|one| {
            let origin = one.origin.as_deref().unwrap_or("none");
            format!("Origin: {origin}: {}", one.answered.status)
        })
        .collect();
    finding.fix = FIX.to_owned();
    Some(finding)
}
