//! # K-02: a session's cookie says no SameSite
//!
//! ## What it is
//!
//! The cookie that makes the session has no `SameSite`. Chromium takes that for `Lax`; Firefox and
//! WebKit send it along with every request of every site.
//!
//! ## How it is found
//!
//! Of each cookie that makes the session: by behaviour where one is given, else by `HttpOnly`,
//! which is tentative. Which browser sends it with what is asked of the model of each, an hour
//! after it was set.
//!
//! ## What it does not say
//!
//! Whether a forged request is run: that is. Chromium sends a cookie that is younger
//! than two minutes along with a form.
//!
//! ## How to close it
//!
//! Say `SameSite=Lax`, or `Strict`, or `None` where pages of other sites are meant to be signed
//! in.
//!
//! ## References
//!
//! RFC 6265bis 5.6.7, CWE-1275.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::look::{Look, page_of};
use doorward_browser::{Engine, Target, Way};

/// The check.
pub const CHECK: Check = Check {
    id: "K-02",
    title: "a session's cookie says no SameSite",
    source: include_str!("k02.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(page) = page_of(&look.canaries[0]) else { return findings };
    for cookie in k::sessions(look).await {
        if cookie.has("samesite") {
            continue;
        }
        let form = (Way::Form(Target::Top), "POST");
        let sends = |id| cookie.travels(&Engine::of(id), &page, form);
        let engines = Engines::which(sends);
        if engines.is_empty() {
            continue;
        }
        let words = [
            format!("The session's cookie `{}` says no SameSite", cookie.name),
            format!("Any page can have {engines} send a form here with a visitor's session."),
            "Set it with `SameSite=Lax`; pages of other sites need `SameSite=None; Secure`."
                .to_owned(),
        ];
        let mut finding = k::session_finding(look, (CHECK.id, Severity::Medium), &cookie, words);
        finding.evidence.extend(k::table(&cookie, &page));
        finding.engines = engines;
        findings.push(finding);
    }
    findings
}
