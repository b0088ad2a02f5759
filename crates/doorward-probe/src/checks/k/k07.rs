//! # K-07: a cookie is too long, or unreadable
//!
//! ## What it is
//!
//! A browser ignores a cookie whose name and value are over 4096 bytes together, and one that it
//! cannot read.
//!
//! ## How it is found
//!
//! Each cookie that was set is given to the model of each browser.
//!
//! ## What it does not say
//!
//! Nothing of the limit on all cookies of a host together, which differs between browsers.
//!
//! ## How to close it
//!
//! Keep what is long at the server, and a short name of it in the cookie.
//!
//! ## References
//!
//! RFC 6265bis 5.6.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::Finding;
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "K-07",
    title: "a cookie is too long, or unreadable",
    source: include_str!("k07.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    k::all_dropped(look, (CHECK.id, "not-a-cookie"), |cookie| {
        let bytes = cookie.name.len() + cookie.value.len();
        [
            format!("Browsers drop the cookie `{}`: {bytes} bytes, or unreadable", cookie.name),
            "Keep name and value within 4096 bytes, without control characters.".to_owned(),
        ]
    })
}
