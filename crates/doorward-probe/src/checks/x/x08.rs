//! # it runs what a browser says comes from another site
//!
//! ## What it is
//!
//! The request is one that a form can send, it says by `Origin` and `Sec-Fetch-Site` that it comes
//! from a stranger's page, and it is run. Or a page of any neighbouring host may; or the server
//! looks at `Sec-Fetch-Site` alone, and runs a stranger's request without it.
//!
//! ## How it is found
//!
//! With `--allow-writes`. The operation's own request, without its tokens, is sent as pages of two
//! strangers send it; where that is refused, as a page of a neighbour's host, and as a browser
//! that does not know Fetch Metadata.
//!
//! ## What it does not say
//!
//! A request with neither header is a program's: that it is run is no fault. What is meant for
//! JSON is X-01's. Where nobody signs in, it is worth the visitor's network and address alone.
//!
//! ## How to close it
//!
//! Refuse, before it is run, an unsafe request whose `Sec-Fetch-Site` is `cross-site`, or whose
//! `Origin` is neither the API's own nor on the list.
//!
//! ## References
//!
//! Fetch Metadata, RFC 6454 7, CWE-352.

use crate::call::Call;
use crate::checks::k::sounds_like_a_log_in;
use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::forge::{
    Dress, Exposure, call, exposure, honest, may_write, of_strangers, run, sibling, way, without,
};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "X-08",
    title: "it runs what a browser says comes from another site",
    source: include_str!("x08.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// What browsers say of where a request comes from (Fetch Metadata 2).
const METADATA: [&str; 4] =
    ["Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-User"];

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !may_write(look) || x::is_json(look) || sounds_like_a_log_in(look) {
        return Vec::new();
    }
    let Some(allowed) = honest(look).await else { return Vec::new() };
    let strangers = of_strangers(look, |page| call(look, page, Dress::Own));
    if strangers.is_empty() {
        return Vec::new();
    }
    if let Some(seen) = run(look, &strangers, allowed).await {
        let mut worth = exposure(look, (way(look, Dress::Own), "POST")).await;
        if look.session.is_none() {
            worth.severity = Severity::Low;
        }
        let words = words(look, "It runs what a stranger's page sends");
        return vec![x::finding(look, CHECK.id, (&strangers[0], &seen), &worth, words)];
    }
    let mut findings = Vec::new();
    let neighbour: Vec<Call> =
        sibling(look).and_then(|page| call(look, &page, Dress::Own)).into_iter().collect();
    if let Some(seen) = run(look, &neighbour, allowed).await {
        let worth = Exposure {
            severity: if look.session.is_some() { Severity::Medium } else { Severity::Low },
            engines: Engines::all(),
            as_whom: "Every cookie travels within a site, Strict ones too.".to_owned(),
        };
        let mut words = words(look, "It runs what a page of any neighbouring host sends");
        words[1] = "Whoever holds any host beside this one can have a visitor run it.".to_owned();
        let mut finding = x::finding(look, CHECK.id, (&neighbour[0], &seen), &worth, words);
        finding.variant = "same-site".to_owned();
        findings.push(finding);
    }
    let silent: Vec<Call> = strangers.iter().map(|call| without(call, &METADATA)).collect();
    let Some(seen) = run(look, &silent, allowed).await else { return findings };
    // Browsers leave these headers out where they do not trust the connection.
    let is_plain = !doorward_browser::is_trustworthy(&look.operation.url);
    let worth = Exposure {
        severity: if is_plain { Severity::Medium } else { Severity::Low },
        engines: if is_plain { Engines::all() } else { Engines::default() },
        as_whom: "Browsers leave `Sec-Fetch-Site` out on plain http, and old ones everywhere."
            .to_owned(),
    };
    let words = words(look, "Without `Sec-Fetch-Site` it runs what a stranger's page sends");
    let mut finding = x::finding(look, CHECK.id, (&silent[0], &seen), &worth, words);
    finding.variant = "no metadata".to_owned();
    findings.push(finding);
    findings
}

fn words(look: &Look<'_>, title: &str) -> [String; 3] {
    [
        title.to_owned(),
        format!("Any page can have a visitor's browser run {}.", look.operation.name()),
        "Refuse an unsafe request from another site before it is run: by `Sec-Fetch-Site`, and \
         by `Origin` where that is absent."
            .to_owned(),
    ]
}
