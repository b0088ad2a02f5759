//! Passes, as their client has them: what is admitted, and every kind of copy that is not.

use doorward_core::crowd::CROWD_PART;
use doorward_core::layers::identity::{
    ApiKey, KEY_ISSUER, KeySettings, Place, hash, pass_digest, user_digest,
};
use doorward_core::layers::quota::{By, DenyKnown, Limit, Measure, Who};
use doorward_core::mode::Mode;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Questions};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::turn::Turn;
use doorward_core::verdict::{Outcome, Verdict};
use doorward_core::view::BodyHint;
use doorward_test::passes::{Keys, Pass, Signing};
use doorward_test::sample::{self, BEGIN_UNIX_S, CHROME, ORIGIN, Request, Rig, spoken};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

const HOST: &str = "api.shop.test";
const BODY: &[u8] = br#"{"ask":"hello"}"#;

fn settings() -> Settings {
    let mut settings = sample::settings();
    settings.layer_modes = vec![("pass", Mode::Enforce)];
    settings.pass.secrets = vec![Secret::new([1; 32])];
    settings
}

fn at(seconds: u64) -> Now {
    sample::begin().later_ns(seconds * 1_000_000_000)
}

/// Chrome's request from the allowed page.
fn chrome(method: Method, path: &str) -> Request {
    Request { method, ..Request::new(Method::GET, path, &CHROME) }
}

fn with(mut request: Request, headers: &[(&'static str, String)]) -> Request {
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header's value");
        request.headers.insert(HeaderName::from_static(name), value);
    }
    request
}

fn judge(rig: &Rig, request: &Request, body: &[u8], now: Now) -> Verdict {
    rig.judge(request.view(), body, rig.at(now))
}

fn ask(rig: &Rig, keys: &Keys, now: Now, bits: u32) -> Verdict {
    let body = keys.ask(HOST, ORIGIN, now.unix_s, bits);
    let mut request = chrome(Method::POST, "/.doorward/pass");
    request.body = BodyHint::Length(body.len() as u64);
    judge(rig, &request, body.as_bytes(), now)
}

fn minted(rig: &Rig, now: Now) -> Pass {
    let keys = Keys::new();
    match ask(rig, &keys, now, 12) {
        Verdict::Reply(reply) => keys.pass(&reply.body),
        other => panic!("{}", spoken(&other)),
    }
}

fn get(pass: &Pass, nonce: u8, created: u64) -> Request {
    let headers = pass.sign(&Signing::get(HOST, "/v1/items", created, nonce));
    with(chrome(Method::GET, "/v1/items"), &headers)
}

fn post(pass: &Pass, nonce: u8, created: u64) -> Request {
    let headers = pass.sign(&Signing::post(HOST, "/v1/chat", BODY, created, nonce));
    let mut request = with(chrome(Method::POST, "/v1/chat"), &headers);
    request.body = BodyHint::Length(BODY.len() as u64);
    request
}

/// The refusal's JSON.
fn problem(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Refuse(refused) => serde_json::from_slice(&refused.reply().body).expect("JSON"),
        other => panic!("{}", spoken(other)),
    }
}

#[test]
fn a_pass_is_asked_for_and_signs_requests() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let bare = chrome(Method::GET, "/v1/items");
    assert_eq!(spoken(&judge(&rig, &bare, b"", now)), "refuse pass/missing");
    let pass = minted(&rig, now);
    assert_eq!((pass.now, pass.expires), (BEGIN_UNIX_S, BEGIN_UNIX_S + 600));
    assert_eq!(spoken(&judge(&rig, &get(&pass, 1, now.unix_s), b"", now)), "admit");
    let request = post(&pass, 2, now.unix_s);
    let Verdict::Admit(admitted) = judge(&rig, &request, BODY, now) else { panic!("admitted") };
    let Ok(edits) = admitted.upstream_edits(&request.method, &request.path) else {
        panic!("an admitted request has edits")
    };
    for name in ["doorward-pass", "signature", "signature-input"] {
        assert!(!edits.keeps(&HeaderName::from_static(name)), "{name}");
    }
    assert!(edits.keeps(&HeaderName::from_static("content-digest")));
    let mut headers = http::HeaderMap::new();
    admitted.dress(&mut headers);
    assert_eq!(headers["cache-control"], "private");
}

