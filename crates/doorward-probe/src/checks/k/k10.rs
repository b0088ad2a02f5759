//! # K-10: whoever follows a link is signed out
//!
//! ## What it is
//!
//! The session's cookie is `SameSite=Strict`, and this is a page. Who follows a link to it from a
//! mail or another site arrives without the cookie, and looks signed out until the next click.
//!
//! ## How it is found
//!
//! The cookie that makes the session is Strict, it was set in an answer that is HTML, and the
//! model of each browser says that a link of another site does not carry it.
//!
//! ## What it does not say
//!
//! Whether anybody links there. Strict is right for what only its own pages ask for.
//!
//! ## How to close it
//!
//! `SameSite=Lax` for the session; Strict for a second cookie that writing needs too.
//!
//! ## References
//!
//! RFC 6265bis 8.8.2.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::{Look, page_of};
use doorward_browser::{Engine, EngineId, SameSite, Target, Way};

/// The check.
pub const CHECK: Check = Check {
    id: "K-10",
    title: "whoever follows a link is signed out",
    source: include_str!("k10.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(page) = page_of(&look.canaries[0]) else { return findings };
    for cookie in k::sessions(look).await {
        let kind = cookie.answer.header("content-type").unwrap_or_default();
        let is_page = kind.trim_start().to_ascii_lowercase().starts_with("text/html");
        let link = (Way::Link(Target::Top), "GET");
        let sends = |id| cookie.travels(&Engine::of(id), &page, link);
        let is_withheld = !EngineId::ALL.into_iter().any(sends);
        if !is_page || !is_withheld || cookie.same_site() != SameSite::Strict {
            continue;
        }
        let words = [
            format!("The cookie `{}` of this page's session is Strict", cookie.name),
            "Everybody who follows a link to this page from elsewhere arrives signed out."
                .to_owned(),
            "Use `SameSite=Lax` for what pages need, and ask for a second, Strict cookie where \
             something is changed."
                .to_owned(),
        ];
        findings.push(k::session_finding(look, (CHECK.id, Severity::Info), &cookie, words));
    }
    findings
}
