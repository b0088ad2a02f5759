//! Visits of pages with passes, judged by the core alone: what tests and measurements of passes
//! have in common.

use crate::passes::{Keys, Pass, Signing};
use crate::sample::{self, CHROME, ORIGIN, Request, Rig, spoken};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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

/// A ticket for a GET of [`sample::PATH`].
///
/// # Panics
/// When it is none.
#[must_use]
pub fn ticket(rig: &Rig, pass: &Pass, now: Now) -> String {
    let path = "/.doorward/ticket";
    let body = serde_json::json!({ "url": sample::PATH }).to_string();
    let signing = Signing::post(HOST, path, body.as_bytes(), now.unix_s, u8::MAX);
    let mut request = with(chrome(Method::POST, path), &pass.sign(&signing));
    request.body = BodyHint::Length(body.len() as u64);
    let Verdict::Reply(reply) = judge(rig, &request, body.as_bytes(), now) else {
        panic!("a ticket is a reply")
    };
    let answer: Value = serde_json::from_slice(&reply.body).expect("JSON");
    answer["ticket"].as_str().expect("a ticket").to_owned()
}

/// A request with a ticket.
#[must_use]
pub fn with_ticket(ticket: &str) -> Request {
    let query = Some(format!("doorward_ticket={ticket}"));
    Request { query, ..chrome(Method::GET, sample::PATH) }
}

/// A ticket's fields, as docs/passes.md names them.
const FIELDS: [&str; 15] = [
    "version",
    "key",
    "issued",
    "expires",
    "nonce",
    "use",
    "method",
    "authority",
    "path",
    "query",
    "origin",
    "pass",
    "user",
    "class",
    "instance",
];
/// The field that names the ticket's key. Another one makes no forgery of it but a ticket of
/// another gate's.
const KEY: &str = "key";

/// A real ticket, to be forged.
pub struct Forger {
    payload: String,
    fields: Vec<String>,
    mac: Vec<u8>,
}

impl Forger {
    /// Takes a ticket apart.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn new(ticket: &str) -> Self {
        let parts: Vec<&str> = ticket.split('.').collect();
        let &["dwt1", payload, mac] = parts.as_slice() else { panic!("{ticket} is no ticket") };
        let decode = |text| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let text = String::from_utf8(decode(payload)).expect("UTF-8");
        let (mut rest, mut fields) = (text.as_str(), Vec::new());
        while let Some((length, behind)) = rest.split_once(':') {
            let (field, more) = behind.split_at(length.parse().expect("a length"));
            fields.push(field.to_owned());
            rest = more;
        }
        assert_eq!((fields.len(), rest), (FIELDS.len(), ""), "{text}");
        Self { payload: payload.to_owned(), fields, mac: decode(mac) }
    }

    /// One of as many forgeries as there are numbers, no two alike: of every two one has another
    /// MAC, and one the MAC of the real ticket and another field, each in its turn.
    #[must_use]
    pub fn forged(&self, number: u32) -> String {
        if number.is_multiple_of(2) {
            return self.with_mac(number + 1);
        }
        let mut names = FIELDS.into_iter().filter(|name| *name != KEY).cycle();
        let turn = usize::try_from(number / 2).unwrap_or_default() % (FIELDS.len() - 1);
        self.with_field(names.nth(turn).unwrap_or_default(), number)
    }

    /// The ticket with another MAC for each number but 0.
    #[must_use]
    pub fn with_mac(&self, number: u32) -> String {
        let change = number.to_be_bytes().into_iter().cycle();
        let mac: Vec<u8> = self.mac.iter().zip(change).map(|(byte, with)| byte ^ with).collect();
        format!("dwt1.{}.{}", self.payload, URL_SAFE_NO_PAD.encode(mac))
    }

    /// The ticket with another field of this name, under the MAC that it had.
    ///
    /// # Panics
    /// When there is no such field.
    #[must_use]
    pub fn with_field(&self, name: &str, number: u32) -> String {
        assert!(FIELDS.contains(&name), "{name} is no field of a ticket");
        let mut payload = String::new();
        for (known, field) in FIELDS.into_iter().zip(&self.fields) {
            let changed = if known == name { format!("{field}{number}") } else { field.clone() };
            payload.push_str(&format!("{}:{changed}", changed.len()));
        }
        format!("dwt1.{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(&self.mac))
    }
}
