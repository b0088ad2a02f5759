//! # C-17: a preflight approves what the answer denies
//!
//! ## What it is
//!
//! The API approves the preflight of a page that its real answer does not allow. The browser then
//! sends the request, the backend may run it, and only the answer is hidden. The page cannot read,
//! but it can write.
//!
//! ## How it is found
//!
//! Preflights for JSON by `PUT` and `POST`, or for what the operation itself is, are asked for two
//! origins drawn for this run, and the model of the browser says which of them it takes for a yes.
//! Where both are approved, the same pages' `GET` is sent, or the operation itself where writes are
//! allowed; its answer is a success that neither page may read, twice.
//!
//! ## What it does not say
//!
//! Approving a preflight runs nothing by itself. Where the backend refuses the request before it
//! runs it (403), nothing is found. What a `GET` is answered does not tell whether a `PUT` would
//! run: that is said only where the operation itself was sent, and answered as an allowed page's.
//!
//! ## How to close it
//!
//! Let preflights and answers be decided by one list. Refuse a request from an origin that is not
//! on it before it is run.
//!
//! ## References
//!
//! Fetch 4.8 (CORS-preflight fetch), 4.10 (CORS check), CWE-352.

use crate::approval::{Wish, asks_about, foreign, sending, stays};
use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::excerpt::header_line;
use crate::finding::{Finding, Rung, Severity};
use crate::grant::Grant;
use crate::look::Look;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-17",
    title: "a preflight approves what the answer denies",
    source: include_str!("c17.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

/// A preflight that was approved.
struct Approved {
    method: String,
    headers: Vec<String>,
    call: Call,
    answered: Arc<Answered>,
    credentials: bool,
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let approved =
        [approved(look, &look.canaries[0]).await?, approved(look, &look.canaries[1]).await?];
    let mut first = None;
    for (canary, approved) in look.canaries.iter().zip(approved) {
        let denies =
            |answer: &Arc<Answered>| answer.is_success() && !Grant::of(answer, canary).reads();
        let (call, answer) = answered(look, look.from_page(canary)).await?;
        if !denies(&answer) || !stays(look, &call, denies).await {
            return None;
        }
        first.get_or_insert((approved, call, answer));
    }
    let (approved, call, answer) = first?;
    let severity = if approved.credentials { Severity::High } else { Severity::Medium };
    let mut finding = look.finding(
        CHECK.id,
        severity,
        "Preflights are approved for pages that may not read the answer",
    );
    let names: Vec<&str> = approved.headers.iter().map(String::as_str).collect();
    finding.who = format!(
        "Any page can have a visitor's browser send {} here, {}, and it arrives; only the answer \
         is hidden from the page.",
        sending(&approved.method, &names),
        if approved.credentials { "with cookies that travel" } else { "without cookies" },
    );
    finding.rung = Some(look.seen_by_tap(&call, rung(look, &answer).await));
    finding.request = approved.call.curl();
    finding.evidence = vec![
        format!(
            "preflight: {}, {}",
            approved.answered.status,
            header_line(&approved.answered, "Access-Control-Allow-Origin")
        ),
        format!(
            "answer: {}, {}",
            answer.status,
            header_line(&answer, "Access-Control-Allow-Origin")
        ),
    ];
    finding.fix = "Decide preflights and answers by one list of origins, and refuse the others' \
                   requests before they are run."
        .to_owned();
    Some(finding)
}

/// The answer to a page; as a signed-in person, where nobody else gets one.
async fn answered(look: &Look<'_>, call: Call) -> Option<(Call, Arc<Answered>)> {
    let answer = look.ask(&call).await.ok()?;
    if answer.is_success() {
        return Some((call, answer));
    }
    let call = look.signed_in(&call)?;
    let answer = look.ask(&call).await.ok()?;
    Some((call, answer))
}

/// What a page of this origin may send: the operation itself, or JSON by PUT, or by POST.
async fn approved(look: &Look<'_>, canary: &str) -> Option<Approved> {
    let json = || vec!["content-type".to_owned()];
    let own = (look.operation.method.clone(), asks_about(look).0);
    let asked = match asks_about(look).1 {
        true => vec![own],
        false => vec![("PUT".to_owned(), json()), ("POST".to_owned(), json())],
    };
    for (method, headers) in asked {
        let names: Vec<&str> = headers.iter().map(String::as_str).collect();
        let call = look.preflight(canary, &method, &names);
        let answered = look.ask(&call).await.ok()?;
        let plain = Wish { origin: canary, method: &method, headers: &names, credentials: false };
        let url = &look.operation.url;
        if !plain.is_granted(url, &answered) {
            continue;
        }
        let credentials = Wish { credentials: true, ..plain }.is_granted(url, &answered);
        return Some(Approved { method, headers, call, answered, credentials });
    }
    None
}

/// How it is known that the backend ran what the preflight was for.
async fn rung(look: &Look<'_>, answer: &Arc<Answered>) -> Rung {
    // A GET that was answered says nothing of a PUT.
    let (true, Some(trusted)) = (asks_about(look).1, foreign(look)) else { return Rung::Unknown };
    match answered(look, look.from_page(trusted)).await {
        Some((_, own)) if own.status == answer.status && own.body == answer.body && !own.is_cut => {
            Rung::Strong
        }
        Some(_) | None => Rung::Weak,
    }
}