#[test]
fn a_copy_is_refused_and_told_what_became_of_the_first() {
    let rig = Rig::new(&settings());
    let pass = minted(&rig, at(0));
    let begin = at(0).unix_s;
    for (index, outcome) in
        [None, Some(Outcome::Answered(StatusCode::OK)), Some(Outcome::NeverSent)]
            .into_iter()
            .enumerate()
    {
        let nonce = u8::try_from(index).expect("few");
        for (request, body) in
            [(get(&pass, nonce, begin), &b""[..]), (post(&pass, nonce + 100, begin), BODY)]
        {
            let Verdict::Admit(admitted) = judge(&rig, &request, body, at(0)) else {
                panic!("admitted")
            };
            if let Some(outcome) = outcome {
                let _ = rig.store.answer(&admitted.settle(outcome), at(0));
            }
            let again = judge(&rig, &request, body, at(1));
            match outcome {
                Some(Outcome::NeverSent) => assert_eq!(spoken(&again), "admit"),
                _ => {
                    assert_eq!(spoken(&again), "refuse pass/used");
                    let want = if outcome.is_some() { "yes" } else { "unknown" };
                    assert_eq!(problem(&again)["executed"], want);
                }
            }
        }
    }
}

#[test]
fn a_changed_copy_is_refused() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let pass = minted(&rig, now);
    let other = minted(&rig, now);
    let good = post(&pass, 1, now.unix_s);
    let changed = |name: &'static str, value: &str| {
        let mut request = good.clone();
        request.headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        request
    };
    let query = Request { query: Some("a=1".to_owned()), ..good.clone() };
    let path = Request { path: "/v1/items".to_owned(), ..good.clone() };
    let method = Request { method: Method::PUT, ..good.clone() };
    let input = good.headers["signature-input"].to_str().expect("ASCII").to_owned();
    let mac = good.headers["signature"].to_str().expect("ASCII").to_owned();
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    for (why, request, want) in [
        ("query", query, "pass/forged"),
        ("path", path, "pass/forged"),
        ("method", method, "pass/forged"),
        ("type", changed("content-type", "text/plain"), "pass/forged"),
        ("another pass", changed("doorward-pass", &other.text), "pass/forged"),
        ("no pass", changed("doorward-pass", "dwp1."), "pass/malformed"),
        (
            "shorter list",
            changed("signature-input", &input.replace("\"@path\" ", "")),
            "pass/incomplete",
        ),
        (
            "no digest",
            changed("signature-input", &input.replace("\"content-digest\" ", "")),
            "pass/incomplete",
        ),
        (
            "no type",
            changed("signature-input", &input.replace("\"content-type\" ", "")),
            "pass/incomplete",
        ),
        (
            "later",
            changed("signature-input", &input.replace("created=1", "created=2")),
            "pass/forged",
        ),
        ("truncated MAC", changed("signature", &mac.replace("=:", ":")), "pass/malformed"),
        ("short MAC", changed("signature", "doorward=:AAAA:"), "pass/malformed"),
        ("other browser", changed("user-agent", firefox), "pass/other-client"),
        (
            "digest",
            changed("content-digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"),
            "pass/forged",
        ),
    ] {
        let verdict = judge(&rig, &request, BODY, now);
        assert_eq!(spoken(&verdict), format!("refuse {want}"), "{why}");
        assert_eq!(problem(&verdict)["executed"], "no", "{why}");
        assert_eq!(problem(&verdict)["now"], now.unix_s, "{why}");
    }
    let verdict = judge(&rig, &good, b"another body!!!", now);
    assert_eq!(spoken(&verdict), "refuse pass/body-differs");
    // Nothing of it was claimed: the honest request still works.
    assert_eq!(spoken(&judge(&rig, &good, BODY, now)), "admit");
}

