//! # it takes a body without a type for JSON
//!
//! ## What it is
//!
//! The operation is meant for JSON and refuses `text/plain`, but runs the same body without a
//! `Content-Type`. A page sends that without a preflight, as a typed array.
//!
//! ## How it is found
//!
//! With `--allow-writes`, where plain text is refused. The body is sent as pages of two strangers
//! can send it so; each must be answered as an allowed caller's, or change the witness.
//!
//! ## What it does not say
//!
//! What runs plain text as well is told by X-01 alone. Two `Content-Type` headers are not tried:
//! no browser sends them without asking first.
//!
//! ## How to close it
//!
//! Compare the type's essence, the part before `;`, with `application/json`, and answer 415 to all
//! else, nothing included.
//!
//! ## References
//!
//! Fetch 2.2.2, MIME Sniffing 4.4 (parse a MIME type), CWE-352.

use crate::checks::x;
use crate::checks::{Check, Looking};
use crate::finding::Finding;
use crate::forge::{Dress, exposure};
use crate::look::Look;
use doorward_browser::Way;

/// The check.
pub const CHECK: Check = Check {
    id: "X-02",
    title: "it takes a body without a type for JSON",
    source: include_str!("x02.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some((call, seen)) = x::run_but_not_plain(look, Dress::Untyped).await else {
        return Vec::new();
    };
    let worth = exposure(look, (Way::Fetch, "POST")).await;
    let words = [
        "It is meant for JSON, and runs a body without a type too".to_owned(),
        format!("Any page can have a visitor's browser run {}.", look.operation.name()),
        "Compare the type before `;` with `application/json`, and answer 415 to all else."
            .to_owned(),
    ];
    vec![x::finding(look, CHECK.id, (&call, &seen), &worth, words)]
}
