//! # C-29: GraphQL does what a form or an image can ask for
//!
//! ## What it is
//!
//! A mutation that is taken from the query of a GET, or from a body as forms send it, needs no
//! preflight: any page can have it run with its visitor's cookies.
//!
//! ## How it is found
//!
//! `{__typename}` is asked as an image of another site's page asks, by GET. Where GraphQL answers,
//! `mutation{__typename}` is asked in the same way: it names the type of mutations and changes
//! nothing. Where writes are allowed and the operation is a POST of GraphQL, by its path or its own
//! body, the same question is sent as JSON and in the two types of a form.
//!
//! ## What it does not say
//!
//! Queries by GET are what GraphQL over HTTP provides for. `application/graphql` and JSON are asked
//! about first by every browser. How many operations one request may hold is a matter of limits.
//!
//! ## How to close it
//!
//! Run mutations by POST with `application/json` only; or ask for a header that no form can send.
//!
//! ## References
//!
//! GraphQL over HTTP ("GET"), CWE-352.

use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::embedded::embedded;
use crate::excerpt::excerpt;
use crate::finding::{Confidence, Finding, Rung, Severity};
use crate::look::Look;
use serde_json::Value;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-29",
    title: "GraphQL does what a form or an image can ask for",
    source: include_str!("c29.rs"),
    look,
};

const QUERY: &str = "{__typename}";
const MUTATION: &str = "mutation{__typename}";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let by_get = by_get(look).await;
        by_get.into_iter().chain(by_form(look).await).collect()
    })
}

/// The name of the type that a question was about, where GraphQL answered.
fn named(answered: &Arc<Answered>) -> Option<String> {
    if !answered.is_success() || answered.is_cut {
        return None;
    }
    let said: Value = serde_json::from_slice(&answered.body).ok()?;
    said.get("data")?.get("__typename")?.as_str().map(str::to_owned)
}

async fn ask(look: &Look<'_>, question: &str) -> Option<(Call, Arc<Answered>)> {
    let mut url = look.operation.url.clone();
    url.query_pairs_mut().append_pair("query", question);
    let call = embedded(&look.canaries[0], &url)?;
    let answered = look.ask(&call).await.ok()?;
    Some((call, answered))
}

async fn by_get(look: &Look<'_>) -> Option<Finding> {
    let (_, answered) = ask(look, QUERY).await?;
    let query = named(&answered)?;
    let (call, answered) = ask(look, MUTATION).await?;
    let mutation = named(&answered)?;
    // A server that takes the operation for a query names the same type twice.
    if mutation == query || named(&look.ask_again(&call).await.ok()?)? != mutation {
        return None;
    }
    let mut finding = look.finding(CHECK.id, Severity::High, "Mutations run by GET");
    finding.variant = "get".to_owned();
    finding.who = format!(
        "Any page can have mutations run at {} by an image or a link, with its visitor's cookies \
         as far as those travel.",
        look.operation.path
    );
    finding.rung = Some(look.seen_by_tap(&call, Rung::Strong));
    finding.request = call.curl();
    finding.evidence = vec![excerpt(&String::from_utf8_lossy(&answered.body))];
    finding.fix = "Refuse mutations by GET with 405.".to_owned();
    Some(finding)
}

/// The types of body that a form sends, with GraphQL in them.
const FORMS: [(&str, &str); 2] = [
    ("application/x-www-form-urlencoded", "query=mutation%7B__typename%7D"),
    ("text/plain", r#"{"query":"mutation{__typename}"}"#),
];

async fn by_form(look: &Look<'_>) -> Option<Finding> {
    let operation = look.operation;
    let is_named = operation.path.to_ascii_lowercase().contains("graphql")
        || String::from_utf8_lossy(&operation.body).contains("\"query\"");
    if operation.method != "POST" || !is_named {
        return None;
    }
    let json = Call::new("POST", &operation.url)
        .body("application/json", br#"{"query":"mutation{__typename}"}"#);
    named(&look.ask(&json).await.ok()?)?;
    for (kind, body) in FORMS {
        let call = Call::new("POST", &look.operation.url)
            .with("Origin", &look.canaries[0])
            .with("Sec-Fetch-Site", "cross-site")
            .with("Sec-Fetch-Mode", "navigate")
            .with("Sec-Fetch-Dest", "document")
            .body(kind, body.as_bytes());
        // Without leave to write nothing is sent.
        let answered = look.ask(&call).await.ok()?;
        let Some(mutation) = named(&answered) else { continue };
        let title = format!("Mutations run from {kind}");
        let mut finding = look.finding(CHECK.id, Severity::High, &title);
        finding.variant = kind.to_owned();
        finding.confidence = Confidence::Firm;
        finding.who = format!(
            "Any page can have mutations run at {} by a form, with its visitor's cookies as far \
             as those travel.",
            look.operation.path
        );
        finding.rung = Some(look.seen_by_tap(&call, Rung::Strong));
        finding.request = call.curl();
        finding.evidence = vec![format!("__typename: {}", excerpt(&mutation))];
        finding.fix = "Take `application/json` only, with 415 for everything else.".to_owned();
        return Some(finding);
    }
    None
}
