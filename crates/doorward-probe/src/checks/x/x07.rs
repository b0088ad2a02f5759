//! # it checks the origin, and lets some pass
//!
//! ## What it is
//!
//! The server refuses what comes from a stranger's page, but not where `Origin` is `null` or
//! absent, or where `Origin` or `Referer` merely begin with a trusted one, or have it somewhere.
//! Any page can send `null`: from a sandboxed frame, or under `Referrer-Policy: no-referrer`.
//!
//! ## How it is found
//!
//! With `--allow-writes`, where the same request from two strangers' pages is refused. The pages
//! are then sandboxed, without a referrer, of a host that begins like the trusted one, of its port
//! with a figure more, and with its origin in their own address.
//!
//! ## What it does not say
//!
//! A request with neither `Origin` nor `Sec-Fetch-Site` is a program's, and letting it pass is no
//! fault. No browser of today leaves `Origin` out of a POST; that finding is low.
//!
//! ## How to close it
//!
//! Compare the whole of `Origin` with a list. Refuse `null`, and what says `Sec-Fetch-Site:
//! cross-site` without an `Origin` that is on the list.
//!
//! ## References
//!
//! Fetch 3.2 (Origin header), Fetch Metadata, CWE-346, CWE-352.

use crate::call::Call;
use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::forge::{
    Exposure, call, exposure, honest, may_write, of_strangers, run, sibling, way, without,
};
use crate::look::{Look, page_of};
use doorward_browser::{Document, Origin, ReferrerPolicy, Relation, relation};
use url::Url;

/// The check.
pub const CHECK: Check = Check {
    id: "X-07",
    title: "it checks the origin, and lets some pass",
    source: include_str!("x07.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !may_write(look) {
        return Vec::new();
    }
    let Some(allowed) = honest(look).await else { return Vec::new() };
    let dress = x::plainest(look);
    let strangers = of_strangers(look, |page| call(look, page, dress));
    if strangers.is_empty() || run(look, &strangers, allowed).await.is_some() {
        return Vec::new();
    }
    // Where every neighbour is taken for the shop, one whose name is alike says nothing more.
    let neighbour: Vec<Call> =
        sibling(look).and_then(|page| call(look, &page, dress)).into_iter().collect();
    let is_open = run(look, &neighbour, allowed).await.is_some();
    let own = Origin::of(&look.operation.url);
    let is_asked =
        |page: &&Document| !is_open || relation(&own, &page.origin()) == Relation::CrossSite;
    let mut findings = Vec::new();
    for (variant, said, pages) in pages(look) {
        let calls: Vec<Call> =
            pages.iter().filter(is_asked).filter_map(|page| call(look, page, dress)).collect();
        let Some(seen) = run(look, &calls, allowed).await.filter(|_| !calls.is_empty()) else {
            continue;
        };
        let worth = exposure(look, (way(look, dress), "POST")).await;
        let words = [
            format!("It refuses strangers' pages, but not {said}"),
            format!("Any page can have a visitor's browser run {}.", look.operation.name()),
            "Compare the whole of `Origin` with a list, and refuse `null`.".to_owned(),
        ];
        let mut finding = x::finding(look, CHECK.id, (&calls[0], &seen), &worth, words);
        finding.variant = variant.to_owned();
        findings.push(finding);
    }
    let absent = strangers.iter().map(|call| without(call, &["Origin", "Referer"]));
    let absent: Vec<Call> = absent.collect();
    if let Some(seen) = run(look, &absent, allowed).await {
        let worth = Exposure {
            severity: Severity::Low,
            engines: Engines::default(),
            as_whom: "No browser of today leaves `Origin` out of it; what strips it on the way \
                      does."
                .to_owned(),
        };
        let words = [
            "It runs what says that it comes from another site, where `Origin` is absent"
                .to_owned(),
            "A page can have it run where something between takes `Origin` away.".to_owned(),
            "Refuse `Sec-Fetch-Site: cross-site` where no `Origin` is on the list.".to_owned(),
        ];
        let mut finding = x::finding(look, CHECK.id, (&absent[0], &seen), &worth, words);
        finding.variant = "absent".to_owned();
        findings.push(finding);
    }
    findings
}

/// The pages that a careless comparison lets pass.
fn pages(look: &Look<'_>) -> Vec<(&'static str, &'static str, Vec<Document>)> {
    let canary = &look.canaries[0];
    let mut hidden: Vec<Document> = look.canaries.iter().filter_map(|one| page_of(one)).collect();
    for page in &mut hidden {
        page.referrer_policy = ReferrerPolicy::NoReferrer;
    }
    let mut pages = vec![
        ("null", "one with `Origin: null` and no `Referer`", hidden),
        ("sandboxed", "a sandboxed frame", page_of("null").into_iter().collect()),
    ];
    for trusted in look.trusted {
        let Ok(Origin::Tuple { scheme, host, port }) = Origin::parse(trusted) else { continue };
        let stranger = crate::look::name_of(canary);
        let longer =
            [format!("{scheme}://{host}.{stranger}/"), format!("{scheme}://{host}:{port}0/")];
        for text in longer {
            let page = Url::parse(&text).ok().map(Document::top);
            pages.push((
                "beginning",
                "one that begins like a trusted one",
                page.into_iter().collect(),
            ));
        }
        if let Ok(url) = Url::parse(&format!("{canary}/{trusted}/")) {
            let mut page = Document::top(url);
            page.referrer_policy = ReferrerPolicy::UnsafeUrl;
            pages.push(("inside", "one that has a trusted origin in its address", vec![page]));
        }
    }
    pages
}
