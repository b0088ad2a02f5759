//! # a page that changes something can be framed
//!
//! ## What it is
//!
//! The page has a form that posts, and no header keeps other sites from showing it in a frame. A
//! page lays it, unseen, under something worth a click.
//!
//! ## How it is found
//!
//! The answer to a GET is HTML, has a form with `method=post`, and has neither `X-Frame-Options:
//! DENY` or `SAMEORIGIN` nor a policy with `frame-ancestors` that is less than everybody. With a
//! session where one is given.
//!
//! ## What it does not say
//!
//! Whether the visitor is signed in there: a Lax cookie does not travel into another site's frame,
//! so such a page mostly shows its log-in. What a script changes without a form is not seen.
//!
//! ## How to close it
//!
//! `Content-Security-Policy: frame-ancestors 'none'`, or the origins that may.
//!
//! ## References
//!
//! CSP 3 6.4.2 (frame-ancestors), RFC 7034, CWE-1021.

use crate::call::Answered;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::forge::exposure;
use crate::html;
use crate::look::Look;
use doorward_browser::{Target, Way};

/// The check.
pub const CHECK: Check = Check {
    id: "X-14",
    title: "a page that changes something can be framed",
    source: include_str!("x14.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if look.operation.method != "GET" {
        return Vec::new();
    }
    let call = look.operation.call();
    let call = look.signed_in(&call).unwrap_or(call);
    let Ok(answer) = look.ask(&call).await else { return Vec::new() };
    let kind = answer.header("content-type").unwrap_or_default();
    let is_page = kind.trim_start().to_ascii_lowercase().starts_with("text/html");
    if !answer.is_success() || !is_page || is_kept_apart(&answer) {
        return Vec::new();
    }
    if !html::has_post_form(&answer.body) {
        return Vec::new();
    }
    let worth = exposure(look, (Way::Link(Target::Frame), "GET")).await;
    let mut finding = look.finding(
        CHECK.id,
        if worth.severity == Severity::High { Severity::Medium } else { Severity::Low },
        "A page with a form can be framed by any site",
    );
    finding.who = format!(
        "Any page can show {} in a frame, unseen, and have a visitor click into its form. {}",
        look.operation.path, worth.as_whom
    );
    finding.engines = worth.engines;
    finding.request = call.curl();
    finding.evidence = vec!["no X-Frame-Options, no frame-ancestors".to_owned()];
    finding.fix =
        "Send `Content-Security-Policy: frame-ancestors 'none'`, or name who may.".to_owned();
    vec![finding]
}

/// Whether a header keeps other sites from framing it. What is only reported keeps nobody away.
fn is_kept_apart(answer: &Answered) -> bool {
    let policy = answer.header("content-security-policy").unwrap_or_default().to_ascii_lowercase();
    let mut directives = policy.split([';', ',']).map(str::trim);
    let ancestors = directives.find_map(|one| one.strip_prefix("frame-ancestors"));
    if let Some(ancestors) = ancestors {
        // Where there is such a policy, `X-Frame-Options` is not looked at (CSP 3 6.4.2).
        let mut sources = ancestors.split_ascii_whitespace();
        return !sources.any(|source| matches!(source, "*" | "http:" | "https:"));
    }
    let options = answer.header("x-frame-options").unwrap_or_default().to_ascii_lowercase();
    // Of several, each must be one of the two; `ALLOW-FROM` is known to no browser any more.
    options.split(',').all(|one| matches!(one.trim(), "deny" | "sameorigin"))
}

#[cfg(test)]
mod tests {
    use super::is_kept_apart;
    use crate::call::Answered;

    #[test]
    fn who_may_frame() {
        let rows = [
            (vec![], false),
            (vec![("X-Frame-Options", "DENY")], true),
            (vec![("X-Frame-Options", "sameorigin")], true),
            (vec![("X-Frame-Options", "ALLOW-FROM https://a.test")], false),
            (vec![("X-Frame-Options", "DENY"), ("X-Frame-Options", "odd")], false),
            (vec![("Content-Security-Policy", "default-src 'self'")], false),
            (vec![("Content-Security-Policy", "a; frame-ancestors 'none'")], true),
            (vec![("Content-Security-Policy", "frame-ancestors https://a.test")], true),
            (vec![("Content-Security-Policy", "frame-ancestors *")], false),
            (
                vec![
                    ("Content-Security-Policy", "frame-ancestors https:"),
                    ("X-Frame-Options", "DENY"),
                ],
                false,
            ),
            (vec![("Content-Security-Policy-Report-Only", "frame-ancestors 'none'")], false),
        ];
        for (headers, want) in rows {
            let said = format!("{headers:?}");
            let headers = headers.into_iter().collect();
            let answer = Answered { status: 200, headers, body: Vec::new(), is_cut: false };
            assert_eq!(is_kept_apart(&answer), want, "{said}");
        }
    }
}
