//! # C-24: `Origin` is used as a password
//!
//! ## What it is
//!
//! Without a sign-in, the API refuses a call, and answers the same call as soon as it says
//! `Origin: ` and a trusted name. Browsers do not let pages lie in that header; every other program
//! writes into it what it likes.
//!
//! ## How it is found
//!
//! A call without `Origin` gets 401 or 403, twice; one with a trusted origin in it, and nothing
//! else, gets a success, twice; and one with a stranger's does not.
//!
//! ## What it does not say
//!
//! Where answers are refused to strangers and there is a sign-in besides, it is no fault: that is
//! how a page of theirs is kept from acting.
//!
//! ## How to close it
//!
//! Ask for something that a caller cannot make up: a session, a key, a signature. Keep the
//! comparison of `Origin` beside it.
//!
//! ## References
//!
//! RFC 6454 7, RFC 9110 17.1, CWE-290, CWE-346.

use crate::ask::is_safe;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-24",
    title: "`Origin` is used as a password",
    source: include_str!("c24.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    if !is_safe(&look.operation.method) || !look.operation.is_sendable() {
        return None;
    }
    let plain = look.operation.call();
    let refused = look.ask(&plain).await.ok()?;
    let is_refused = |status| matches!(status, 401 | 403);
    if !is_refused(refused.status) || !is_refused(look.ask_again(&plain).await.ok()?.status) {
        return None;
    }
    let strange = plain.clone().with("Origin", &look.canaries[0]);
    if look.ask(&strange).await.ok()?.is_success() {
        return None;
    }
    for origin in look.trusted.iter().take(2) {
        let forged = plain.clone().with("Origin", origin);
        let answered = look.ask(&forged).await.ok()?;
        if !answered.is_success() || !look.ask_again(&forged).await.ok()?.is_success() {
            continue;
        }
        let title = "It answers whoever writes a trusted name into `Origin`";
        let mut finding = look.finding(CHECK.id, Severity::High, title);
        finding.who = format!(
            "Anybody without an account can read {} with any program, by one header.",
            look.operation.name()
        );
        finding.request = forged.curl();
        finding.evidence = vec![
            format!("without Origin: {}", refused.status),
            format!("Origin: {origin}: {}", answered.status),
        ];
        finding.fix = "Ask for a session, a key or a signature; keep the comparison of `Origin` \
                       beside it."
            .to_owned();
        return Some(finding);
    }
    None
}
