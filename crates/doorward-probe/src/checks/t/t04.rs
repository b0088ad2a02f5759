//! # T-04: a token or a signed request may be altered
//!
//! ## What it is
//!
//! The token's signature is another, or its claims are, or it says `alg: none`; or a signature
//! covers the address, and the address is another. It is taken all the same: anybody can write
//! one.
//!
//! ## How it is found
//!
//! Where a stranger is refused and the given session has a JWT: a letter in the middle of its
//! signature, its claims, its algorithm are exchanged. Where it has an RFC 9421 signature over
//! `@query` or `@target-uri`: a parameter is added. Each must be served as before, twice.
//!
//! ## What it does not say
//!
//! Keys that are weak or known cannot be seen so. Whether a comparison takes constant time cannot
//! be told over a network.
//!
//! ## How to close it
//!
//! Verify the signature with the key and the one algorithm that the issuer is known by; let it
//! cover what the server reads.
//!
//! ## References
//!
//! RFC 8725 3.1, RFC 9421 7.2.1, CWE-347.

use crate::checks::t;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "T-04",
    title: "a token or a signed request may be altered",
    source: include_str!("t04.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(signed) = t::signed(look).await else { return Vec::new() };
    let mut tries = Vec::new();
    for token in t::tokens(&signed.session) {
        for (word, other) in t::altered(&token) {
            let session = signed.session.changed(|_, value| value.replace(&token, &other));
            tries.extend(session.on(&look.operation.call()).map(|call| (word, call)));
        }
    }
    let covers = |(name, value): (&str, &str)| {
        let is_input = name.eq_ignore_ascii_case("signature-input");
        is_input && ["\"@query\"", "\"@target-uri\""].iter().any(|part| value.contains(part))
    };
    if signed.session.headers().any(covers) {
        let mut call = signed.call.clone();
        call.url.query_pairs_mut().append_pair("canary", "1");
        tries.push(("the address", call));
    }
    let mut findings = Vec::new();
    for (word, call) in tries {
        let (Ok(first), Ok(second)) = (look.ask(&call).await, look.ask_again(&call).await) else {
            continue;
        };
        if !signed.is_served(&first) || !signed.is_served(&second) {
            continue;
        }
        let words = [
            format!("It is taken though {word} is another"),
            "Anybody can write a token or a request that is taken for somebody's.".to_owned(),
            "Verify the signature, with the one algorithm that is agreed.".to_owned(),
        ];
        let shown = (&call, &first);
        let mut finding = t::finding(look, (CHECK.id, Severity::Critical), shown, words);
        finding.variant = word.to_owned();
        findings.push(finding);
    }
    findings
}
