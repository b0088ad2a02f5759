//! Passes, as their client has them: what is admitted, and every kind of copy that is not.

use doorward_core::mode::Mode;
use doorward_core::moment::Now;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::verdict::{Outcome, Verdict};
use doorward_test::pass_visits::{
    BODY, HOST, at, chrome, get, judge, minted, post, problem, settings,
};
use doorward_test::sample::{BEGIN_UNIX_S, Request, Rig, spoken};
use http::{HeaderName, HeaderValue, Method, StatusCode};

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
