//! # C-13: one answer of an operation allows what another does not
//!
//! ## What it is
//!
//! A page is let in by a preflight and not by the answer, or by good answers and not by errors. It
//! then sees "a CORS error" where there is another one, or where there should be none.
//!
//! ## How it is found
//!
//! The preflight and the answer for a trusted origin are compared, and the answer with that to an
//! address below it that is not there.
//!
//! ## What it does not say
//!
//! It opens nothing. A preflight that approves strangers is C-17, one that is no success is C-14.
//! What serves an address that is not there may be another server: that finding is tentative.
//!
//! ## How to close it
//!
//! Set the headers in one place, before everything that may answer, errors included.
//!
//! ## References
//!
//! Fetch 4.8 (CORS-preflight fetch), 4.10 (CORS check: it asks for no status).

use crate::ask::is_safe;
use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::look::Look;
use crate::origins::Control;
use doorward_browser::Origin;

/// The check.
pub const CHECK: Check = Check {
    id: "C-13",
    title: "one answer of an operation allows what another does not",
    source: include_str!("c13.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    // What was asked by preflights alone has no answer to compare.
    if !is_safe(&look.operation.method) || !look.operation.is_sendable() {
        return None;
    }
    let origins = look.origins().await;
    let control = origins.trusted(look).into_iter().next()?;
    let origin = control.origin.as_deref()?;
    // A page of the API's own origin needs no leave, and many give it none.
    if origin == Origin::of(&look.operation.url).to_string() {
        return None;
    }
    let asked = look.preflight(origin, &look.operation.method, &["content-type"]);
    let approved = look.ask(&asked).await.ok();
    let approved = approved.filter(|approved| approved.is_success());
    let answer = Grant::of(&control.answered, origin);
    let by_preflight = approved.as_ref().map(|approved| Grant::of(approved, origin));
    if let Some(before) = by_preflight {
        if before.reads() && answer.allowed == Allowed::Nobody {
            return unless_blanket(look, control, &asked).await;
        }
        if answer.reads_signed_in() && before.reads() && !before.reads_signed_in() {
            let what = "the answer allows credentials, and its preflight does not";
            let mut finding = said(look, what, &asked, Severity::Low);
            finding.who = format!(
                "A page of `{origin}` cannot send its visitor's cookies where the browser asks \
                 first, as for JSON."
            );
            finding.evidence = vec![
                "answer: Access-Control-Allow-Credentials: true".to_owned(),
                "preflight: no Access-Control-Allow-Credentials: true".to_owned(),
            ];
            return Some(finding);
        }
    }
    match control.answered.is_success() && answer.reads() {
        true => errors(look, origin, answer).await,
        false => None,
    }
}

/// The preflight approves the trusted origin, and the answer names nobody.
async fn unless_blanket(look: &Look<'_>, control: &Control, asked: &Call) -> Option<Finding> {
    let origin = control.origin.as_deref()?;
    let canary = &look.canaries[0];
    let strangers = look.preflight(canary, &look.operation.method, &["content-type"]);
    let strangers = look.ask(&strangers).await.ok();
    let is_approved = |found: &Answered| found.is_success() && Grant::of(found, canary).reads();
    if strangers.is_some_and(|found| is_approved(&found)) {
        return None;
    }
    let status = control.answered.status;
    // Where a redirect leads is another answer's matter.
    if (300..400).contains(&status) {
        return None;
    }
    let what = match control.answered.is_success() {
        true => "a preflight approves what the answer does not allow",
        false => "errors do not allow what preflights do",
    };
    let mut finding = said(look, what, asked, Severity::Low);
    finding.who = format!("A page of `{origin}` sees a CORS error instead of the answer.");
    finding.evidence =
        vec![format!("the answer to {origin}: {status}, no Access-Control-Allow-Origin")];
    Some(finding)
}

/// The trusted origin may read a good answer: may it read an error?
async fn errors(look: &Look<'_>, origin: &str, answer: Grant) -> Option<Finding> {
    let mut call = look.from_page(origin);
    // Below the operation's own address, so that its own application answers.
    let word = look.canaries[0].split(['/', '.']).nth(2)?;
    call.url.path_segments_mut().ok()?.pop_if_empty().push(word);
    let error = look.ask(&call).await.ok()?;
    let is_error = error.status >= 400;
    if !is_error || Grant::of(&error, origin).reads() || answer.allowed != Allowed::Exactly {
        return None;
    }
    let what = "good answers allow what errors do not";
    let mut finding = said(look, what, &call, Severity::Info);
    finding.confidence = Confidence::Tentative;
    finding.who = format!("A page of `{origin}` sees a CORS error instead of {}.", error.status);
    finding.evidence = vec![format!("{}, no Access-Control-Allow-Origin", error.status)];
    Some(finding)
}

fn said(look: &Look<'_>, what: &str, call: &Call, severity: Severity) -> Finding {
    let mut finding = look.finding(CHECK.id, severity, &format!("It is of two minds: {what}"));
    finding.request = call.curl();
    finding.fix =
        "Set the headers in one place, before everything that may answer, errors included."
            .to_owned();
    finding
}
