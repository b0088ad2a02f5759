//! The sample backend over real sockets: every route, its witness, its CORS right and wrong.

use doorward_lab::backend::{
    Backend, BackendOptions, Bank, CorsPolicy, Effect, Kind, SameSite, Trust, expected,
};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ORIGIN: &str = "http://shop.localhost:5173";

async fn start(options: BackendOptions) -> Backend {
    Backend::start(options).await.expect("a port of loopback is free")
}

/// Sends one request and returns the whole answer as text.
async fn ask(backend: &Backend, line: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(backend.address()).await.expect("connects");
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: {length}\r\n\
         {headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("reads");
    String::from_utf8(answer).expect("text")
}

fn json(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    serde_json::from_str(body).expect("JSON")
}

/// Signs ann in and returns the `Cookie` header line of her session.
async fn sign_in(backend: &Backend) -> String {
    let answer = ask(backend, "POST /login", "", "user=ann").await;
    let (_, rest) = answer.split_once("set-cookie: ").expect("a cookie");
    let (pair, _) = rest.split_once(';').expect("attributes");
    format!("Cookie: other=1; {pair}\r\n")
}

#[tokio::test]
async fn money_moves_for_whoever_has_the_cookie() {
    let backend = start(BackendOptions::default()).await;
    let cookie = sign_in(&backend).await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let with = |extra: &str| format!("{cookie}{extra}");
    let rows = [
        ("POST /transfer", with(form), "to=evil&amount=100", "200", 100),
        ("POST /api/transfer", cookie.clone(), r#"{"to":"evil","amount":100}"#, "200", 200),
        ("GET /transfer?to=evil&amount=100", cookie.clone(), "", "200", 300),
        ("POST /transfer", form.to_owned(), "to=evil&amount=100", "401", 300),
        ("POST /transfer", with(form), "to=evil&amount=0", "400", 300),
        ("POST /transfer", with(form), "to=evil&amount=99999", "409", 300),
        ("POST /transfer", with(form), "from=ben&to=evil&amount=1", "403", 300),
        ("POST /transfer", with(form), "to=nobody&amount=1", "400", 300),
        ("PUT /transfer", with(form), "to=evil&amount=100", "405", 300),
    ];
    for (line, headers, body, status, evil) in rows {
        let answer = ask(&backend, line, &headers, body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line} {body}: {answer}");
        assert_eq!(backend.balance("evil"), Some(evil), "{line} {body}");
    }
    let moved = &backend.executed("/transfer")[0];
    assert_eq!(moved.what, "ann -100, evil +100");
    assert_eq!(moved.line(), "■ executed  POST /transfer  ann -100, evil +100");
    assert_eq!((moved.effect, moved.cookie), (Effect::Write, true));
    let sum: i64 = ["ann", "ben", "evil"].iter().filter_map(|name| backend.balance(name)).sum();
    assert_eq!(sum, 1500);
}

#[tokio::test]
async fn the_witness_tells_what_ran() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let options = BackendOptions {
        listener: Some(Box::new(move |event| teller.lock().expect("lock").push(event.line()))),
        ..BackendOptions::default()
    };
    let backend = start(options).await;
    let rows = [
        ("GET /api/data?mark=1", Kind::Executed, Effect::Read),
        ("HEAD /api/data", Kind::Executed, Effect::Read),
        ("POST /api/data", Kind::Executed, Effect::Write),
        ("DELETE /api/items/1", Kind::Executed, Effect::Write),
        ("PATCH /api/items/2", Kind::Executed, Effect::Write),
        ("GET /whoami", Kind::Executed, Effect::Read),
        ("GET /status", Kind::Executed, Effect::Read),
        ("POST /upload", Kind::Executed, Effect::Write),
        ("GET /nothing", Kind::Missing, Effect::Read),
        ("DELETE /api/data", Kind::Missing, Effect::Read),
        ("OPTIONS /api/data", Kind::Executed, Effect::Read),
    ];
    for (line, kind, effect) in rows {
        ask(&backend, line, "Origin: http://evil.localhost\r\n", "").await;
        let event = backend.events().pop().expect("an event");
        assert_eq!((event.kind, event.effect), (kind, effect), "{line}");
        assert_eq!(event.origin.as_deref(), Some("http://evil.localhost"));
        assert_eq!(event.host.as_deref(), Some("shop"));
    }
    assert_eq!(backend.events()[0].query, "mark=1");
    assert_eq!(told.lock().expect("lock").len(), rows.len());

    let answer = json(&ask(&backend, "GET /__witness?since=9", "", "").await);
    let sequences: Vec<_> =
        answer["events"].as_array().expect("a list").iter().map(|e| &e["sequence"]).collect();
    assert_eq!(sequences, [10, 11], "and the witness itself is no event");
}

#[tokio::test]
async fn echo_repeats_what_arrived() {
    let backend = start(BackendOptions::default()).await;
    let answer = ask(&backend, "POST /api/echo?a=%2F", "X-One: 1\r\nX-One: 2\r\n", "four").await;
    let answer = json(&answer);
    assert_eq!(answer["method"], "POST");
    assert_eq!(answer["target"], "/api/echo?a=%2F");
    assert_eq!(answer["body_bytes"], 4);
    let headers = answer["headers"].to_string();
    assert!(headers.contains(r#"["x-one","1"],["x-one","2"]"#), "{headers}");
}

#[tokio::test]
async fn cookies_have_the_attribute_that_was_asked_for() {
    let rows = [
        (SameSite::Strict, "; Path=/; HttpOnly; SameSite=Strict\r\n"),
        (SameSite::Lax, "; Path=/; HttpOnly; SameSite=Lax\r\n"),
        (SameSite::None, "; Path=/; HttpOnly; SameSite=None; Secure\r\n"),
        (SameSite::Unset, "; Path=/; HttpOnly\r\n"),
    ];
    for (same_site, end) in rows {
        let backend = start(BackendOptions { same_site, ..BackendOptions::default() }).await;
        let answer = ask(&backend, "POST /login", "", "").await;
        let cookie = answer.split("set-cookie: ").nth(1).expect("a cookie");
        assert!(cookie.contains(end), "{same_site:?}: {cookie}");
        let cookie = sign_in(&backend).await;
        let answer = ask(&backend, "GET /whoami", &cookie, "").await;
        assert_eq!(json(&answer)["id"], "ann");
        let forged = ask(&backend, "GET /whoami", "Cookie: session=0\r\n", "").await;
        assert!(forged.starts_with("HTTP/1.1 401"));
    }
}

/// What an answer says of CORS, in the order `allow-origin…, credentials, methods, headers, vary`.
fn cors_of(answer: &str) -> String {
    let names = [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "vary",
    ];
    let lines = answer.split("\r\n\r\n").next().unwrap_or_default().lines();
    let lines: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
    let of = |name: &&str| {
        let values = lines.iter().filter(|(own, _)| own == name).map(|(_, value)| *value);
        values.collect::<Vec<_>>().join("+")
    };
    names.iter().map(of).collect::<Vec<_>>().join("|")
}

#[tokio::test]
async fn cors_right_and_wrong() {
    let own = || ORIGIN.to_owned();
    let allow = |credentials| CorsPolicy::Allow { origins: vec![own()], credentials };
    let checking = |required| CorsPolicy::Checking { origin: own(), required };
    let (o, e) = (ORIGIN, "http://evil.localhost");
    let json = "POST|content-type";
    let text = str::to_owned;
    // origin|credentials|methods|headers|vary, of an answer and of a preflight's answer.
    let rows = [
        (CorsPolicy::Off, o, text("||||"), text("||||")),
        (allow(false), o, format!("{o}||||Origin"), format!("{o}||{json}|Origin")),
        (allow(true), o, format!("{o}|true|||Origin"), format!("{o}|true|{json}|Origin")),
        (allow(true), e, text("||||Origin"), text("||||Origin")),
        (CorsPolicy::Wildcard, e, text("*||||"), text("*||GET, HEAD, POST||")),
        (
            CorsPolicy::WildcardListed,
            e,
            text("*||||"),
            text("*||GET, HEAD, POST, PUT, PATCH, DELETE|Authorization, Content-Type|"),
        ),
        (
            CorsPolicy::NoVary { origins: vec![own()] },
            o,
            format!("{o}|true|||"),
            format!("{o}|true|{json}|"),
        ),
        (CorsPolicy::NoVary { origins: vec![own()] }, e, text("||||"), text("||||")),
        (CorsPolicy::BlanketPreflight, e, text("*||||"), text("*||*|*|")),
        (CorsPolicy::WildcardCredentials, e, text("*|true|||"), text("*|true|*||")),
        (CorsPolicy::Mirror, e, format!("{e}|true|||"), format!("{e}|true|{json}|")),
        (CorsPolicy::Fixed(own()), e, format!("{o}||||"), format!("{o}||||")),
        (CorsPolicy::Twice(own()), o, format!("{o}+{o}||||"), format!("{o}+{o}||||")),
        (checking(false), o, format!("{o}||||Origin"), format!("{o}||{json}|Origin")),
        (checking(false), e, text("||||"), text("||||")),
        (checking(true), e, text("||||"), text("||||")),
    ];
    for (cors, origin, want, want_preflight) in rows {
        let backend = start(BackendOptions { cors: cors.clone(), ..Default::default() }).await;
        let origin = format!("Origin: {origin}\r\n");
        let preflight = format!(
            "{origin}Access-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: content-type\r\n"
        );
        let answer = ask(&backend, "GET /api/data", &origin, "").await;
        assert_eq!(cors_of(&answer), want, "{cors:?}");
        let answer = ask(&backend, "OPTIONS /api/data", &preflight, "").await;
        assert_eq!(cors_of(&answer), want_preflight, "{cors:?}, preflight");
    }
}

type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn what_is_expected_is_what_comes() {
    let own = || vec![ORIGIN.to_owned()];
    let policies = [
        CorsPolicy::Off,
        CorsPolicy::Allow { origins: own(), credentials: true },
        CorsPolicy::NoVary { origins: own() },
        CorsPolicy::Wildcard,
        CorsPolicy::BlanketPreflight,
        CorsPolicy::Mirror,
        CorsPolicy::Checking { origin: ORIGIN.to_owned(), required: true },
    ];
    let heads: [Row<'_>; 8] = [
        ("GET", "/api/data", &[("origin", ORIGIN)]),
        ("GET", "/api/data", &[("origin", "http://evil.localhost")]),
        ("GET", "/api/catalog", &[]),
        ("POST", "/cookies", &[("origin", ORIGIN)]),
        ("DELETE", "/api/items/1", &[("origin", ORIGIN)]),
        ("DELETE", "/api/data", &[("origin", ORIGIN)]),
        ("GET", "/nothing", &[]),
        ("OPTIONS", "/api/data", &[("origin", ORIGIN), ("access-control-request-method", "PUT")]),
    ];
    for cors in policies {
        let backend = start(BackendOptions { cors: cors.clone(), ..Default::default() }).await;
        for (method, path, headers) in heads {
            let mut head = http::Request::builder().method(method).uri(path);
            for (name, value) in headers {
                head = head.header(*name, *value);
            }
            let (head, ()) = head.body(()).expect("a request").into_parts();
            let want = expected(&cors, SameSite::Lax, &head);
            let lines: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let answer = ask(&backend, &format!("{method} {path}"), &lines, "").await;
            let event = backend.events().pop().expect("an event");
            let at = format!("{cors:?} {method} {path}");
            assert_eq!(event.kind == Kind::Executed, want.is_executed, "{at}");
            let status = format!("HTTP/1.1 {}", want.status.as_str());
            assert!(answer.starts_with(&status), "{at}: {want:?} {answer}");
            for (name, value) in &want.headers {
                let line = format!("{name}: {}\r\n", value.to_str().expect("text"));
                assert!(answer.contains(&line), "{at}: {line} {answer}");
            }
            let sent = answer.matches("access-control-").count();
            let names = want.headers.keys().map(http::HeaderName::as_str);
            assert_eq!(sent, names.filter(|name| name.starts_with("access-control-")).count());
        }
    }
}

#[tokio::test]
async fn a_policy_changes_while_it_runs_and_a_bank_is_shared() {
    let bank = Arc::<Bank>::default();
    let options = || BackendOptions {
        bank: Arc::clone(&bank),
        trust: Trust::Network,
        ..BackendOptions::default()
    };
    let (one, two) = (start(options()).await, start(options()).await);
    for backend in [&one, &two] {
        ask(backend, "GET /transfer?to=evil&amount=100", "", "").await;
    }
    assert_eq!((one.balance("evil"), two.balance("ann")), (Some(200), Some(800)));
    bank.reset();
    assert_eq!(bank.balances(), [("ann", 1000), ("ben", 500), ("evil", 0)]);
    let origin = "Origin: http://evil.localhost\r\n";
    assert_eq!(cors_of(&ask(&one, "GET /api/data", origin, "").await), "||||");
    one.set_cors(CorsPolicy::Wildcard);
    assert_eq!(cors_of(&ask(&one, "GET /api/data", origin, "").await), "*||||");
}

#[tokio::test]
async fn a_token_for_whoever_asks_opens_one_question() {
    let backend = start(BackendOptions::default()).await;
    let token = json(&ask(&backend, "GET /api/token", "", "").await)["token"].to_string();
    let with = format!("X-Token: {}\r\n", token.trim_matches('"'));
    let rows = [("", "401"), ("X-Token: made-up\r\n", "401"), (&with, "200"), (&with, "401")];
    for (headers, status) in rows {
        let answer = ask(&backend, "POST /api/ask", headers, "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{headers}: {answer}");
    }
    assert_eq!(backend.executed("/api/ask").len(), 1);
}

#[tokio::test]
async fn one_cookie_for_each_same_site() {
    let backend = start(BackendOptions::default()).await;
    let answer = ask(&backend, "POST /cookies", "", "").await;
    for line in [
        "none=1; Path=/; SameSite=None; Secure\r\n",
        "lax=1; Path=/; SameSite=Lax\r\n",
        "strict=1; Path=/; SameSite=Strict\r\n",
        "unset=1; Path=/\r\n",
    ] {
        assert!(answer.contains(&format!("set-cookie: {line}")), "{line}: {answer}");
    }
    ask(&backend, "GET /api/data", "Cookie: none=1; unset=1\r\n", "").await;
    assert_eq!(backend.events().pop().expect("an event").cookies, ["none", "unset"]);
}

#[tokio::test]
async fn the_backend_that_checks_origin_refuses_before_it_runs() {
    let rows = [
        (false, "", Kind::Executed),
        (false, "Origin: http://shop.localhost:5173\r\n", Kind::Executed),
        (false, "Origin: https://google.com\r\n", Kind::Refused),
        (true, "", Kind::Refused),
        (true, "Origin: http://shop.localhost:5173\r\n", Kind::Executed),
    ];
    for (required, headers, kind) in rows {
        let cors = CorsPolicy::Checking { origin: ORIGIN.to_owned(), required };
        let backend = start(BackendOptions { cors, ..Default::default() }).await;
        ask(&backend, "GET /api/data", headers, "").await;
        assert_eq!(backend.events()[0].kind, kind, "{required} {headers}");
    }
}

#[tokio::test]
async fn what_comes_around_the_gate_is_refused_where_proof_is_demanded() {
    let options = BackendOptions {
        admission: Some(Box::new(|head| {
            head.headers.get("doorward-admitted").is_some_and(|proof| proof == "good")
        })),
        ..Default::default()
    };
    let backend = start(options).await;
    let rows = [
        ("", "403", Kind::Refused),
        ("Doorward-Admitted: bad\r\n", "403", Kind::Refused),
        ("Doorward-Admitted: good\r\n", "200", Kind::Executed),
    ];
    for (headers, status, kind) in rows {
        let answer = ask(&backend, "GET /api/data", headers, "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{headers}: {answer}");
        assert_eq!(backend.events().pop().expect("an event").kind, kind, "{headers}");
    }
}

#[tokio::test]
async fn answers_wait_until_they_are_told() {
    let backend = start(BackendOptions::default()).await;
    let waiting = ask(&backend, "GET /slow?key=a", "", "");
    let told = async {
        backend.wait_until(|event| event.path == "/slow").await;
        backend.release("a", 1);
    };
    let (answer, ()) = tokio::join!(waiting, told);
    assert!(answer.ends_with("done\n"), "{answer}");

    let mut stream = TcpStream::connect(backend.address()).await.expect("connects");
    let mut seen = String::new();
    let request = b"GET /events?count=2&key=b HTTP/1.1\r\nHost: shop\r\n\r\n";
    stream.write_all(request).await.expect("writes");
    read_until(&mut stream, &mut seen, "\r\n\r\n").await;
    for number in 0..2 {
        backend.release("b", 1);
        read_until(&mut stream, &mut seen, &format!("data: event {number}\n\n")).await;
    }
    read_until(&mut stream, &mut seen, "0\r\n\r\n").await;
    assert!(backend.events().iter().all(|event| event.kind == Kind::Executed));
}

/// Reads on until `end` is in what was seen so far.
async fn read_until(stream: &mut TcpStream, seen: &mut String, end: &str) {
    let mut bytes = [0; 1024];
    while !seen.contains(end) {
        let length = stream.read(&mut bytes).await.expect("reads");
        assert_ne!(length, 0, "ended before {end:?}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
    }
}

#[tokio::test]
async fn a_caller_who_leaves_is_seen() {
    let backend = start(BackendOptions::default()).await;
    let rows = [
        "GET /slow?key=never HTTP/1.1\r\nHost: shop\r\n\r\n",
        "GET /slow?key=never&at=body HTTP/1.1\r\nHost: shop\r\n\r\n",
        "GET /events HTTP/1.1\r\nHost: shop\r\n\r\n",
        "GET /download?bytes=99999999999 HTTP/1.1\r\nHost: shop\r\n\r\n",
        "POST /upload HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nfour",
    ];
    for row in rows {
        let seen = backend.witness().count();
        let mut stream = TcpStream::connect(backend.address()).await.expect("connects");
        stream.write_all(row.as_bytes()).await.expect("writes");
        if row.starts_with("GET") {
            backend.wait_until(|event| event.sequence > seen).await;
        }
        drop(stream);
        let left = |kind| kind == Kind::CutOff;
        backend.wait_until(|event| event.sequence > seen && left(event.kind)).await;
    }
}

#[tokio::test]
async fn large_bodies_are_counted_both_ways() {
    const BYTES: usize = 5_000_001;
    let backend = start(BackendOptions::default()).await;
    let answer = ask(&backend, &format!("GET /download?bytes={BYTES}"), "", "").await;
    assert!(answer.contains(&format!("content-length: {BYTES}\r\n")));
    assert_eq!(answer.split("\r\n\r\n").nth(1).map(str::len), Some(BYTES));
    let answer = ask(&backend, "POST /upload", "", &"u".repeat(BYTES)).await;
    assert_eq!(json(&answer)["bytes"], BYTES);
    let answer = ask(&backend, "HEAD /download?bytes=7", "", "").await;
    assert!(answer.contains("content-length: 7\r\n"), "{answer}");
    assert!(backend.events().iter().all(|event| event.kind == Kind::Executed));
}

#[tokio::test]
async fn a_stopped_backend_is_gone() {
    let mut backend = start(BackendOptions::default()).await;
    let mut idle = TcpStream::connect(backend.address()).await.expect("connects");
    idle.write_all(b"GET /slow?key=a HTTP/1.1\r\nHost: shop\r\n\r\n").await.expect("writes");
    backend.wait_for(1).await;
    backend.stop().await;
    assert_eq!(idle.read(&mut [0; 8]).await.unwrap_or_default(), 0);
    assert!(TcpStream::connect(backend.address()).await.is_err());
}
