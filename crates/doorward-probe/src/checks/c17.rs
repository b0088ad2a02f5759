//! # C-17: a preflight approves what the answer denies
//!
//! ## What it is
//!
//! The API approves the preflight of a page that its real answer does not allow. The browser then
//! sends the request, the backend runs it, and only the answer is hidden. The page cannot read, but
//! it can write.
//!
//! ## How it is found
//!
//! A preflight is asked for an origin drawn for this run. Where it is approved, the same page's
//! `GET` is sent, or the operation itself where writes are allowed, and its answer does not let the
//! page read.
//!
//! ## What it does not say
//!
//! Approving a preflight runs nothing by itself. Where the backend refuses the request before it
//! runs it (403), nothing is found.
//!
//! ## How to close it
//!
//! Let preflights and answers be decided by one list. Refuse a request from an origin that is not
//! on it before it is run.
//!
//! ## References
//!
//! Fetch 4.8 (CORS-preflight fetch), 4.10 (CORS check), CWE-352.

use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::forge::honest;
use crate::grant::Grant;
use crate::look::Look;
use crate::witness::rung;

/// The check.
pub const CHECK: Check = Check {
    id: "C-17",
    title: "a preflight approves what the answer denies",
    source: include_str!("c17.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let canary = &look.canaries[0];
    let asked = look.preflight(canary, "PUT", &["content-type"]);
    let approved = look.ask(&asked).await.ok()?;
    let lists = |name: &str, wanted: &str| {
        let list = approved.header(name).unwrap_or_default();
        list.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted))
    };
    let is_approved = approved.is_success()
        && Grant::of(&approved, canary).reads()
        && (lists("access-control-allow-methods", "PUT")
            || lists("access-control-allow-methods", "*"));
    if !is_approved {
        return None;
    }
    let answer = look.ask(&look.from_page(canary)).await.ok()?;
    if !answer.is_success() || Grant::of(&answer, canary).reads() {
        return None;
    }
    let mut finding = look.finding(
        CHECK.id,
        Severity::High,
        "Preflights are approved for pages that may not read the answer",
    );
    finding.who =
        "Any page can have a visitor's browser send PUT and JSON requests here, and they \
                   arrive; only the answers are hidden from it."
            .to_owned();
    finding.request = asked.curl();
    let allowed = approved.header("access-control-allow-origin").unwrap_or_default();
    finding.evidence = vec![
        format!("preflight: {}, Access-Control-Allow-Origin: {allowed}", approved.status),
        format!("answer: {}, no Access-Control-Allow-Origin for {canary}", answer.status),
    ];
    finding.fix = "Decide preflights and answers by one list of origins, and refuse the others' \
                   requests before they are run."
        .to_owned();
    if let Some(allowed) = honest(look).await {
        let seen = rung(look, &look.from_page(canary), allowed).await;
        finding.rung = seen.ok().map(|seen| seen.rung);
    }
    Some(finding)
}
