//! What holds for any request, in the core alone.
//!
//! `DOORWARD_CAMPAIGN` is the number of requests of each property, `DOORWARD_SEED` another
//! sequence.

use doorward_core::fingerprint::shown::Shown;
use doorward_core::mode::Mode;
use doorward_core::route::{self, Effect, Kind};
use doorward_core::settings::Settings;
use doorward_core::verdict::Verdict;
use doorward_core::view::{BodyHint, Target, View};
use doorward_test::sample::{Request, Rig, begin, settings, spoken};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Requests of each property when nobody says how many.
const REQUESTS: u32 = 2_000;

fn config() -> ProptestConfig {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    ProptestConfig {
        cases: number("DOORWARD_CAMPAIGN").and_then(|n| n.try_into().ok()).unwrap_or(REQUESTS),
        rng_seed: RngSeed::Fixed(number("DOORWARD_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A request as its parts, so that it can be put together in other ways.
#[derive(Clone, Debug)]
struct Parts {
    method: String,
    path: String,
    query: Option<String>,
    lines: Vec<(String, Vec<u8>)>,
}

impl Parts {
    /// The request; nothing where a part is none that a mounting could lend.
    fn request(&self) -> Option<Request> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.lines {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_bytes(value).ok()?);
        }
        let mut request = Request::new(Method::from_bytes(self.method.as_bytes()).ok()?, "", &[]);
        request.path.clone_from(&self.path);
        request.query.clone_from(&self.query);
        request.headers = headers;
        Some(request)
    }

    fn is_lendable(&self) -> bool {
        self.request().is_some()
    }
}

/// The sample's settings, with routes of every kind.
fn varied() -> Settings {
    let mut out = settings();
    let with = |path: &str, kind, effect| route::Settings {
        path: path.to_owned(),
        kind,
        effect,
        ..route::Settings::default()
    };
    out.routes.extend([
        with("/page", Kind::Page, Effect::ByMethod),
        with("/back", Kind::Return, Effect::ByMethod),
        with("/health", Kind::Health, Effect::ByMethod),
        with("/write", Kind::Api, Effect::Write),
    ]);
    out
}

fn judged(settings: &Settings, request: &Request) -> (String, Verdict) {
    let rig = Rig::new(settings);
    let verdict = rig.judge(request.view(), b"", rig.at(begin()));
    (spoken(&verdict), verdict)
}

fn admits(settings: &Settings, request: &Request) -> bool {
    judged(settings, request).0 == "admit"
}

/// Bytes that a header's value can have (RFC 9110 5.5): no control but the tab.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    proptest::collection::vec(byte, 0..most)
}

/// A header that callers send, with a value that is mostly one that they send.
fn line() -> impl Strategy<Value = (String, Vec<u8>)> {
    let words: [(&str, &[&str]); 11] = [
        ("origin", &["https://shop.test", "https://evil.test", "null", "https://api.shop.test"]),
        ("sec-fetch-site", &["same-origin", "same-site", "cross-site", "none"]),
        ("sec-fetch-mode", &["cors", "no-cors", "navigate", "websocket"]),
        ("sec-fetch-dest", &["empty", "document", "image", "iframe"]),
        ("referer", &["https://shop.test/a", "https://evil.test/"]),
        ("cookie", &["session=1"]),
        ("access-control-request-method", &["POST", "PUT"]),
        ("x-http-method-override", &["DELETE", "GET"]),
        ("upgrade", &["websocket", "h2c"]),
        ("connection", &["keep-alive", "close", "origin"]),
        ("x-forwarded-for", &["1.1.1.1"]),
    ];
    let name_and_words = proptest::sample::select(words.to_vec());
    let odd = bytes(12);
    (name_and_words, any::<prop::sample::Index>(), 0..12_u8, odd).prop_map(
        |((name, words), place, luck, odd)| {
            let value = if luck == 0 { odd } else { place.get(words).as_bytes().to_vec() };
            (name.to_owned(), value)
        },
    )
}

/// What callers send, mostly once each, to a path that exists.
fn usual() -> impl Strategy<Value = Parts> {
    let method = proptest::sample::select(vec!["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"]);
    let paths = vec![
        "/v1/orders/4711",
        "/other",
        "/page",
        "/back",
        "/health",
        "/write",
        "/a/../b",
        "/WRITE",
    ];
    let query = proptest::option::weighted(0.2, "(a=b|_method=[A-Z]{3,6}|%5fmethod=get)");
    let lines = proptest::collection::vec(line(), 0..6);
    (method, proptest::sample::select(paths), query, lines).prop_map(
        |(method, path, query, lines)| {
            let host = ("host".to_owned(), b"api.shop.test".to_vec());
            let lines = std::iter::once(host).chain(lines).collect();
            Parts { method: method.to_owned(), path: path.to_owned(), query, lines }
        },
    )
}

/// Anything that http's own types can hold.
fn anything() -> impl Strategy<Value = Parts> {
    let name = prop_oneof![
        4 => line().prop_map(|(name, _)| name),
        1 => Just("host".to_owned()),
        1 => Just("access-control-request-headers".to_owned()),
        1 => "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}",
    ];
    let lines = proptest::collection::vec((name, bytes(40)), 0..12);
    let path = prop_oneof![
        "\\PC{0,20}",
        "/[a-z%./;\\\\0-9A-F]{0,30}",
        "/\\.doorward\\PC{0,9}",
        "(/|%2[fF]|\\.|%2e|;){1,20}"
    ];
    let query = proptest::option::of("[_a-z%&;=0-9A-F]{0,30}|\\PC{0,20}");
    ("[A-Za-z!#$%&'*+.^_`|~-]{1,12}", path, query, lines)
        .prop_map(|(method, path, query, lines)| Parts { method, path, query, lines })
}

/// A milder mode and a stricter one.
fn two_modes() -> impl Strategy<Value = (Mode, Mode)> {
    let order = [Mode::Off, Mode::Monitor, Mode::Share(30), Mode::Enforce];
    (0..4_usize, 0..4_usize)
        .prop_map(move |(one, other)| (order[one.min(other)], order[one.max(other)]))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn order_and_case_of_names_change_no_verdict(
        parts in usual().prop_filter("lendable", Parts::is_lendable),
        keys in proptest::collection::vec(any::<u32>(), 12),
        upper in any::<u64>(),
    ) {
        let mut names: Vec<&String> = parts.lines.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        let key = |name: &String| keys[names.iter().position(|other| *other == name).unwrap_or(0)];
        // Lines of one name keep their order: they have one key.
        let mut lines = parts.lines.clone();
        lines.sort_by_key(|(name, _)| key(name));
        for (name, _) in &mut lines {
            *name = name
                .chars()
                .enumerate()
                .map(|(at, c)| if upper >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c })
                .collect();
        }
        let other = Parts { lines, ..parts.clone() };
        let (one, other) = (parts.request().expect("lendable"), other.request().expect("lendable"));
        prop_assert_eq!(judged(&varied(), &one).0, judged(&varied(), &other).0);
    }

    #[test]
    fn a_stricter_gate_never_admits_more(
        parts in usual().prop_filter("lendable", Parts::is_lendable),
        file in two_modes(), cors in two_modes(), site in two_modes(), method in two_modes(),
        quota in two_modes(), closed in any::<(bool, bool)>(),
    ) {
        let request = parts.request().expect("lendable");
        let side = |pick: fn((Mode, Mode)) -> Mode, closed| {
            let mut settings = varied();
            settings.mode = pick(file);
            let modes = [("cors", cors), ("site", site), ("method", method), ("quota", quota)];
            settings.layer_modes = modes.map(|(id, modes)| (id, pick(modes))).into();
            settings.message.refuse_unmatched = closed;
            admits(&settings, &request)
        };
        let mild = side(|modes| modes.0, closed.0 && closed.1);
        let strict = side(|modes| modes.1, closed.0);
        prop_assert!(mild || !strict, "the stricter gate admits what the milder one does not");
    }

    #[test]
    fn nothing_makes_the_core_panic(
        parts in anything().prop_filter("lendable", Parts::is_lendable),
        authority in proptest::option::weighted(0.2, "\\PC{0,20}"),
        length in proptest::option::of(any::<u64>()),
        enforce in any::<bool>(),
    ) {
        let request = parts.request().expect("lendable");
        let mut settings = varied();
        if !enforce {
            settings.mode = Mode::Monitor;
            settings.external.clear();
            settings.trying_out = true;
        }
        let rig = Rig::new(&settings);
        let view = View {
            target: Target { authority: authority.as_deref(), ..request.view().target },
            shown: Shown::NOTHING,
            body: length.map_or(BodyHint::Stream, BodyHint::Length),
            ..request.view()
        };
        match rig.judge(view, b"", rig.at(begin())) {
            Verdict::Admit(admitted) => {
                let mut answer = request.headers.clone();
                admitted.dress(&mut answer);
                let edits = admitted.upstream_edits(&request.method, &request.path);
                prop_assert!(edits.is_ok_and(|edits| edits.into_adds().len() == 1));
            }
            Verdict::Refuse(refused) => {
                let reply = refused.reply();
                prop_assert!(reply.status.is_client_error() || reply.status.is_server_error());
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok()
                    || reply.body.starts_with(b"<!doctype html>"));
            }
            Verdict::Reply(reply) => prop_assert!(reply.status.is_success()),
        }
    }

    #[test]
    fn the_same_request_has_the_same_answer(
        parts in usual().prop_filter("lendable", Parts::is_lendable),
    ) {
        let request = parts.request().expect("lendable");
        let answer = || {
            let (said, verdict) = judged(&varied(), &request);
            let reply = match verdict {
                Verdict::Admit(_) => None,
                Verdict::Reply(reply) => Some(reply),
                Verdict::Refuse(refused) => Some(refused.reply()),
            };
            (said, reply.map(|reply| (reply.status, reply.headers, reply.body)))
        };
        prop_assert_eq!(answer(), answer());
    }

    #[test]
    fn monitoring_refuses_only_what_cannot_be_carried(
        parts in usual().prop_filter("lendable", Parts::is_lendable),
    ) {
        let request = parts.request().expect("lendable");
        let mut settings = varied();
        settings.mode = Mode::Monitor;
        let (said, verdict) = judged(&settings, &request);
        if let Verdict::Refuse(refused) = verdict {
            let layer = refused.reason().layer();
            let carried = !matches!(layer, "message" | "gate" | "body");
            // TRACE, TRACK and CONNECT are let through in no mode.
            prop_assert!(!carried || refused.reason().code() == "method/never", "{}", said);
        }
        // What is enforced refuses only what is noted here.
        if let (Verdict::Refuse(refused), (_, Verdict::Admit(admitted))) =
            (judged(&varied(), &request).1, judged(&settings, &request))
        {
            let preflight = refused.reason().layer() == "cors";
            let noted = admitted.would_refuse().first() == Some(&refused.reason());
            prop_assert!(noted || preflight, "{}", refused.reason().code());
        }
    }

    #[test]
    fn a_repeat_of_what_is_judged_is_never_admitted(
        parts in usual().prop_filter("lendable", Parts::is_lendable),
        name in proptest::sample::select(vec![
            "host", "origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "connection",
        ]),
        value in "(same-origin|https://shop\\.test|cors|document|keep-alive|api\\.shop\\.test|)",
    ) {
        let mut parts = parts;
        let is_it = |(line, _): &&(String, Vec<u8>)| line == name;
        let known = parts.lines.iter().find(is_it).map(|(_, value)| value.clone());
        // The very value that stands there already is a repeat like any other.
        let value = known.clone().unwrap_or_else(|| value.into_bytes());
        let times = if known.is_some() { 1 } else { 2 };
        parts.lines.extend(std::iter::repeat_n((name.to_owned(), value), times));
        let request = parts.request().expect("lendable");
        prop_assert!(!admits(&varied(), &request));
    }
}

/// The properties would hold if nothing were ever admitted: so something is.
#[test]
fn usual_requests_are_admitted_and_refused() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(config());
    let mut admitted = 0;
    for _ in 0..REQUESTS {
        let parts = usual().new_tree(&mut runner).expect("a request").current();
        admitted += u32::from(parts.request().is_some_and(|request| admits(&varied(), &request)));
    }
    assert!((REQUESTS / 10..REQUESTS / 2).contains(&admitted), "{admitted} of {REQUESTS}");
}
