//! The last refusals' facts, for whoever asks with a refusal's id. Kept only where there is an
//! admin listener, and only of refusals: an admitted request never comes here.

use crate::log::json;
use doorward_core::explained::{query_names, shown};
use doorward_core::moment::{Now, RequestId};
use doorward_core::reason::Reason;
use doorward_core::refused::Refused;
use http::request::Parts;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Refusals that are kept, in all.
pub(crate) const RECENT_MAX: usize = 1_000;
/// Headers of one refusal that are kept.
const HEADERS_MAX: usize = 24;
/// Bytes of one refusal's facts: more headers are left out beyond it.
const FACTS_BYTES_MAX: usize = 4 * 1024;

/// The last refusals of one worker.
pub(crate) struct Recent {
    max: usize,
    ring: Mutex<VecDeque<(RequestId, Box<[u8]>)>>,
}

impl Recent {
    pub(crate) const fn new(max: usize) -> Self {
        Self { max, ring: Mutex::new(VecDeque::new()) }
    }

    /// Keeps a refusal's facts; the oldest give way.
    pub(crate) fn keep(&self, parts: &Parts, refused: &Refused, now: Now) {
        let facts = facts(parts, refused, now);
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= self.max {
            ring.pop_front();
        }
        ring.push_back((refused.id(), facts.into_boxed_slice()));
    }

    /// The facts of the refusal with this id, as a JSON object.
    pub(crate) fn find(&self, id: &str) -> Option<Vec<u8>> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let found = ring.iter().rev().find(|(own, _)| own.text().as_str() == id);
        found.map(|(_, facts)| facts.to_vec())
    }
}

/// What was seen, secrets left out.
fn facts(parts: &Parts, refused: &Refused, now: Now) -> Vec<u8> {
    let words = refused.reason().words();
    let mut out = Vec::with_capacity(1_024);
    json::begin(now, &mut out);
    json::text("id", Some(refused.id().text().as_str().as_bytes()), &mut out);
    json::text("peer", Some(refused.client().to_string().as_bytes()), &mut out);
    json::text("method", Some(parts.method.as_str().as_bytes()), &mut out);
    json::text("path", Some(parts.uri.path().as_bytes()), &mut out);
    let query = parts.uri.query().map(query_names);
    json::text("query", query.as_ref().map(String::as_bytes), &mut out);
    json::count("status", u64::from(words.status.as_u16()), &mut out);
    json::text("code", Some(words.code.as_bytes()), &mut out);
    json::text("layer", Some(refused.reason().layer().as_bytes()), &mut out);
    json::text("route", Some(refused.route().path.as_bytes()), &mut out);
    out.extend_from_slice(b",\"headers\":[");
    // Shares and strikes look at the address alone; a flood of them is kept short.
    let is_long = !matches!(refused.reason(), Reason::Quota(_));
    let headers = parts.headers.iter().filter(|_| is_long).take(HEADERS_MAX);
    for (place, (name, value)) in headers.enumerate() {
        if out.len() > FACTS_BYTES_MAX {
            break;
        }
        // A header's name is a token: nothing in it needs escaping.
        let before: &[u8] = if place > 0 { b",{\"name\":\"" } else { b"{\"name\":\"" };
        out.extend_from_slice(before);
        out.extend_from_slice(name.as_str().as_bytes());
        out.push(b'"');
        json::text("value", Some(shown(name, value).as_bytes()), &mut out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
    out
}
