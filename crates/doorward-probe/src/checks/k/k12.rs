//! # K-12: a cookie for other sites has no jar there
//!
//! ## What it is
//!
//! A page of a trusted origin on another site needs the cookie (`SameSite=None`). Browsers that
//! partition or block cookies of other sites keep it there only with `Partitioned`, or not at all.
//!
//! ## How it is found
//!
//! The cookie that makes the session is `SameSite=None; Secure` without `Partitioned`, and a
//! trusted origin is on another site than the API.
//!
//! ## What it does not say
//!
//! Whether the page needs it. With `Partitioned`, a session is another one under each site.
//!
//! ## How to close it
//!
//! `Partitioned` where the page begins its own session; else one site for page and API.
//!
//! ## References
//!
//! CHIPS (draft-cutler-httpbis-partitioned-cookies).

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::look::Look;
use doorward_browser::{Engine, Origin, Relation, SameSite, ThirdParty, relation};

/// The check.
pub const CHECK: Check = Check {
    id: "K-12",
    title: "a cookie for other sites has no jar there",
    source: include_str!("k12.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let own = Origin::of(&look.operation.url);
    let elsewhere = look.trusted.iter().find(|origin| {
        Origin::parse(origin).is_ok_and(|from| relation(&own, &from) == Relation::CrossSite)
    });
    let mut findings = Vec::new();
    let Some(origin) = elsewhere else { return findings };
    for cookie in k::sessions(look).await {
        let is_meant = cookie.same_site() == SameSite::None && cookie.has("secure");
        if !is_meant || cookie.has("partitioned") {
            continue;
        }
        let words = [
            format!("The cookie `{}` is not Partitioned, and {origin} needs it", cookie.name),
            format!("A visitor of {origin} is not signed in where browsers keep sites apart."),
            "Add `Partitioned`, or serve page and API from one site.".to_owned(),
        ];
        let mut finding = k::session_finding(look, (CHECK.id, Severity::Info), &cookie, words);
        finding.engines = Engines::which(|id| Engine::of(id).third_party != ThirdParty::Allowed);
        findings.push(finding);
    }
    findings
}
