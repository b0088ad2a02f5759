//! What callers are told of their shares: `RateLimit` and `RateLimit-Policy`, as the tenth draft
//! of draft-ietf-httpapi-ratelimit-headers has them, and `Retry-After`.

use super::limit::Limit;
use crate::moment::Chance;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use std::fmt::Write;

/// Both headers' values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    rate_limit: HeaderValue,
    policy: HeaderValue,
}

static RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What a page may read of them.
static EXPOSED: HeaderValue = HeaderValue::from_static("RateLimit, RateLimit-Policy");

/// Each limit with what is left of it, and the seconds until it is whole again. None: there is
/// nothing to tell. A limit's name needs no escapes.
pub(crate) fn write<'l>(shares: impl Iterator<Item = (&'l Limit, u32, u64)>) -> Option<Told> {
    let (mut rate_limit, mut policy) = (String::new(), String::new());
    for (limit, left, reset_s) in shares {
        let comma = if policy.is_empty() { "" } else { ", " };
        let (quantity, window_s) = limit.policy();
        let name = &limit.name;
        let written = write!(rate_limit, "{comma}\"{name}\";r={left};t={reset_s}")
            .and_then(|()| write!(policy, "{comma}\"{name}\";q={quantity};w={window_s}"));
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    let values = (HeaderValue::try_from(rate_limit), HeaderValue::try_from(policy));
    let (Ok(rate_limit), Ok(policy)) = values else { return None };
    (!policy.is_empty()).then_some(Told { rate_limit, policy })
}

impl Told {
    /// What is told of a budget that does not suffice.
    pub(crate) fn of_budget(rate_limit: String, policy: String) -> Option<Self> {
        let values = (HeaderValue::try_from(rate_limit), HeaderValue::try_from(policy));
        let (Ok(rate_limit), Ok(policy)) = values else { return None };
        Some(Self { rate_limit, policy })
    }

    /// Writes them in place of whatever the backend has said.
    pub(crate) fn dress(self, headers: &mut HeaderMap) {
        headers.insert(RATE_LIMIT.clone(), self.rate_limit);
        headers.insert(POLICY.clone(), self.policy);
    }

    /// The same, where an allowed page reads the answer.
    pub(crate) fn dress_exposed(self, headers: &mut HeaderMap) {
        self.dress(headers);
        // Other lines stay as they are: all of them count (Fetch 3.3.5).
        headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED.clone());
    }
}

/// Seconds after which somebody may come again, and up to a tenth more, five at the most: those who
/// were refused together do not come back together. It says nothing of the reason.
pub(crate) fn retry_s(wait_ns: u64, chance: &dyn Chance) -> u64 {
    let seconds = wait_ns.div_ceil(1_000_000_000).max(1);
    let more = (seconds / 10).min(5);
    let mut byte = [0; 1];
    if more > 0 {
        chance.fill(&mut byte);
    }
    // A byte has no more than these few results, almost evenly.
    seconds + u64::from(byte[0]) % (more + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Byte(u8);

    impl Chance for Byte {
        fn fill(&self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }

    #[test]
    fn a_wait_is_longer_by_a_tenth_at_the_most_and_never_shorter() {
        let second = 1_000_000_000;
        for (wait_ns, byte, want) in [
            (0, 255, 1),
            (1, 255, 1),
            (9 * second, 255, 9),
            (10 * second, 0, 10),
            (10 * second, 1, 11),
            (10 * second, 2, 10),
            (40 * second, 4, 44),
            (86_400 * second, 0, 86_400),
            (86_400 * second, 5, 86_405),
            (86_400 * second, 6, 86_400),
        ] {
            assert_eq!(retry_s(wait_ns, &Byte(byte)), want, "{wait_ns} {byte}");
        }
    }
}
