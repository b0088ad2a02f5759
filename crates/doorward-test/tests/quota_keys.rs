//! Limits by joined keys, by outcomes and by costs, at the edges that a golden request cannot show:
//! the order of a key's parts, tables that are full, guesses at once, what never left or was
//! aborted, and windows that end in between.

use doorward_core::layers::quota::{AnswerIs, By, Cost, Limit, Measure, Who};
use doorward_core::moment::Now;
use doorward_core::question::{Ask, Questions, Rate, Subject};
use doorward_core::turn::Turn;
use doorward_core::verdict::{Admitted, MeterStep, Outcome, Verdict};
use doorward_core::view::BodyHint;
use doorward_store::Sizes;
use doorward_test::sample::{self, Request, Rig, begin, spoken};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::net::Ipv4Addr;

const HOUR: Measure = Measure::Rate(Rate { every_ns: 3_600_000_000_000, burst: 10 });

fn rig(limits: Vec<Limit>) -> Rig {
    sized(limits, Sizes { strangers_max: 10_000, known_max: 100, claims_max: 100 })
}

fn sized(limits: Vec<Limit>, sizes: Sizes) -> Rig {
    let mut settings = sample::identity_settings();
    settings.requires_identity = false;
    settings.quota.limits = limits;
    Rig::sized(&settings, sizes)
}

fn by(texts: &[&str]) -> Vec<By> {
    texts.iter().map(|text| text.parse().expect("a part")).collect()
}

fn with(name: &str, value: &str) -> Request {
    let mut request = Request::chrome();
    let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
    request.headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    request
}

fn asked(rig: &Rig, request: &Request) -> Questions {
    let Turn::Ask(pending) = rig.gate.open(request.view(), rig.at(begin())) else {
        panic!("the store is asked")
    };
    pending.questions()
}

fn subject(rig: &Rig, request: &Request) -> Subject {
    let questions = asked(rig, request);
    match questions.first().expect("a question").ask {
        Ask::TakeTokens { key, .. } | Ask::TakeFromWindow { key, .. } => key.subject,
        _ => panic!("a share"),
    }
}

fn admitted(rig: &Rig, request: &Request, now: Now) -> Admitted {
    match rig.judge(request.view(), b"", rig.at(now)) {
        Verdict::Admit(admitted) => admitted,
        other => panic!("{}", spoken(&other)),
    }
}

fn answered(rig: &Rig, admitted: &Admitted, (status, lines): (u16, &[&str]), now: Now) {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-cost", HeaderValue::from_str(line).expect("a value"));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    admitted.notice(status, &headers, &rig.memory, now);
    let _ = rig.store.answer(&admitted.settle(Outcome::Answered(status)), now);
}

/// How many more requests are admitted, one after the other, none of which is answered.
fn left(rig: &Rig, request: &Request, now: Now) -> usize {
    let judged = || matches!(rig.judge(request.view(), b"", rig.at(now)), Verdict::Admit(_));
    (0..1_000).take_while(|_| judged()).count()
}

#[test]
fn a_key_is_the_same_in_any_order_of_its_parts() {
    let orders = [
        ["address", "header:x-tenant", "claim:tenant", "user"],
        ["user", "claim:tenant", "address", "header:x-tenant"],
        ["header:X-Tenant", "user", "address", "claim:tenant"],
    ];
    let rigs = orders.map(|parts| rig(vec![Limit::new("one", &by(&parts), HOUR)]));
    let token = sample::token("es256 sub=ann tenant=acme");
    let requests = [with("x-tenant", "a"), with("x-tenant", "a").bearing(&token)];
    for request in requests {
        let first = subject(&rigs[0], &request);
        assert!(rigs.iter().all(|rig| subject(rig, &request) == first));
        // Twin: another value of one part is another key.
        assert_ne!(subject(&rigs[0], &with("x-tenant", "b")), first);
    }
}

#[test]
fn parts_are_not_taken_for_each_other() {
    let parts = by(&["address", "header:x-a", "header:x-b"]);
    let rig = rig(vec![Limit::new("one", &parts, HOUR)]);
    let both = |one: &str, other: &str| {
        let mut request = with("x-a", one);
        request.headers.insert("x-b", HeaderValue::from_str(other).expect("a value"));
        subject(&rig, &request)
    };
    let all = [both("ab", "c"), both("a", "bc"), both("abc", ""), both("", "abc")];
    for (place, one) in all.iter().enumerate() {
        assert!(all.iter().skip(place + 1).all(|other| other != one), "{place}");
    }
}

