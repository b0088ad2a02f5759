use super::*;
use crate::fingerprint::shown::Shown;
use crate::memory::Memory;
use crate::moment::{Chance, Now, RequestId};
use crate::settings::Settings;
use crate::view::{BodyHint, Fidelity, Target};
use http::Method;

struct Zero;

impl Chance for Zero {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
    }
}

fn walked(method: Method, pairs: &[(&str, &str)], edit: impl FnOnce(&mut Settings)) -> Walk {
    let mut settings = Settings::public();
    settings.origins = vec!["https://page.test".to_owned()];
    edit(&mut settings);
    let gate = Gate::new(&settings).expect("the test's settings are right");
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a row's name");
        headers.append(name, HeaderValue::from_str(value).expect("a row's value"));
    }
    let view = View {
        method: &method,
        target: Target { authority: None, path: "/a", query: None },
        headers: &headers,
        peer: [127, 0, 0, 1].into(),
        certificate: None,
        shown: Shown::NOTHING,
        body: BodyHint::Empty,
        fidelity: Fidelity::PROXY,
    };
    let now = Now { steady_ns: 0, unix_s: 1_767_225_600 };
    let memory = Memory::new(10, [0; 16]);
    gate.walk(
        view,
        Some(&[]),
        Moment { now, id: RequestId::draw(&Zero), chance: &Zero, memory: &memory },
    )
}

#[test]
fn values_are_shown_only_where_they_hold_no_secret() {
    for (name, value, want) in [
        ("host", "shop.test", "shop.test"),
        ("origin", "https://shop.test", "https://shop.test"),
        ("sec-fetch-site", "cross-site", "cross-site"),
        ("authorization", "Bearer abc.def", "Bearer (14 bytes, left out)"),
        ("authorization", "abc", "(3 bytes, left out)"),
        ("authorization", "a-very-long-secret-word-first x", "(31 bytes, left out)"),
        ("proxy-authorization", "Basic eA==", "Basic (10 bytes, left out)"),
        ("cookie", "a=1; b=2", "a, b (values left out)"),
        ("cookie", "secret", "(nameless) (values left out)"),
        ("x-api-key", "abc", "(3 bytes, left out)"),
        ("x-anything", "", "(0 bytes, left out)"),
        ("referer", "https://a.test/b", "https://a.test/b"),
        ("referer", "https://a.test/b?token=1", "https://a.test/b... (query left out)"),
        ("referer", "https://a.test/b#token", "https://a.test/b... (query left out)"),
        ("referer", "https://user:word@a.test/", "(25 bytes, left out)"),
    ] {
        let value = HeaderValue::from_str(value).expect("a row's value");
        assert_eq!(shown(&HeaderName::from_static(name), &value), want, "{name}");
    }
    let raw = HeaderValue::from_bytes(b"a\x80\t").expect("obs-text");
    assert_eq!(shown(&header::HOST, &raw), "a\\x80\\t");
    assert_eq!(escaped(&[b'x'; 300]).len(), SHOWN_BYTES_MAX + 3);
    assert_eq!(query_names("a=1&b&c=&=d"), "a=...&...&c=...&=...");
}

#[test]
fn all_layers_are_walked_in_their_order() {
    let walk = walked(Method::GET, &[("host", "localhost")], |_| {});
    let ids: Vec<_> = walk.looks.iter().map(|look| look.layer).collect();
    assert_eq!(ids[..3], ["message", "cookie", "cors"], "cookies are cleaned before they are read");
    let all: Vec<_> = layers::LAYERS.iter().map(|meta| meta.id).collect();
    assert_eq!(ids.len(), all.len());
    let but_cookie = |ids: &[&'static str]| -> Vec<_> {
        ids.iter().copied().filter(|id| *id != "cookie").collect()
    };
    assert_eq!(but_cookie(&ids), but_cookie(&all));
    assert_eq!((walk.end, walk.caller), (End::Admit, Caller::Program));
    let limits: Vec<_> = walk.shares.iter().map(|share| share.limit.as_str()).collect();
    assert_eq!(limits, ["programs", "network"]);
    assert!(walk.looks.iter().all(|look| !matches!(look.said, Said::Refuse(_))));
}

#[test]
fn the_walk_goes_on_behind_the_first_no_and_ends_as_the_gate_does() {
    let said = |walk: &Walk, layer: &str| {
        let look = walk.looks.iter().find(|look| look.layer == layer);
        look.map(|look| look.said.clone()).expect("a layer")
    };
    let site = Reason::Site(site::Reason::CrossSite);
    let method = Reason::Method(method::Reason::Unknown);
    let brew = Method::from_bytes(b"BREW").expect("a token");
    let evil: &[(&str, &str)] = &[("host", "localhost"), ("origin", "https://evil.test")];
    let walk = walked(brew.clone(), evil, |_| {});
    assert_eq!(said(&walk, "site"), Said::Refuse(site));
    assert_eq!(said(&walk, "method"), Said::Refuse(method), "behind the first no");
    assert_eq!(walk.end, End::Refuse(site));
    let walk = walked(brew, evil, |settings| settings.layer_modes = vec![("site", Mode::Monitor)]);
    assert_eq!(said(&walk, "site"), Said::Refuse(site));
    assert_eq!(walk.end, End::Refuse(method), "site is only monitored");
    let walk = walked(Method::GET, &[("host", "evil.test")], |_| {});
    let unknown = Reason::Message(message::Reason::UnknownHost);
    assert_eq!((said(&walk, "message"), walk.end), (Said::Refuse(unknown), End::Refuse(unknown)));
    let page: &[(&str, &str)] = &[
        ("host", "localhost"),
        ("origin", "https://page.test"),
        ("access-control-request-method", "PUT"),
    ];
    let walk = walked(Method::OPTIONS, page, |_| {});
    assert_eq!(walk.end, End::Reply(StatusCode::NO_CONTENT));
}
