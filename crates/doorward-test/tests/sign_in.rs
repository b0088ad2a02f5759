//! Ten thousand guesses at one account at once: each is counted on its way in, so that as many pass
//! as the account has, whatever the backend says of them later.

use doorward_core::layers::identity::{AskUrl, CheckerSettings, How, Place, Told, What, Whoami};
use doorward_core::layers::quota::{Account, Counts, SignIn, Success};
use doorward_core::question::Rate;
use doorward_core::verdict::{Admitted, Outcome, Verdict};
use doorward_core::view::BodyHint;
use doorward_test::sample::{self, Request, Rig, begin, spoken};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::net::Ipv4Addr;

/// Guesses, each before any other was answered.
const GUESSES: u32 = 10_000;
/// Failures that an account may have at once.
const PER_ACCOUNT: u32 = 10;

fn rig() -> Rig {
    let mut settings = sample::settings();
    let sign_in = SignIn {
        account: Account::parse("email").expect("a field"),
        counts: Counts::Failures,
        per_account: Rate::per_minute(10, PER_ACCOUNT),
        per_address: Rate::per_minute(60, 60),
        success: Success::new(vec![StatusCode::NO_CONTENT], Vec::new()).ok(),
    };
    settings.routes.push(doorward_core::route::Settings {
        path: "/people/login".to_owned(),
        sign_in: Some(sign_in),
        ..Default::default()
    });
    Rig::new(&settings)
}

/// A guess at Ann's password, from a network of its own.
fn guess(number: u32) -> (Request, Vec<u8>) {
    let body = format!("{{\"email\":\"ann@shop.test\",\"password\":\"{number}\"}}").into_bytes();
    let mut request = Request { method: Method::POST, ..Request::chrome() };
    "/people/login".clone_into(&mut request.path);
    request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.body = BodyHint::Length(body.len() as u64);
    request.peer = Ipv4Addr::from(0x0a00_0000 + number * 7).into();
    (request, body)
}

fn judge(rig: &Rig, number: u32) -> Verdict {
    let (request, body) = guess(number);
    rig.judge(request.view(), &body, rig.at(begin()))
}

fn settle(rig: &Rig, admitted: &Admitted, status: StatusCode) {
    admitted.notice(status, &HeaderMap::new(), &rig.memory, begin());
    let questions = admitted.settle(Outcome::Answered(status));
    let _ = rig.store.answer(&questions, begin());
}

