use super::decide;
use crate::body::Body;
use crate::document::Document;
use crate::engine::Engine;
use crate::headers::Headers;
use crate::request::{Credentials, Mode, Request};
use crate::state::State;
use crate::verdict::{Answer, Reading, Sent, Verdict};
use crate::way::{Target, Way};
use url::Url;

const EVIL: &str = "http://evil.localhost:5174/";
const SHOP: &str = "http://shop.localhost:5173/";
const API: &str = "http://api.shop.localhost:3000/api/data";

fn url(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

/// A backend that allows the shop, exactly, and approves what the shop asks for.
fn careful(sent: &Sent) -> Answer {
    let mut headers = Headers::new();
    let own = SHOP.trim_end_matches('/');
    let preflight = sent.headers.has("access-control-request-method");
    if sent.headers.joined("origin").as_deref() == Some(own) {
        headers.append("Access-Control-Allow-Origin", own);
        headers.append("Access-Control-Allow-Credentials", "true");
        for (asked, said) in [
            ("access-control-request-method", "Access-Control-Allow-Methods"),
            ("access-control-request-headers", "Access-Control-Allow-Headers"),
        ] {
            if let Some(value) = sent.headers.joined(asked) {
                headers.append(said, value);
            }
        }
    }
    Answer { status: if preflight { 204 } else { 200 }, headers, is_executed: !preflight }
}

fn decided(from: &str, request: &Request) -> Verdict {
    let page = Document::top(url(from));
    decide(&Engine::chromium(), Some(&page), request, &mut careful, &State::default(), 100)
}

/// In the order: preflight, sent, executed, reading, rule.
fn summary(verdict: &Verdict) -> (bool, bool, bool, &'static str, &'static str) {
    let reading = match verdict.reading {
        Reading::Reads(_) => "reads",
        Reading::Opaque => "opaque",
        Reading::OpaqueRedirect => "opaque redirect",
        Reading::Prompts => "prompts",
        Reading::Hidden => "hidden",
        Reading::Throws => "throws",
        Reading::Navigates => "navigates",
        Reading::Silent => "silent",
        Reading::NotModelled => "not modelled",
    };
    let asks = verdict.preflight.is_some();
    (asks, verdict.sent.is_some(), verdict.is_executed(), reading, verdict.because.rule.id)
}

#[test]
fn the_closing_table() {
    let get = Request::fetch(url(API));
    let with = |name: &str, value: &str| [(name, value)].into_iter().collect::<Headers>();
    let auth = Request { headers: with("Authorization", "Bearer x"), ..get.clone() };
    let json = Request {
        method: "POST".to_owned(),
        headers: with("Content-Type", "application/json"),
        body: Body::Text("{}".to_owned()),
        ..get.clone()
    };
    let text = Request { headers: Headers::new(), ..json.clone() };
    let typed = Request { body: Body::Bytes(vec![1]), ..text.clone() };
    let put = Request { method: "put".to_owned(), ..get.clone() };
    let form = Request {
        way: Way::Form(Target::Top),
        method: "POST".to_owned(),
        body: Body::UrlEncoded("to=evil".to_owned()),
        ..get.clone()
    };
    let image = Request::by(Way::Image, url(API));
    let no_cors = Request { mode: Mode::NoCors, ..get.clone() };
    let no_cors = Request { mode: Mode::NoCors, ..no_cors };
    let image = Request { mode: Mode::NoCors, ..image };
    let rows = [
        (EVIL, &get, (false, true, true, "hidden", "origin-missing")),
        (EVIL, &text, (false, true, true, "hidden", "origin-missing")),
        (EVIL, &typed, (false, true, true, "hidden", "origin-missing")),
        (EVIL, &no_cors, (false, true, true, "opaque", "opaque")),
        (EVIL, &auth, (true, false, false, "hidden", "origin-missing")),
        (EVIL, &json, (true, false, false, "hidden", "origin-missing")),
        (EVIL, &put, (true, false, false, "hidden", "origin-missing")),
        (EVIL, &form, (false, true, true, "navigates", "navigation")),
        (EVIL, &image, (false, true, true, "silent", "embedded")),
        (SHOP, &get, (false, true, true, "reads", "origin-allowed")),
        (SHOP, &auth, (true, true, true, "reads", "origin-allowed")),
        (SHOP, &json, (true, true, true, "reads", "origin-allowed")),
        (SHOP, &put, (true, true, true, "reads", "origin-allowed")),
        (API, &json, (false, true, true, "reads", "own-origin")),
    ];
    for (from, request, want) in rows {
        let got = summary(&decided(from, request));
        assert_eq!(got, want, "{from} {} {:?}", request.method, request.way);
    }
}

#[test]
fn what_throws_is_never_sent() {
    let get = Request::fetch(url(API));
    let rows = [
        (Request { method: "TRACE".into(), ..get.clone() }, "method-forbidden"),
        (Request { method: "a b".into(), ..get.clone() }, "method-forbidden"),
        (Request { method: "PUT".into(), mode: Mode::NoCors, ..get.clone() }, "no-cors-method"),
        (Request { body: Body::Text("x".into()), ..get.clone() }, "body-not-allowed"),
        (
            Request { headers: [("a b", "c")].into_iter().collect(), ..get.clone() },
            "header-malformed",
        ),
        (
            Request { headers: [("a", "b\r\nc")].into_iter().collect(), ..get.clone() },
            "header-malformed",
        ),
    ];
    for (request, want) in rows {
        let verdict = decided(EVIL, &request);
        assert_eq!(summary(&verdict), (false, false, false, "throws", want));
    }
    let own_only = Request { mode: Mode::SameOrigin, ..get };
    assert_eq!(
        summary(&decided(EVIL, &own_only)),
        (false, false, false, "hidden", "same-origin-only")
    );
}

#[test]
fn a_script_cannot_say_who_it_is() {
    let forged = [
        ("Origin", "http://shop.localhost:5173"),
        ("Referer", SHOP),
        ("Cookie", "session=1"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Host", "shop.localhost"),
        ("X-Own", "1"),
    ];
    let request = Request { headers: forged.into_iter().collect(), ..Request::fetch(url(API)) };
    let verdict = decided(EVIL, &request);
    assert_eq!(verdict.dropped, ["origin", "referer", "cookie", "sec-fetch-site", "host"]);
    let preflight = verdict.preflight.expect("x-own asks");
    let asked = preflight.sent.expect("a question");
    let said = |name: &str| asked.headers.joined(name).unwrap_or_default();
    assert_eq!(said("origin"), "http://evil.localhost:5174");
    assert_eq!(said("access-control-request-headers"), "x-own");
    assert_eq!(said("sec-fetch-site"), "cross-site");
    assert_eq!(said("cookie"), "");
}

#[test]
fn origin_goes_along_with_cors_and_with_what_changes() {
    let get = Request::fetch(url(API));
    let post = Request { method: "POST".into(), ..get.clone() };
    let rows = [
        (get.clone(), Some("http://evil.localhost:5174")),
        (Request { mode: Mode::NoCors, ..get.clone() }, None),
        (Request { mode: Mode::NoCors, ..post.clone() }, Some("http://evil.localhost:5174")),
        (Request { way: Way::Link(Target::Top), ..get.clone() }, None),
        (Request { way: Way::Form(Target::Top), ..post }, Some("http://evil.localhost:5174")),
        (Request { way: Way::Image, mode: Mode::NoCors, ..get }, None),
    ];
    for (request, want) in rows {
        let sent = decided(EVIL, &request).sent.expect("sent");
        assert_eq!(sent.headers.joined("origin").as_deref(), want, "{:?}", request.way);
    }
}

/// A server that sets a cookie and approves nobody.
fn sets(_: &Sent) -> Answer {
    let headers = [("Set-Cookie", "a=1; SameSite=None; Secure; Path=/")].into_iter().collect();
    Answer { status: 200, headers, is_executed: true }
}

#[test]
fn a_hidden_answer_sets_its_cookies_all_the_same() {
    let request = Request { credentials: Credentials::Include, ..Request::fetch(url(API)) };
    let page = Document::top(url(EVIL));
    let engine = Engine::chromium();
    let first = decide(&engine, Some(&page), &request, &mut sets, &State::default(), 100);
    assert_eq!(first.reading, Reading::Hidden);
    assert!(first.kept[0].is_taken);
    let second = decide(&engine, Some(&page), &request, &mut careful, &first.after, 101);
    let sent = second.sent.expect("sent");
    assert_eq!(sent.headers.joined("cookie").as_deref(), Some("a=1"));
    let plain = Request::fetch(url(API));
    let third = decide(&engine, Some(&page), &plain, &mut careful, &first.after, 101);
    assert_eq!(third.cookies[0].rule.id, "cookie-no-credentials");
    assert!(!third.sent.expect("sent").headers.has("cookie"));
}

#[test]
fn an_approval_is_asked_for_once() {
    let request = Request { method: "PUT".into(), ..Request::fetch(url(API)) };
    let page = Document::top(url(SHOP));
    let engine = Engine::firefox();
    let mut questions = 0;
    let mut server = |sent: &Sent| {
        questions += u32::from(sent.method == "OPTIONS");
        careful(sent)
    };
    let first = decide(&engine, Some(&page), &request, &mut server, &State::default(), 100);
    let second = decide(&engine, Some(&page), &request, &mut server, &first.after, 104);
    assert!(second.preflight.expect("needed").sent.is_none());
    decide(&engine, Some(&page), &request, &mut server, &first.after, 106);
    assert_eq!(questions, 2);
}

#[test]
fn an_address_that_is_typed_comes_from_nowhere() {
    let request = Request::by(Way::Typed, url(API));
    let verdict = decide(&Engine::chromium(), None, &request, &mut careful, &State::default(), 100);
    let sent = verdict.sent.expect("sent");
    assert_eq!(sent.headers.joined("sec-fetch-site").as_deref(), Some("none"));
    assert!(!sent.headers.has("origin") && !sent.headers.has("referer"));
    assert_eq!(verdict.reading, Reading::Navigates);
}

#[test]
fn an_engine_without_prefetch_sends_none() {
    let request = Request::by(Way::Prefetch, url(API));
    let page = Document::top(url(EVIL));
    for (engine, want) in [(Engine::chromium(), true), (Engine::webkit(), false)] {
        let verdict = decide(&engine, Some(&page), &request, &mut careful, &State::default(), 100);
        assert_eq!(verdict.is_executed(), want, "{}", engine.id);
    }
}

#[test]
fn a_redirect_is_followed_where_it_leads() {
    let mut server = |sent: &Sent| match sent.url.path() {
        "/api/data" => Answer {
            status: 302,
            headers: [("Location", "/elsewhere"), ("Access-Control-Allow-Origin", "*")]
                .into_iter()
                .collect(),
            is_executed: true,
        },
        _ => careful(sent),
    };
    let page = Document::top(url(SHOP));
    let request = Request::fetch(url(API));
    let verdict =
        decide(&Engine::chromium(), Some(&page), &request, &mut server, &State::default(), 100);
    assert_eq!(verdict.because.rule.id, "origin-allowed");
    let paths: Vec<&str> = verdict.hops.iter().map(|hop| hop.url.path()).collect();
    assert_eq!(paths, ["/api/data", "/elsewhere"]);
}
