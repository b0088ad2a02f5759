//! # what is over the limit is run, and refused after
//!
//! ## What it is
//!
//! The limit stands behind the backend's work: the answer is 429, and the work was done. Whoever
//! wants to load the server, or to write more often than he may, is not held back.
//!
//! ## How it is found
//!
//! With `--limits` and a witness: once the request is answered 429, it is sent again; the witness,
//! which stays between two reads without a request, must change. Or a tap must see the backend
//! serve it.
//!
//! ## What it does not say
//!
//! Without a witness or a tap, nothing.
//!
//! ## How to close it
//!
//! Ask the limit before anything else is done.
//!
//! ## References
//!
//! CWE-696, CWE-770.

use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding, Rung, Severity};
use crate::forge::{honest, rung_words};
use crate::limits::{self, burst};
use crate::look::Look;
use crate::witness::rung;

/// The check.
pub const CHECK: Check = Check {
    id: "R-06",
    title: "what is over the limit is run, and refused after",
    source: include_str!("r06.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if look.means.witness.is_none() && !look.asker().has_tap() {
        return Vec::new();
    }
    let Some(burst) = burst(look).await.filter(|burst| burst.limited.is_some()) else {
        return Vec::new();
    };
    let Some(allowed) = honest(look).await else { return Vec::new() };
    let Ok(seen) = rung(look, &burst.call, allowed).await else { return Vec::new() };
    if seen.answer.status != 429 || !matches!(seen.rung, Rung::Effect | Rung::InPath) {
        return Vec::new();
    }
    let words = [
        "What is over the limit is run before it is refused".to_owned(),
        "Anybody can have the backend work as often as he likes; only the answers are held back."
            .to_owned(),
        "Ask the limit before anything else is done.".to_owned(),
    ];
    let mut finding = limits::finding(look, (CHECK.id, Severity::High), (&burst.call, 429), words);
    finding.evidence.push(rung_words(seen.rung));
    finding.confidence = Confidence::Certain;
    finding.rung = Some(seen.rung);
    vec![finding]
}
