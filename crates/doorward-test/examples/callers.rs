//! What it costs to know a caller that was known before: nanoseconds in the core.

use doorward_core::layers::identity::{
    AskUrl, CheckerSettings, How, Introspection, Place, Told, Whoami,
};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::turn::Turn;
use doorward_test::sample::{self, Request, Rig, begin};
use http::HeaderValue;
use http::header::{AUTHORIZATION, COOKIE, HeaderName};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each figure is measured.
const MEASURE: Duration = Duration::from_secs(1);

fn main() {
    let session = How::Whoami(Whoami { subject: vec!["id".to_owned()], scopes: None });
    let opaque = How::Introspection(Introspection {
        issuer: "https://id.test".to_owned(),
        audiences: Vec::new(),
        client_id: "gate".to_owned(),
        client_secret: Secret::new(*b"no secret"),
        subject: "sub".to_owned(),
        leeway_s: 30,
    });
    let rows = [
        (
            "a session",
            session,
            Place::Cookie("session".to_owned()),
            COOKIE,
            "session=0123456789abcdef0123",
        ),
        ("an opaque token", opaque, Place::Bearer, AUTHORIZATION, "Bearer 0123456789abcdef0123"),
    ];
    for (what, how, place, header, value) in rows {
        let with = measure(&rig(Some((how, place))), &carrying(&header, value));
        let without = measure(&rig(None), &carrying(&header, value));
        println!("{:>6.0} ns for {what} that is remembered", with - without);
    }
}

fn rig(checker: Option<(How, Place)>) -> Rig {
    let mut settings: Settings = sample::settings();
    if let Some((how, place)) = checker {
        let url = AskUrl { url: "http://127.0.0.1/whoami".to_owned(), is_private: false };
        let with = Vec::new();
        settings.identity.checkers =
            vec![CheckerSettings { place, with, url, how, remember_s: 60 }];
    }
    Rig::new(&settings)
}

fn carrying(header: &HeaderName, value: &'static str) -> Request {
    let mut request = Request::chrome();
    request.headers.insert(header, HeaderValue::from_static(value));
    request
}

/// Nanoseconds of opening a visit: the median of many batches, once its caller is known.
fn measure(rig: &Rig, request: &Request) -> f64 {
    if let Turn::Caller(awaiting) = rig.gate.open(request.view(), rig.at(begin())) {
        let told = Told::Answer(200, br#"{"active":true,"sub":"ann","id":"ann"}"#.to_vec());
        let _ = awaiting.with(&told, begin().steady_ns, rig.at(begin()));
    }
    let begun = Instant::now();
    let mut batches = Vec::new();
    while begun.elapsed() < MEASURE {
        let batch = Instant::now();
        for _ in 0..100 {
            black_box(rig.gate.open(black_box(request.view()), rig.at(begin())));
        }
        batches.push(batch.elapsed().as_nanos() as f64 / 100.0);
    }
    batches.sort_by(f64::total_cmp);
    batches.get(batches.len() / 2).copied().unwrap_or_default()
}