#[test]
fn only_what_is_verified_is_counted_among_known_callers() {
    let token = sample::token("es256 sub=ann tenant=acme");
    for (parts, is_known) in [
        (&["address"][..], [false, false]),
        (&["ip4/24", "route"], [false, false]),
        (&["user"], [false, true]),
        (&["token"], [false, true]),
        (&["key"], [false, true]),
        (&["claim:tenant"], [false, true]),
        (&["claim:absent"], [false, true]),
        (&["user", "header:x-tenant"], [false, true]),
        (&["pass", "header:x-tenant"], [false, true]),
        (&["address", "user", "origin"], [false, true]),
    ] {
        let rig = rig(vec![Limit::new("one", &by(parts), HOUR)]);
        let request = with("x-tenant", "a");
        let requests = [request.clone(), request.bearing(&token)];
        let found = requests.map(|request| matches!(subject(&rig, &request), Subject::Known(_)));
        assert_eq!(found, is_known, "{parts:?}");
    }
}

#[test]
fn made_up_values_push_nobody_but_their_sender() {
    let joined = Limit::new("joined", &by(&["address", "header:x-tenant"]), HOUR);
    let user = Limit { who: Who::Known, ..Limit::new("user", &by(&["user"]), HOUR) };
    let sizes = Sizes { strangers_max: 200, known_max: 50, claims_max: 10 };
    let rig = sized(vec![joined, user], sizes);
    let known = Request::chrome().bearing(&sample::token("es256 sub=ann"));
    let mut neighbour = with("x-tenant", "a");
    neighbour.peer = Ipv4Addr::new(198, 51, 100, 9).into();
    let (of_known, of_neighbour) = (left(&rig, &known, begin()), left(&rig, &neighbour, begin()));
    assert_eq!((of_known, of_neighbour), (10, 10));
    let mut refused = 0;
    for number in 0..20_000 {
        let request = with("x-tenant", &format!("v{number}"));
        refused += usize::from(left_one(&rig, &request) == 0);
    }
    assert!(refused > 19_000, "a full table judges its filler by his address: {refused}");
    // Nobody who was over his share was forgotten.
    assert_eq!(left_one(&rig, &known), 0);
    assert_eq!(left_one(&rig, &neighbour), 0);
    // Twin: a newcomer from elsewhere has a whole share.
    let mut newcomer = with("x-tenant", "a");
    newcomer.peer = Ipv4Addr::new(192, 0, 2, 77).into();
    assert_eq!(left(&rig, &newcomer, begin()), 10);
}

fn left_one(rig: &Rig, request: &Request) -> usize {
    let verdict = rig.judge(request.view(), b"", rig.at(begin()));
    usize::from(matches!(verdict, Verdict::Admit(_)))
}

#[test]
fn guesses_at_once_have_taken_their_shares_before_the_first_has_failed() {
    let counts = vec![AnswerIs::Status(StatusCode::UNAUTHORIZED)];
    let limit = Limit { counts, ..Limit::new("failures", &by(&["address"]), HOUR) };
    let rig = rig(vec![limit]);
    let request = Request::chrome();
    let mut under_way = Vec::new();
    for _ in 0..10_000 {
        if let Verdict::Admit(admitted) = rig.judge(request.view(), b"", rig.at(begin())) {
            under_way.push(admitted);
        }
    }
    assert_eq!(under_way.len(), 10);
    for (place, one) in under_way.iter().enumerate() {
        let status = if place < 4 { 401 } else { 200 };
        answered(&rig, one, (status, &[]), begin());
    }
    // Only the four that have failed count.
    assert_eq!(left(&rig, &request, begin()), 6);
}

#[test]
fn what_never_left_is_given_back_and_what_was_aborted_is_not() {
    let joined = Limit::new("joined", &by(&["address", "header:x-tenant"]), HOUR);
    let cost = Cost::ByMethod { named: vec![(Method::GET, 3)], others: 5 };
    let dear = Limit { cost, ..Limit::new("dear", &by(&["address"]), HOUR) };
    let plain = Limit::new("plain", &by(&["address"]), HOUR);
    let rig = rig(vec![joined, dear, plain]);
    let request = with("x-tenant", "a");
    for _ in 0..100 {
        let admitted = admitted(&rig, &request, begin());
        let settled = admitted.settle(Outcome::NeverSent);
        assert_eq!(settled.len(), 3);
        let _ = rig.store.answer(&settled, begin());
    }
    let aborted = admitted(&rig, &request, begin());
    assert!(aborted.settle(Outcome::Sent).is_empty());
    assert_eq!(left(&rig, &request, begin()), 2);
}

