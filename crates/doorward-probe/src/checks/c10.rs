//! # C-10: a hosting platform is allowed
//!
//! ## What it is
//!
//! The API allows every name under a platform where anybody publishes within a minute, for
//! previews as a rule. An attacker's page is one of them.
//!
//! ## How it is found
//!
//! A name under each of some platforms is drawn for this run; the trusted origin's own platform
//! comes first. It is allowed, twice. Platforms are those of the private section of the public
//! suffix list, and some that show anybody's scripts under their own name.
//!
//! ## What it does not say
//!
//! Names that are listed whole are no fault. A platform whose names end in the account's own name
//! is not known to the probe.
//!
//! ## How to close it
//!
//! List the deployments that are used, each whole; for previews, the part of the name that the
//! platform gives to the account alone.
//!
//! ## References
//!
//! Public suffix list (private section), Fetch 4.10 (CORS check), CWE-942.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-10",
    title: "a hosting platform is allowed",
    source: include_str!("c10.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "List the deployments that are used, each as a whole origin.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found = look.origins().await.finding(
            look,
            CHECK.id,
            "It allows a platform where anybody may publish",
            FIX,
        );
        found.into_iter().collect()
    })
}
