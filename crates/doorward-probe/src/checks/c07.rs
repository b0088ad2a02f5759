//! # C-07: every name below is allowed
//!
//! ## What it is
//!
//! The API allows every name below a trusted one. One page of one such name that runs a foreign
//! script, or one forgotten name that somebody else takes over, reads what the API answers.
//!
//! ## How it is found
//!
//! A name below the trusted one is drawn for this run, which nobody uses. It is allowed, twice.
//!
//! ## What it does not say
//!
//! That such a name can be had. Where names below are few, a list of them is as short as the
//! pattern. Names that merely end like a trusted one are C-06.
//!
//! ## How to close it
//!
//! List the names that are used, each whole.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), CWE-942, CWE-346.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-07",
    title: "every name below is allowed",
    source: include_str!("c07.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "List the names that are used, each as a whole origin.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found = look.origins().await.finding(
            look,
            CHECK.id,
            "It allows every name below a trusted one",
            FIX,
        );
        found.into_iter().collect()
    })
}
