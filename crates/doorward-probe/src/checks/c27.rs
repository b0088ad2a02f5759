//! # C-27: a page reads a private answer by loading it, without CORS
//!
//! ## What it is
//!
//! A `<script>` of any page loads any address, with cookies that travel, and CORS has no say. An
//! answer that calls a function whose name the page chooses (JSONP) is read by that page. JSON
//! that may be loaded as a script, or by whoever likes, is kept from it only by what browsers have
//! learned since.
//!
//! ## How it is found
//!
//! The address is asked as an element of another site's page asks, with `callback=` and a name
//! drawn for this run, and the answer begins with a call of it. Private is what a session changes:
//! the answers with its cookie and without are each the same twice, and differ. The model of the
//! browser says in which engines the cookie goes along, by the attributes with which the API itself
//! set it.
//!
//! ## What it does not say
//!
//! JSONP of public answers is what JSONP is for: nothing is found. Without a session it is only
//! suspected, where the answer says that it is for one person. Where no cookie travels, only
//! pages of the same site are left, and nothing is found for missing headers.
//!
//! ## How to close it
//!
//! Answer with JSON alone, `X-Content-Type-Options: nosniff`, and
//! `Cross-Origin-Resource-Policy: same-site` on what is private.
//!
//! ## References
//!
//! Fetch 3.7 (Cross-Origin-Resource-Policy), 3.6 (nosniff), CWE-346, CWE-829.

use crate::call::{Answered, Call};
use crate::checks::{Check, Looking};
use crate::embedded::{embedded, travelling, with_cookie};
use crate::excerpt::header_line;
use crate::finding::{Confidence, Finding, Severity};
use crate::look::Look;
use std::sync::Arc;

/// The check.
pub const CHECK: Check = Check {
    id: "C-27",
    title: "a page reads a private answer by loading it, without CORS",
    source: include_str!("c27.rs"),
    look,
};

const POLICY: &str = "Cross-Origin-Resource-Policy";
const SNIFF: &str = "X-Content-Type-Options";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        // An element sends nothing else.
        if look.operation.method != "GET" {
            return Vec::new();
        }
        let by_call = jsonp(look).await;
        let bare = match by_call {
            Some(_) => None,
            None => unguarded(look).await,
        };
        by_call.into_iter().chain(bare).collect()
    })
}

async fn jsonp(look: &Look<'_>) -> Option<Finding> {
    let name = drawn(&look.canaries[0]);
    let mut url = look.operation.url.clone();
    url.query_pairs_mut().append_pair("callback", &name);
    let call = embedded(&look.canaries[0], &url)?;
    let answered = look.ask(&call).await.ok()?;
    let signed_in = match with_cookie(look, &call) {
        Some(call) => look.ask(&call).await.ok(),
        None => None,
    };
    let shown = [Some(&answered), signed_in.as_ref()];
    shown.into_iter().flatten().find(|answered| calls(answered, &name))?;
    let title = "It calls a function that the page names (JSONP)";
    let mut finding = look.finding(CHECK.id, Severity::Low, title);
    finding.variant = "jsonp".to_owned();
    finding.request = call.curl();
    finding.evidence = vec![header_line(&answered, "Content-Type")];
    finding.fix = "Answer with JSON alone, and let pages of other origins read it by CORS.".into();
    let private = private(look, &call).await;
    match private {
        Some(private) if calls(&private.signed_in, &name) => {
            let (engines, is_known) = travelling(look).await;
            finding.severity = match engines.is_empty() {
                true => Severity::Medium,
                false => Severity::High,
            };
            if !is_known {
                finding.confidence = Confidence::Tentative;
            }
            let name = look.operation.name();
            finding.who = match engines.is_empty() {
                true => format!(
                    "Pages of the same site can read {name} as their visitor, without CORS."
                ),
                false => format!(
                    "Any page that a signed-in person visits can read {name} as that person, by a \
                     script element."
                ),
            };
            if !engines.is_empty() {
                finding.engines = engines;
            }
        }
        // With a session nothing is private about it.
        _ if look.session.is_some() => return None,
        _ if !is_personal(&answered) => return None,
        Some(_) | None => {
            finding.confidence = Confidence::Tentative;
            finding.who = format!(
                "Any page can read {} by a script element, as its visitor if the visitor's cookie \
                 changes it: the answer says that it is for one person.",
                look.operation.name()
            );
            finding.evidence.push(header_line(&answered, "Cache-Control"));
            finding.evidence.push(header_line(&answered, "Vary"));
        }
    }
    Some(finding)
}

