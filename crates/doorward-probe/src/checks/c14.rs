//! # C-14: preflights are not answered with success
//!
//! ## What it is
//!
//! The API allows a page to read, and its pages send what browsers ask about first; but the
//! question itself is refused: by a log-in that it cannot pass (401), by a router that knows no
//! `OPTIONS` (404, 405), by a redirect, or by an error. The browser then sends nothing. This is the
//! most usual reason why "CORS does not work".
//!
//! ## How it is found
//!
//! What the pages send is told by the operation's own method and type, by the headers of the
//! session, by a 401 that asks for a token, or by the lists that the API itself answers with. The
//! preflight for that is sent as a page of an allowed origin sends it, twice.
//!
//! ## What it does not say
//!
//! Nothing is found where the API allows no page of another origin, or where its pages need no
//! preflights: a public `GET` without headers of its own is sent without asking. Refusing the
//! preflights of pages that are not allowed is right.
//!
//! ## How to close it
//!
//! Answer preflights of allowed origins with 204, before log-ins, routers and redirects.
//!
//! ## References
//!
//! Fetch 4.8 (CORS-preflight fetch).

use crate::approval::{Wish, asks_about, foreign, list, sending, session_names, stays, usual};
use crate::call::Answered;
use crate::checks::{Check, Looking};
use crate::excerpt::{excerpt, header_line};
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::Grant;
use crate::look::Look;
use http::HeaderName;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-14",
    title: "preflights are not answered with success",
    source: include_str!("c14.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

/// What its pages send that a browser asks about first, and how that is known.
struct Need {
    method: String,
    headers: Vec<String>,
    why: String,
    confidence: Confidence,
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let trusted = foreign(look)?;
    let answer = look.ask(&look.from_page(trusted)).await.ok();
    let first = look.ask(&usual(look, trusted)).await.ok();
    let answers: Vec<Arc<Answered>> = answer.iter().chain(&first).cloned().collect();
    let need = need(look, &answers)?;
    let headers: Vec<&str> = need.headers.iter().map(String::as_str).collect();
    let call = look.preflight(trusted, &need.method, &headers);
    let asked = look.ask(&call).await.ok()?;
    let allows = |answered: &Arc<Answered>| Grant::of(answered, trusted).reads();
    if asked.is_success() || !(allows(&asked) || answers.iter().any(allows)) {
        return None;
    }
    let wish =
        Wish { origin: trusted, method: &need.method, headers: &headers, credentials: false };
    let url = &look.operation.url;
    let is_refused = |answered: &Arc<Answered>| wish.refused_by(url, answered).is_some();
    let again = |answered: &Arc<Answered>| !answered.is_success() && is_refused(answered);
    if !is_refused(&asked) || !stays(look, &call, again).await {
        return None;
    }
    let title = format!("Preflights of allowed pages are answered with {}", asked.status);
    let mut finding = look.finding(CHECK.id, Severity::Low, &title);
    finding.engines = wish.refused_in(url, &asked);
    finding.confidence = need.confidence;
    finding.who = format!(
        "No page of {trusted} can send {} here, though it is allowed to read the answers: \
         browsers send nothing after such a preflight.",
        sending(&need.method, &headers)
    );
    finding.request = call.curl();
    finding.evidence = vec![
        format!("preflight: {}", asked.status),
        header_line(&asked, "Access-Control-Allow-Origin"),
        format!("a preflight is needed: {}", need.why),
    ];
    finding.fix = match asked.status {
        401 | 407 => {
            "Answer preflights before callers are asked who they are: a preflight never \
                      has credentials."
        }
        300..=399 => "Answer preflights at this address: browsers follow no redirect of one.",
        _ => {
            "Answer `OPTIONS` with 204 and the `Access-Control-Allow-…` headers, before the \
              router."
        }
    }
    .to_owned();
    Some(finding)
}

fn need(look: &Look<'_>, answers: &[Arc<Answered>]) -> Option<Need> {
    let method = look.operation.method.clone();
    let confidence = Confidence::Firm;
    let (headers, asks) = asks_about(look);
    if asks {
        let why = format!("it is {} {}", method, look.operation.content_type);
        return Some(Need { method, headers, why: why.trim_end().to_owned(), confidence });
    }
    let headers = session_names(look);
    if !headers.is_empty() {
        let why = "the session is a header that a script sets".to_owned();
        // Pages may have another way to be known.
        return Some(Need { method, headers, why, confidence: Confidence::Tentative });
    }
    let wants_token = |answered: &Arc<Answered>| {
        let how = answered.header("www-authenticate").unwrap_or_default();
        answered.status == 401 && how.to_ascii_lowercase().starts_with("bearer")
    };
    if look.operation.needs_caller || answers.iter().any(wants_token) {
        let headers = vec!["authorization".to_owned()];
        let why = "it asks for a token".to_owned();
        return Some(Need { method, headers, why, confidence });
    }
    named(method, answers)
}

/// What the API itself says that pages may send.
fn named(own: String, answers: &[Arc<Answered>]) -> Option<Need> {
    let confidence = Confidence::Firm;
    let lists = |name: &str| answers.iter().flat_map(|one| list(one, name)).collect::<Vec<_>>();
    let is_asked = |name: &String| {
        let simple = ["accept", "accept-language", "content-language", "range", "origin"];
        let is_name = HeaderName::from_bytes(name.as_bytes()).is_ok();
        is_name && !simple.iter().any(|own| name.eq_ignore_ascii_case(own))
    };
    let header = lists("access-control-allow-headers").into_iter().find(is_asked);
    if let Some(header) = header {
        let why = format!("it answers Access-Control-Allow-Headers: {header}");
        let header = if header == "*" { "content-type".to_owned() } else { header };
        let headers = vec![header.to_ascii_lowercase()];
        return Some(Need { method: own, headers, why: excerpt(&why), confidence });
    }
    let methods = lists("access-control-allow-methods");
    let is_known = |method: &String| matches!(method.as_str(), "PUT" | "PATCH" | "DELETE");
    let method = methods.into_iter().find(|method| is_known(method))?;
    let why = format!("it answers Access-Control-Allow-Methods: {method}");
    Some(Need { method, headers: Vec::new(), why, confidence })
}
