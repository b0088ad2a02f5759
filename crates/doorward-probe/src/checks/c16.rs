//! # C-16: every preflight is approved
//!
//! ## What it is
//!
//! The API approves whatever method and header a page of anybody's asks about. The browser then
//! sends JSON, `PUT` and `DELETE` for that page: the one protection that CORS gives by itself is
//! switched off.
//!
//! ## How it is found
//!
//! A preflight asks about a method that nobody has and a header that was drawn for this run, as
//! pages of two origins that were drawn too, and again. The model of the browser says whether the
//! answer is a yes, and whether with cookies. For an operation that is not sent without leave to
//! write, its own preflight is looked at as well.
//!
//! ## What it does not say
//!
//! A fixed list of methods and headers is no blanket, and public APIs with `*` may have one. Where
//! the same page's request is refused by 403 that the allowed page's is not, preflights are not
//! what protects the API, and nothing is found. Where the answer is denied but the request runs,
//! that is C-17. Without cookies a page can do no more than a program, except from inside of a
//! network: then it is low.
//!
//! ## How to close it
//!
//! Approve preflights by a list of origins, methods and headers.
//!
//! ## References
//!
//! Fetch 4.8 (CORS-preflight fetch), CWE-942, CWE-352.

use crate::approval::{Wish, foreign, stays};
use crate::ask::Failed;
use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::excerpt::header_line;
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::Grant;
use crate::look::Look;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-16",
    title: "every preflight is approved",
    source: include_str!("c16.rs"),
    look,
};

/// A method that no API has.
const METHOD: &str = "XPROBE";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        match blanket(look).await {
            Some(finding) => vec![finding],
            None => own(look).await.into_iter().collect(),
        }
    })
}

/// Any method, any header.
async fn blanket(look: &Look<'_>) -> Option<Finding> {
    let header = drawn(&look.canaries[0]);
    let other = drawn(&look.canaries[1]);
    let (call, asked, credentials) =
        approved(look, METHOD, [&[header.as_str()], &[other.as_str()]]).await?;
    let standing = standing(look).await?;
    let severity = match (credentials, standing) {
        (true, Standing::Reads) => Severity::High,
        (true, Standing::NotKnown) => Severity::Medium,
        (false, Standing::Reads | Standing::NotKnown) => Severity::Low,
    };
    let mut finding =
        look.finding(CHECK.id, severity, "Preflights are approved whatever they ask about");
    finding.who = match credentials {
        true => {
            "Any page that a signed-in person visits can have JSON, PUT and DELETE requests \
                 sent here with that person's cookies, as far as those travel to another site."
        }
        false => {
            "Any page can have its visitors' browsers send JSON, PUT and DELETE requests \
                  here, without cookies: what only their network may reach is open to it."
        }
    }
    .to_owned();
    Some(evidence(finding, &call, &asked))
}

/// The operation itself, where it may not be sent: nobody sees whether its answer is denied.
async fn own(look: &Look<'_>) -> Option<Finding> {
    let (names, asks) = crate::approval::asks_about(look);
    let answer = look.ask(&look.from_page(&look.canaries[0])).await;
    if !asks || !matches!(answer, Err(Failed::CouldWrite(_))) {
        return None;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let method = look.operation.method.as_str();
    let (call, asked, credentials) = approved(look, method, [&names, &names]).await?;
    if !credentials {
        return None;
    }
    let title = "Its preflight is approved for every origin, with credentials";
    let mut finding = look.finding(CHECK.id, Severity::Medium, title);
    finding.variant = "own".to_owned();
    finding.confidence = Confidence::Tentative;
    finding.who = format!(
        "Any page that a signed-in person visits can have {} sent here with that person's \
         cookies, as far as those travel to another site and the backend looks at nothing else.",
        look.operation.name()
    );
    Some(evidence(finding, &call, &asked))
}

fn evidence(mut finding: Finding, call: &Call, asked: &Arc<Answered>) -> Finding {
    finding.request = call.curl();
    finding.evidence = vec![format!("preflight: {}", asked.status)];
    for name in ["Origin", "Credentials", "Methods", "Headers"] {
        finding.evidence.push(header_line(asked, &format!("Access-Control-Allow-{name}")));
    }
    finding.fix = "Approve preflights by a list of origins, methods and headers, and refuse other \
                   origins' requests before they are run."
        .to_owned();
    finding
}

/// Whether both canaries are approved, twice; then also whether with credentials.
async fn approved(
    look: &Look<'_>,
    method: &str,
    headers: [&[&str]; 2],
) -> Option<(Call, Arc<Answered>, bool)> {
    let url = &look.operation.url;
    let mut credentials = true;
    let mut seen = None;
    for (canary, headers) in look.canaries.iter().zip(headers) {
        let call = look.preflight(canary, method, headers);
        let wish = Wish { origin: canary, method, headers, credentials: false };
        let asked = look.ask(&call).await.ok()?;
        if !wish.is_granted(url, &asked) {
            return None;
        }
        credentials &= Wish { credentials: true, ..wish }.is_granted(url, &asked);
        if !stays(look, &call, |answered| wish.is_granted(url, answered)).await {
            return None;
        }
        seen.get_or_insert((call, asked));
    }
    seen.map(|(call, asked)| (call, asked, credentials))
}

/// What becomes of a stranger's page behind its preflight.
#[derive(Clone, Copy)]
enum Standing {
    /// It reads, signed in.
    Reads,
    /// That is not seen.
    NotKnown,
}

/// None where preflights are not what protects the API, or where another check says more.
async fn standing(look: &Look<'_>) -> Option<Standing> {
    let canary = &look.canaries[0];
    let Ok(answer) = look.ask(&look.from_page(canary)).await else {
        return Some(Standing::NotKnown);
    };
    let grant = Grant::of(&answer, canary);
    if answer.is_success() {
        return match (grant.reads_signed_in(), grant.reads()) {
            (true, _) => Some(Standing::Reads),
            (false, true) => Some(Standing::NotKnown),
            // C-17: approved, and then denied.
            (false, false) => None,
        };
    }
    if answer.status != 403 {
        return Some(Standing::NotKnown);
    }
    // It is refused for its origin, where others are not.
    let own = look.ask(&look.operation.call()).await.ok()?;
    let trusted = match foreign(look) {
        Some(trusted) => look.ask(&look.from_page(trusted)).await.ok()?,
        None => own.clone(),
    };
    let is_for_origin = own.is_success() || trusted.is_success();
    (!is_for_origin).then_some(Standing::NotKnown)
}

/// A header's name that was drawn for this run.
fn drawn(canary: &str) -> String {
    let host = crate::look::name_of(canary);
    format!("x-{}", host.split('.').next().unwrap_or("canary"))
}
