//! What is asked on https alone, of servers that are only pretended.

use crate::requests::SEED;
use doorward_browser::Headers;
use doorward_probe::{Answered, Call, Operation, Options, Probe, Scope, Session};
use std::collections::BTreeSet;
use url::Url;

/// An API on another site than its page, and one on the same.
const PAGE: &str = "https://shop.example";

/// What is found here alone.
pub(crate) const PLANTED: &[&str] = &["K-12", "X-13"];

/// An API, what it answers, and the checks that must find something.
type Row = (&'static str, fn(&Call) -> Answered, &'static [&'static str]);

async fn seen(answer: fn(&Call) -> Answered, api: &str) -> BTreeSet<&'static str> {
    let url = Url::parse(api).expect("an address");
    let cookie = ("Cookie".to_owned(), "sid=s1".to_owned());
    let options = Options {
        origins: vec![PAGE.to_owned()],
        session: Some(Session::new(vec![cookie], std::slice::from_ref(&url))),
        requests_max: 1000,
        seed: SEED,
        ..Options::default()
    };
    let probe = Probe::plan(Scope::new(&[]), options, answer);
    let report = probe.run(&[Operation::get(url)], &|_| {}).await;
    report.findings.iter().map(|finding| finding.check).collect()
}

/// An answer to whoever has the session, which it sets anew; nothing for others.
fn sets(call: &Call, line: &str) -> Answered {
    let is_known = call.headers.joined("cookie").is_some_and(|value| value.contains("sid=s1"));
    let mut headers = Headers::new();
    headers.append("Content-Type", "application/json");
    headers.append("X-Content-Type-Options", "nosniff");
    if is_known {
        headers.append("Set-Cookie", line);
    }
    let status = if is_known { 200 } else { 401 };
    Answered { status, headers, body: b"{}".to_vec(), is_cut: false }
}

#[tokio::test]
async fn cookies_on_https() {
    let own = "https://api.shop.example/orders";
    let other = "https://api.bank.example/orders";
    let rows: &[Row] = &[
        (own, |call| sets(call, "sid=s1; HttpOnly; SameSite=Lax"), &["K-01", "X-13"]),
        (own, |call| sets(call, "sid=s1; HttpOnly; Secure; SameSite=Lax"), &["X-13"]),
        (other, |call| sets(call, "sid=s1; HttpOnly; Secure; SameSite=None"), &["K-12", "X-13"]),
        // The name says that no neighbour set it; the names of others do not matter.
        (own, |call| sets(call, "theme=1; Path=/; SameSite=Lax"), &[]),
        (
            other,
            |call| sets(call, "sid=s1; HttpOnly; Secure; SameSite=None; Partitioned"),
            &["X-13"],
        ),
        (
            "https://192.0.2.1/orders",
            |call| sets(call, "sid=s1; HttpOnly; Secure; SameSite=Lax"),
            &[],
        ),
    ];
    assert!(PLANTED.iter().all(|id| rows.iter().any(|(_, _, want)| want.contains(id))));
    for (api, answer, want) in rows {
        let seen = seen(*answer, api).await;
        assert_eq!(seen, want.iter().copied().collect(), "{api}");
    }
}
