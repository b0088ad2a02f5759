//! Passes, signatures, tickets and work for a case's requests. They are made by the case's own gate
//! when the case is read: every runner's memory has the same seed, so every mounting takes them.

use super::request::Request;
use super::{MEMORY_SEED, gate};
use crate::pass_visits::Forger;
use crate::passes::{Keys, Pass, Signing};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::turn::Turn;
use doorward_core::verdict::Verdict;
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SystemChance;
use doorward_store::{MemoryStore, Sizes};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The page that asks, and the gate's name, unless a line says otherwise.
const ORIGIN: &str = "https://shop.test";
const AUTHORITY: &str = "shop.test";
/// Zero bits of a pass's work.
const BITS: u32 = 12;

/// What a case has asked its gate for.
pub(super) struct Kit {
    gate: Arc<Gate>,
    memory: Memory,
    store: MemoryStore,
    chance: SystemChance,
    /// The steady clock never goes back, though a case's may.
    steady_ns: Cell<u64>,
    pass: Option<Pass>,
    /// The pass that was asked for before it.
    before: Option<Pass>,
}

/// The words of a line, `name=value` each.
struct Words<'l>(Vec<(&'l str, &'l str)>);

impl<'l> Words<'l> {
    fn read(line: &'l str, known: &[&str]) -> Result<Self, String> {
        let words = line.split(' ').filter(|word| !word.is_empty());
        let pairs = words.map(|word| match word.split_once('=') {
            Some((name, value)) if known.contains(&name) => Ok((name, value)),
            _ => Err(format!("{word} says nothing")),
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    fn text(&self, name: &str) -> Option<&'l str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// `+30` or `-91`: seconds from `now`.
    fn time(&self, name: &str, now_unix_s: u64) -> Result<u64, String> {
        let Some(text) = self.text(name) else { return Ok(now_unix_s) };
        let seconds: i64 = text.parse().map_err(|_| format!("{text} is no number of seconds"))?;
        Ok(now_unix_s.saturating_add_signed(seconds))
    }
}

impl Kit {
    /// The gate of a case's configuration.
    pub(super) fn new(config: &str) -> Result<Self, String> {
        let sizes = Sizes { strangers_max: 100, known_max: 100, claims_max: 100 };
        Ok(Self {
            gate: gate::make(config)?.gate,
            memory: Memory::new(1_000, MEMORY_SEED),
            store: MemoryStore::new(sizes, [4; 16]),
            // One proxy runs all cases, so no two of them may have the same pass.
            chance: SystemChance,
            steady_ns: Cell::new(0),
            pass: None,
            before: None,
        })
    }

    /// Asks for a pass: `origin=… agent=… from=…`.
    pub(super) fn pass(&mut self, line: &str, now_unix_s: u64) -> Result<(), String> {
        let words = Words::read(line, &["origin", "agent", "from"])?;
        let origin = words.text("origin").unwrap_or(ORIGIN);
        let keys = Keys::new();
        let body = keys.ask(AUTHORITY, origin, now_unix_s, BITS);
        let mut headers = page(origin);
        if let Some(agent) = words.text("agent").and_then(|agent| agent.parse().ok()) {
            headers.insert("user-agent", agent);
        }
        let from = words.text("from").map_or(Ok(Ipv4Addr::LOCALHOST), str::parse);
        let from = from.map_err(|_| "from= is an address".to_owned())?;
        let answer = self.post(("/.doorward/pass", &headers), body.as_bytes(), from, now_unix_s)?;
        self.before = self.pass.replace(keys.pass(&answer));
        Ok(())
    }

    /// The header lines of a signature for a request; words say what is signed in place of what is
    /// sent.
    pub(super) fn sign(
        &self,
        line: &str,
        request: &[u8],
        now_unix_s: u64,
    ) -> Result<Vec<String>, String> {
        let known =
            ["nonce", "created", "method", "authority", "path", "query", "body", "without", "key"];
        let words = Words::read(line, &known)?;
        let own = self.pass.as_ref().ok_or("there is no pass yet: `pass:` comes first")?;
        let pass = match words.text("key") {
            None => own.clone(),
            Some("before") => {
                own.with_key_of(self.before.as_ref().ok_or("key=before is of a second pass")?)
            }
            Some(other) => return Err(format!("key={other} says nothing")),
        };
        let Request { method, uri, headers, body, .. } = super::request::read(request)?;
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok());
        let body = match words.text("body") {
            Some(text) => Some(text.as_bytes()),
            None => Some(&body[..]).filter(|body| !body.is_empty()),
        };
        let nonce = words.text("nonce").unwrap_or("1");
        let nonce = nonce.parse().map_err(|_| format!("{nonce} is no small number"))?;
        let signed = pass.sign(&Signing {
            method: words.text("method").unwrap_or(method.as_str()),
            authority: words.text("authority").unwrap_or(AUTHORITY),
            path: words.text("path").unwrap_or(uri.path()),
            query: words.text("query").or(uri.query()),
            body,
            content_type: kind,
            created: words.time("created", now_unix_s)?,
            nonce: [nonce; 16],
        });
        let without = words.text("without").map(|name| format!("\"{name}\" "));
        let lines = signed.into_iter().filter(|(name, _)| *name != "content-type");
        Ok(lines
            .map(|(name, value)| match &without {
                Some(without) => format!("{name}: {}", value.replace(without, "")),
                None => format!("{name}: {value}"),
            })
            .collect())
    }

    /// Asks for a ticket: `method=GET url=/v1/events?room=1 for=600 origin=… forged=mac`.
    pub(super) fn ticket(&self, line: &str, now_unix_s: u64) -> Result<String, String> {
        let words = Words::read(line, &["method", "url", "for", "origin", "forged"])?;
        let pass = self.pass.as_ref().ok_or("there is no pass yet: `pass:` comes first")?;
        let mut body = serde_json::json!({
            "method": words.text("method").unwrap_or("GET"),
            "url": words.text("url").ok_or("a ticket is for a url=")?,
        });
        if let Some(seconds) = words.text("for").and_then(|text| text.parse::<u64>().ok()) {
            body["for"] = seconds.into();
        }
        let body = body.to_string();
        let path = "/.doorward/ticket";
        let mut nonce = [0; 16];
        doorward_core::moment::Chance::fill(&self.chance, &mut nonce);
        let signing = Signing::post(AUTHORITY, path, body.as_bytes(), now_unix_s, 0);
        let mut headers = page(words.text("origin").unwrap_or(ORIGIN));
        for (name, value) in pass.sign(&Signing { nonce, ..signing }) {
            let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let from = Ipv4Addr::LOCALHOST;
        let answer = self.post((path, &headers), body.as_bytes(), from, now_unix_s)?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        let ticket = answer["ticket"].as_str().ok_or("no ticket")?;
        Ok(match words.text("forged") {
            None => ticket.to_owned(),
            Some("mac") => Forger::new(ticket).with_mac(1),
            Some(field) => Forger::new(ticket).with_field(field, 1),
        })
    }

    fn post(
        &self,
        (path, headers): (&str, &HeaderMap),
        body: &[u8],
        from: Ipv4Addr,
        now_unix_s: u64,
    ) -> Result<Vec<u8>, String> {
        self.steady_ns.set(self.steady_ns.get().max(now_unix_s * 1_000_000_000));
        let at = Moment {
            now: Now { steady_ns: self.steady_ns.get(), unix_s: now_unix_s },
            id: RequestId::draw(&self.chance),
            chance: &self.chance,
            memory: &self.memory,
        };
        let view = View {
            method: &Method::POST,
            target: Target { authority: None, path, query: None },
            headers,
            peer: IpAddr::from(from),
            certificate: None,
            shown: Shown::NOTHING,
            body: BodyHint::Length(body.len() as u64),
            fidelity: Fidelity::PROXY,
        };
        let mut turn = self.gate.open(view, at);
        loop {
            turn = match turn {
                Turn::Done(Verdict::Reply(reply)) => return Ok(reply.body.to_vec()),
                Turn::Done(Verdict::Refuse(refused)) => {
                    return Err(format!("the gate says {} at {path}", refused.reason().code()));
                }
                Turn::Done(Verdict::Admit(_)) | Turn::Keys(_) | Turn::Caller(_) => {
                    return Err(format!("{path} is not the gate's own here"));
                }
                Turn::Body(awaiting) => awaiting.with(body, at),
                Turn::Ask(pending) => {
                    let answers = self.store.answer(&pending.questions(), at.now);
                    pending.answer(&answers, at)
                }
            };
        }
    }
}

/// What asks for a pass, as JSON: `origin=… bits=… time=… plain=true`.
pub(super) fn work(line: &str, now_unix_s: u64) -> Result<String, String> {
    let words = Words::read(line, &["origin", "bits", "time", "plain", "key"])?;
    let bits = words.text("bits").map_or(Ok(BITS), str::parse);
    let bits = bits.map_err(|_| "bits= is a number".to_owned())?;
    let origin = words.text("origin").unwrap_or(ORIGIN);
    let keys = Keys::new();
    let text = keys.ask(AUTHORITY, origin, words.time("time", now_unix_s)?, bits);
    let mut body: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if words.text("plain").is_some() {
        body["plain"] = true.into();
    }
    if words.text("key") == Some("off-the-curve") {
        body["key"] = URL_SAFE_NO_PAD.encode([4; 65]).into();
    }
    Ok(body.to_string())
}

fn page(origin: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static(AUTHORITY));
    if let Ok(value) = HeaderValue::from_str(origin) {
        headers.insert("origin", value);
    }
    let site = if origin == ORIGIN { "same-origin" } else { "cross-site" };
    headers.insert("sec-fetch-site", HeaderValue::from_static(site));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
    headers
}
