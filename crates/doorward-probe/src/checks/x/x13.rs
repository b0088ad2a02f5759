//! # a neighbour can set the session's cookie
//!
//! ## What it is
//!
//! The session's cookie has a name that any host beside this one may set too, for the whole
//! domain. Whoever holds such a host, or somebody in the network where one answers by http, puts a
//! cookie of his own before the session's, or a CSRF token that he knows.
//!
//! ## How it is found
//!
//! On https, and where a host has neighbours: the name of each cookie that makes the session, and
//! of each that carries a token, does not begin with `__Host-`.
//!
//! ## What it does not say
//!
//! Whether there is a neighbour who would. It is asked on https alone, since `__Host-` needs
//! `Secure`.
//!
//! ## How to close it
//!
//! Call it `__Host-…`, with `Secure`, `Path=/` and no `Domain`.
//!
//! ## References
//!
//! RFC 6265bis 4.1.3.2, 8.6, CWE-565.

use crate::checks::k;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::forge::sibling;
use crate::look::Look;
use crate::token::is_token_name;

/// The check.
pub const CHECK: Check = Check {
    id: "X-13",
    title: "a neighbour can set the session's cookie",
    source: include_str!("x13.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if look.operation.url.scheme() != "https" || sibling(look).is_none() {
        return Vec::new();
    }
    let mut own = k::sessions(look).await;
    let tokens = k::cookies(look).into_iter().filter(|cookie| is_token_name(&cookie.name));
    for cookie in tokens {
        if !own.contains(&cookie) {
            own.push(cookie);
        }
    }
    own.retain(|cookie| !cookie.name.to_ascii_lowercase().starts_with("__host-"));
    let told = own.iter().map(|cookie| {
        let words = [
            format!("Any neighbouring host can set the cookie `{}`", cookie.name),
            "Whoever holds a host beside this one can give a visitor a session or token of his."
                .to_owned(),
            format!("Call it `__Host-{}`, with `Path=/; Secure` and no `Domain`.", cookie.name),
        ];
        k::finding(look, (CHECK.id, Severity::Info), cookie, words)
    });
    told.collect()
}
