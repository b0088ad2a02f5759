//! # another site's request replaces a session
//!
//! ## What it is
//!
//! A browser holds the session's cookie back from another site's request, the server takes the
//! visitor for a new one, and the cookie that it sets replaces the session. Any page can so sign a
//! visitor out, or put a session in his browser that was not his.
//!
//! ## How it is found
//!
//! Where a navigation of a stranger's page, without cookies, is answered with the session's
//! cookie, and the model of a browser says that this browser holds it back from such a navigation
//! and keeps it from its answer. By GET always; by POST with `--allow-writes`.
//!
//! ## What it does not say
//!
//! What a server does that knows the visitor by something else.
//!
//! ## How to close it
//!
//! Begin a session where somebody signs in, not wherever a cookie is missing; and none in answers
//! to other sites' requests.
//!
//! ## References
//!
//! RFC 6265bis 5.7, 8.8.

use crate::call::Call;
use crate::checks::k::{confidence, sounds_like_a_log_in};
use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::forge::{Dress, call, link, may_write, session_cookies, strangers, without};
use crate::look::Look;
use crate::set_cookie::SetCookie;
use doorward_browser::{Engine, Target, Way};

/// The check.
pub const CHECK: Check = Check {
    id: "X-12",
    title: "another site's request replaces a session",
    source: include_str!("x12.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(page) = strangers(look).into_iter().next() else { return Vec::new() };
    let mut tries: Vec<(Call, Way)> = Vec::new();
    if look.operation.is_sendable() {
        let asked = link(look, &page, &look.operation.url);
        tries.extend(asked.map(|call| (call, Way::Link(Target::Top))));
    }
    if may_write(look) && !sounds_like_a_log_in(look) {
        tries.extend(call(look, &page, Dress::Own).map(|call| (call, Way::Form(Target::Top))));
    }
    let mut findings = Vec::new();
    for (call, way) in tries {
        let call = without(&call, &["cookie"]);
        let Ok(answer) = look.ask(&call).await else { continue };
        for line in answer.headers.all("set-cookie") {
            let cookie = SetCookie::read(line, &call, &answer);
            if cookie.is_deletion() || !is_session(look, &cookie).await {
                continue;
            }
            let engines = Engines::which(|id| {
                let engine = Engine::of(id);
                let (is_kept, _) = cookie.kept(&engine);
                is_kept && !cookie.travels(&engine, &page, (way, &call.method))
            });
            if engines.is_empty() {
                continue;
            }
            let mut finding = look.finding(
                CHECK.id,
                Severity::Low,
                &format!("A request without the cookie `{}` gets a new one", cookie.name),
            );
            finding.who = format!(
                "Any page can sign a visitor out: {engines} hold the cookie back from its \
                 {} and keep the one that comes with the answer.",
                call.method
            );
            finding.request = call.curl();
            finding.evidence = vec![cookie.shown()];
            finding.fix = "Begin a session where somebody signs in, not wherever a cookie is \
                           missing."
                .to_owned();
            finding.engines = engines;
            finding.confidence = confidence(look);
            finding.variant = format!("{} {}", call.method, cookie.name);
            findings.push(finding);
        }
    }
    findings
}

async fn is_session(look: &Look<'_>, cookie: &SetCookie) -> bool {
    match look.session.filter(|session| session.has_cookie()) {
        Some(_) => session_cookies(look).await.contains(&cookie.name),
        None => cookie.has("httponly"),
    }
}
