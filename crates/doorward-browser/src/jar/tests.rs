use super::{Jar, Standing};
use crate::document::Document;
use crate::engine::{Engine, ThirdParty};
use crate::way::{Target, Way};
use url::Url;

const API: &str = "http://api.shop.localhost:3000/x/y";
const LINES: [&str; 4] = [
    "none=1; SameSite=None; Secure; Path=/",
    "lax=1; SameSite=Lax; Path=/",
    "strict=1; SameSite=Strict; Path=/",
    "unset=1; Path=/",
];

fn url(text: &str) -> Url {
    Url::parse(text).expect("an address")
}

/// A jar as the API's own page fills it.
fn filled(engine: &Engine, lines: &[&str]) -> Jar {
    let mut jar = Jar::default();
    let to = url(API);
    let at = Standing::new(engine, None, Way::Typed, (&to, "GET"), 100);
    for line in lines {
        jar.take_in(line, &at);
    }
    jar
}

/// The names that go along with a request of a top-level page.
fn sent(engine: &Engine, from: &str, way: Way, method: &str, now_s: u64) -> String {
    let jar = filled(engine, &LINES);
    let (page, to) = (Document::top(url(from)), url(API));
    let at = Standing::new(engine, Some(&page), way, (&to, method), now_s);
    let (_, travels) = jar.take_along(&at);
    let names = travels.iter().filter(|travel| travel.is_taken).map(|travel| travel.name.as_str());
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_measured() {
    const EVIL: &str = "http://evil.localhost:5174/";
    const PROMO: &str = "http://promo.shop.localhost:5175/";
    let form = Way::Form(Target::Top);
    let link = Way::Link(Target::Top);
    let (chromium, firefox, webkit) = (Engine::chromium(), Engine::firefox(), Engine::webkit());
    let rows = [
        (&chromium, EVIL, Way::Fetch, "POST", 101, "none"),
        (&chromium, EVIL, Way::Image, "GET", 101, "none"),
        (&chromium, EVIL, Way::Prefetch, "GET", 101, "none"),
        (&chromium, EVIL, form, "POST", 101, "none unset"),
        (&chromium, EVIL, form, "POST", 221, "none"),
        (&chromium, EVIL, form, "GET", 221, "none lax unset"),
        (&chromium, EVIL, link, "GET", 101, "none lax unset"),
        (&chromium, EVIL, Way::Form(Target::Frame), "GET", 101, "none"),
        (&chromium, PROMO, Way::Fetch, "POST", 101, "none lax strict unset"),
        (&chromium, PROMO, form, "POST", 101, "none lax strict unset"),
        (&firefox, EVIL, Way::Fetch, "POST", 101, ""),
        (&firefox, EVIL, Way::Image, "GET", 101, ""),
        (&firefox, EVIL, form, "POST", 101, "none unset"),
        (&firefox, EVIL, form, "POST", 900, "none unset"),
        (&firefox, EVIL, link, "GET", 101, "none lax unset"),
        (&firefox, PROMO, Way::Fetch, "POST", 101, "none lax strict unset"),
        (&webkit, EVIL, Way::Fetch, "POST", 101, "unset"),
        (&webkit, EVIL, Way::Image, "GET", 101, "unset"),
        (&webkit, EVIL, form, "POST", 101, "unset"),
        (&webkit, EVIL, link, "GET", 101, "lax unset"),
        (&webkit, PROMO, Way::Image, "GET", 101, "lax strict unset"),
    ];
    for (engine, from, way, method, now_s, want) in rows {
        let got = sent(engine, from, way, method, now_s);
        assert_eq!(got, want, "{} {from} {way:?} {method} {now_s}", engine.id);
    }
}

#[test]
fn a_browser_that_blocks_them_sends_none_but_in_the_tab() {
    let engine = Engine { third_party: ThirdParty::Blocked, ..Engine::chromium() };
    let evil = "http://evil.localhost:1/";
    assert_eq!(sent(&engine, evil, Way::Fetch, "GET", 101), "");
    assert_eq!(sent(&engine, evil, Way::Form(Target::Top), "POST", 101), "none unset");
}

#[test]
fn what_is_kept() {
    let rows = [
        ("a=1", "kept"),
        ("a=1; Secure", "kept"),
        ("a=1; SameSite=None", "not-kept-none"),
        ("a=1; Domain=shop.localhost", "kept"),
        ("a=1; Domain=localhost", "not-kept-domain"),
        ("a=1; Domain=evil.localhost", "not-kept-domain"),
        ("a=1; Domain=shop.localhos", "not-kept-domain"),
        ("__Host-a=1; Secure; Path=/", "kept"),
        ("__Host-a=1; Secure", "not-kept-prefix"),
        ("__host-a=1; Path=/", "not-kept-prefix"),
        ("__Host-a=1; Secure; Path=/; Domain=shop.localhost", "not-kept-prefix"),
        ("=__Host-a=1", "not-kept-prefix"),
        ("__Secure-a=1", "not-kept-prefix"),
        ("a=1; Max-Age=0", "deleted"),
        ("", "not-a-cookie"),
    ];
    let engine = Engine::chromium();
    for (line, want) in rows {
        let (mut jar, to) = (Jar::default(), url(API));
        let at = Standing::new(&engine, None, Way::Typed, (&to, "GET"), 100);
        let travel = jar.take_in(line, &at);
        assert_eq!(travel.rule.id, want, "{line}");
        assert_eq!(jar.cookies().len(), usize::from(want == "kept"), "{line}");
    }
    assert_eq!(filled(&Engine::webkit(), &["a=1; Secure"]).cookies(), []);
}

/// A sibling's script, a page of the host itself, and a page that has no cookies.
#[test]
fn what_a_script_may_set() {
    const PROMO: &str = "http://promo.shop.localhost:5175/x/y";
    let (chromium, webkit) = (Engine::chromium(), Engine::webkit());
    let rows = [
        (&chromium, PROMO, "a=2; Domain=shop.localhost; Path=/x", "kept"),
        (&chromium, PROMO, "a=2", "kept"),
        (&chromium, PROMO, "a=2; Domain=api.shop.localhost", "not-kept-domain"),
        (&chromium, PROMO, "a=2; Domain=localhost", "not-kept-domain"),
        (&chromium, PROMO, "a=2; HttpOnly", "not-kept-http-only"),
        (&chromium, PROMO, "__Host-a=2; Secure; Path=/", "kept"),
        (&chromium, PROMO, "__Host-a=2; Secure; Path=/; Domain=shop.localhost", "not-kept-prefix"),
        (&webkit, PROMO, "__Host-a=2; Path=/; Domain=shop.localhost", "kept"),
        (&webkit, PROMO, "__Host-a=2; Secure; Path=/", "not-kept-insecure"),
        (&chromium, API, "a=2; Path=/", "not-kept-http-only"),
        (&chromium, API, "a=2; Path=/; Max-Age=0", "not-kept-http-only"),
        (&chromium, API, "a=2; Path=/x", "kept"),
        (&chromium, API, "b=2; Path=/", "kept"),
        (&chromium, API, "b=2; Path=/; Max-Age=0", "deleted"),
        (&chromium, API, "", "not-a-cookie"),
    ];
    for (engine, from, line, want) in rows {
        let mut jar = filled(engine, &["a=1; Path=/; HttpOnly", "b=1; Path=/"]);
        let page = Document::top(url(from));
        assert_eq!(jar.set_by_script(line, &page, engine, 101).rule.id, want, "{from} {line}");
        let own = jar.cookies().iter().find(|cookie| cookie.http_only);
        assert_eq!(own.map(|cookie| cookie.value.as_str()), Some("1"), "{from} {line}");
    }
    let sandboxed = Document { is_sandboxed: true, ..Document::top(url(API)) };
    let mut jar = Jar::default();
    assert_eq!(jar.set_by_script("a=1", &sandboxed, &chromium, 101).rule.id, "not-kept-opaque");
    assert_eq!(jar.cookies(), []);
}

/// The tossed one comes first (RFC 6265bis 5.8.3), and only where its path is.
#[test]
fn a_sibling_tosses_a_cookie_before_the_true_one() {
    let engine = Engine::chromium();
    let mut jar = filled(&engine, &["session=ann; Path=/; HttpOnly"]);
    let promo = Document::top(url("http://promo.shop.localhost:5175/"));
    let line = "session=evil; Domain=shop.localhost; Path=/x";
    assert!(jar.set_by_script(line, &promo, &engine, 101).is_taken);
    for (to, want) in
        [(API, "session=evil; session=ann"), ("http://api.shop.localhost/", "session=ann")]
    {
        let to = url(to);
        let at = Standing::new(&engine, None, Way::Typed, (&to, "GET"), 102);
        assert_eq!(jar.take_along(&at).0.as_deref(), Some(want), "{to}");
    }
}

#[test]
fn another_sites_page_plants_no_lax_cookie() {
    let engine = Engine::chromium();
    let (page, to) = (Document::top(url("http://evil.localhost:1/")), url(API));
    let mut jar = Jar::default();
    let at = Standing::new(&engine, Some(&page), Way::Fetch, (&to, "GET"), 100);
    assert_eq!(jar.take_in("a=1; SameSite=Lax", &at).rule.id, "not-kept-cross-site");
    assert_eq!(jar.take_in("a=1", &at).rule.id, "not-kept-cross-site");
    assert_eq!(jar.take_in("a=1; SameSite=None; Secure", &at).rule.id, "kept");
    let link = Way::Link(Target::Top);
    let at = Standing::new(&engine, Some(&page), link, (&to, "GET"), 100);
    assert_eq!(jar.take_in("b=1; SameSite=Strict", &at).rule.id, "kept");
}

#[test]
fn a_newer_one_replaces_and_a_secure_one_is_left_alone() {
    let engine = Engine::chromium();
    let jar = filled(&engine, &["a=1; Path=/", "a=2; Path=/", "a=3; Path=/x"]);
    let values: Vec<&str> = jar.cookies().iter().map(|c| c.value.as_str()).collect();
    assert_eq!(values, ["2", "3"]);
    let to = url(API);
    let at = Standing::new(&engine, None, Way::Typed, (&to, "GET"), 100);
    assert_eq!(jar.take_along(&at).0.as_deref(), Some("a=3; a=2"), "the longer path comes first");
    let (secure, plain) = (url("https://api.shop.example/"), url("http://api.shop.example/"));
    let mut jar = Jar::default();
    let at = Standing::new(&engine, None, Way::Typed, (&secure, "GET"), 100);
    assert_eq!(jar.take_in("a=1; Secure; Path=/", &at).rule.id, "kept");
    let at = Standing::new(&engine, None, Way::Typed, (&plain, "GET"), 100);
    assert_eq!(jar.take_in("a=2; Path=/", &at).rule.id, "not-kept-shadowed");
}

#[test]
fn cookies_ignore_ports_and_keep_to_their_paths() {
    let engine = Engine::chromium();
    let jar = filled(&engine, &["a=1; Path=/x", "b=1; Path=/x/", "c=1; Path=/xy"]);
    let other = url("http://api.shop.localhost:8080/x/z");
    let at = Standing::new(&engine, None, Way::Typed, (&other, "GET"), 100);
    assert_eq!(jar.take_along(&at).0.as_deref(), Some("b=1; a=1"));
    let sibling = url("http://shop.localhost:3000/x/z");
    let at = Standing::new(&engine, None, Way::Typed, (&sibling, "GET"), 100);
    assert_eq!(jar.take_along(&at).0, None);
}