#[test]
fn guesses_at_once_do_not_pass_before_the_first_has_failed() {
    let rig = rig();
    let mut under_way = Vec::new();
    let mut refused = 0;
    for number in 0..GUESSES {
        match judge(&rig, number) {
            Verdict::Admit(admitted) => under_way.push(admitted),
            other => {
                assert_eq!(spoken(&other), "refuse quota/sign-in");
                refused += 1;
            }
        }
    }
    assert_eq!(under_way.len(), PER_ACCOUNT as usize);
    assert_eq!(refused, GUESSES - PER_ACCOUNT);
    // All but one fail: that one gives back what it took, and no more.
    for (number, admitted) in under_way.iter().enumerate() {
        let status = if number == 0 { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
        settle(&rig, admitted, status);
    }
    assert_eq!(spoken(&judge(&rig, GUESSES)), "admit");
    assert_eq!(spoken(&judge(&rig, GUESSES + 1)), "refuse quota/sign-in");
}

#[test]
fn whoever_signs_in_again_and_again_is_never_refused() {
    let rig = rig();
    for number in 0..100 {
        match judge(&rig, number) {
            Verdict::Admit(admitted) => settle(&rig, &admitted, StatusCode::NO_CONTENT),
            other => panic!("{number}: {}", spoken(&other)),
        }
    }
}

#[test]
fn a_success_does_not_forgive_what_failed_on_a_slower_route() {
    let mut settings = sample::settings();
    for (path, per_address) in [
        ("/people/login", Rate::per_minute(60, 60)),
        ("/partner/login", Rate { every_ns: 36_000_000_000, burst: 10 }),
    ] {
        settings.routes.push(doorward_core::route::Settings {
            path: path.to_owned(),
            sign_in: Some(SignIn {
                counts: Counts::Failures,
                account: Account::parse("email").expect("a field"),
                per_account: Rate::per_minute(1_000, 1_000),
                per_address,
                success: Success::new(vec![StatusCode::NO_CONTENT], Vec::new()).ok(),
            }),
            ..Default::default()
        });
    }
    let rig = Rig::new(&settings);
    let (mut own, body) = guess(0);
    // His own attempt is under way all the time.
    let judged = rig.judge(own.view(), &body, rig.at(begin()));
    let Verdict::Admit(admitted) = judged else { panic!("it is the first") };
    "/partner/login".clone_into(&mut own.path);
    for number in 0..10 {
        let judged = rig.judge(own.view(), &body, rig.at(begin()));
        assert_eq!(spoken(&judged), "admit", "{number}");
    }
    settle(&rig, &admitted, StatusCode::NO_CONTENT);
    let judged = rig.judge(own.view(), &body, rig.at(begin()));
    assert_eq!(spoken(&judged), "refuse quota/sign-in");
    // Twin: on the fast route there is as much left as before.
    assert_eq!(spoken(&judge(&rig, 0)), "admit");
}

/// The same route, where a backend is asked about sessions and nothing else is said of a success.
fn rig_with_sessions() -> Rig {
    let mut settings = sample::settings();
    settings.identity.checkers = vec![CheckerSettings {
        place: Place::Cookie("session".to_owned()),
        with: Vec::new(),
        url: AskUrl { url: "http://127.0.0.1:3000/whoami".to_owned(), is_private: false },
        how: How::Whoami(Whoami { subject: vec!["id".to_owned()], scopes: None }),
        remember_s: 10,
    }];
    settings.routes.push(doorward_core::route::Settings {
        path: "/people/login".to_owned(),
        sign_in: Some(SignIn {
            account: Account::parse("email").expect("a field"),
            counts: Counts::Failures,
            per_account: Rate::per_minute(1, 1),
            per_address: Rate::per_minute(60, 60),
            success: None,
        }),
        ..Default::default()
    });
    Rig::new(&settings)
}

#[test]
fn a_session_is_asked_about_soon_or_its_attempt_has_failed() {
    let ann = Told::Answer(200, br#"{"id":"ann"}"#.to_vec());
    let nobody = Told::Answer(200, br#"{"id":null}"#.to_vec());
    for (told, late_ns, want) in [
        (&ann, Some(0), "admit"),
        (&ann, Some(100_000_000), "admit"),
        // Whoever has failed could have signed in to it by then.
        (&ann, Some(100_000_001), "refuse quota/sign-in"),
        // What was asked before the answer says nothing of it.
        (&ann, None, "refuse quota/sign-in"),
        (&nobody, Some(0), "refuse quota/sign-in"),
        (&Told::Away, Some(0), "refuse quota/sign-in"),
        (&Told::Busy, Some(0), "refuse quota/sign-in"),
    ] {
        let rig = rig_with_sessions();
        let Verdict::Admit(admitted) = judge(&rig, 0) else { panic!("it is the first") };
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_static("session=0123456789abcdef; HttpOnly");
        headers.insert(header::SET_COOKIE, line);
        admitted.notice(StatusCode::FOUND, &headers, &rig.memory, begin());
        let settled = admitted.settle(Outcome::Answered(StatusCode::FOUND));
        assert!(settled.is_empty(), "nobody has said yet whose it is");
        let signed_in = admitted.signed_in().expect("a session");
        let What::Http { headers, .. } = signed_in.errand().what else { panic!("no request") };
        assert_eq!(headers[0].1, "session=0123456789abcdef");
        let questions = signed_in.told(told, late_ns, &rig.memory, begin());
        signed_in.answered(&rig.store.answer(&questions, begin()), &rig.memory);
        assert_eq!(spoken(&judge(&rig, 1)), want, "{told:?} {late_ns:?}");
    }
}
