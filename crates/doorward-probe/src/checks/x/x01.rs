//! # it takes a form's body for JSON
//!
//! ## What it is
//!
//! The operation is meant for JSON, which a page of another site may send only after a preflight.
//! It also runs the same fields as a form, or the same JSON as `text/plain`; those need no
//! preflight, so any page can have a visitor's browser send them, with cookies. The browser hides
//! the answer, and the backend has run it.
//!
//! ## How it is found
//!
//! With `--allow-writes`. The body is sent as pages of two strangers can send it: as a form's
//! fields, as its parts, as plain text. Each must be answered as an allowed caller's, or change
//! the witness.
//!
//! ## What it does not say
//!
//! Whether the session's cookie travels: the finding says in which browsers, where the cookie was
//! seen.
//!
//! ## How to close it
//!
//! Answer 415 to every type but `application/json`, and refuse what comes from another site before
//! it is run.
//!
//! ## References
//!
//! Fetch 2.2.2 (CORS-safelisted request-header), CWE-352.

use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::Finding;
use crate::forge::{Dress, call, exposure, honest, may_write, of_strangers, run, way};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "X-01",
    title: "it takes a form's body for JSON",
    source: include_str!("x01.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !x::is_json(look) || !may_write(look) {
        return Vec::new();
    }
    let Some(allowed) = honest(look).await else { return Vec::new() };
    let mut shown: Option<Finding> = None;
    let dresses =
        [(Dress::Fields, "a form"), (Dress::Parts, "a form's parts"), (Dress::Plain, "text/plain")];
    for (dress, name) in dresses {
        let calls = of_strangers(look, |page| call(look, page, dress));
        let Some(seen) = run(look, &calls, allowed).await else { continue };
        if let Some(finding) = &mut shown {
            finding.evidence.push(format!("{name}: {}", seen.answer.status));
            continue;
        }
        let worth = exposure(look, (way(look, dress), "POST")).await;
        let words = [
            format!("It is meant for JSON, and runs {name} too"),
            format!("Any page can have a visitor's browser run {}.", look.operation.name()),
            "Answer 415 to every type but `application/json`, and refuse what comes from another \
             site before it is run."
                .to_owned(),
        ];
        shown = Some(x::finding(look, CHECK.id, (&calls[0], &seen), &worth, words));
    }
    shown.into_iter().collect()
}
