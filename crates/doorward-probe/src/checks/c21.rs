//! # C-21: caches mix up what was said to one origin and another
//!
//! ## What it is
//!
//! The API answers one origin otherwise than another, and does not say so by `Vary: Origin`. A
//! cache then gives the answer that was made for one to the other: an allowed page is refused
//! because somebody else asked before it, or a permission is handed to the wrong page.
//!
//! ## How it is found
//!
//! The same address is asked without an origin, as an allowed page and as a page of nobody's; an
//! address beside it, for its error; and a preflight. Every one of these answers that a cache may
//! keep must name `Origin` in `Vary`. Where a shared cache stands between, an address with a
//! parameter that was never asked before shows whether it gives the answer for one origin to
//! another.
//!
//! ## What it does not say
//!
//! An answer that is the same for all origins needs no `Vary`. One that no cache may keep is not
//! mixed up: without `Cache-Control`, `Expires` and `Last-Modified` nothing is found. Whether a
//! cache stands between the API and its visitors elsewhere is not known.
//!
//! ## How to close it
//!
//! Send `Vary: Origin` with every answer, also with errors and with answers that allow nobody.
//!
//! ## References
//!
//! Fetch ("CORS protocol and HTTP caches"), RFC 9111 4.1, RFC 9110 12.5.5.

use crate::approval::{foreign, stays, usual};
use crate::caching::{Keeper, Varies, is_from_a_cache, keeper, varies};
use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::excerpt::{excerpt, header_line};
use crate::finding::{Confidence, Finding, Severity};
use crate::grant::{Allowed, Grant};
use crate::look::Look;
use std::sync::Arc;
use std::time::SystemTime;
use url::Url;

/// The check.
pub const CHECK: Check = Check {
    id: "C-21",
    title: "caches mix up what was said to one origin and another",
    source: include_str!("c21.rs"),
    look,
};

const ALLOW: &str = "Access-Control-Allow-Origin";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

/// One answer, and whose.
struct Variant {
    to: String,
    call: Call,
    answer: Arc<Answered>,
}

impl Variant {
    /// Kept by a cache, and given to any origin.
    fn is_loose(&self) -> bool {
        varies(&self.answer) == Varies::Never && self.keeper() != Keeper::Nobody
    }

    fn keeper(&self) -> Keeper {
        match is_from_a_cache(&self.answer) {
            true => Keeper::Everybody,
            false => keeper(&self.answer, SystemTime::now()),
        }
    }

