//! # it writes by GET or HEAD too
//!
//! ## What it is
//!
//! The operation has an unsafe method, and runs as well where it is asked for by GET with its
//! fields in the address, or by HEAD. A link does that, or an image; a `SameSite=Lax` cookie goes
//! along with a link.
//!
//! ## How it is found
//!
//! With `--allow-writes`. The fields are sent in the address, as a link of two strangers' pages.
//! It must be answered as an allowed caller's write, and the same address without the fields must
//! not be; and the status must tell that something was made or done; or the witness changes. HEAD
//! has no body, and is found by a witness alone.
//!
//! ## What it does not say
//!
//! A GET of the same address that reads is no fault: that is why the fields must make a
//! difference, and why a plain 200 is not told: it may be a search.
//!
//! ## How to close it
//!
//! Route by method, and let nothing but reading happen by GET and HEAD.
//!
//! ## References
//!
//! RFC 9110 9.2.1, CWE-352, CWE-650.

use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::Finding;
use crate::forge::{exposure, head, honest, link, may_write, of_strangers, plain_fields, run};
use crate::look::Look;
use doorward_browser::{Target, Way};

/// The check.
pub const CHECK: Check = Check {
    id: "X-04",
    title: "it writes by GET or HEAD too",
    source: include_str!("x04.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// What is answered where something was made, taken or done. A 200 may be a search.
const TELLS_OF_A_WRITE: [u16; 5] = [201, 202, 204, 302, 303];

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !may_write(look) {
        return Vec::new();
    }
    let Some(allowed) = honest(look).await else { return Vec::new() };
    let fields = plain_fields(look).unwrap_or_default();
    let bare = &look.operation.url;
    let mut full = bare.clone();
    if !fields.is_empty() {
        full.query_pairs_mut().extend_pairs(&fields);
    }
    let links = of_strangers(look, |page| link(look, page, &full));
    let heads = of_strangers(look, |page| head(look, page, &full));
    let idle = of_strangers(look, |page| link(look, page, bare));
    let mut findings = Vec::new();
    for (calls, method) in [(links, "GET"), (heads, "HEAD")] {
        let Some(seen) = run(look, &calls, allowed).await else { continue };
        // Without a witness, only what the fields change tells a write from a read.
        let is_read = match (seen.has_effect, method) {
            (true, _) => false,
            (false, "GET") => {
                let is_same = fields.is_empty() || run(look, &idle, allowed).await.is_some();
                is_same || !TELLS_OF_A_WRITE.contains(&seen.answer.status)
            }
            (false, _) => true,
        };
        if is_read {
            continue;
        }
        let worth = exposure(look, (Way::Link(Target::Top), "GET")).await;
        let words = [
            format!("It runs by {method} as by {}", look.operation.method),
            format!("Any page can have a visitor's browser run {}.", look.operation.name()),
            "Route by method: let nothing but reading happen by GET and HEAD.".to_owned(),
        ];
        let mut finding = x::finding(look, CHECK.id, (&calls[0], &seen), &worth, words);
        finding.variant = method.to_owned();
        findings.push(finding);
    }
    findings
}
