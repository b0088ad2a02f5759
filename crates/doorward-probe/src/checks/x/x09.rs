//! # any page can sign a visitor in
//!
//! ## What it is
//!
//! A stranger's page can send the log-in form, and the browser keeps the session that it gets: the
//! visitor is then signed in as the attacker, and what he types goes into the attacker's account.
//! Or a session that was there before the log-in stays the same after it, so whoever planted it
//! shares it.
//!
//! ## How it is found
//!
//! With `--allow-writes`, on a POST whose address has a word of a log-in. It is sent as two
//! strangers' pages send it, without a session; the answer must be as an allowed caller's and set
//! the same cookies. Then it is sent with the cookie that a stranger is given before: a session's
//! cookie that was set without it must be set anew.
//!
//! ## What it does not say
//!
//! Whether the body's name and password are right: they should be, or nothing is found.
//!
//! ## How to close it
//!
//! Ask for a token, or refuse what comes from another site, at the log-in too; and give a new
//! session to whoever signs in.
//!
//! ## References
//!
//! CWE-352, CWE-384, RFC 6265bis 8.4.

use crate::call::{Answered, Call};
use crate::checks::k::sounds_like_a_log_in;
use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Engines, Finding, Severity};
use crate::forge::{Exposure, call, may_write, of_strangers, run, without};
use crate::look::Look;
use crate::set_cookie::SetCookie;
use crate::witness::{Allowed, is_well};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "X-09",
    title: "any page can sign a visitor in",
    source: include_str!("x09.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !may_write(look) || look.operation.method != "POST" || !sounds_like_a_log_in(look) {
        return Vec::new();
    }
    let trusted = look.trusted.first().map(|origin| look.from_page(origin));
    let Some(own) = trusted else { return Vec::new() };
    let Ok(allowed) = Allowed::of(look, &own).await else { return Vec::new() };
    let given = names(&allowed.answers[0], &own);
    if !allowed.is_well() || given.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let dress = x::plainest(look);
    let calls =
        of_strangers(look, |page| call(look, page, dress).map(|call| without(&call, &["cookie"])));
    if let Some(seen) = run(look, &calls, &allowed).await
        && names(&seen.answer, &own) == given
    {
        let worth = Exposure {
            severity: Severity::Medium,
            engines: Engines::all(),
            as_whom: "It needs no cookie: the visitor ends up in the attacker's account."
                .to_owned(),
        };
        let words = [
            "A stranger's page can send the log-in".to_owned(),
            "Any page can sign a visitor in as somebody else, who then sees what he does."
                .to_owned(),
            "Refuse a log-in from another site, or ask for a token that its page was given."
                .to_owned(),
        ];
        findings.push(x::finding(look, CHECK.id, (&calls[0], &seen), &worth, words));
    }
    findings.extend(fixed(look, &own, &given).await);
    findings
}

/// A session that a log-in does not renew.
async fn fixed(look: &Look<'_>, own: &Call, given: &BTreeSet<String>) -> Option<Finding> {
    let before = look.ask(&Call::new("GET", &look.operation.url)).await.ok()?;
    let cookies = before.headers.all("set-cookie").map(|line| SetCookie::read(line, own, &before));
    let planted = cookies.into_iter().find(|cookie| {
        given.contains(&cookie.name) && cookie.has("httponly") && !cookie.is_deletion()
    })?;
    let call = own.clone().with("Cookie", &format!("{}={}", planted.name, planted.value));
    let mut is_kept = true;
    for _ in 0..2 {
        let after = look.ask_again(&call).await.ok()?;
        is_kept &= is_well(&after) && !names(&after, own).contains(&planted.name);
    }
    if !is_kept {
        return None;
    }
    let mut finding =
        look.finding(CHECK.id, Severity::Medium, "A log-in keeps the session that was there");
    finding.confidence = Confidence::Tentative;
    finding.who =
        "Whoever planted a session's cookie before the log-in shares it after.".to_owned();
    finding.request = call.curl();
    finding.evidence = vec![format!("before: {}", planted.shown()), "after: not set".to_owned()];
    finding.fix = "Give whoever signs in a new session.".to_owned();
    finding.variant = "fixation".to_owned();
    Some(finding)
}

/// The names of the cookies that an answer sets.
fn names(answer: &Arc<Answered>, call: &Call) -> BTreeSet<String> {
    let cookies = answer.headers.all("set-cookie").map(|line| SetCookie::read(line, call, answer));
    cookies.filter(|cookie| !cookie.is_deletion()).map(|cookie| cookie.name).collect()
}