#[test]
fn a_header_that_is_repeated_is_its_own_answer() {
    let rig = Rig::new(&settings());
    let pass = minted(&rig, at(0));
    for name in ["doorward-pass", "signature", "signature-input", "content-digest"] {
        let mut request = post(&pass, 1, at(0).unix_s);
        let value = request.headers[name].clone();
        request.headers.append(name, value);
        assert_eq!(spoken(&judge(&rig, &request, BODY, at(0))), "refuse pass/malformed", "{name}");
        request.headers.remove(name);
        let want = match name {
            "doorward-pass" => "refuse pass/missing",
            _ => "refuse pass/malformed",
        };
        assert_eq!(spoken(&judge(&rig, &request, BODY, at(0))), want, "{name}");
    }
}

#[test]
fn stale_and_early_stamps_are_refused_and_told_the_time() {
    let rig = Rig::new(&settings());
    let pass = minted(&rig, at(0));
    let begin = at(0).unix_s;
    for (nonce, created, now, want) in [
        (1, begin, 90, "admit"),
        (2, begin, 91, "refuse pass/expired"),
        (3, begin + 130, 100, "admit"),
        (4, begin + 131, 100, "refuse pass/from-the-future"),
        (5, begin + 600, 600, "admit"),
        (6, begin + 601, 601, "refuse pass/expired"),
    ] {
        let verdict = judge(&rig, &get(&pass, nonce, created), b"", at(now));
        assert_eq!(spoken(&verdict), want, "{nonce}");
    }
    // As long as a stamp is taken, its nonce is remembered.
    let rig = Rig::new(&settings());
    let pass = minted(&rig, at(0));
    let first = get(&pass, 9, begin + 130);
    assert_eq!(spoken(&judge(&rig, &first, b"", at(100))), "admit");
    assert_eq!(spoken(&judge(&rig, &first, b"", at(220))), "refuse pass/used");
    assert_eq!(spoken(&judge(&rig, &first, b"", at(221))), "refuse pass/expired");
}

#[test]
fn another_page_instance_gate_or_name_is_named() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let pass = minted(&rig, now);
    let request = get(&pass, 1, now.unix_s);
    let mut two = settings();
    two.origins.push("https://other.test".to_owned());
    two.external.push("https://api2.shop.test".to_owned());
    let twin = Rig { memory: Rig::new(&two).memory, ..Rig::new(&two) };
    let mut elsewhere = request.clone();
    elsewhere.headers.insert("origin", HeaderValue::from_static("https://other.test"));
    elsewhere.headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    assert_eq!(spoken(&judge(&twin, &request, b"", now)), "admit", "the same life, by its seed");
    assert_eq!(spoken(&judge(&twin, &elsewhere, b"", now)), "refuse pass/other-origin");
    let mut other_name = request.clone();
    other_name.headers.insert("host", HeaderValue::from_static("api2.shop.test"));
    let verdict = judge(&twin, &other_name, b"", now);
    assert_eq!(spoken(&verdict), "refuse pass/other-host");
    let detail = problem(&verdict)["detail"].as_str().unwrap_or_default().to_owned();
    assert!(detail.contains(HOST) && detail.contains("api2.shop.test"), "{detail}");
    // A second instance with its own memory; a restart is one too.
    let memory = doorward_core::memory::Memory::new(1_000, [6; 16]);
    let second = Rig { memory, ..Rig::new(&settings()) };
    assert_eq!(spoken(&judge(&second, &request, b"", now)), "refuse pass/other-instance");
    // Another gate with the same secret, and other secrets.
    let staging = Settings { gate_id: "staging".to_owned(), ..settings() };
    assert_eq!(
        spoken(&judge(&Rig::new(&staging), &request, b"", now)),
        "refuse pass/other-instance"
    );
    let rotated = |secrets: &[u8]| {
        let mut settings = settings();
        settings.pass.secrets = secrets.iter().map(|byte| Secret::new([*byte; 32])).collect();
        spoken(&judge(&Rig::new(&settings), &get(&pass, 2, now.unix_s), b"", now))
    };
    assert_eq!(rotated(&[2, 1]), "admit");
    assert_eq!(rotated(&[3, 2]), "refuse pass/other-instance");
    // A clock that is set back begins a new life.
    assert_eq!(spoken(&judge(&rig, &request, b"", at(50))), "admit");
    let back = Now { unix_s: now.unix_s, ..at(51) };
    assert_eq!(
        spoken(&judge(&rig, &get(&pass, 3, now.unix_s), b"", back)),
        "refuse pass/other-instance"
    );
}

