//! # K-05: a cookie's Domain is too wide, or not its own
//!
//! ## What it is
//!
//! `Domain` names a parent of the API's host. Every other host under it gets the session's cookie,
//! and can set one of the same name. Or it names a host that this server may not speak for: then
//! browsers drop the cookie.
//!
//! ## How it is found
//!
//! `Domain` of each cookie that makes the session is compared with the host; each cookie that was
//! set is given to the model of each browser.
//!
//! ## What it does not say
//!
//! Whether other hosts need the cookie: where a session is shared by design, this stays as it is.
//! That is why it is tentative.
//!
//! ## How to close it
//!
//! Leave `Domain` out: the cookie is then for this host alone.
//!
//! ## References
//!
//! RFC 6265bis 4.1.2.3, 5.7, CWE-1275.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-05",
    title: "a cookie's Domain is too wide, or not its own",
    source: include_str!("k05.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let sessions = k::sessions(look).await;
    let mut findings = Vec::new();
    for cookie in k::cookies(look) {
        let Some(domain) = cookie.attribute("domain") else { continue };
        let domain = domain.trim_start_matches('.').to_ascii_lowercase();
        if let Some(engines) = k::dropped(&cookie, "not-kept-domain") {
            let words = [
                format!("Browsers drop the cookie `{}`: its Domain is not its own", cookie.name),
                format!("{engines} ignore it for every visitor: whoever needs it is not served."),
                "Leave `Domain` out, or name this host or a parent of it.".to_owned(),
            ];
            let mut finding = k::finding(look, (CHECK.id, Severity::Low), &cookie, words);
            finding.engines = engines;
            findings.push(finding);
            continue;
        }
        let is_host = cookie.url().host_str() == Some(domain.as_str());
        if is_host || domain.is_empty() || !sessions.iter().any(|own| own.name == cookie.name) {
            continue;
        }
        let words = [
            format!("The session's cookie `{}` goes to every host under {domain}", cookie.name),
            format!("Whoever holds any host under {domain} gets the session of who visits it."),
            "Leave `Domain` out: the cookie is then for this host alone.".to_owned(),
        ];
        let mut finding = k::finding(look, (CHECK.id, Severity::Low), &cookie, words);
        finding.confidence = Confidence::Tentative;
        findings.push(finding);
    }
    findings
}
