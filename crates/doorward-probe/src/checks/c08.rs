//! # C-08: pages without TLS are allowed
//!
//! ## What it is
//!
//! A page is trusted under `https:`, and the API allows the same name under `http:`. Nobody
//! vouches for what such a page says: whoever is on the network's path to a visitor, as in a café,
//! writes it, and it reads the API's answers.
//!
//! ## How it is found
//!
//! The trusted origin is sent with `http:` for `https:`. It is allowed, twice.
//!
//! ## What it does not say
//!
//! Trusted origins that have no TLS themselves are not asked about. A name of this machine is on
//! no path.
//!
//! ## How to close it
//!
//! Compare whole origins, with their scheme.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), Secure Contexts 3.1, CWE-319.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-08",
    title: "pages without TLS are allowed",
    source: include_str!("c08.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Compare whole origins, with their scheme.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found =
            look.origins().await.finding(look, CHECK.id, "It allows pages without TLS", FIX);
        found.into_iter().collect()
    })
}
