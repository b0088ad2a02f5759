//! What becomes of an answer: each header as the backend set it, and as it leaves.

use super::{behind, escaped, look};
use crate::gate::Gate;
use crate::layers::cookie;
use crate::mode::Force;
use crate::moment::Moment;
use crate::verdict::Verdict;
use crate::view::View;
use crate::visit::Visit;
use http::{HeaderMap, HeaderName, header};
use std::sync::Arc;

/// One header of an answer, or one cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The header's name.
    pub name: HeaderName,
    /// Its values as the backend set them, a cookie's own left out; none: the gate adds it.
    pub set: Vec<String>,
    /// Its values as they leave; none: it does not.
    pub leaves: Vec<String>,
}

/// What becomes of an answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its headers, in the order in which the backend set them, then those that are added.
    pub lefts: Vec<Left>,
    /// Whether only its cookies are told: who calls is not known here, or the request does not
    /// reach the backend.
    pub is_of_cookies: bool,
}

impl Gate {
    /// What becomes of the headers of an answer to a request.
    #[must_use]
    pub fn walk_answer(
        self: &Arc<Self>,
        view: View<'_>,
        body: Option<&[u8]>,
        answer: &HeaderMap,
        at: Moment<'_>,
    ) -> Answer {
        let mut dressed = answer.clone();
        let is_of_cookies = match behind::verdict(self, view, body, at) {
            Ok(Verdict::Admit(admitted)) => {
                admitted.dress(&mut dressed);
                false
            }
            Ok(Verdict::Reply(_) | Verdict::Refuse(_)) | Err(_) => {
                let mut visit = Visit::new(self, view);
                // The name that it came in by decides.
                let _ = look(self, &mut visit, "message", at);
                if self.force(&visit, self.modes.cookie) == Force::Enforce {
                    let external = visit.named.and_then(|named| named.external);
                    cookie::dress(&self.cookie, external, at.now, &mut dressed);
                }
                true
            }
        };
        let mut lefts = cookies(answer, &dressed);
        if !is_of_cookies {
            lefts.extend(others(answer, &dressed));
        }
        Answer { lefts, is_of_cookies }
    }
}

/// Each cookie, beside what it has become.
fn cookies(set: &HeaderMap, dressed: &HeaderMap) -> Vec<Left> {
    let lines = |headers: &HeaderMap| -> Vec<Vec<u8>> {
        let lines = headers.get_all(header::SET_COOKIE).into_iter();
        lines.map(|line| line.as_bytes().to_vec()).collect()
    };
    let mut leaves = lines(dressed);
    let mut lefts = Vec::new();
    let old = lines(set);
    for (place, line) in old.iter().enumerate() {
        let name = bare_name(line);
        // A second one of its name takes the last; a deletion may leave as two.
        let is_last = !old[place + 1..].iter().any(|other| bare_name(other) == name);
        let mut own = Vec::new();
        while let Some(found) = leaves.iter().position(|leaf| bare_name(leaf) == name) {
            own.push(without_value(&leaves.remove(found)));
            if !is_last {
                break;
            }
        }
        let set = vec![without_value(line)];
        lefts.push(Left { name: header::SET_COOKIE, set, leaves: own });
    }
    lefts
}

/// All headers but cookies.
fn others(set: &HeaderMap, dressed: &HeaderMap) -> Vec<Left> {
    let values = |headers: &HeaderMap, name: &HeaderName| -> Vec<String> {
        headers.get_all(name).into_iter().map(|value| escaped(value.as_bytes())).collect()
    };
    let added = dressed.keys().filter(|name| !set.contains_key(*name));
    let names = set.keys().chain(added).filter(|name| **name != header::SET_COOKIE);
    names
        .map(|name| Left {
            name: name.clone(),
            set: values(set, name),
            leaves: values(dressed, name),
        })
        .collect()
}

/// A cookie's name without a prefix.
fn bare_name(line: &[u8]) -> Vec<u8> {
    let pair = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(0);
    let name = pair[..end].trim_ascii();
    name.strip_prefix(b"__Host-").unwrap_or(name).to_vec()
}

/// A cookie's line, its value left out.
fn without_value(line: &[u8]) -> String {
    let end = line.iter().position(|byte| *byte == b';').unwrap_or(line.len());
    let (pair, attributes) = line.split_at(end);
    let name = pair.iter().position(|byte| *byte == b'=').unwrap_or(0);
    format!("{}=...{}", escaped(pair[..name].trim_ascii()), escaped(attributes))
}