#[test]
fn a_pass_that_travels_too_far_is_asked_to_prove_itself_again() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let pass = minted(&rig, now);
    let mut refused = 0;
    for number in 0..50_u8 {
        let mut request = get(&pass, number, now.unix_s);
        request.peer = [198, 51, 100, number].into();
        match spoken(&judge(&rig, &request, b"", now)).as_str() {
            "admit" => assert!(number < 3),
            "refuse pass/elsewhere" => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!(refused, 47);
    // At home it still works, and so does a new one.
    assert_eq!(spoken(&judge(&rig, &get(&pass, 60, now.unix_s), b"", now)), "admit");
}

#[test]
fn of_two_copies_at_one_instant_exactly_one_wins() {
    let rig = Rig::sized(
        &settings(),
        doorward_store::Sizes { strangers_max: 10_000, known_max: 10_000, claims_max: 10_000 },
    );
    let mut now = at(0);
    let mut pass = minted(&rig, now);
    for round in 0..1_000_u64 {
        if round % 50 == 0 {
            now = at(round);
            pass = minted(&rig, now);
        }
        let nonce = u8::try_from(round % 50).expect("small");
        let request = get(&pass, nonce, now.unix_s);
        let wins: usize = std::thread::scope(|scope| {
            let copies = [0, 1].map(|_| {
                scope.spawn(|| usize::from(spoken(&judge(&rig, &request, b"", now)) == "admit"))
            });
            copies.into_iter().map(|copy| copy.join().expect("no panic")).sum()
        });
        assert_eq!(wins, 1, "round {round}");
    }
}

#[test]
fn a_pass_costs_work_and_more_where_many_are_asked_for() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let lazy = ask(&rig, &Keys::new(), now, 0);
    assert_eq!(spoken(&lazy), "refuse pass/work");
    assert_eq!(problem(&lazy)["bits"], 11);
    let keys = Keys::new();
    assert_eq!(spoken(&ask(&rig, &keys, now, 12)), "reply 200");
    assert_eq!(spoken(&ask(&rig, &keys, now, 12)), "refuse pass/used", "a key is taken once");
    let mut bits = 11;
    let mut made = 1;
    let last = loop {
        let verdict = ask(&rig, &Keys::new(), now, bits);
        match spoken(&verdict).as_str() {
            "reply 200" => made += 1,
            "refuse pass/work" => bits = problem(&verdict)["bits"].as_u64().expect("bits") as u32,
            other => break other.to_owned(),
        }
    };
    assert_eq!((last.as_str(), bits), ("refuse quota/share", 14));
    assert_eq!(made, 60);
    // Its neighbour pays the floor.
    let body = Keys::new().ask(HOST, ORIGIN, now.unix_s, 12);
    let mut request = chrome(Method::POST, "/.doorward/pass");
    request.peer = [203, 0, 113, 8].into();
    request.body = BodyHint::Length(body.len() as u64);
    assert_eq!(spoken(&judge(&rig, &request, body.as_bytes(), now)), "reply 200");
    // Work that was done long ago, or for another page, is none.
    for (origin, time, want) in [
        ("https://other.test", now.unix_s, "refuse pass/work"),
        (ORIGIN, now.unix_s - 301, "refuse pass/expired"),
        (ORIGIN, now.unix_s + 31, "refuse pass/from-the-future"),
    ] {
        let body = Keys::new().ask(HOST, origin, time, 12);
        let mut request = Request { peer: [203, 0, 113, 9].into(), ..request.clone() };
        request.body = BodyHint::Length(body.len() as u64);
        assert_eq!(spoken(&judge(&rig, &request, body.as_bytes(), now)), want);
    }
    let script = Request::new(Method::POST, "/.doorward/pass", &[("host", HOST)]);
    let peer = [203, 0, 113, 10].into();
    let script = Request { body: BodyHint::Length(2), peer, ..script };
    assert_eq!(spoken(&judge(&rig, &script, body.as_bytes(), now)), "refuse pass/no-origin");
    assert_eq!(spoken(&judge(&rig, &script, b"{}", now)), "refuse pass/malformed");
}

