//! # K-01: a session's cookie lacks a guard
//!
//! ## What it is
//!
//! The cookie that makes the session has no `HttpOnly`, so a script that was slipped into a page
//! reads it and takes it away; or no `Secure`, so it travels in clear where somebody asks for the
//! same host by http.
//!
//! ## How it is found
//!
//! Of each cookie that was set in an answer, and that makes the session: where a session is given,
//! the answer without the cookie is a stranger's; else it is set at a log-in.
//!
//! ## What it does not say
//!
//! `Secure` is asked on https alone. A cookie that a page reads by design, as one with a CSRF
//! token or a preference, is no session, whatever its name is.
//!
//! ## How to close it
//!
//! `Set-Cookie: __Host-session=…; Path=/; Secure; HttpOnly; SameSite=Lax`.
//!
//! ## References
//!
//! RFC 6265bis 4.1.2.5, 4.1.2.6, CWE-1004, CWE-614.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-01",
    title: "a session's cookie lacks a guard",
    source: include_str!("k01.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for cookie in k::sessions(look).await {
        let is_https = cookie.url().scheme() == "https";
        let lacks = |name: &str| !cookie.has(&name.to_ascii_lowercase());
        let asked = ["HttpOnly", "Secure"].into_iter().filter(|name| is_https || *name != "Secure");
        let missing: Vec<&str> = asked.filter(|name| lacks(name)).collect();
        if missing.is_empty() {
            continue;
        }
        let words = [
            format!("The session's cookie `{}` has no {}", cookie.name, missing.join(" and no ")),
            match missing.contains(&"HttpOnly") {
                true => "A script that was slipped into any page of this host can read the \
                         session's cookie and send it away."
                    .to_owned(),
                false => "Whoever listens to a visitor's network can have the browser ask this \
                          host by http, and read the session's cookie."
                    .to_owned(),
            },
            format!("Set it with `{}`.", missing.join("; ")),
        ];
        findings.push(k::session_finding(look, (CHECK.id, Severity::Medium), &cookie, words));
    }
    findings
}
