//! # a GET writes
//!
//! ## What it is
//!
//! A GET changes something, so an image on any page does it, and so does every crawler, preview
//! and prefetch.
//!
//! ## How it is found
//!
//! Where a witness is given. It is read twice, and must stay; then the GET is sent as two
//! strangers' pages link to it, and each time it must change. HEAD is tried in the same way, and a
//! GET that says that it is a prefetch.
//!
//! ## What it does not say
//!
//! Without a witness, nothing: an answer that differs each time may be a clock.
//!
//! ## How to close it
//!
//! Change things by POST, PUT or DELETE alone, and refuse those from another site.
//!
//! ## References
//!
//! RFC 9110 9.2.1, CWE-352, CWE-650.

use crate::call::Call;
use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::Finding;
use crate::forge::{exposure, head, honest, link, of_strangers, run};
use crate::look::Look;
use doorward_browser::{Target, Way};

/// The check.
pub const CHECK: Check =
    Check { id: "X-11", title: "a GET writes", source: include_str!("x11.rs"), look };

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if look.operation.method != "GET" || look.means.witness.is_none() {
        return Vec::new();
    }
    let Some(allowed) = honest(look).await else { return Vec::new() };
    let url = &look.operation.url;
    let links = of_strangers(look, |page| link(look, page, url));
    let heads = of_strangers(look, |page| head(look, page, url));
    let mut findings = Vec::new();
    for (calls, method) in [(links, "GET"), (heads, "HEAD")] {
        let Some(seen) = run(look, &calls, allowed).await else { continue };
        if !seen.has_effect {
            continue;
        }
        let worth = exposure(look, (Way::Link(Target::Top), "GET")).await;
        let words = [
            format!("A {method} changes something"),
            format!("Any page can have a visitor's browser run {method} {}.", look.operation.path),
            "Change things by POST, PUT or DELETE alone.".to_owned(),
        ];
        let mut finding = x::finding(look, CHECK.id, (&calls[0], &seen), &worth, words);
        finding.variant = method.to_owned();
        let ahead: Vec<Call> =
            calls.iter().map(|call| call.clone().with("Sec-Purpose", "prefetch")).collect();
        let ahead = run(look, &ahead, allowed).await;
        if ahead.is_some_and(|seen| seen.has_effect) {
            finding.evidence.push("`Sec-Purpose: prefetch` does not hold it back".to_owned());
        }
        findings.push(finding);
    }
    findings
}
