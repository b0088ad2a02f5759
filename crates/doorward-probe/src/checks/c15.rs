//! # C-15: preflights say yes in words that browsers do not take for one
//!
//! ## What it is
//!
//! The preflight of an allowed page is answered with success, but a list in it is malformed, names
//! a method in small letters, or is `*` where that is only a name. The API means to allow the
//! request, and the browser does not send it.
//!
//! ## How it is found
//!
//! Preflights are sent as a page of an allowed origin sends them, and their answers are judged by
//! the model of each engine: once as they are meant, once as they are written.
//!
//! ## What it does not say
//!
//! A method or header that is not listed at all is not allowed, and that is no fault. `*` does not
//! cover `Authorization` by the specification; where every engine lets it, nothing is found.
//!
//! ## How to close it
//!
//! List methods in capitals and headers by name, parted by commas.
//!
//! ## References
//!
//! Fetch 3.3.4 (ABNF), 4.8 (CORS-preflight fetch), 2.2.1 (methods).

use crate::approval::{Wish, foreign, list, sending, stays, usual};
use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::excerpt::header_line;
use crate::finding::{Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::look::Look;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-15",
    title: "preflights say yes in words that browsers do not take for one",
    source: include_str!("c15.rs"),
    look,
};

const METHODS: &str = "Access-Control-Allow-Methods";
const HEADERS: &str = "Access-Control-Allow-Headers";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.unwrap_or_default() })
}

async fn found(look: &Look<'_>) -> Option<Vec<Finding>> {
    let trusted = foreign(look)?;
    let call = usual(look, trusted);
    let asked = look.ask(&call).await.ok()?;
    let grant = Grant::of(&asked, trusted);
    if !asked.is_success() || !grant.reads() {
        return Some(Vec::new());
    }
    let put =
        Wish { origin: trusted, method: "PUT", headers: &["content-type"], credentials: false };
    let rule = put.refused_by(&look.operation.url, &asked).map(|because| because.rule.id);
    if rule == Some("preflight-malformed") {
        let found = made(look, (&call, &asked), put, Fault::Malformed).await;
        return Some(found.into_iter().collect());
    }
    let mut findings = Vec::new();
    findings.extend(small_letters(look, put, (&call, &asked)).await);
    let is_signed_in = grant.allowed == Allowed::Exactly && grant.credentials;
    if is_signed_in {
        findings.extend(star_is_a_name(look, put, (&call, &asked)).await);
    }
    findings.extend(star_and_authorization(look, put, (&call, &asked)).await);
    Some(findings)
}

/// What is wrong with the words.
#[derive(Clone, Copy)]
enum Fault {
    Malformed,
    SmallLetters,
    StarIsAName,
    NotAuthorization,
}

/// A method that is listed, but in small letters: PUT and DELETE are always asked for in capitals,
/// and PATCH as the page writes it.
async fn small_letters(
    look: &Look<'_>,
    put: Wish<'_>,
    (call, asked): (&Call, &Arc<Answered>),
) -> Option<Finding> {
    let methods = list(asked, METHODS);
    let meant = ["PUT", "DELETE", "PATCH"].into_iter().find(|own| {
        let is_meant = methods.iter().any(|method| method.eq_ignore_ascii_case(own));
        is_meant && !methods.iter().any(|method| method == own)
    })?;
    let wish = Wish { method: meant, headers: &[], ..put };
    made(look, (call, asked), wish, Fault::SmallLetters).await
}

/// `*` in an answer that allows credentials: with them it is a name like any other.
async fn star_is_a_name(
    look: &Look<'_>,
    put: Wish<'_>,
    (call, asked): (&Call, &Arc<Answered>),
) -> Option<Finding> {
    let has_star = |name: &str| list(asked, name).iter().any(|one| one == "*");
    let method = if has_star(METHODS) { "PUT" } else { "POST" };
    let headers: &[&str] = if has_star(HEADERS) { &["content-type"] } else { &[] };
    if method == "POST" && headers.is_empty() {
        return None;
    }
    let wish = Wish { method, headers, credentials: true, ..put };
    made(look, (call, asked), wish, Fault::StarIsAName).await
}

/// `*` that is meant to cover `Authorization`: some engines let it.
async fn star_and_authorization(
    look: &Look<'_>,
    put: Wish<'_>,
    (call, asked): (&Call, &Arc<Answered>),
) -> Option<Finding> {
    let allowed = list(asked, HEADERS);
    let lists = |name: &str| allowed.iter().any(|own| own.eq_ignore_ascii_case(name));
    if !lists("*") || lists("authorization") || Grant::of(asked, put.origin).credentials {
        return None;
    }
    let wish = Wish { method: "GET", headers: &["authorization"], ..put };
    made(look, (call, asked), wish, Fault::NotAuthorization).await
}

async fn made(
    look: &Look<'_>,
    (call, asked): (&Call, &Arc<Answered>),
    wish: Wish<'_>,
    fault: Fault,
) -> Option<Finding> {
    let url = &look.operation.url;
    let engines = wish.refused_in(url, asked);
    let meant = |answered: &Arc<Answered>| wish.refused_in(url, answered) == engines;
    if engines.is_empty() || !stays(look, call, meant).await {
        return None;
    }
    let (variant, title, fix) = match fault {
        Fault::Malformed => (
            "malformed",
            "A list in the answer to a preflight is malformed",
            "Part the members of the lists by commas, and write nothing else between them.",
        ),
        Fault::SmallLetters => (
            "small-letters",
            "A method is listed in small letters",
            "Write methods in capitals: browsers compare them byte for byte.",
        ),
        Fault::StarIsAName => (
            "star",
            "`*` stands where credentials are allowed: there it is only a name",
            "Name the methods and headers, or send back what the preflight asks about.",
        ),
        Fault::NotAuthorization => (
            "authorization",
            "`*` does not cover Authorization",
            "Name `Authorization` in Access-Control-Allow-Headers.",
        ),
    };
    let mut finding = look.finding(CHECK.id, Severity::Low, title);
    finding.variant = variant.to_owned();
    finding.who = format!(
        "Pages of {} cannot send {}{} here, though the API means to let them.",
        wish.origin,
        sending(wish.method, wish.headers),
        if wish.credentials { ", signed in," } else { "" },
    );
    finding.engines = engines;
    finding.request = call.curl();
    finding.evidence = vec![header_line(asked, METHODS), header_line(asked, HEADERS)];
    finding.fix = fix.to_owned();
    Some(finding)
}
