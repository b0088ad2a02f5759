//! What holds of every verdict, whatever a page asks and servers answer.

use doorward_browser::{
    Answer, Body, Credentials, Document, Engine, EngineId, Headers, Mode, Options, Reading,
    Redirect, Request, Sent, State, Tainting, Target, Verdict, Way, decide,
};
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

const PAGES: [&str; 5] = [
    "https://shop.example/a",
    "https://api.shop.example/",
    "http://shop.example/",
    "http://localhost:5173/",
    "data:text/html,x",
];

const ADDRESSES: [&str; 9] = [
    "https://shop.example/x",
    "https://api.shop.example/x",
    "https://api.example/x",
    "http://api.example/x",
    "http://localhost:3000/x",
    "https://u:p@api.example/x",
    "wss://api.example/x",
    "https://api.example:25/x",
    "ftp://api.example/x",
];

const WAYS: [Way; 20] = [
    Way::Fetch,
    Way::Xhr { listens_to_upload: false },
    Way::Xhr { listens_to_upload: true },
    Way::Beacon,
    Way::EventSource,
    Way::WebSocket,
    Way::Form(Target::Top),
    Way::Form(Target::Frame),
    Way::Link(Target::Top),
    Way::Ping,
    Way::Image,
    Way::Script,
    Way::Stylesheet,
    Way::Font,
    Way::Video,
    Way::Worker,
    Way::SharedWorker,
    Way::Prefetch,
    Way::CspReport,
    Way::Report,
];

const SAID: [(&str, &str); 9] = [
    ("Accept", "*/*"),
    ("Content-Type", "application/json"),
    ("Authorization", "Bearer x"),
    ("X-Own", "1"),
    ("Origin", "https://forged.example"),
    ("Cookie", "forged=1"),
    ("Sec-Fetch-Site", "same-origin"),
    ("X-HTTP-Method-Override", "TRACE"),
    ("If-None-Match", "\"a\""),
];

const ANSWERED: [(&str, &str); 13] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Origin", "https://shop.example"),
    ("Access-Control-Allow-Origin", "null"),
    ("Access-Control-Allow-Credentials", "true"),
    ("Access-Control-Allow-Methods", "PUT, *"),
    ("Access-Control-Allow-Headers", "*, authorization, content-type"),
    ("Access-Control-Max-Age", "60"),
    ("Set-Cookie", "a=1; SameSite=None; Secure"),
    ("Set-Cookie", "b=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT"),
    ("Cache-Control", "max-age=60"),
    ("Vary", "Origin"),
    ("Content-Type", "text/event-stream"),
    ("Location", "https://other.example/y"),
];

fn pairs(from: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Headers> {
    prop::collection::vec(select(from), 0..6).prop_map(|pairs| pairs.into_iter().collect())
}

prop_compose! {
    fn answer()(
        status in select(&[0_u16, 101, 200, 204, 301, 303, 304, 307, 404][..]),
        headers in pairs(&ANSWERED),
    ) -> Answer {
        Answer { status, headers, is_executed: true }
    }
}

prop_compose! {
    fn request()(
        way in select(&WAYS[..]),
        url in select(&ADDRESSES[..]),
        method in select(&["GET", "post", "PUT", "patch", "TRACE", "HEAD"][..]),
        headers in pairs(&SAID),
        body in select(vec![Body::Empty, Body::Text("x".into()), Body::Stream]),
        mode in select(&[Mode::Cors, Mode::NoCors, Mode::SameOrigin][..]),
        credentials in
            select(&[Credentials::Omit, Credentials::SameOrigin, Credentials::Include][..]),
        redirect in select(&[Redirect::Follow, Redirect::Error, Redirect::Manual][..]),
    ) -> Request {
        let url = Url::parse(url).expect("an address");
        let options = Options { redirect, ..Options::default() };
        let method = method.to_owned();
        Request { method, headers, body, mode, credentials, options, ..Request::by(way, url) }
    }
}

/// What holds of one verdict, and of every message that was sent for it.
fn holds(verdict: &Verdict, messages: &[Sent]) -> Result<(), TestCaseError> {
    for message in messages {
        let is_question = message.headers.has("access-control-request-method");
        prop_assert!(message.headers.all("origin").count() <= 1);
        prop_assert!(message.headers.all("cookie").count() <= 1);
        let forged = |name: &str, value: &str| message.headers.all(name).any(|own| own == value);
        prop_assert!(!forged("origin", "https://forged.example"), "a script said who it is");
        prop_assert!(!forged("cookie", "forged=1"), "a script said its cookies");
        prop_assert!(!message.headers.has("x-http-method-override"), "TRACE in disguise");
        prop_assert_ne!(&message.method, "TRACE");
        if is_question {
            prop_assert_eq!(&message.method, "OPTIONS");
            prop_assert!(!message.headers.has("cookie") && !message.headers.has("authorization"));
            prop_assert!(message.body.is_empty());
        }
        prop_assert!(message.url.scheme() != "ftp" && message.url.port() != Some(25));
    }
    prop_assert!(verdict.hops.len() <= 21);
    for hop in &verdict.hops {
        if let Some(sent) = &hop.sent {
            prop_assert!(hop.tainting != Tainting::Cors || sent.headers.has("origin"));
            let doubt = hop.preflight.as_ref().and_then(|preflight| preflight.doubt.as_ref());
            prop_assert!(doubt.is_none(), "it was sent against a no");
        }
    }
    let last = verdict.hops.last();
    match &verdict.reading {
        Reading::Throws => prop_assert!(messages.is_empty(), "it threw, and was sent"),
        Reading::Reads(names) => {
            prop_assert!(!names.iter().any(|name| name == "set-cookie"));
            let is_cors = last.is_some_and(|hop| hop.tainting == Tainting::Cors);
            let answer = verdict.answer.as_ref();
            let is_named =
                answer.is_some_and(|answer| answer.headers.has("access-control-allow-origin"));
            prop_assert!(!is_cors || is_named, "it is read, and nobody let it");
        }
        Reading::Opaque
        | Reading::OpaqueRedirect
        | Reading::Hidden
        | Reading::Navigates
        | Reading::Silent
        | Reading::Prompts
        | Reading::NotModelled => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_asked_and_answered(
        page in select(&PAGES[..]),
        sandboxed in any::<bool>(),
        requests in prop::collection::vec(request(), 1..4),
        answers in prop::collection::vec(answer(), 1..5),
        now_s in select(&[0_u64, 100, 2_000_000_000, u64::MAX][..]),
    ) {
        let mut from = Document::top(Url::parse(page).expect("an address"));
        from.is_sandboxed = sandboxed;
        for id in EngineId::ALL {
            let (engine, mut state) = (Engine::of(id), State::default());
            for request in &requests {
                let mut messages = Vec::new();
                let mut server = |sent: &Sent| {
                    let answer = answers[messages.len() % answers.len()].clone();
                    messages.push(sent.clone());
                    answer
                };
                let verdict = decide(&engine, Some(&from), request, &mut server, &state, now_s);
                let again = state.clone();
                holds(&verdict, &messages)?;
                // The same again comes to the same: nothing is drawn, and no clock is read.
                let mut asked = 0;
                let mut server = |_: &Sent| {
                    asked += 1;
                    answers[(asked - 1) % answers.len()].clone()
                };
                let twin = decide(&engine, Some(&from), request, &mut server, &again, now_s);
                prop_assert_eq!(&twin, &verdict);
                state = verdict.after;
            }
        }
    }
}