#[test]
fn a_pass_has_a_share_of_its_own_and_a_replay_does_not_spend_it() {
    let rig = Rig::sized(
        &settings(),
        doorward_store::Sizes { strangers_max: 10_000, known_max: 10_000, claims_max: 10_000 },
    );
    let now = at(0);
    let pass = minted(&rig, now);
    let first = post(&pass, 200, now.unix_s);
    assert_eq!(spoken(&judge(&rig, &first, BODY, now)), "admit");
    for _ in 0..200 {
        assert_eq!(spoken(&judge(&rig, &first, BODY, now)), "refuse pass/used");
    }
    let admitted = (0..100_u8)
        .filter(|nonce| spoken(&judge(&rig, &get(&pass, *nonce, now.unix_s), b"", now)) == "admit")
        .count();
    assert_eq!(admitted, 59);
}

#[test]
fn a_flood_of_forgeries_leaves_the_store_untouched() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let pass = minted(&rig, now);
    let mut request = get(&pass, 1, now.unix_s);
    request.headers.insert("signature", {
        let mac = format!("doorward=:{}=:", "A".repeat(43));
        HeaderValue::from_str(&mac).expect("a value")
    });
    let mut asked = 0;
    for number in 0..2_000_u32 {
        request.peer = std::net::Ipv4Addr::from(0x0a00_0000 + (number << 16)).into();
        let verdict = rig.judge_with(request.view(), b"", rig.at(now), |questions| {
            asked += 1;
            rig.store.answer(questions, now)
        });
        assert_eq!(spoken(&verdict), "refuse pass/forged");
    }
    assert_eq!(asked, 0);
    // Passes that nobody sealed are strikes, and then cost no cryptography either.
    request.peer = [192, 0, 2, 1].into();
    let mut text = pass.text.clone().into_bytes();
    let middle = text.len() / 2;
    text[middle] = if text[middle] == b'A' { b'B' } else { b'A' };
    request.headers.insert("doorward-pass", HeaderValue::from_bytes(&text).expect("a value"));
    let last = (0..100).map(|_| spoken(&judge(&rig, &request, b"", now))).last();
    assert_eq!(last.as_deref(), Some("refuse quota/strikes"));
}

#[test]
fn in_monitor_nobody_is_refused_and_what_would_be_is_noted() {
    let mut settings = settings();
    settings.layer_modes = vec![("pass", Mode::Monitor)];
    let rig = Rig::new(&settings);
    let now = at(0);
    let noted = |verdict: Verdict| match verdict {
        Verdict::Admit(admitted) => {
            admitted.would_refuse().iter().map(|reason| reason.code()).collect::<Vec<_>>()
        }
        other => panic!("{}", spoken(&other)),
    };
    let bare = chrome(Method::GET, "/v1/items");
    assert_eq!(noted(judge(&rig, &bare, b"", now)), ["pass/missing"]);
    let pass = minted(&rig, now);
    let (one, two) = (get(&pass, 1, now.unix_s), post(&pass, 2, now.unix_s));
    assert!(noted(judge(&rig, &one, b"", now)).is_empty());
    assert_eq!(noted(judge(&rig, &one, b"", now)), ["pass/used"]);
    assert!(noted(judge(&rig, &two, BODY, now)).is_empty());
    assert_eq!(noted(judge(&rig, &two, BODY, now)), ["pass/used"]);
    assert_eq!(noted(judge(&rig, &two, b"other", now)), ["pass/body-differs", "pass/used"]);
}

