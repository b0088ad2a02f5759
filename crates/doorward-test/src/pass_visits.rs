//! Visits of pages with passes, judged by the core alone: what tests and measurements of passes
//! have in common.

use crate::passes::{Keys, Pass, Signing};
use crate::sample::{self, CHROME, ORIGIN, Request, Rig, spoken};
use doorward_core::mode::Mode;
use doorward_core::moment::Now;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::verdict::Verdict;
use doorward_core::view::BodyHint;
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

/// The gate's name in these visits.
pub const HOST: &str = "api.shop.test";
/// A body.
pub const BODY: &[u8] = br#"{"ask":"hello"}"#;

/// A gate that asks for passes.
#[must_use]
pub fn settings() -> Settings {
    let mut settings = sample::settings();
    settings.layer_modes = vec![("pass", Mode::Enforce)];
    settings.pass.secrets = vec![Secret::new([1; 32])];
    settings
}

/// So many seconds after the beginning.
#[must_use]
pub fn at(seconds: u64) -> Now {
    sample::begin().later_ns(seconds * 1_000_000_000)
}

/// Chrome's request from the allowed page.
#[must_use]
pub fn chrome(method: Method, path: &str) -> Request {
    Request { method, ..Request::new(Method::GET, path, &CHROME) }
}

/// A request with more headers.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn with(mut request: Request, headers: &[(&'static str, String)]) -> Request {
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header's value");
        request.headers.insert(HeaderName::from_static(name), value);
    }
    request
}

/// The verdict about a request.
#[must_use]
pub fn judge(rig: &Rig, request: &Request, body: &[u8], now: Now) -> Verdict {
    rig.judge(request.view(), body, rig.at(now))
}

/// What asking for a pass comes to, with so many zero bits of work.
#[must_use]
pub fn ask(rig: &Rig, keys: &Keys, now: Now, bits: u32) -> Verdict {
    let body = keys.ask(HOST, ORIGIN, now.unix_s, bits);
    let mut request = chrome(Method::POST, "/.doorward/pass");
    request.body = BodyHint::Length(body.len() as u64);
    judge(rig, &request, body.as_bytes(), now)
}

/// A pass.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn minted(rig: &Rig, now: Now) -> Pass {
    let keys = Keys::new();
    match ask(rig, &keys, now, 12) {
        Verdict::Reply(reply) => keys.pass(&reply.body),
        other => panic!("{}", spoken(&other)),
    }
}

/// A signed GET.
#[must_use]
pub fn get(pass: &Pass, nonce: u8, created: u64) -> Request {
    let headers = pass.sign(&Signing::get(HOST, "/v1/items", created, nonce));
    with(chrome(Method::GET, "/v1/items"), &headers)
}

/// A signed POST.
#[must_use]
pub fn post(pass: &Pass, nonce: u8, created: u64) -> Request {
    let headers = pass.sign(&Signing::post(HOST, "/v1/chat", BODY, created, nonce));
    let mut request = with(chrome(Method::POST, "/v1/chat"), &headers);
    request.body = BodyHint::Length(BODY.len() as u64);
    request
}

/// The refusal's JSON.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn problem(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Refuse(refused) => serde_json::from_slice(&refused.reply().body).expect("JSON"),
        other => panic!("{}", spoken(other)),
    }
}
