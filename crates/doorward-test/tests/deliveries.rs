//! Deliveries of webhooks and signed requests over time: two tries at once, an earlier process, a
//! store without room.

use aws_lc_rs::hmac;
use doorward_core::http_signature::Key;
use doorward_core::layers::identity::{SignerSettings, WebhookSettings};
use doorward_core::mode::Mode;
use doorward_core::moment::Now;
use doorward_core::question::{Answer, Ask, Questions};
use doorward_core::route::{self, Kind};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::verdict::{Admitted, Outcome, Verdict};
use doorward_core::view::BodyHint;
use doorward_core::webhook;
use doorward_test::pass_visits::{HOST, at, judge, with};
use doorward_test::sample::{self, Request, Rig, spoken};
use http::{Method, StatusCode};

const SECRET: &[u8] = b"a secret of the deliveries' tests, of no use elsewhere";
const BODY: &[u8] = br#"{"order":17}"#;

fn settings() -> Settings {
    let mut settings = sample::settings();
    settings.routes = vec![route::Settings {
        path: "/hooks/payment".to_owned(),
        kind: Kind::Webhook,
        webhook: Some(WebhookSettings {
            kind: webhook::Kind::Stripe,
            secrets: vec![Secret::new(SECRET)],
        }),
        ..route::Settings::default()
    }];
    settings.identity.signers = vec![SignerSettings {
        key_id: "batch".to_owned(),
        key: Key::shared(&Secret::new(SECRET)).expect("a key"),
        subject: "batch".to_owned(),
        scopes: Vec::new(),
        covers: Vec::new(),
    }];
    settings
}

fn mac(text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), text)
}

fn delivery(signed_at: u64) -> Request {
    let tag = mac(&[signed_at.to_string().as_bytes(), b".", BODY].concat());
    let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let request = Request::new(Method::POST, "/hooks/payment", &[("host", HOST)]);
    let mut request = with(request, &[("stripe-signature", format!("t={signed_at},v1={tag}"))]);
    request.body = BodyHint::Length(BODY.len() as u64);
    request
}

fn signed(created: u64) -> Request {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let params = format!(
        "(\"@method\" \"@authority\" \"@path\" \"@query\");created={created};keyid=\"batch\""
    );
    let base = format!(
        "\"@method\": GET\n\"@authority\": {HOST}\n\"@path\": /v1/items\n\"@query\": ?\n\
         \"@signature-params\": {params}"
    );
    let tag = STANDARD.encode(mac(base.as_bytes()));
    let request = Request::new(Method::GET, "/v1/items", &[("host", HOST)]);
    let own = [("signature-input", format!("s={params}")), ("signature", format!("s=:{tag}:"))];
    with(request, &own)
}

fn admitted(rig: &Rig, request: &Request, now: Now) -> Admitted {
    match judge(rig, request, BODY, now) {
        Verdict::Admit(admitted) => admitted,
        other => panic!("{}", spoken(&other)),
    }
}

fn settle(rig: &Rig, admitted: &Admitted, outcome: Outcome, now: Now) {
    let answers = rig.store.answer(&admitted.settle(outcome), now);
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Yes { .. })), "{answers:?}");
}

#[test]
fn what_has_succeeded_is_not_undone_by_another_try_of_it() {
    let now = at(0);
    let (ok, failed) = (Outcome::Answered(StatusCode::OK), Outcome::Answered(StatusCode::CONFLICT));
    // The sender has not waited for the first try's answer, and sends a second.
    for (first, second) in [(ok, failed), (ok, Outcome::NeverSent)] {
        for is_first_earlier in [true, false] {
            let rig = Rig::new(&settings());
            let request = delivery(now.unix_s);
            let (one, two) = (admitted(&rig, &request, now), admitted(&rig, &request, now));
            let ends = [(&one, first), (&two, second)];
            let order = if is_first_earlier { [0, 1] } else { [1, 0] };
            for place in order {
                settle(&rig, ends[place].0, ends[place].1, now);
            }
            assert_eq!(spoken(&judge(&rig, &request, BODY, now)), "reply 200", "{second:?}");
        }
    }
    // Whose first try failed, and nothing else was tried, comes in again.
    let rig = Rig::new(&settings());
    let request = delivery(now.unix_s);
    settle(&rig, &admitted(&rig, &request, now), failed, now);
    assert_eq!(spoken(&judge(&rig, &request, BODY, now)), "admit");
}

#[test]
fn what_an_earlier_process_may_have_taken_is_refused() {
    let begun = at(100);
    let rig = Rig::new(&settings());
    rig.memory.begin(begun);
    let now = at(110);
    let away = "refuse identity/signature-store-away";
    for (unix_s, want) in [(begun.unix_s - 1, away), (begun.unix_s, "admit")] {
        assert_eq!(spoken(&judge(&rig, &signed(unix_s), b"", now)), want);
        assert_eq!(spoken(&judge(&rig, &delivery(unix_s), BODY, now)), want);
    }
}

#[test]
fn a_clock_that_is_set_back_begins_a_life_for_signatures_too() {
    let rig = Rig::new(&settings());
    let now = at(100);
    assert_eq!(spoken(&judge(&rig, &signed(now.unix_s), b"", now)), "admit");
    // By more than clocks may differ.
    let back = Now { unix_s: now.unix_s - 60, ..at(101) };
    let away = "refuse identity/signature-store-away";
    assert_eq!(spoken(&judge(&rig, &signed(back.unix_s), b"", back)), away);
}

#[test]
fn in_monitor_a_store_without_room_refuses_nothing_that_is_held() {
    let mut watched = settings();
    watched.mode = Mode::Monitor;
    let now = at(0);
    let full = |questions: &Questions| {
        let answer = |ask: &Ask| match ask {
            Ask::ClaimOnce { .. } => Answer::Unavailable,
            _ => Answer::Yes { left: 1, reset_s: 1 },
        };
        questions.iter().map(|question| answer(&question.ask)).collect()
    };
    for (settings, want) in
        [(watched, "admit"), (settings(), "refuse identity/signature-store-away")]
    {
        let rig = Rig::new(&settings);
        let request = delivery(now.unix_s);
        let verdict = rig.judge_with(request.view(), BODY, rig.at(now), full);
        assert_eq!(spoken(&verdict), want);
    }
}
