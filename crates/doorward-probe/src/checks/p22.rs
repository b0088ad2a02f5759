//! # P-22: the caller chooses whom the answer allows
//!
//! ## What it is
//!
//! The API takes the allowed origin from somewhere else than its own list: from a field of the
//! address, from `Referer`, from `X-Forwarded-Host`. A page writes the first two as it likes.
//!
//! ## How it is found
//!
//! A stranger's page is refused as it is, and allowed, twice, as soon as it names itself there too.
//!
//! ## What it does not say
//!
//! A page may set `X-Forwarded-Host` only where a preflight approves it. What a program sets harms
//! others where a cache keeps the answer, which is not tried: that finding is tentative.
//!
//! ## How to close it
//!
//! Take the origin from `Origin` alone, and compare it with a list.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), CWE-807, CWE-942.

use crate::ask::is_safe;
use crate::call::Call;
use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::join::Claim;
use crate::look::Look;
use crate::payload::{Class, Emitter, Payload};
use crate::position::Position;
use url::Url;

/// The check.
pub const CHECK: Check = Check {
    id: "P-22",
    title: "the caller chooses whom the answer allows",
    source: include_str!("p22.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Take the origin from `Origin` alone, and compare it with a list.";
/// Fields by which an address may name an origin.
const FIELDS: [&str; 4] = ["origin", "domain", "host", "referer"];

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let origins = look.origins().await;
    if origins.is_mirror || !is_safe(&look.operation.method) || !look.operation.is_sendable() {
        return None;
    }
    let canary = &look.canaries[0];
    let plain = look.ask(&look.from_page(canary)).await.ok()?;
    if Grant::of(&plain, canary).reads() {
        return None;
    }
    let (_, host) = canary.split_once("://")?;
    let mut by_field = look.from_page(canary);
    name_in(&mut by_field.url, canary);
    let by_referer = look.from_page(canary).with("Referer", &format!("{canary}/"));
    for (call, where_) in [(by_field, "a field of the address"), (by_referer, "`Referer`")] {
        if let Some(mut finding) = granted(look, &call, canary).await {
            finding.title = format!("It allows the origin that {where_} names");
            return Some(finding);
        }
    }
    let by_host = look.from_page(canary).with("X-Forwarded-Host", host);
    for answered in [look.ask(&by_host).await.ok()?, look.ask_again(&by_host).await.ok()?] {
        let named = answered.header("access-control-allow-origin");
        let named = named.and_then(|value| Url::parse(&value).ok());
        let is_ours = named.is_some_and(|named| named.host_str() == Some(host));
        if !answered.is_success() || !is_ours {
            return None;
        }
    }
    let title = "It allows the origin that `X-Forwarded-Host` names";
    let mut finding = look.finding(CHECK.id, Severity::Low, title);
    finding.confidence = Confidence::Tentative;
    finding.who = format!(
        "Whoever sends `X-Forwarded-Host` chooses whom the answer to {} allows, for everybody who \
         gets it from a cache.",
        look.operation.name()
    );
    finding.request = by_host.curl();
    finding.evidence = vec![format!("Access-Control-Allow-Origin names {host}")];
    finding.fix = FIX.to_owned();
    Some(finding)
}

async fn granted(look: &Look<'_>, call: &Call, canary: &str) -> Option<Finding> {
    let answered = look.ask(call).await.ok()?;
    for one in [&answered, &look.ask_again(call).await.ok()?] {
        if !one.is_success() || Grant::of(one, canary).allowed != Allowed::Exactly {
            return None;
        }
    }
    let payload = Payload {
        class: Class::Any,
        origin: canary.to_owned(),
        emitter: Emitter::of(canary),
        made_of: canary.to_owned(),
    };
    let claim = Claim {
        check: CHECK.id,
        title: String::new(),
        position: Position::AnyPage,
        payload: &payload,
        call,
        answered: &answered,
        fix: FIX,
    };
    let mut finding = look.origins().await.standing.finding(look, &claim);
    finding.variant = String::new();
    Some(finding)
}

/// Names an origin in every field that may be meant.
fn name_in(url: &mut Url, origin: &str) {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| !FIELDS.contains(&name.as_str()))
        .collect();
    let mut pairs = url.query_pairs_mut();
    pairs.clear().extend_pairs(others).extend_pairs(FIELDS.map(|name| (name, origin)));
}
