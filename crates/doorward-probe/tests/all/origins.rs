//! What a grant is worth: the same mistake with other sign-ins, cookies and attackers.

use crate::corpus::{Asked, BROKEN, Memory, Reply, SAFE, SHOP, Server, start, trusted};
use doorward_probe::run::{closed, open};
use doorward_probe::{
    Breadth, Confidence, Finding, Operation, Options, Probe, Report, Scope, Session, Severity,
};
use std::collections::BTreeSet;
use url::Url;

/// Requests for one address by default, at most, all checks together.
const REQUESTS_MAX: usize = 120;
const SEED: u64 = 0x1234_5678_9abc_def0;

fn options(server: &Server) -> Options {
    Options { origins: trusted(server), requests_max: 1000, seed: SEED, ..Options::default() }
}

async fn address(server: &'static Server) -> (Url, Scope) {
    let url = Url::parse(&start(server).await).expect("an address");
    let mut scope = Scope::new(&[]);
    scope.add(&url).await.expect("this machine");
    (url, scope)
}

async fn report(server: &'static Server, options: Options) -> Report {
    let (url, scope) = address(server).await;
    let probe = Probe::new(scope, options).expect("authorities");
    probe.run(&[Operation::get(url)], &|_| {}).await
}

async fn signed_in(server: &'static Server, line: &str) -> Report {
    let (url, scope) = address(server).await;
    let (name, value) = line.split_once(": ").expect("a header");
    let headers = vec![(name.to_owned(), value.to_owned())];
    let session = Some(Session::new(headers, std::slice::from_ref(&url)));
    let options = Options { session, ..options(server) };
    let probe = Probe::new(scope, options).expect("authorities");
    probe.run(&[Operation::get(url)], &|_| {}).await
}

fn one<'r>(report: &'r Report, check: &str) -> &'r Finding {
    let found = report.findings.iter().find(|finding| finding.check == check);
    found.unwrap_or_else(|| panic!("{check} is not in {report:#?}"))
}

