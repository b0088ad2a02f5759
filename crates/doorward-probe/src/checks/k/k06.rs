//! # K-06: a cookie breaks the promise of its name
//!
//! ## What it is
//!
//! A name that begins with `__Host-` or `__Secure-` promises something, and browsers drop the
//! cookie where it does not hold: `Secure` for both; no `Domain` and `Path=/` for `__Host-`.
//!
//! ## How it is found
//!
//! Each cookie that was set is given to the model of each browser.
//!
//! ## What it does not say
//!
//! Whether anybody misses it.
//!
//! ## How to close it
//!
//! `__Host-`: `Path=/; Secure`, and no `Domain`. `__Secure-`: `Secure`.
//!
//! ## References
//!
//! RFC 6265bis 4.1.3, 5.7.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::Finding;
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-06",
    title: "a cookie breaks the promise of its name",
    source: include_str!("k06.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    k::all_dropped(look, (CHECK.id, "not-kept-prefix"), |cookie| {
        [
            format!("Browsers drop the cookie `{}`: its name promises more", cookie.name),
            "Set it with `Path=/; Secure` and without `Domain`, or give it another name."
                .to_owned(),
        ]
    })
}
