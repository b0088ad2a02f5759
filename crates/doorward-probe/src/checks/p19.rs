//! # P-19: two allowed names in one are allowed
//!
//! ## What it is
//!
//! Two names are allowed, and so is one that is made of both: of `foo.test` and `bar.test`,
//! `barfoo.test`. Lists that are kept as a tree of letters from the end of the name have taken it
//! for one of the two.
//!
//! ## How it is found
//!
//! With two trusted origins or more, each is sent with another's name before it. It is allowed,
//! twice, and a drawn word before it is not.
//!
//! ## What it does not say
//!
//! Where any word before a trusted name is allowed, that is C-06.
//!
//! ## How to close it
//!
//! Compare whole names, or parts between dots.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), CWE-697, CWE-942.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "P-19",
    title: "two allowed names in one are allowed",
    source: include_str!("p19.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Compare `Origin` with whole origins.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found =
            look.origins().await.finding(look, CHECK.id, "It allows two trusted names in one", FIX);
        found.into_iter().collect()
    })
}