    fn allows(&self) -> Option<String> {
        self.answer.header(ALLOW)
    }
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    if !matches!(look.operation.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let asker = foreign(look).unwrap_or(look.canaries[0].as_str());
    let mut variants = vec![variant(look, "no origin", look.operation.call()).await?];
    for origin in [asker, &look.canaries[1]] {
        variants.extend(variant(look, origin, look.from_page(origin)).await);
    }
    let kept = variants.iter().map(Variant::keeper).max()?;
    let is_fixed = variants.iter().all(|one| one.allows().as_deref() == Some("*"));
    if kept == Keeper::Nobody || is_fixed || !differs(look, asker, &variants).await {
        return None;
    }
    let proof = match kept {
        Keeper::Everybody => mixed_up(look, asker).await,
        Keeper::Browser | Keeper::Nobody => None,
    };
    // Where only what stands beside the answer is mixed up, less is at stake.
    let kept = if variants.iter().any(Variant::is_loose) { kept } else { Keeper::Browser };
    variants.extend(error(look, asker).await);
    variants.extend(preflight(look, asker).await);
    let loose: Vec<&Variant> = variants.iter().filter(|one| one.is_loose()).collect();
    match (proof, loose.first()) {
        (Some(proof), _) => Some(proven(look, &proof)),
        (None, None) => None,
        (None, Some(first)) => {
            let again = |answer: &Arc<Answered>| varies(answer) == Varies::Never;
            let severity = match kept {
                Keeper::Everybody => Severity::Medium,
                Keeper::Browser | Keeper::Nobody => Severity::Low,
            };
            let found = missing(look, asker, (first, &loose), severity);
            stays(look, &first.call, again).await.then_some(found)
        }
    }
}

async fn variant(look: &Look<'_>, to: &str, call: Call) -> Option<Variant> {
    let answer = look.ask(&call).await.ok()?;
    Some(Variant { to: to.to_owned(), call, answer })
}

/// Whether origins are answered differently. Where a cache answers, only an address that it has
/// never seen shows what the API itself says.
async fn differs(look: &Look<'_>, asker: &str, variants: &[Variant]) -> bool {
    let first = variants.first().and_then(Variant::allows);
    if variants.iter().any(|one| one.allows() != first) {
        return true;
    }
    let fresh = variant(look, asker, at(look.from_page(asker), fresh(look, 0))).await;
    let is_alike = variants.first().map(|one| one.answer.status);
    fresh.is_some_and(|one| Some(one.answer.status) == is_alike && one.allows() != first)
}

/// The answer to one origin, that was given to another.
struct Proof {
    call: Call,
    answer: Arc<Answered>,
    /// For whom it was made.
    made_for: String,
    /// Who got it.
    given_to: String,
}

/// Asks one address as one origin and then as another, and a second address as the other alone.
async fn mixed_up(look: &Look<'_>, asker: &str) -> Option<Proof> {
    let other = look.canaries[1].as_str();
    let first = look.ask(&at(look.from_page(asker), fresh(look, 0))).await.ok()?;
    let call = at(look.from_page(other), fresh(look, 0));
    let second = look.ask(&call).await.ok()?;
    let alone = look.ask(&at(look.from_page(other), fresh(look, 1))).await.ok()?;
    let is_mixed = Grant::of(&first, asker).allowed == Allowed::Exactly
        && second.header(ALLOW) == first.header(ALLOW)
        && alone.header(ALLOW) != second.header(ALLOW)
        && [&second, &alone].iter().all(|answer| answer.status == first.status);
    let (made_for, given_to) = (asker.to_owned(), other.to_owned());
    is_mixed.then_some(Proof { call, answer: second, made_for, given_to })
}

/// The operation's address with a parameter of this run, which no cache has seen.
fn fresh(look: &Look<'_>, number: usize) -> Url {
    let mut url = look.operation.url.clone();
    let drawn = crate::look::name_of(&look.canaries[1]).replace('.', "-");
    url.query_pairs_mut().append_pair("doorward-probe", &format!("{drawn}-{number}"));
    url
}

fn at(mut call: Call, url: Url) -> Call {
    call.url = url;
    call
}

/// What an address beside it says that is not there, where it follows the origin too.
async fn error(look: &Look<'_>, asker: &str) -> Option<Variant> {
    let mut url = look.operation.url.clone();
    url.set_path(&format!("{}/canary", url.path().trim_end_matches('/')));
    let mut call = at(look.from_page(asker), url);
    "GET".clone_into(&mut call.method);
    let found = variant(look, &format!("{asker}, an error"), call).await?;
    let is_error = found.answer.status >= 400;
    (is_error && Grant::of(&found.answer, asker).allowed == Allowed::Exactly).then_some(found)
}

/// A preflight's answer, where a cache gave it: no cache should keep one (RFC 9110 9.3.7).
async fn preflight(look: &Look<'_>, asker: &str) -> Option<Variant> {
    let found = variant(look, &format!("{asker}, a preflight"), usual(look, asker)).await?;
    is_from_a_cache(&found.answer).then_some(found)
}

fn missing(
    look: &Look<'_>,
    asker: &str,
    (first, loose): (&Variant, &[&Variant]),
    severity: Severity,
) -> Finding {
    let title = "Answers follow the origin, may be kept, and lack Vary: Origin";
    let mut finding = look.finding(CHECK.id, severity, title);
    let whose = match loose.iter().map(|one| one.keeper()).max() {
        Some(Keeper::Everybody) => "a cache that people share",
        Some(Keeper::Browser | Keeper::Nobody) | None => "a visitor's own browser",
    };
    finding.who = format!(
        "Whoever asks {} {} first decides what pages of {asker} get from {whose}: the answer that \
         was made for another, which they may not read.",
        first.call.method,
        first.call.url.path()
    );
    finding.request = first.call.curl();
    finding.evidence = loose
        .iter()
        .map(|one| {
            let said = ["Vary", ALLOW, "Cache-Control"].map(|name| header_line(&one.answer, name));
            excerpt(&format!("to {}: {}", one.to, said.join("; ")))
        })
        .collect();
    finish(finding)
}

fn proven(look: &Look<'_>, proof: &Proof) -> Finding {
    let credentials = Grant::of(&proof.answer, &proof.made_for).credentials;
    let severity = if credentials { Severity::High } else { Severity::Medium };
    let title = "A cache gives the answer for one origin to another";
    let mut finding = look.finding(CHECK.id, severity, title);
    finding.confidence = Confidence::Certain;
    finding.who = format!(
        "Whoever asks {} first decides for everybody behind the same cache which origin may read \
         it{}.",
        look.operation.name(),
        if credentials { ", signed in" } else { "" }
    );
    finding.request = proof.call.curl();
    finding.evidence = vec![
        format!("sent as {}, behind a request as {}", proof.given_to, proof.made_for),
        header_line(&proof.answer, ALLOW),
        header_line(&proof.answer, "Vary"),
    ];
    for name in ["Age", "X-Cache", "Cache-Status", "CF-Cache-Status"] {
        if proof.answer.headers.has(name) {
            finding.evidence.push(header_line(&proof.answer, name));
        }
    }
    finish(finding)
}

fn finish(mut finding: Finding) -> Finding {
    finding.fix = "Send `Vary: Origin` with every answer, errors and refusals included; and see \
                   that the cache heeds it."
        .to_owned();
    finding
}
