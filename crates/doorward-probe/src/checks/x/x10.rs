//! # any page can sign a visitor out
//!
//! ## What it is
//!
//! The log-out is done by GET, so an image on any page does it.
//!
//! ## How it is found
//!
//! With `--allow-writes`, at an address that has a word of a log-out. It is asked for by GET as
//! two strangers' pages link to it, with made-up cookies of the session's names. An answer that
//! takes a cookie away is one that signs out.
//!
//! ## What it does not say
//!
//! The given session is never sent there: it would end. A log-out that shows only in the server's
//! own memory is not found.
//!
//! ## How to close it
//!
//! POST alone, and refuse it from another site.
//!
//! ## References
//!
//! RFC 9110 9.2.1, CWE-352.

use crate::call::Call;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::forge::{link, of_strangers, without};
use crate::look::Look;
use crate::set_cookie::SetCookie;
use crate::tap::MARK;

/// The check.
pub const CHECK: Check = Check {
    id: "X-10",
    title: "any page can sign a visitor out",
    source: include_str!("x10.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    if !sounds_like_a_log_out(look) {
        return Vec::new();
    }
    let calls = of_strangers(look, |page| link(look, page, &look.operation.url));
    let calls: Vec<Call> = calls.iter().map(|call| with_made_up_cookies(look, call)).collect();
    let mut taken = Vec::new();
    for call in &calls {
        let Ok(answer) = look.ask(call).await else { return Vec::new() };
        let lines = answer.headers.all("set-cookie");
        let cookies = lines.map(|line| SetCookie::read(line, call, &answer));
        let Some(cookie) = cookies.into_iter().find(SetCookie::is_deletion) else {
            return Vec::new();
        };
        taken.push(cookie);
    }
    let (Some(call), Some(cookie)) = (calls.first(), taken.first()) else { return Vec::new() };
    let mut finding = look.finding(CHECK.id, Severity::Low, "It signs out by GET");
    finding.who = "Any page can sign a visitor out, by an image or a link.".to_owned();
    finding.request = call.curl();
    finding.evidence = vec![cookie.shown()];
    finding.fix = "Sign out by POST alone, and refuse it from another site.".to_owned();
    vec![finding]
}

/// The session must not end: its names travel with values that nobody has.
fn with_made_up_cookies(look: &Look<'_>, call: &Call) -> Call {
    let call = without(call, &["cookie"]);
    let names = look.session.map(|session| session.cookie_names()).unwrap_or_default();
    if names.is_empty() {
        return call;
    }
    let pairs: Vec<String> = names.iter().map(|name| format!("{name}={MARK}")).collect();
    call.with("Cookie", &pairs.join("; "))
}

fn sounds_like_a_log_out(look: &Look<'_>) -> bool {
    let path = look.operation.path.to_ascii_lowercase();
    let known = ["logout", "log-out", "log_out", "logoff", "signout", "sign-out", "sign_out"];
    path.split('/').any(|word| known.iter().any(|own| word.starts_with(own)))
}
