//! # P-21: every name under an ending is allowed
//!
//! ## What it is
//!
//! The API allows every name under a public suffix, as `*.com` or `*.co.uk` would. Anybody may
//! register one.
//!
//! ## How it is found
//!
//! A name under the trusted origin's public suffix is drawn for this run. It is allowed, twice,
//! where other strangers are not.
//!
//! ## What it does not say
//!
//! An ending that one owner has for himself is not told from one that is sold: the finding names
//! it.
//!
//! ## How to close it
//!
//! Put the registrable name into the pattern, or list whole origins.
//!
//! ## References
//!
//! Public suffix list, Fetch 4.10 (CORS check), CWE-942.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "P-21",
    title: "every name under an ending is allowed",
    source: include_str!("p21.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "List whole origins.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found = look.origins().await.finding(
            look,
            CHECK.id,
            "It allows every name under a public suffix",
            FIX,
        );
        found.into_iter().collect()
    })
}
