//! # T-08: a token stands in the address
//!
//! ## What it is
//!
//! A parameter of the address is the credential. Addresses are written into logs, histories and
//! `Referer`.
//!
//! ## How it is found
//!
//! A parameter by a name of credentials is in the operation's address; with it the request is
//! served, and without it refused.
//!
//! ## What it does not say
//!
//! A link that is good once and for minutes is usual in mails, and is not told from others here.
//!
//! ## How to close it
//!
//! Send it in a header; where a link must carry one, let it be good once.
//!
//! ## References
//!
//! RFC 6750 2.3, 5.3, CWE-598.

use crate::checks::t;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "T-08",
    title: "a token stands in the address",
    source: include_str!("t08.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// Names by which credentials stand in addresses.
const NAMES: &[&str] = &[
    "access_token",
    "api_key",
    "api-key",
    "apikey",
    "auth",
    "auth_token",
    "id_token",
    "jwt",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "token",
];

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !look.operation.is_sendable() {
        return Vec::new();
    }
    let pairs: Vec<(String, String)> = look.operation.url.query_pairs().into_owned().collect();
    let is_name = |name: &str| NAMES.contains(&name.to_ascii_lowercase().as_str());
    let Some((name, _)) = pairs.iter().find(|(name, _)| is_name(name)) else { return Vec::new() };
    let call = look.operation.call();
    let mut bare = call.clone();
    bare.url.query_pairs_mut().clear().extend_pairs(pairs.iter().filter(|(own, _)| own != name));
    let (Ok(with), Ok(without)) = (look.ask(&call).await, look.ask(&bare).await) else {
        return Vec::new();
    };
    let is_refused = matches!(without.status, 401 | 403);
    if !with.is_success() || !is_refused {
        return Vec::new();
    }
    let words = [
        format!("The parameter `{name}` of the address is the credential"),
        "Whoever reads a log, a history or a `Referer` can use it.".to_owned(),
        "Send it in a header.".to_owned(),
    ];
    // The address itself would print it.
    vec![t::finding(look, (CHECK.id, Severity::Medium), (&bare, &with), words)]
}
