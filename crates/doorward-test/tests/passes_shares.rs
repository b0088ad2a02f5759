//! What passes cost, and what each of them, each address and each caller gets.

use doorward_core::crowd::CROWD_PART;
use doorward_core::layers::identity::{
    ApiKey, KEY_ISSUER, KeySettings, Place, hash, pass_digest, user_digest,
};
use doorward_core::layers::quota::{By, DenyKnown, Limit, Measure, Who};
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Questions};
use doorward_core::turn::Turn;
use doorward_core::verdict::Verdict;
use doorward_core::view::BodyHint;
use doorward_test::pass_visits::{
    BODY, HOST, ask, at, chrome, get, judge, minted, post, problem, settings, with,
};
use doorward_test::passes::{Keys, Pass, Signing};
use doorward_test::sample::{ORIGIN, Request, Rig, spoken};
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

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
    let measure = Measure::Window { window_s: 3_600, limit: 3 };
    let limit = Limit { who: Who::Known, ..Limit::new("program", &[By::User], measure) };
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
    let share = |name: &str, who| {
        let measure = Measure::Window { window_s: 3_600, limit: 20 };
        Limit { who, ..Limit::new(name, &[By::Address], measure) }
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