/// A server that mirrors every origin, and knows ann by a cookie that it sets so.
fn knows_ann(asked: &Asked, memory: &mut Memory, attributes: &str) -> Reply {
    let origin = asked.header("origin");
    memory.ran += 1;
    let reply = match asked.header("cookie").contains("session=ann") {
        true => Reply::json(r#"{"name":"ann"}"#),
        false => Reply { status: 401, ..Reply::json("{}") },
    };
    reply
        .with("Set-Cookie", "theme=dark; Path=/; Secure; SameSite=None")
        .with("Set-Cookie", &format!("session=ann; Path=/; HttpOnly{attributes}"))
        .with("Access-Control-Allow-Origin", origin)
        .with("Access-Control-Allow-Credentials", "true")
        .with("Vary", "Origin")
}

fn lax(asked: &Asked, memory: &mut Memory) -> Reply {
    knows_ann(asked, memory, "; SameSite=Lax")
}

fn strict(asked: &Asked, memory: &mut Memory) -> Reply {
    knows_ann(asked, memory, "; SameSite=Strict")
}

fn none(asked: &Asked, memory: &mut Memory) -> Reply {
    knows_ann(asked, memory, "; Secure; SameSite=None")
}

fn unset(asked: &Asked, memory: &mut Memory) -> Reply {
    knows_ann(asked, memory, "")
}

/// Knows ann by a header.
fn token(asked: &Asked, memory: &mut Memory) -> Reply {
    let is_ann = asked.header("authorization") == "Bearer ann";
    let mut reply = knows_ann(asked, memory, "; SameSite=None; Secure");
    reply.status = if is_ann { 200 } else { 401 };
    reply
}

/// Knows nobody.
fn same(asked: &Asked, memory: &mut Memory) -> Reply {
    let mut reply = knows_ann(asked, memory, "; SameSite=None; Secure");
    (reply.status, reply.body) = (200, "{}".to_owned());
    reply
}

/// The same mistake for a few: who asks is allowed where the end of the host is right.
fn narrowed(asked: &Asked, memory: &mut Memory, allows: impl Fn(&str) -> bool) -> Reply {
    let mut reply = lax(asked, memory);
    let origin = asked.header("origin");
    if origin != SHOP && !allows(origin) {
        reply.headers.retain(|(name, _)| !name.starts_with("Access-Control"));
    }
    reply
}

fn prefix(asked: &Asked, memory: &mut Memory) -> Reply {
    narrowed(asked, memory, |origin| origin.starts_with("http://shop.localhost."))
}

fn below(asked: &Asked, memory: &mut Memory) -> Reply {
    narrowed(asked, memory, |origin| origin.contains(".shop.localhost:"))
}

fn null(asked: &Asked, memory: &mut Memory) -> Reply {
    narrowed(asked, memory, |origin| origin == "null")
}

const fn server(answer: fn(&Asked, &mut Memory) -> Reply) -> Server {
    Server { name: "knows-ann", planted: &[], path: "/me", answer }
}

static LAX: Server = server(lax);
static STRICT: Server = server(strict);
static NONE: Server = server(none);
static UNSET: Server = server(unset);
static TOKEN: Server = server(token);
static SAME: Server = server(same);
static PREFIX: Server = server(prefix);
static BELOW: Server = server(below);
static NULL: Server = server(null);

#[tokio::test]
async fn what_a_grant_is_worth() {
    const COOKIE: &str = "Cookie: session=ann";
    let all = "every browser";
    let rows: [(&'static Server, &str, &str, Severity, &str, &str); 10] = [
        (&NONE, COOKIE, "C-01", Severity::High, "Chromium", "as the person who visits it, by"),
        (&LAX, COOKIE, "C-01", Severity::Medium, all, "from a page of the API's own site"),
        (&STRICT, COOKIE, "C-01", Severity::Medium, all, "from a page of the API's own site"),
        // An engine that takes no `SameSite` for none lets it travel.
        (&UNSET, COOKIE, "C-01", Severity::High, "WebKit", "as the person who visits it, by"),
        (&TOKEN, "Authorization: Bearer ann", "C-01", Severity::Info, all, "but as nobody"),
        (&SAME, COOKIE, "C-01", Severity::Info, all, "the same to everybody"),
        // A cookie of which nothing is known: it may be one that travels.
        (&LAX, "Cookie: session=ann; other=1", "C-01", Severity::Medium, all, "own site"),
        // A bought name is never of the API's own site.
        (&PREFIX, COOKIE, "C-06", Severity::Low, all, "no cookie of the API's travels"),
        (&BELOW, COOKIE, "C-07", Severity::Medium, all, "as the person who visits it, by"),
        // For cookies, a sandboxed frame is of no site: but for one engine.
        (&NULL, COOKIE, "C-05", Severity::Medium, "WebKit", "from a page of the API's own site"),
    ];
    for (server, line, check, severity, engines, words) in rows {
        let report = signed_in(server, line).await;
        let finding = one(&report, check);
        let engines_seen = finding.engines.to_string();
        if finding.severity != Severity::Info {
            assert_eq!(engines_seen, engines, "{finding:#?}");
        }
        assert_eq!(finding.severity, severity, "{finding:#?}");
        assert!(finding.who.contains(words), "{finding:#?}");
        assert!(!format!("{report:?}").contains("session=ann\""), "a secret: {report:#?}");
    }
    // Nobody is signed in, and errors are no successes, whatever they allow.
    let report = report(&LAX, options(&LAX)).await;
    let finding = one(&report, "C-01");
    assert_eq!((finding.severity, finding.confidence), (Severity::Info, Confidence::Tentative));
}

#[tokio::test]
async fn what_could_write_is_asked_by_preflights_alone() {
    fn approves(asked: &Asked, memory: &mut Memory) -> Reply {
        memory.ran += usize::from(!asked.is_preflight());
        Reply::status(204)
            .with("Access-Control-Allow-Origin", asked.header("origin"))
            .with("Access-Control-Allow-Credentials", "true")
            .with("Access-Control-Allow-Methods", "POST")
            .with("Access-Control-Allow-Headers", "content-type")
    }
    static APPROVES: Server = server(approves);
    let (url, scope) = address(&APPROVES).await;
    let mut post = Operation::get(url);
    post.method = "POST".to_owned();
    let probe = Probe::new(scope, options(&APPROVES)).expect("authorities");
    let report = probe.run(&[post], &|_| {}).await;
    assert_eq!(one(&report, "C-01").confidence, Confidence::Tentative);
    let sent = probe.log();
    assert!(sent.iter().all(|call| call.method != "POST"), "{sent:#?}");
}

#[tokio::test]
async fn few_requests_and_the_same_keys_in_every_run() {
    let (mut counts, mut wrong) = (Vec::new(), Vec::new());
    for server in BROKEN.iter().chain(SAFE).copied().flatten() {
        let first = report(server, options(server)).await;
        let other = Options { seed: !SEED, ..options(server) };
        let second = report(server, other).await;
        let keys = |report: &Report| -> BTreeSet<String> {
            report.findings.iter().map(Finding::key).collect()
        };
        if keys(&first) != keys(&second) {
            wrong.push(format!("{}: {:?} {:?}", server.name, keys(&first), keys(&second)));
        }
        counts.push((first.requests, server.name));
    }
    counts.sort_unstable();
    let (median, most) = (counts[counts.len() / 2], counts[counts.len() - 1]);
    println!("requests: median {}, most {} ({})", median.0, most.0, most.1);
    assert!(most.0 < REQUESTS_MAX, "{most:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn more_origins_find_the_same_mistakes() {
    const SOME: [&str; 5] =
        ["contains-host", "everything-in-com", "any-name-below", "platform-suffix", "two-headers"];
    let mut wrong = Vec::new();
    let some = BROKEN.iter().copied().flatten().filter(|server| SOME.contains(&server.name));
    for server in some.chain(SAFE.iter().copied().flatten()) {
        let checks = |report: &Report| -> BTreeSet<&'static str> {
            report.findings.iter().map(|finding| finding.check).collect()
        };
        let usual = report(server, options(server)).await;
        let breadth = Breadth { is_thorough: true, with_raw: true };
        let all = report(server, Options { breadth, ..options(server) }).await;
        // Careless comparisons let pass what no browser sends, which is worth a note.
        let mut more = all.clone();
        more.findings.retain(|finding| {
            let is_note = finding.check == "C-06" && finding.severity == Severity::Info;
            !is_note || server.planted.is_empty()
        });
        if checks(&usual) != checks(&more) {
            wrong.push(format!("{}: {:?} {:#?}", server.name, checks(&usual), all.findings));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_plan_names_every_request() {
    for name in ["exact-list", "starts-with-host", "mirror-with-credentials", "field-chooses"] {
        let mut all = BROKEN.iter().chain(SAFE).copied().flatten();
        let server = all.find(|server| server.name == name).expect("a server of that name");
        let (url, scope) = address(server).await;
        let operations = [Operation::get(url)];
        let mut planned = Vec::new();
        for pretended in [closed, open] {
            let probe = Probe::plan(scope.clone(), options(server), pretended);
            probe.run(&operations, &|_| {}).await;
            planned.extend(probe.log());
        }
        let probe = Probe::new(scope, options(server)).expect("authorities");
        probe.run(&operations, &|_| {}).await;
        for call in probe.log() {
            assert!(planned.contains(&call), "{name}: {}", call.curl());
        }
    }
}

#[tokio::test]
async fn without_a_word_of_origins_the_api_names_its_own() {
    let mut all = SAFE.iter().copied().flatten();
    let always = all.find(|server| server.name == "always-the-shop").expect("it is there");
    let none = || Options { origins: Vec::new(), ..options(always) };
    assert_eq!(report(always, none()).await.findings, []);
    fn asterisk(_: &Asked, memory: &mut Memory) -> Reply {
        memory.ran += 1;
        Reply::json("{}").with("Access-Control-Allow-Origin", "https://*.shop.example")
    }
    static ASTERISK: Server = server(asterisk);
    assert!(one(&report(&ASTERISK, none()).await, "C-11").title.contains("an asterisk"));
}

#[tokio::test]
async fn what_no_browser_sends_is_sent_where_it_is_asked_for_and_is_worth_a_note() {
    /// Takes everything up to a mark that no host has for the shop's page.
    fn cut(asked: &Asked, memory: &mut Memory) -> Reply {
        memory.ran += 1;
        let origin = asked.header("origin");
        let reply = Reply::json("{}").with("Vary", "Origin");
        match origin == SHOP || origin.split('^').next() == Some("http://shop.localhost") {
            true => reply.with("Access-Control-Allow-Origin", origin),
            false => reply,
        }
    }
    static CUT: Server = server(cut);
    assert_eq!(report(&CUT, options(&CUT)).await.findings, []);
    let breadth = Breadth { is_thorough: false, with_raw: true };
    let report = report(&CUT, Options { breadth, ..options(&CUT) }).await;
    let finding = one(&report, "C-06");
    assert_eq!((finding.severity, finding.engines.is_empty()), (Severity::Info, true));
    assert_eq!(finding.variant, "P-12");
}
