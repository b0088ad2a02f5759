//! # C-05: `null` may read it
//!
//! ## What it is
//!
//! The API allows the origin `null`. That is no origin of one's own: every page has it in a frame
//! that it sandboxes itself, and after some redirects. To allow `null` is to allow everybody.
//!
//! ## How it is found
//!
//! The request is sent with `Origin: null`, twice. Both answers are a success and say `null`, byte
//! for byte.
//!
//! ## What it does not say
//!
//! Whether a cookie travels from a sandboxed frame, the finding says. It is not reported where
//! every origin is allowed: C-01 and C-02 say that.
//!
//! ## How to close it
//!
//! Take `null` off the list. A page that was opened as a file is better served from an address.
//!
//! ## References
//!
//! Fetch 3.2 (the header `Origin`), 4.10 (CORS check), HTML 7.1.1, CWE-942.

use crate::checks::{Check, Looking};
use crate::look::Look;

/// The check.
pub const CHECK: Check =
    Check { id: "C-05", title: "`null` may read it", source: include_str!("c05.rs"), look };

/// The smallest change that closes it.
const FIX: &str = "Take `null` off the list of allowed origins.";

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(async move {
        let found =
            look.origins().await.finding(look, CHECK.id, "It allows the origin `null`", FIX);
        found.into_iter().collect()
    })
}
