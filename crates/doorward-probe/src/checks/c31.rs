//! # C-31: TRACE is answered
//!
//! ## What it is
//!
//! `TRACE` sends a request back as it arrived. Whatever a proxy on the way adds, names and keys
//! among it, is shown to whoever asks.
//!
//! ## How it is found
//!
//! A `TRACE` with a header drawn for this run is answered with success, and the answer has the
//! request's line and that header in its body. A `GET` with the same header does not.
//!
//! ## What it does not say
//!
//! No script in a browser can send `TRACE`. An address that shows every request, whatever its
//! method, is meant to.
//!
//! ## How to close it
//!
//! Switch it off in the web server (405).
//!
//! ## References
//!
//! RFC 9110 9.3.8, CWE-693.

use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::excerpt::excerpt;
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check =
    Check { id: "C-31", title: "TRACE is answered", source: include_str!("c31.rs"), look };

const HEADER: &str = "X-Canary";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let drawn = crate::look::name_of(&look.canaries[0]);
    let call = |method: &str| Call::new(method, &look.operation.url).with(HEADER, drawn);
    let shows = |answered: &Answered| {
        answered.is_success() && String::from_utf8_lossy(&answered.body).contains(drawn)
    };
    let trace = look.ask(&call("TRACE")).await.ok()?;
    let body = String::from_utf8_lossy(&trace.body).into_owned();
    let line = format!("TRACE {}", look.operation.url.path());
    if !shows(&trace) || !body.contains(&line) {
        return None;
    }
    let get = look.ask(&call("GET")).await.ok()?;
    if shows(&get) || !shows(&*look.ask_again(&call("TRACE")).await.ok()?) {
        return None;
    }
    let mut finding = look.finding(CHECK.id, Severity::Low, "TRACE sends requests back");
    finding.who = "Whoever calls it directly sees the headers that proxies on the way add.".into();
    finding.request = call("TRACE").curl();
    finding.evidence = body.lines().take(2).map(excerpt).collect();
    finding.fix = "Switch TRACE off in the web server.".to_owned();
    Some(finding)
}
