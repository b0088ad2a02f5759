//! # K-11: a cookie stands in an answer that caches keep
//!
//! ## What it is
//!
//! The answer sets a cookie, and says that shared caches may keep it. A cache then hands one
//! visitor's cookie to the next.
//!
//! ## How it is found
//!
//! `Cache-Control` of each answer to a GET that sets a cookie: `public`, `s-maxage` or `max-age`
//! above nought, and none of `private`, `no-store`, `no-cache`.
//!
//! ## What it does not say
//!
//! Whether there is a cache, and what it makes of cookies by itself. What is kept for a browser
//! alone (`private`) is no fault.
//!
//! ## How to close it
//!
//! `Cache-Control: private` or `no-store` wherever a cookie is set.
//!
//! ## References
//!
//! RFC 9111 3, 5.2.2, 7.3, CWE-525.

use crate::call::Answered;
use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-11",
    title: "a cookie stands in an answer that caches keep",
    source: include_str!("k11.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let sessions = k::sessions(look).await;
    let mut findings = Vec::new();
    for cookie in k::cookies(look) {
        let is_asked = matches!(cookie.call.method.as_str(), "GET" | "HEAD");
        if !is_asked || !is_cacheable(&cookie.answer) {
            continue;
        }
        let is_session = sessions.iter().any(|own| own.name == cookie.name);
        let severity = if is_session { Severity::High } else { Severity::Low };
        let words = [
            format!("The cookie `{}` is set in an answer that caches may keep", cookie.name),
            "Whoever asks a shared cache for this address next is given another visitor's cookie."
                .to_owned(),
            "Send `Cache-Control: private` or `no-store` wherever a cookie is set.".to_owned(),
        ];
        let mut finding = k::finding(look, (CHECK.id, severity), &cookie, words);
        let said = cookie.answer.header("cache-control").unwrap_or_default();
        finding.evidence.push(format!("Cache-Control: {said}"));
        findings.push(finding);
    }
    findings
}

/// Whether a shared cache may keep it and hand it to somebody else.
fn is_cacheable(answer: &Answered) -> bool {
    let said = answer.header("cache-control").unwrap_or_default().to_ascii_lowercase();
    let words: Vec<&str> = said.split(',').map(str::trim).collect();
    let has = |name: &str| words.iter().any(|word| word.split('=').next() == Some(name));
    let lasts = |name: &str| {
        let values = words.iter().filter_map(|word| word.split_once('='));
        let mut own = values.filter(|(own, _)| *own == name);
        own.any(|(_, value)| value.trim_matches('"').parse::<u64>().is_ok_and(|age| age > 0))
    };
    let varies = answer.header("vary").unwrap_or_default().to_ascii_lowercase();
    let is_apart = varies.split(',').any(|name| matches!(name.trim(), "cookie" | "*"));
    let is_kept = has("public") || lasts("s-maxage") || lasts("max-age");
    is_kept && !is_apart && !["private", "no-store", "no-cache"].into_iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::is_cacheable;
    use crate::call::Answered;

    #[test]
    fn what_caches_may_keep() {
        let rows = [
            ("public", "", true),
            ("max-age=60", "Accept", true),
            ("s-maxage=\"60\", must-revalidate", "", true),
            ("", "", false),
            ("max-age=0", "", false),
            ("private, max-age=60", "", false),
            ("public, no-store", "", false),
            ("no-cache", "", false),
            ("public", "Origin, Cookie", false),
            ("max-age=soon", "", false),
        ];
        for (said, vary, want) in rows {
            let headers = [("Cache-Control", said), ("Vary", vary)].into_iter().collect();
            let answer = Answered { status: 200, headers, body: Vec::new(), is_cut: false };
            assert_eq!(is_cacheable(&answer), want, "{said} {vary}");
        }
    }
}
