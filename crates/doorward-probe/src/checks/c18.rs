//! # C-18: a preflight runs the operation
//!
//! ## What it is
//!
//! The API gives `OPTIONS` to the same code as the operation itself. Preflights carry no cookie,
//! ask for nobody's leave, and come from any page: whatever the operation does, it does for them.
//!
//! ## How it is found
//!
//! The answer to a preflight has, byte for byte, the body of the operation's own answer, twice, and
//! an address beside it that nobody has does not. An operation that could write is compared where
//! writes are allowed.
//!
//! ## What it does not say
//!
//! It is inferred from answers alike, not seen in the backend. A body of a few bytes, or one that
//! changes each time, tells nothing; nor does a page of HTML that is read, which servers of files
//! hand out for any method. A reading operation that runs once more costs little, so that is low;
//! one that writes is high.
//!
//! ## How to close it
//!
//! Answer `OPTIONS` before the operation's own code, with 204 and no body.
//!
//! ## References
//!
//! RFC 9110 9.2.1 and 9.3.7, Fetch 4.8.

use crate::approval::usual;
use crate::ask::is_safe;
use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Rung, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-18",
    title: "a preflight runs the operation",
    source: include_str!("c18.rs"),
    look,
};

/// Bytes of a body below which answers are alike by chance: `OK`, `{"status":"ok"}`.
const BODY_BYTES_MIN: usize = 16;

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

/// A page of HTML: servers of files hand theirs out whatever the method, and run nothing for it.
fn is_page(answer: &Answered) -> bool {
    let kind = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    kind.trim_start().starts_with("text/html")
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let canary = &look.canaries[0];
    let call = usual(look, canary);
    let asked = look.ask(&call).await.ok()?;
    if !asked.is_success() || asked.body.len() < BODY_BYTES_MIN || asked.is_cut {
        return None;
    }
    let own = look.ask(&look.operation.call()).await.ok()?;
    let again = look.ask_again(&call).await.ok()?;
    if is_page(&own) && is_safe(&look.operation.method) {
        return None;
    }
    if !own.is_success() || own.body != asked.body || again.body != asked.body {
        return None;
    }
    // A server that says the same everywhere runs nothing in particular.
    let mut beside = look.operation.url.clone();
    beside.set_path(&format!("{}/canary", beside.path().trim_end_matches('/')));
    let elsewhere = look.ask(&Call::new("GET", &beside)).await.ok()?;
    if elsewhere.is_success() && elsewhere.body == own.body {
        return None;
    }
    let writes = !is_safe(&look.operation.method) || look.operation.sounds_like_a_write();
    let severity = if writes { Severity::High } else { Severity::Low };
    let mut finding = look.finding(CHECK.id, severity, "A preflight is answered by the operation");
    finding.who = format!(
        "Any page can have a visitor's browser ask here, and each question is answered as {} is, \
         whatever the page may send or read.",
        look.operation.name()
    );
    finding.rung = Some(look.seen_by_tap(&call, Rung::Strong));
    finding.request = call.curl();
    finding.evidence = vec![format!(
        "preflight: {}, with the same {} bytes of body as {}",
        asked.status,
        asked.body.len(),
        look.operation.method
    )];
    finding.fix = "Answer `OPTIONS` before the operation's own code, with 204 and no body.".into();
    Some(finding)
}
