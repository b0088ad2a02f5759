//! # C-30: a redirect takes the caller's key to another site
//!
//! ## What it is
//!
//! Programs and pages that follow a redirect send their own headers along. Browsers leave out
//! `Authorization` where the origin changes, and nothing else: `X-API-Key` and the like arrive at
//! the other site.
//!
//! ## How it is found
//!
//! The operation is answered with a redirect to another site; it is not followed. That callers have
//! a key in a header of its own is known from the session that was given, and then the answer with
//! the session counts; else from what the API's own preflights and answers allow.
//!
//! ## What it does not say
//!
//! A redirect to one's own site, from http to https for one, leads to the same people. So does one
//! for callers who are not signed in: where there is a session, only its own redirect counts.
//! Whether the other site reads keys is not known.
//!
//! ## How to close it
//!
//! Answer with the other address in the body, or take keys in `Authorization` alone.
//!
//! ## References
//!
//! Fetch 4.5 (HTTP-redirect fetch), CWE-522, CWE-201.

use crate::approval::{foreign, list, session_names, usual};
use crate::call::{Answered, is_secret};
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::look::Look;
use doorward_browser::{Origin, Relation, relation};
use std::sync::Arc;
use url::Url;

/// The check.
pub const CHECK: Check = Check {
    id: "C-30",
    title: "a redirect takes the caller's key to another site",
    source: include_str!("c30.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let mut call = look.operation.call();
    let own = session_names(look).into_iter().find(|name| is_key(name));
    let (name, confidence) = match (own, look.session) {
        (Some(name), _) => {
            call = look.signed_in(&call)?;
            (name, Confidence::Firm)
        }
        // The session says how callers are known: not by a key of their own.
        (None, Some(_)) => return None,
        (None, None) => (allowed_key(look).await?, Confidence::Tentative),
    };
    let answer = look.ask(&call).await.ok()?;
    let to = elsewhere(&look.operation.url, &answer)?;
    let again = look.ask_again(&call).await.ok()?;
    if elsewhere(&look.operation.url, &again)?.origin() != to.origin() {
        return None;
    }
    let site = Origin::of(&to);
    let title = format!("{} redirects to another site", look.operation.name());
    let mut finding = look.finding(CHECK.id, Severity::Medium, &title);
    finding.confidence = confidence;
    finding.who = format!(
        "Whoever runs {site} is sent the header {name} of callers of {} whose browser or program \
         follows the redirect.",
        look.operation.name()
    );
    finding.request = call.curl();
    finding.evidence = vec![format!("{}, to {site}", answer.status)];
    if look.session.is_none() {
        finding.evidence.push(format!("preflights allow {name}"));
    }
    finding.fix = "Answer with the address in the body, or take keys in `Authorization` alone: \
                   browsers leave that out."
        .to_owned();
    Some(finding)
}

/// A header of a key's own. `Authorization` is left out by browsers; a cookie is another host's.
fn is_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_known = matches!(name.as_str(), "authorization" | "cookie" | "proxy-authorization");
    // Tokens against forgery are worth nothing elsewhere.
    let is_forgery = name.contains("csrf") || name.contains("xsrf");
    !is_known && !is_forgery && is_secret(&name)
}

/// A key's header that the API lets pages send.
async fn allowed_key(look: &Look<'_>) -> Option<String> {
    let asker = foreign(look).unwrap_or(look.canaries[0].as_str());
    for call in [usual(look, asker), look.operation.call()] {
        let Ok(answer) = look.ask(&call).await else { continue };
        let names = list(&answer, "access-control-allow-headers");
        if let Some(name) = names.into_iter().find(|name| is_key(name)) {
            return Some(crate::excerpt::excerpt(&name));
        }
    }
    None
}

/// Where a redirect leads that leaves the site.
fn elsewhere(own: &Url, answer: &Arc<Answered>) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let to = own.join(&answer.header("location")?).ok()?;
    let is_http = matches!(to.scheme(), "http" | "https");
    // The step from http to https is no other site's.
    let mut alike = to.clone();
    if alike.set_scheme(own.scheme()).is_err() || !is_http {
        return None;
    }
    let leaves = relation(&Origin::of(own), &Origin::of(&alike)) == Relation::CrossSite;
    leaves.then_some(to)
}
