//! # C-02: any page may read it, without cookies
//!
//! ## What it is
//!
//! The API answers with whatever `Origin` it is sent in `Access-Control-Allow-Origin`, without
//! `Access-Control-Allow-Credentials`. Any page can read what the API tells to whoever reaches it.
//!
//! ## How it is found
//!
//! As C-01; the answers lack `Access-Control-Allow-Credentials: true`.
//!
//! ## What it does not say
//!
//! For public answers this is what `*` says, and no fault: then it is only noted. It is one where
//! being able to reach the API is the leave to read, as on this machine and in a private network:
//! a page comes from outside, and its visitor's browser is inside.
//!
//! ## How to close it
//!
//! Compare `Origin` with a list of whole origins. Where everybody may read, say `*`, which caches
//! understand.
//!
//! ## References
//!
//! Fetch 3.3.7 (safe set-up), 4.10 (CORS check), CWE-942.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-02",
    title: "any page may read it, without cookies",
    source: include_str!("c02.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Compare `Origin` with a list of whole origins; where everybody may \
                   read, say `*`.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found = look.origins().await.finding(look, CHECK.id, "It allows every origin", FIX);
        found.into_iter().collect()
    })
}
