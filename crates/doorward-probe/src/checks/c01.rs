//! # C-01: any page may read it, signed in
//!
//! ## What it is
//!
//! The API answers with whatever `Origin` it is sent in `Access-Control-Allow-Origin`, together
//! with `Access-Control-Allow-Credentials: true`. A page of anybody's can then have a visitor's
//! browser fetch the answer with the visitor's cookies, and read it.
//!
//! ## How it is found
//!
//! The same request is sent as pages of two origins send it that are drawn for this run. Both must
//! get themselves back, byte for byte, with success, and a second time.
//!
//! ## What it does not say
//!
//! Whether a cookie travels depends on its `SameSite`, on the page's site and on the browser: the
//! finding says in which. An API that knows its callers by a header alone gives such a page
//! nothing that its visitor has.
//!
//! ## How to close it
//!
//! Compare `Origin` with a list of whole origins, answer with the one that matched, and add `Vary:
//! Origin`.
//!
//! ## References
//!
//! Fetch 4.10 (CORS check), CWE-942.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "C-01",
    title: "any page may read it, signed in",
    source: include_str!("c01.rs"),
    look,
};

/// The smallest change that closes it.
const FIX: &str = "Compare `Origin` with a list of whole origins; answer with the one \
                   that matched, and `Vary: Origin`.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found = look.origins().await.finding(
            look,
            CHECK.id,
            "It allows every origin, with credentials",
            FIX,
        );
        found.into_iter().collect()
    })
}
