//! # a request names another method than its own
//!
//! ## What it is
//!
//! A field, a parameter of the address or a header makes a POST run as the PUT or DELETE that it
//! names, or a GET as a POST. What a form cannot send, and what needs a preflight, becomes what it
//! can.
//!
//! ## How it is found
//!
//! With `--allow-writes`. A POST (for what is a POST itself: a GET) names the operation's method:
//! in the field `_method`, in the parameter `_method`, in `X-HTTP-Method-Override` and its
//! sisters. It must be answered as the operation itself, and the same without the name must not.
//!
//! ## What it does not say
//!
//! The headers need a preflight; there the finding is low, and tells who filters by method.
//! Whoever offers overrides to old clients knows.
//!
//! ## How to close it
//!
//! Switch the override off, or let it name only methods for which the same checks hold.
//!
//! ## References
//!
//! CWE-352, CWE-650.

use crate::call::Call;
use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::{Engines, Finding, Severity};
use crate::forge::{
    Exposure, exposure, form, honest, link, may_write, of_strangers, plain_fields, run, signed,
};
use crate::look::Look;
use crate::witness::Allowed;
use doorward_browser::{Target, Way};

/// The check.
pub const CHECK: Check = Check {
    id: "X-05",
    title: "a request names another method than its own",
    source: include_str!("x05.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// Headers by which frameworks let a request name another method.
const HEADERS: [&str; 3] = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !may_write(look) {
        return Vec::new();
    }
    let Some(allowed) = honest(look).await else { return Vec::new() };
    let fields = plain_fields(look).unwrap_or_default();
    let named = ("_method".to_owned(), look.operation.method.clone());
    let url = &look.operation.url;
    let mut named_url = url.clone();
    named_url.query_pairs_mut().append_pair(&named.0, &named.1);
    let mut named_fields = fields.clone();
    named_fields.push(named);
    let mut ways: Vec<(&str, Vec<Call>)> = Vec::new();
    let (idle, carrier) = if look.operation.method == "POST" {
        let mut full = url.clone();
        full.query_pairs_mut().extend_pairs(&fields);
        named_url.query_pairs_mut().extend_pairs(&fields);
        ways.push(("parameter", of_strangers(look, |page| link(look, page, &named_url))));
        (of_strangers(look, |page| link(look, page, &full)), "GET")
    } else {
        let in_field = |page: &_| form(look, page, url, &named_fields);
        let in_address = |page: &_| form(look, page, &named_url, &fields);
        ways.push(("field", of_strangers(look, in_field)));
        ways.push(("parameter", of_strangers(look, in_address)));
        (of_strangers(look, |page| form(look, page, url, &fields)), "POST")
    };
    // What runs without the name runs for another reason.
    if run(look, &idle, allowed).await.is_some() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (place, calls) in ways {
        let Some(seen) = run(look, &calls, allowed).await else { continue };
        let way = if carrier == "GET" { Way::Link(Target::Top) } else { Way::Form(Target::Top) };
        let worth = exposure(look, (way, carrier)).await;
        let mut finding =
            x::finding(look, CHECK.id, (&calls[0], &seen), &worth, words(look, place));
        finding.variant = place.to_owned();
        findings.push(finding);
    }
    findings.extend(by_header(look, allowed, carrier).await);
    findings
}

/// What no page sends without asking first.
async fn by_header(look: &Look<'_>, allowed: &Allowed, carrier: &str) -> Option<Finding> {
    let mut plain = allowed.call.clone();
    carrier.clone_into(&mut plain.method);
    if run(look, std::slice::from_ref(&plain), allowed).await.is_some() {
        return None;
    }
    for name in HEADERS {
        let call = signed(look, &plain.clone().with(name, &look.operation.method));
        let Some(seen) = run(look, std::slice::from_ref(&call), allowed).await else { continue };
        let worth = Exposure {
            severity: Severity::Low,
            engines: Engines::default(),
            as_whom: "A page needs a preflight for it; whoever filters by method is passed by."
                .to_owned(),
        };
        let mut words = words(look, "header");
        words[1] =
            format!("A program that may send {carrier} alone runs {}.", look.operation.name());
        let mut finding = x::finding(look, CHECK.id, (&call, &seen), &worth, words);
        finding.variant = "header".to_owned();
        return Some(finding);
    }
    None
}

fn words(look: &Look<'_>, place: &str) -> [String; 3] {
    [
        format!("A {place} makes it another method"),
        format!("Any page can have a visitor's browser run {}.", look.operation.name()),
        "Switch method overrides off, or judge the request by the method that it names.".to_owned(),
    ]
}
