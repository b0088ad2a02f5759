//! # C-06: a name that only looks like a trusted one is allowed
//!
//! ## What it is
//!
//! The API compares a part of the origin: its beginning, its end, a pattern without anchors, or one
//! in which a dot stands for any letter. Somebody registers a name that fits, and his pages read
//! the API's answers.
//!
//! ## How it is found
//!
//! Names are made from each trusted origin, as [`crate::payload`] says, with words drawn for this
//! run. Those that are allowed twice, byte for byte, are found; a stranger's must not be.
//!
//! ## What it does not say
//!
//! Whether the name is free today. What no browser writes is sent only where that is asked for, and
//! is worth a note: no page has such an origin.
//!
//! ## How to close it
//!
//! Compare whole origins, byte for byte, with a list. Where a pattern has to be, anchor it at both
//! ends, escape its dots, and let no part of it cross a dot.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), URL 3.2 (forbidden host code points), CWE-942, CWE-185.

use crate::checks::{Check, Looking};
use crate::finding::{Confidence, Finding};
use crate::look::Look;
use crate::origins::Hit;
use crate::payload::Class;

/// The check.
pub const CHECK: Check = Check {
    id: "C-06",
    title: "a name that only looks like a trusted one is allowed",
    source: include_str!("c06.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Compare `Origin` with whole origins, byte for byte; anchor a pattern at both \
                   ends and escape its dots.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move { found(look).await.into_iter().collect() })
}

async fn found(look: &Look<'_>) -> Option<Finding> {
    let origins = look.origins().await;
    let hits: Vec<&Hit> = origins.of(CHECK.id).collect();
    let has = |wanted: Class| hits.iter().any(|hit| hit.payload.class == wanted);
    let mut finding = origins.finding(look, CHECK.id, "", FIX)?;
    let class = hits.iter().find(|hit| hit.payload.class.id() == finding.variant)?.payload.class;
    // `http://localhost.` and more, or a port with a digit more: what is compared is the beginning.
    let is_longer = |hit: &&Hit| hit.payload.origin.starts_with(&hit.payload.made_of);
    let is_beginning =
        class == Class::Local || (class == Class::Port && hits.iter().all(is_longer));
    let mistake = match (has(Class::Before), has(Class::GluedBefore)) {
        (true, true) => Class::Part.mistake(),
        (true, false) | (false, true) | (false, false) if is_beginning => Class::Before.mistake(),
        (true, false) | (false, true) | (false, false) => class.mistake(),
    };
    finding.title = format!("It allows origins that are not trusted: {mistake}");
    // A letter less is a name that the same owner may have.
    if hits.iter().all(|hit| hit.payload.class == Class::Part) {
        finding.confidence = Confidence::Tentative;
    }
    if class == Class::Punctuation && hits.iter().all(|hit| is_by_tls(&hit.payload.origin)) {
        finding.evidence.push(
            "no authority certifies such a name: it is usable where `http:` is allowed too"
                .to_owned(),
        );
    }
    Some(finding)
}

fn is_by_tls(origin: &str) -> bool {
    origin.starts_with("https:")
}