#[test]
fn what_a_window_took_goes_back_to_the_same_window_alone() {
    let cost = Cost::ByAnswer { header: HeaderName::from_static("x-cost"), most: 50 };
    let measure = Measure::Window { window_s: 60, limit: 100 };
    let limit = Limit { cost, ..Limit::new("minute", &by(&["address"]), measure) };
    let rig = rig(vec![limit]);
    let request = Request::chrome();
    let begun = begin().unix_s % 60;
    let at = |second: u64| begin().later_s(60 - begun).later_s(second);
    let one = admitted(&rig, &request, at(0));
    answered(&rig, &one, (200, &["10"]), at(1));
    let two = admitted(&rig, &request, at(2));
    // Sixty are taken, of which fifty may come back.
    assert_eq!(left(&rig, &request, at(2)), 0);
    // The next window has begun, and used what it has.
    let three = admitted(&rig, &request, at(61));
    answered(&rig, &three, (200, &["50"]), at(62));
    let four = admitted(&rig, &request, at(62));
    answered(&rig, &two, (200, &["0"]), at(63));
    assert_eq!(left(&rig, &request, at(63)), 0);
    answered(&rig, &four, (200, &["0"]), at(64));
    assert_eq!(left(&rig, &request, at(64)), 1);
}

#[test]
fn an_answer_that_nobody_noticed_gives_nothing_back() {
    let cost = Cost::ByAnswer { header: HeaderName::from_static("x-cost"), most: 10 };
    let rig = rig(vec![Limit { cost, ..Limit::new("model", &by(&["address"]), HOUR) }]);
    let one = admitted(&rig, &Request::chrome(), begin());
    assert!(one.is_claimed(), "its mounting tells the store");
    assert!(one.settle(Outcome::Answered(StatusCode::OK)).is_empty());
    assert_eq!(left(&rig, &Request::chrome(), begin()), 0);
}

#[test]
fn a_body_of_unknown_length_is_as_long_as_was_paid_for() {
    let cost = Cost::ByBody { per_bytes: 1_000, most: 5 };
    let rig = rig(vec![Limit { cost, ..Limit::new("upload", &by(&["address"]), HOUR) }]);
    let mut request = Request { method: Method::POST, ..Request::chrome() };
    request.body = BodyHint::Stream;
    let one = admitted(&rig, &request, begin());
    let mut meter = one.meter().expect("somebody has to look");
    assert_eq!(meter.request_chunk(5_000), MeterStep::Pass);
    assert!(matches!(meter.request_chunk(1), MeterStep::End(_)));
    // Twin: one whose length is known has paid for it.
    request.body = BodyHint::Length(4_500);
    assert!(admitted(&rig, &request, begin()).meter().is_none());
    assert_eq!(left(&rig, &request, begin()), 0);
}

#[test]
fn the_first_minute_after_a_penalty_is_whole() {
    use doorward_core::layers::quota::Penalty;
    let penalty = Some(Penalty { first_s: 60, most_s: 600 });
    let measure = Measure::Rate(Rate::per_minute(10, 10));
    let limit = Limit { penalty, ..Limit::new("boxed", &by(&["address"]), measure) };
    let rig = rig(vec![limit]);
    let request = Request::chrome();
    assert_eq!(left(&rig, &request, begin()), 10);
    // Hammering on takes nothing, and makes nothing longer.
    for second in 0..60 {
        assert_eq!(left(&rig, &request, begin().later_s(second)), 0, "{second}");
    }
    assert_eq!(left(&rig, &request, begin().later_s(60)), 10);
}

#[test]
fn a_day_that_has_lasted_gets_back_what_never_left() {
    let day = Limit::new("day", &by(&["user"]), Measure::Window { window_s: 86_400, limit: 10 });
    let minute = Limit::new("minute", &by(&["user"]), Measure::Window { window_s: 60, limit: 100 });
    let rig = rig(vec![day, minute]);
    let request = Request::chrome();
    let into_day = |seconds: u64| begin().later_s(86_400 - begin().unix_s % 86_400 + seconds);
    // Whether it was this day that it was taken from is not known yet.
    let early = admitted(&rig, &request, into_day(60));
    let _ = rig.store.answer(&early.settle(Outcome::NeverSent), into_day(61));
    for _ in 0..100 {
        let late = admitted(&rig, &request, into_day(7_200));
        let _ = rig.store.answer(&late.settle(Outcome::NeverSent), into_day(7_201));
    }
    // The minute's hundred are gone, and nine of the day's ten are there.
    assert_eq!(left(&rig, &request, into_day(7_201)), 0);
    assert_eq!(left(&rig, &request, into_day(7_320)), 9);
}
