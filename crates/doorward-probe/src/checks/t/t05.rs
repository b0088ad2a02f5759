//! # T-05: a signature is taken for another method
//!
//! ## What it is
//!
//! The request is signed, or proved by DPoP, for one method, and is served with another.
//!
//! ## How it is found
//!
//! Where the given session has a DPoP proof or a signature that covers `@method`, and a stranger
//! is refused: the same headers go along with HEAD.
//!
//! ## What it does not say
//!
//! A bearer token is bound to no route, and that is no fault. Other routes are not tried: what
//! they would do is not known.
//!
//! ## How to close it
//!
//! Compare the method and the address that were signed with those that came.
//!
//! ## References
//!
//! RFC 9449 4.3, RFC 9421 2.2.1, CWE-345.

use crate::checks::t;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "T-05",
    title: "a signature is taken for another method",
    source: include_str!("t05.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(signed) = t::signed(look).await else { return Vec::new() };
    let binds = |(name, value): (&str, &str)| {
        let is_input = name.eq_ignore_ascii_case("signature-input");
        name.eq_ignore_ascii_case("dpop") || (is_input && value.contains("\"@method\""))
    };
    let is_get = look.operation.method == "GET";
    if !is_get || !signed.session.headers().any(binds) {
        return Vec::new();
    }
    let mut call = signed.call.clone();
    "HEAD".clone_into(&mut call.method);
    let (Ok(first), Ok(second)) = (look.ask(&call).await, look.ask_again(&call).await) else {
        return Vec::new();
    };
    if !first.is_success() || !second.is_success() {
        return Vec::new();
    }
    let words = [
        "What was signed for GET is taken for HEAD".to_owned(),
        "Whoever sees one signed request can send another with its signature.".to_owned(),
        "Compare the method and the address that were signed with those that came.".to_owned(),
    ];
    vec![t::finding(look, (CHECK.id, Severity::Medium), (&call, &first), words)]
}