#[test]
fn a_script_that_speaks_the_protocol_is_held_to_its_addresss_share() {
    let sizes =
        doorward_store::Sizes { strangers_max: 10_000, known_max: 10_000, claims_max: 10_000 };
    let rig = Rig::sized(&settings(), sizes);
    let now = at(0);
    assert_eq!(spoken(&ask(&rig, &Keys::new(), now, 0)), "refuse pass/work", "no work, no pass");
    let admitted = |pass: &Pass| {
        let each = (0..100_u8).map(|nonce| get(pass, nonce, now.unix_s));
        each.filter(|request| spoken(&judge(&rig, request, b"", now)) == "admit").count()
    };
    // From the fifteenth on they are a little dearer.
    let passes = (1..=20).map(|number| {
        let keys = Keys::new();
        match ask(&rig, &keys, now, if number <= 15 { 11 } else { 12 }) {
            Verdict::Reply(reply) => keys.pass(&reply.body),
            other => panic!("{number}: {}", spoken(&other)),
        }
    });
    let passes: Vec<Pass> = passes.collect();
    let each: Vec<usize> = passes.iter().map(admitted).collect();
    let (one, all) = (each[0], each.iter().sum::<usize>());
    println!("one pass: {one} requests at once; twenty of one address: {all}");
    assert_eq!(one, 60, "one pass is one visitor");
    // Asking for them, once without work, counts on the address too.
    assert_eq!(all, 400 - 21);
}

#[test]
fn what_is_sent_again_costs_the_address_that_sends_it() {
    let sizes =
        doorward_store::Sizes { strangers_max: 10_000, known_max: 10_000, claims_max: 10_000 };
    let rig = Rig::sized(&settings(), sizes);
    let now = at(0);
    let pass = minted(&rig, now);
    let used = post(&pass, 1, now.unix_s);
    assert_eq!(spoken(&judge(&rig, &used, BODY, now)), "admit");
    // Asking for a pass with a key that is taken costs the gate a key agreement each time.
    let keys = Keys::new();
    let body = keys.ask(HOST, ORIGIN, now.unix_s, 15);
    let mut asking = chrome(Method::POST, "/.doorward/pass");
    asking.body = BodyHint::Length(body.len() as u64);
    asking.peer = [203, 0, 113, 20].into();
    assert_eq!(spoken(&judge(&rig, &asking, body.as_bytes(), now)), "reply 200");
    let mut copy = used;
    copy.peer = [203, 0, 113, 21].into();
    for (request, body) in [(&asking, body.as_bytes()), (&copy, BODY)] {
        let said = (0..=400).map(|_| spoken(&judge(&rig, request, body, now)));
        let said: Vec<String> = said.collect();
        assert_eq!(said[0], "refuse pass/used");
        assert_eq!(said.last().map(String::as_str), Some("refuse quota/share"));
    }
    // The pass itself lost nothing by it.
    let admitted = (2..100_u8)
        .filter(|nonce| spoken(&judge(&rig, &get(&pass, *nonce, now.unix_s), b"", now)) == "admit")
        .count();
    assert_eq!(admitted, 59);
}

#[test]
fn a_denied_pass_is_refused_and_another_is_not() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let (denied, other) = (minted(&rig, now), minted(&rig, now));
    let mut settings = settings();
    let deny = |until_unix_s| DenyKnown {
        digest: pass_digest(&denied.id),
        until_unix_s,
        why: "it was shown in a video".to_owned(),
    };
    settings.quota.deny_known = vec![deny(None)];
    let denying = Rig::new(&settings);
    let verdict = judge(&denying, &get(&denied, 1, now.unix_s), b"", now);
    assert_eq!(spoken(&verdict), "refuse quota/denied");
    assert_eq!(spoken(&judge(&denying, &get(&other, 1, now.unix_s), b"", now)), "admit");
    settings.quota.deny_known = vec![deny(Some(now.unix_s - 1))];
    let over = Rig::new(&settings);
    assert_eq!(spoken(&judge(&over, &get(&denied, 1, now.unix_s), b"", now)), "admit");
}

