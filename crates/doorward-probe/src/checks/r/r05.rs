//! # guesses are not counted
//!
//! ## What it is
//!
//! Requests with a wrong credential are refused for that, and never for being too many: the limit
//! stands behind the check, or counts what succeeds. A password or key can be guessed as fast as
//! the API answers.
//!
//! ## How it is found
//!
//! With `--limits` and a session, once the session's request is answered 429: the same with a
//! made-up credential, a little more often than the limit lets pass. Each is refused as unknown,
//! and none by 429.
//!
//! ## What it does not say
//!
//! A limit above that number is not seen. Where the limit is above a dozen, this is not asked.
//! Whether a log-in that succeeds starts the count anew is not asked either: it would take a
//! second account.
//!
//! ## How to close it
//!
//! Count before the credential is looked at: by address, and by the account that is tried.
//!
//! ## References
//!
//! CWE-307, CWE-770.

use crate::checks::t::made_up;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::limits::{self, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check =
    Check { id: "R-05", title: "guesses are not counted", source: include_str!("r05.rs"), look };

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

/// A limit above this is not asked about: it would take too many requests.
const LIMIT_MAX: usize = 12;
/// What the run asked before it pressed the limit, and some more.
const BEYOND: usize = 8;

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(session) = look.session else { return Vec::new() };
    let Some(burst) = burst(look).await else { return Vec::new() };
    let Some((before, _)) = burst.limited.as_ref().filter(|(before, _)| *before <= LIMIT_MAX)
    else {
        return Vec::new();
    };
    let wrong = session.changed(|name, value| match name.eq_ignore_ascii_case("cookie") {
        true => wrong_cookies(value),
        false => made_up(value),
    });
    let Some(call) = wrong.on(&look.operation.call()) else { return Vec::new() };
    for _ in 0..before + BEYOND {
        let Some(answer) = burst.again(look, &call).await else { return Vec::new() };
        if !matches!(answer.status, 401 | 403) {
            return Vec::new();
        }
    }
    let words = [
        "Requests with a wrong credential meet no limit".to_owned(),
        "Anybody can guess credentials as fast as the API answers.".to_owned(),
        "Count before the credential is looked at, by address and by account.".to_owned(),
    ];
    let mut finding = limits::finding(look, (CHECK.id, Severity::Medium), (&call, 401), words);
    finding
        .evidence
        .push(format!("the limit is {before}; {} guesses were answered", before + BEYOND));
    vec![finding]
}

fn wrong_cookies(value: &str) -> String {
    let pairs = value.split(';').map(|pair| match pair.trim().split_once('=') {
        Some((name, value)) => format!("{name}={}", made_up(value)),
        None => pair.trim().to_owned(),
    });
    pairs.collect::<Vec<_>>().join("; ")
}
