//! # C-22: an answer that is meant for caches, and kept by none
//!
//! ## What it is
//!
//! `Vary: *` says that no answer may be given again. Beside a `Cache-Control` that gives it time,
//! the one takes back what the other says: every request reaches the backend.
//!
//! ## How it is found
//!
//! In the operation's own answer, twice.
//!
//! ## What it does not say
//!
//! `Vary: Origin` beside a fixed `*` keeps one copy for each origin. Frameworks add it without
//! asking, and it does no harm: nothing is found.
//!
//! ## How to close it
//!
//! Name the headers that the answer follows, or take `Vary` out.
//!
//! ## References
//!
//! RFC 9110 12.5.5, RFC 9111 4.1.

use crate::approval::stays;
use crate::caching::{Keeper, Varies, keeper, varies};
use crate::call::Answered;
use crate::checks::{Check, Looking};
use crate::excerpt::header_line;
use crate::finding::{Finding, Severity};
use crate::look::Look;
use doorward_browser::Headers;
use std::sync::Arc;
use std::time::SystemTime;

/// The check.
pub const CHECK: Check = Check {
    id: "C-22",
    title: "an answer that is meant for caches, and kept by none",
    source: include_str!("c22.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    if !matches!(look.operation.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let call = look.operation.call();
    let answer = look.ask(&call).await.ok()?;
    if !takes_back(&answer) || !stays(look, &call, takes_back).await {
        return None;
    }
    let title = "Vary: * keeps every cache from an answer that is given time";
    let mut finding = look.finding(CHECK.id, Severity::Info, title);
    finding.who = format!(
        "Every request of {} reaches the backend, though its answer may be kept.",
        look.operation.name()
    );
    finding.request = call.curl();
    finding.evidence = vec![header_line(&answer, "Vary"), header_line(&answer, "Cache-Control")];
    finding.fix = "Name the headers that the answer follows, as in `Vary: Origin`.".to_owned();
    Some(finding)
}

/// Without `Vary` it would be kept, and by its own word.
fn takes_back(answer: &Arc<Answered>) -> bool {
    let others = answer.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("vary"));
    let bare = Answered {
        status: answer.status,
        headers: others.collect::<Headers>(),
        body: Vec::new(),
        is_cut: false,
    };
    varies(answer) == Varies::Always
        && answer.headers.has("cache-control")
        && keeper(&bare, SystemTime::now()) != Keeper::Nobody
}
