//! # the limit counts one thing by several names
//!
//! ## What it is
//!
//! The limit keeps a count for each spelling of the address, each method, each `User-Agent` or
//! each cookie. With another spelling, the same operation is served again.
//!
//! ## How it is found
//!
//! With `--limits`, once the plain request is answered 429: the same in another case, with a slash
//! behind it, with a letter written as `%…`, with one more parameter, by HEAD, with another
//! `User-Agent`, with a cookie. It must be served with the same body, twice, while the
//! plain one is refused, and once more after it.
//!
//! ## What it does not say
//!
//! A count that adds up over days is not seen.
//!
//! ## How to close it
//!
//! Count by the route that is run and by who calls, not by the letters of the request.
//!
//! ## References
//!
//! RFC 3986 6.2.2, CWE-178, CWE-770.

use crate::ask::USER_AGENT;
use crate::call::Call;
use crate::checks::{Check, Looking};
use crate::finding::{Finding, Severity};
use crate::limits::{self, burst};
use crate::look::Look;

/// The check.
pub const CHECK: Check = Check {
    id: "R-03",
    title: "the limit counts one thing by several names",
    source: include_str!("r03.rs"),
    look,
};

fn look<'l>(look: &'l Look<'l>) -> Looking<'l> {
    Box::pin(found(look))
}

async fn found(look: &Look<'_>) -> Vec<Finding> {
    let Some(burst) = burst(look).await.filter(|burst| burst.limited.is_some()) else {
        return Vec::new();
    };
    let mut slipped = Vec::new();
    for (word, call) in spelled(&burst.call) {
        if burst.slips(look, &call).await {
            slipped.push((word, call));
        }
    }
    let Some((word, call)) = slipped.first() else { return Vec::new() };
    let words = [
        format!("The limit starts anew with {word}"),
        "Anybody has a new share with each spelling of the same request.".to_owned(),
        "Count by the route that is run and by who calls.".to_owned(),
    ];
    let shown = (call, burst.served.status);
    let mut finding = limits::finding(look, (CHECK.id, Severity::Medium), shown, words);
    finding.evidence.extend(slipped.iter().map(|(word, _)| format!("served with {word}")));
    vec![finding]
}

/// The same request in other words.
fn spelled(call: &Call) -> Vec<(&'static str, Call)> {
    let path = call.url.path().to_owned();
    let with_path = |path: &str| {
        let mut call = call.clone();
        call.url.set_path(path);
        call
    };
    let mut out = Vec::new();
    let upper = path.to_ascii_uppercase();
    if upper != path {
        out.push(("another case", with_path(&upper)));
    }
    if !path.ends_with('/') {
        out.push(("a slash behind it", with_path(&format!("{path}/"))));
    }
    let letter = path.char_indices().rev().find(|(_, c)| c.is_ascii_alphabetic());
    if let Some((at, c)) = letter {
        let encoded = format!("{}%{:02X}{}", &path[..at], c as u32, &path[at + 1..]);
        out.push(("a letter written as `%…`", with_path(&encoded)));
    }
    let mut longer = call.clone();
    longer.url.query_pairs_mut().append_pair("canary", "1");
    out.push(("one more parameter", longer));
    if call.method == "GET" {
        let mut head = call.clone();
        "HEAD".clone_into(&mut head.method);
        out.push(("HEAD", head));
    }
    // Another one, and the probe's own name still.
    let agent = format!("{USER_AGENT} (canary)");
    out.push(("another `User-Agent`", call.clone().with("User-Agent", &agent)));
    if !call.headers.has("cookie") {
        out.push(("a cookie", call.clone().with("Cookie", "canary=1")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::spelled;
    use crate::call::Call;
    use url::Url;

    #[test]
    fn spellings() {
        let url = Url::parse("http://localhost/a/b").expect("an address");
        let spelled = spelled(&Call::new("GET", &url));
        let urls: Vec<&str> = spelled.iter().map(|(_, call)| call.url.as_str()).collect();
        assert_eq!(
            urls[..4],
            [
                "http://localhost/A/B",
                "http://localhost/a/b/",
                "http://localhost/a/%62",
                "http://localhost/a/b?canary=1",
            ]
        );
        assert_eq!(spelled.len(), 7);
    }
}
