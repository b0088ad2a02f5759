//! # K-03: a cookie for other sites is dropped
//!
//! ## What it is
//!
//! The cookie says `SameSite=None` and not `Secure`. Browsers ignore such a cookie: it is never
//! kept.
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
//! Add `Secure`, and serve it by https.
//!
//! ## References
//!
//! RFC 6265bis 5.7.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::Finding;
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-03",
    title: "a cookie for other sites is dropped",
    source: include_str!("k03.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    k::all_dropped(look, (CHECK.id, "not-kept-none"), |cookie| {
        [
            format!("Browsers drop the cookie `{}`: SameSite=None without Secure", cookie.name),
            "Set it with `SameSite=None; Secure`, by https.".to_owned(),
        ]
    })
}
