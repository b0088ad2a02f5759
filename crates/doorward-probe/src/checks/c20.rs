//! # C-20: which headers pages may see
//!
//! ## What it is
//!
//! `Access-Control-Expose-Headers` shows headers of an answer to scripts. Shown to every page, a
//! token is everybody's. `Set-Cookie` is never shown, and `*` is only a name where credentials
//! travel: then the page that needs a header does not see it.
//!
//! ## How it is found
//!
//! The model of the browser reads the answer as a page of an origin that was drawn for this run,
//! and as an allowed one with credentials, and says which headers the script sees.
//!
//! ## What it does not say
//!
//! An allowed page that sees a token is what tokens are for. The token that is found here is the
//! one of a caller without a session.
//!
//! ## How to close it
//!
//! List the headers that pages need by name, and show tokens to allowed origins alone.
//!
//! ## References
//!
//! Fetch 2.2.2 (CORS-safelisted response-header name), 2.2.6, 3.3.3.

use crate::approval::{foreign, list, stays};
use crate::call::Answered;
use crate::checks::{Check, Looking};
use crate::excerpt::header_line;
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::Grant;
use crate::look::{Look, answer_of, page_of};
use doorward_browser::{
    Answer, Credentials, Engine, EngineId, Reading, Request, Sent, State, decide,
};
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-20",
    title: "which headers pages may see",
    source: include_str!("c20.rs"),
    look,
};

const EXPOSE: &str = "Access-Control-Expose-Headers";

/// Headers of answers that are as good as a log-in.
const TOKENS: &[&str] = &[
    "authorization",
    "x-access-token",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "csrf-token",
    "x-refresh-token",
    "x-session-id",
    "x-session-token",
    "x-xsrf-token",
];

/// Headers of answers that scripts are usually meant to see.
const FOR_SCRIPTS: &[&str] = &[
    "content-disposition",
    "etag",
    "link",
    "location",
    "retry-after",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-remaining",
    "x-page",
    "x-per-page",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-request-id",
    "x-total",
    "x-total-count",
    "x-total-pages",
];

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let mut findings = Vec::new();
        findings.extend(token_for_everybody(look).await);
        findings.extend(words_without_effect(look).await);
        findings
    })
}

async fn token_for_everybody(look: &Look<'_>) -> Option<Finding> {
    let mut found: Option<(String, Arc<Answered>)> = None;
    for canary in look.canaries {
        let call = look.from_page(canary);
        let answer = look.ask(&call).await.ok()?;
        let name = token(canary, &answer)?;
        if !stays(look, &call, |answer| token(canary, answer).as_ref() == Some(&name)).await {
            return None;
        }
        found.get_or_insert((name, answer));
    }
    let (name, answer) = found?;
    let title = format!("Every page may see the header {name}");
    let mut finding = look.finding(CHECK.id, Severity::Low, &title);
    finding.variant = "token".to_owned();
    // Whose token it is without a session, nobody here knows.
    finding.confidence = Confidence::Tentative;
    finding.who = format!(
        "Any page can read the header {name} of {}, which is as good as a log-in where the answer \
         is for somebody.",
        look.operation.name()
    );
    finding.request = look.from_page(&look.canaries[0]).curl();
    finding.evidence = vec![header_line(&answer, EXPOSE), format!("{name}: …")];
    finding.fix = format!("Do not list {name}, or show the answer to allowed origins alone.");
    Some(finding)
}

/// A token that a page of this origin sees in every engine.
fn token(origin: &str, answer: &Arc<Answered>) -> Option<String> {
    let seen = seen(origin, answer, Credentials::SameOrigin)?;
    let is_there = |name: &&str| answer.header(name).is_some_and(|value| !value.is_empty());
    let mut tokens = TOKENS.iter().copied().filter(|name| seen.iter().any(|own| own == name));
    tokens.find(is_there).map(str::to_owned)
}

/// The headers that a page's script sees, in every engine; none where it reads nothing.
fn seen(origin: &str, answer: &Arc<Answered>, credentials: Credentials) -> Option<Vec<String>> {
    let page = page_of(origin)?;
    let mut request = Request::fetch(url::Url::parse("https://api.invalid/").ok()?);
    request.credentials = credentials;
    let answer: Answer = answer_of(answer);
    let mut common: Option<Vec<String>> = None;
    for id in EngineId::ALL {
        let mut server = |_: &Sent| answer.clone();
        let engine = Engine::of(id);
        let verdict = decide(&engine, Some(&page), &request, &mut server, &State::default(), 0);
        let Reading::Reads(names) = verdict.reading else { return None };
        let both = |name: &String| common.as_ref().is_none_or(|own| own.contains(name));
        common = Some(names.into_iter().filter(both).collect());
    }
    common
}

async fn words_without_effect(look: &Look<'_>) -> Option<Finding> {
    let trusted = foreign(look)?;
    let call = look.from_page(trusted);
    let answer = look.ask(&call).await.ok()?;
    let listed = list(&answer, EXPOSE);
    let grant = Grant::of(&answer, trusted);
    if !grant.reads() || !answer.is_success() {
        return None;
    }
    let lists = |name: &str| listed.iter().any(|own| own.eq_ignore_ascii_case(name));
    // A page that may not read the answer signed in sees nothing there anyway.
    let hidden = || {
        let seen = seen(trusted, &answer, Credentials::Include)?;
        let mut names = FOR_SCRIPTS.iter().filter(|name| answer.headers.has(name));
        names.find(|name| !seen.iter().any(|own| own == *name)).copied()
    };
    let (variant, title, who, fix) = if lists("*") {
        let name = hidden()?;
        (
            "star",
            "`*` shows no headers where credentials travel",
            format!(
                "Pages of {trusted} that read {} signed in do not see {name}: with credentials \
                 `*` is only a name.",
                look.operation.name()
            ),
            format!("List the headers by name: `{EXPOSE}: {name}`."),
        )
    } else if lists("set-cookie") {
        (
            "set-cookie",
            "Set-Cookie is listed, and no page ever sees it",
            format!(
                "Pages of {trusted} see no Set-Cookie of {}, listed or not.",
                look.operation.name()
            ),
            format!("Take Set-Cookie out of {EXPOSE}."),
        )
    } else {
        return None;
    };
    if !stays(look, &call, |again| list(again, EXPOSE) == listed).await {
        return None;
    }
    let is_star = variant == "star";
    let severity = if is_star { Severity::Low } else { Severity::Info };
    let mut finding = look.finding(CHECK.id, severity, title);
    finding.variant = variant.to_owned();
    finding.who = who;
    finding.request = call.curl();
    finding.evidence = vec![header_line(&answer, EXPOSE)];
    finding.fix = fix;
    Some(finding)
}
