//! Values of `Origin` that a careless list takes for one of its own.
//!
//! They are made from the origins that should be allowed, from two names drawn for the run and
//! from the public suffix list. Each has its class, and says who can send it: what no browser
//! writes is sent only where that is asked for, and is no page's leave to read.

mod class;
mod emit;
mod grammar;
mod trusted;

pub use class::Class;
pub use emit::Emitter;

use trusted::{Canary, Trusted};

/// Payloads of one operation, at most.
pub const PAYLOADS_MAX: usize = 1_000;
/// Trusted origins that payloads are made of by default.
const TRUSTED_MAX: usize = 3;
/// The same where all of each class are sent: more would not leave room for every class.
const TRUSTED_THOROUGH_MAX: usize = 6;

/// One value of `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its class.
    pub class: Class,
    /// The value.
    pub origin: String,
    /// Who can send it.
    pub emitter: Emitter,
    /// The trusted origin that it was made of.
    pub made_of: String,
}

/// How many payloads are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breadth {
    /// All of each class, not the most telling ones alone.
    pub is_thorough: bool,
    /// Also what no browser sends.
    pub with_raw: bool,
}

/// The payloads for these trusted origins, `null` and strangers first. What is trusted itself, or
/// is `target`, is none.
#[must_use]
pub fn payloads(
    trusted: &[String],
    target: &str,
    canaries: &[String; 2],
    breadth: Breadth,
) -> Vec<Payload> {
    let [Some(first), Some(second)] = [&canaries[0], &canaries[1]].map(|one| Canary::of(one))
    else {
        return Vec::new();
    };
    let mut parts: Vec<Trusted> = trusted.iter().filter_map(|origin| Trusted::of(origin)).collect();
    // An application's origin has no parts to play with; strangers are tried all the same.
    if parts.is_empty() {
        parts.extend(Trusted::of(target));
    }
    let parts_max = if breadth.is_thorough { TRUSTED_THOROUGH_MAX } else { TRUSTED_MAX };
    parts.truncate(parts_max);
    let mut payloads: Vec<Payload> = Vec::new();
    for class in Class::ALL {
        for (at, own) in parts.iter().enumerate() {
            if at > 0 && !breadth.is_thorough && !class.is_for_each() {
                continue;
            }
            let others: Vec<Trusted> = parts.iter().filter(|one| *one != own).cloned().collect();
            let values = grammar::values(class, own, &others, [first, second]);
            let mut left = match (breadth.is_thorough, at) {
                (true, _) => usize::MAX,
                (false, 0) => class.ordinary(),
                (false, _) => 1,
            };
            for origin in values {
                let emitter = Emitter::of(&origin);
                let is_page = matches!(emitter, Emitter::Browser(_));
                let is_wanted = match emitter {
                    Emitter::Browser(_) => left > 0,
                    Emitter::Application => breadth.is_thorough,
                    Emitter::Nobody => breadth.with_raw,
                };
                let is_new = !trusted.contains(&origin)
                    && origin != target
                    && payloads.iter().all(|known| known.origin != origin);
                if is_wanted && is_new && payloads.len() < PAYLOADS_MAX {
                    left = left.saturating_sub(usize::from(is_page));
                    let made_of = own.with_host(&own.host);
                    payloads.push(Payload { class, origin, emitter, made_of });
                }
            }
        }
    }
    payloads
}

#[cfg(test)]
mod tests;