/// Private JSON that may be loaded as a script, or by anybody's page.
async fn unguarded(look: &Look<'_>) -> Option<Finding> {
    let private = private(look, &look.operation.call()).await?;
    let answer = &private.signed_in;
    let is_json = kind(answer).ends_with("json");
    if !is_json || is_guarded(answer) {
        return None;
    }
    let (engines, is_known) = travelling(look).await;
    if engines.is_empty() {
        return None;
    }
    let title = "Private JSON may be loaded by any page as a script";
    let mut finding = look.finding(CHECK.id, Severity::Low, title);
    finding.variant = "bare".to_owned();
    finding.engines = engines;
    if !is_known {
        finding.confidence = Confidence::Tentative;
    }
    let is_list = answer.body.trim_ascii_start().first() == Some(&b'[');
    finding.who = format!(
        "Any page that a signed-in person visits can load {} into its own process as that \
         person{}; only its browser's own caution keeps the page from it.",
        look.operation.name(),
        if is_list { ", where old browsers hand over the members of a list" } else { "" }
    );
    finding.request = look.operation.call().curl();
    finding.evidence = vec![header_line(answer, POLICY), header_line(answer, SNIFF)];
    finding.fix = format!("Add `{SNIFF}: nosniff` and `{POLICY}: same-site`.");
    Some(finding)
}

/// Kept from other pages' elements by a header.
fn is_guarded(answer: &Answered) -> bool {
    let policy = answer.header(POLICY);
    let sniff = answer.header(SNIFF).unwrap_or_default();
    matches!(policy.as_deref(), Some("same-origin" | "same-site"))
        || sniff.trim().eq_ignore_ascii_case("nosniff")
}

/// An answer that a session's cookie changes.
struct Private {
    signed_in: Arc<Answered>,
}

/// Each answer must be the same twice: what changes by itself tells nothing.
async fn private(look: &Look<'_>, call: &Call) -> Option<Private> {
    let with = with_cookie(look, call)?;
    let signed_in = look.ask(&with).await.ok()?;
    let nobody = look.ask(call).await.ok()?;
    let is_same =
        |one: &Answered, other: &Answered| one.status == other.status && one.body == other.body;
    if !signed_in.is_success() || is_same(&signed_in, &nobody) {
        return None;
    }
    let steady = is_same(&signed_in, &*look.ask_again(&with).await.ok()?)
        && is_same(&nobody, &*look.ask_again(call).await.ok()?);
    steady.then_some(Private { signed_in })
}

/// Whether an answer says itself that it is one person's.
fn is_personal(answer: &Answered) -> bool {
    let has = |name: &str, word: &str| {
        let text = answer.header(name).unwrap_or_default();
        text.split(',').any(|one| one.trim().eq_ignore_ascii_case(word))
    };
    has("cache-control", "private") || has("vary", "cookie")
}

/// The essence of an answer's type, in small letters; empty where there is none.
fn kind(answer: &Answered) -> String {
    let text = answer.header("content-type").unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a script element runs the answer, and it begins with a call of this function.
fn calls(answer: &Answered, name: &str) -> bool {
    let kind = kind(answer);
    let is_script = kind.ends_with("javascript") || kind.ends_with("ecmascript");
    let sniff = answer.header(SNIFF).unwrap_or_default();
    let is_never = ["image/", "audio/", "video/", "text/csv"].iter().any(|k| kind.starts_with(k));
    let runs = is_script || (!is_never && !sniff.trim().eq_ignore_ascii_case("nosniff"));
    let body = String::from_utf8_lossy(&answer.body);
    let mut text = body.trim_start();
    // Some frameworks put a comment before it, or ask whether there is such a function.
    while let Some((_, rest)) = text.strip_prefix("/*").and_then(|rest| rest.split_once("*/")) {
        text = rest.trim_start();
    }
    let asked = format!("typeof {name} ");
    if let Some((_, rest)) = text.strip_prefix(&asked).and_then(|rest| rest.split_once("&&")) {
        text = rest.trim_start();
    }
    let is_call = text.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('));
    answer.is_success() && runs && is_call
}

/// A function's name that was drawn for this run.
fn drawn(canary: &str) -> String {
    let host = crate::look::name_of(canary);
    host.split('.').next().unwrap_or("canary").replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::calls;
    use crate::call::Answered;

    #[test]
    fn what_calls_a_function() {
        let rows = [
            ("text/javascript", "x_1({})", true),
            (
                "application/javascript; charset=utf-8",
                "/**/ typeof x_1 === 'function' && x_1([]);",
                true,
            ),
            ("application/json", "x_1 ({})", true),
            ("image/png", "x_1({})", false),
            ("text/javascript", "{\"x_1\":1}", false),
            ("text/javascript", "x_12({})", false),
            ("text/html", "<p>x_1({})", false),
            ("text/javascript", "/* x_1({})", false),
        ];
        for (kind, body, want) in rows {
            let headers = [("Content-Type", kind)].into_iter().collect();
            let body_bytes = body.as_bytes().to_vec();
            let answer = Answered { status: 200, headers, body: body_bytes, is_cut: false };
            assert_eq!(calls(&answer, "x_1"), want, "{kind}: {body}");
        }
    }
}