/// A ticket that a program asked for with its key.
fn ticket_of_a_program(rig: &Rig, now: Now) -> String {
    let body = br#"{"url":"/v1/items"}"#;
    let key = [("x-api-key", doorward_test::tokens::api_key("program"))];
    let request = Request::new(Method::POST, "/.doorward/ticket", &[("host", HOST)]);
    let mut request = with(request, &key);
    request.body = BodyHint::Length(body.len() as u64);
    let Verdict::Reply(reply) = judge(rig, &request, body, now) else { panic!("a ticket") };
    let answer: Value = serde_json::from_slice(&reply.body).expect("JSON");
    answer["ticket"].as_str().expect("a ticket").to_owned()
}

#[test]
fn a_programs_ticket_is_counted_on_the_program_and_denied_with_it() {
    let mut settings = settings();
    let id = "dwk_program";
    settings.identity.keys = Some(KeySettings {
        place: Place::Header(HeaderName::from_static("x-api-key")),
        keys: vec![ApiKey {
            id: id.to_owned(),
            sha256: hash(&doorward_test::tokens::api_key("program")),
            scopes: Vec::new(),
            ends_unix_s: None,
            is_revoked: false,
            acts_for_visitors: false,
            as_page: false,
        }],
    });
    // The program has three requests in all, one for each ticket that it asks for among them.
    let limit = Limit {
        name: "program".to_owned(),
        by: By::User,
        who: Who::Known,
        per_route: false,
        measure: Measure::Window { window_s: 3_600, limit: 3 },
    };
    settings.quota.limits = vec![limit];
    let rig = Rig::new(&settings);
    let now = at(0);
    let open = |rig: &Rig, ticket: &str| {
        let mut request = Request::new(Method::GET, "/v1/items", &[("host", HOST)]);
        request.query = Some(format!("doorward_ticket={ticket}"));
        spoken(&judge(rig, &request, b"", now))
    };
    let (one, two) = (ticket_of_a_program(&rig, now), ticket_of_a_program(&rig, now));
    assert_eq!(open(&rig, &one), "admit");
    assert_eq!(open(&rig, &two), "refuse quota/share");
    let digest = user_digest(KEY_ISSUER, id);
    let denied = DenyKnown { digest, until_unix_s: None, why: String::new() };
    settings.quota.deny_known = vec![denied];
    assert_eq!(open(&Rig::new(&settings), &two), "refuse quota/denied");
}

/// Walks a visit on until its body is wanted, or to its end.
fn walk<'v>(rig: &Rig, mut turn: Turn<'v>, now: Now) -> Turn<'v> {
    while let Turn::Ask(pending) = turn {
        let answers = rig.store.answer(&pending.questions(), now);
        turn = pending.answer(&answers, rig.at(now));
    }
    turn
}

#[test]
fn networks_are_counted_where_bodies_are_held_back_too() {
    let rig = Rig::new(&settings());
    let now = at(0);
    let pass = minted(&rig, now);
    let from = |number: u8| {
        let mut request = post(&pass, number, now.unix_s);
        request.peer = [198, 51, 100, number].into();
        request
    };
    let requests: Vec<Request> = (0..50).map(from).collect();
    // All heads come before any body.
    let waiting: Vec<_> = requests
        .iter()
        .map(|request| match walk(&rig, rig.gate.open(request.view(), rig.at(now)), now) {
            Turn::Body(awaiting) => awaiting,
            _ => panic!("the body is wanted"),
        })
        .collect();
    let verdicts = waiting.into_iter().map(|awaiting| {
        match walk(&rig, awaiting.with(BODY, rig.at(now)), now) {
            Turn::Done(verdict) => spoken(&verdict),
            _ => panic!("an end"),
        }
    });
    let verdicts: Vec<String> = verdicts.collect();
    let admitted = verdicts.iter().filter(|verdict| *verdict == "admit").count();
    let elsewhere = verdicts.iter().filter(|verdict| *verdict == "refuse pass/elsewhere").count();
    assert_eq!((admitted, elsewhere), (3, 47), "{verdicts:?}");
}

#[test]
fn an_address_with_passes_has_one_share_whatever_its_headers_say() {
    let mut settings = settings();
    let share = |name: &str, who| Limit {
        name: name.to_owned(),
        by: By::Address,
        who,
        per_route: false,
        measure: Measure::Window { window_s: 3_600, limit: 20 },
    };
    settings.quota.limits = vec![share("pages", Who::Pages), share("programs", Who::Programs)];
    let rig = Rig::new(&settings);
    let now = at(0);
    let pass = minted(&rig, now);
    let mut admitted = 0;
    for number in 0..60 {
        let mut request = get(&pass, number, now.unix_s);
        if number % 2 == 0 {
            // As a program would send it: nothing says that a page did.
            for name in ["origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"] {
                request.headers.remove(name);
            }
        }
        admitted += usize::from(spoken(&judge(&rig, &request, b"", now)) == "admit");
    }
    // One of the twenty was the asking for the pass.
    assert_eq!(admitted, 19);
}

/// A gate without limits, and one address's requests, each with a nonce of its own.
fn unlimited() -> Rig {
    let mut settings = settings();
    settings.quota.limits = Vec::new();
    Rig::sized(&settings, doorward_store::Sizes::default())
}

fn numbered(pass: &Pass, number: u32, created: u64) -> Request {
    let mut nonce = [0; 16];
    nonce[..4].copy_from_slice(&number.to_be_bytes());
    let signing = Signing { nonce, ..Signing::get(HOST, "/v1/items", created, 0) };
    with(chrome(Method::GET, "/v1/items"), &pass.sign(&signing))
}

#[test]
fn an_address_holds_only_its_part_of_what_is_remembered() {
    let rig = unlimited();
    let now = at(0);
    let pass = minted(&rig, now);
    let mut refused = None;
    for number in 0..CROWD_PART + 10 {
        let verdict = judge(&rig, &numbered(&pass, number, now.unix_s), b"", now);
        if !matches!(verdict, Verdict::Admit(_)) {
            assert_eq!(spoken(&verdict), "refuse pass/store-away");
            refused.get_or_insert(number);
        }
    }
    assert_eq!(refused, Some(CROWD_PART));
    let mut other = get(&pass, 1, now.unix_s);
    other.peer = [203, 0, 113, 8].into();
    assert_eq!(spoken(&judge(&rig, &other, b"", now)), "admit");
}

#[test]
fn where_there_is_no_more_room_the_fullest_address_is_refused_first() {
    let rig = unlimited();
    let now = at(0);
    let pass = minted(&rig, now);
    for number in 0..5_000 {
        let verdict = judge(&rig, &numbered(&pass, number, now.unix_s), b"", now);
        assert_eq!(spoken(&verdict), "admit");
    }
    let small = |nonce| {
        let mut request = get(&pass, nonce, now.unix_s);
        request.peer = [203, 0, 113, 8].into();
        request
    };
    // The store has no room for one, whoever's it is.
    let full = |questions: &Questions| questions.iter().map(|_| Answer::Unavailable).collect();
    let request = small(1);
    let verdict = rig.judge_with(request.view(), b"", rig.at(now), full);
    assert_eq!(spoken(&verdict), "refuse pass/store-away");
    // From then on the one that holds thousands is refused, and the other is not.
    let large = numbered(&pass, 6_000, now.unix_s);
    let asked = |_: &Questions| panic!("the store is not asked");
    let verdict = rig.judge_with(large.view(), b"", rig.at(now), asked);
    assert_eq!(spoken(&verdict), "refuse pass/store-away");
    assert_eq!(spoken(&judge(&rig, &small(2), b"", now)), "admit");
    // It ends with what is remembered.
    let later = at(400);
    let anew = minted(&rig, later);
    let verdict = judge(&rig, &numbered(&anew, 7_000, later.unix_s), b"", later);
    assert_eq!(spoken(&verdict), "admit");
}
