//! API keys: 256 random bits that a program sends. Only their SHA-256 is kept.

use super::place::Place;
use super::who::{Facts, Identity, KEY_ISSUER, Kind};
use super::{Bound, Reason};
use crate::crypto;
use crate::header::One;
use crate::moment::{Chance, Now};
use crate::visit::Visit;
use std::collections::HashMap;
use std::sync::Arc;

/// What a key begins with, so that people and secret scanners know one.
pub const KEY_PREFIX: &str = "dwk1_";
/// Random bytes of a key.
const RANDOM_BYTES: usize = 32;
/// Hexadecimal digits of a key's checksum: a typing error is told from a wrong key.
const CHECKSUM_DIGITS: usize = 8;
/// Bytes of a key.
pub const KEY_TEXT_BYTES: usize = KEY_PREFIX.len() + 2 * RANDOM_BYTES + CHECKSUM_DIGITS;

/// A key, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id: what its caller is known by, in logs and shares.
    pub id: String,
    /// SHA-256 of its text.
    pub sha256: [u8; 32],
    /// What it may do.
    pub scopes: Vec<String>,
    /// The second since 1970 at which it ends; none: it does not.
    pub ends_unix_s: Option<u64>,
    /// It was revoked.
    pub is_revoked: bool,
    /// A server that renders pages holds it, and may name the visitor whose share is charged.
    pub acts_for_visitors: bool,
    /// A test's or a monitor's browser holds it: it may come with a browser's headers.
    pub as_page: bool,
}

/// What the configuration says about keys.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// Where they stand in a request.
    pub place: Place,
    /// All that were created.
    pub keys: Vec<ApiKey>,
}

/// The text of a new key: shown once, never kept.
#[must_use]
pub fn draw(chance: &dyn Chance) -> String {
    let mut random = [0; RANDOM_BYTES];
    chance.fill(&mut random);
    let mut text = String::with_capacity(KEY_TEXT_BYTES);
    text.push_str(KEY_PREFIX);
    text.push_str(&crypto::hex(&random));
    let sum = checksum(&text);
    text.push_str(&sum);
    text
}

/// What is kept of a key.
#[must_use]
pub fn hash(text: &str) -> [u8; 32] {
    crypto::sha256(text.as_bytes())
}

fn checksum(text: &str) -> String {
    crypto::hex(&crypto::sha256(text.as_bytes())[..CHECKSUM_DIGITS / 2])
}

/// Whether it looks like a key of this gate's.
pub(super) fn is_key(text: &str) -> bool {
    text.starts_with(KEY_PREFIX)
}

/// All keys, by their hash: looking one up tells nothing about another.
#[derive(Debug, Default)]
pub(super) struct Keys(HashMap<[u8; 32], Known>);

#[derive(Debug)]
struct Known {
    identity: Arc<Identity>,
    is_revoked: bool,
    acts_for_visitors: bool,
    as_page: bool,
}

impl Keys {
    pub(super) fn new(list: &[ApiKey]) -> Self {
        Self(list.iter().map(|key| (key.sha256, Known::new(key))).collect())
    }

    /// Judges a key. Where it names a visitor, whose share is charged, his address comes along.
    pub(super) fn judge(
        &self,
        text: &str,
        visit: &Visit<'_>,
        now: Now,
    ) -> Result<(Arc<Identity>, Option<std::net::IpAddr>), Reason> {
        let sum = text.len().checked_sub(CHECKSUM_DIGITS).and_then(|at| text.split_at_checked(at));
        let is_whole = text.len() == KEY_TEXT_BYTES
            && sum.is_some_and(|(rest, sum)| is_key(rest) && checksum(rest) == sum);
        if !is_whole {
            return Err(Reason::KeyMalformed);
        }
        let known = self.0.get(&hash(text)).ok_or(Reason::KeyUnknown)?;
        if known.is_revoked {
            return Err(Reason::KeyRevoked);
        }
        if known.identity.ends_unix_s.is_some_and(|ends| ends <= now.unix_s) {
            return Err(Reason::Expired);
        }
        if !known.as_page && is_from_a_browser(visit) {
            return Err(Reason::KeyInBrowser);
        }
        let visitor = match visit.seen.visitor {
            One::Absent => None,
            // Others' keys charge their own share, whoever they name.
            _ if !known.acts_for_visitors => None,
            One::Value(text) => Some(text.parse().map_err(|_| Reason::Visitor)?),
            One::Repeated | One::Unreadable => return Err(Reason::Visitor),
        };
        Ok((Arc::clone(&known.identity), visitor))
    }
}

impl Keys {
    /// Whether the key with this id is still good.
    pub(super) fn inspect_id(&self, id: &str) -> Result<(), Reason> {
        let mut all = self.0.values();
        let known = all.find(|known| known.identity.subject() == id).ok_or(Reason::KeyUnknown)?;
        if known.is_revoked { Err(Reason::KeyRevoked) } else { Ok(()) }
    }
}

impl Known {
    fn new(key: &ApiKey) -> Self {
        let identity = Identity::new(Facts {
            kind: Kind::Key,
            issuer: KEY_ISSUER,
            subject: &key.id,
            scopes: &key.scopes.join(" "),
            token_id: None,
            begins_unix_s: 0,
            ends_unix_s: key.ends_unix_s,
            by: None,
            bound: Bound::default(),
            claims: None,
        });
        Self {
            identity: Arc::new(identity),
            is_revoked: key.is_revoked,
            acts_for_visitors: key.acts_for_visitors,
            as_page: key.as_page,
        }
    }
}

/// Whether a browser sent it: only browsers write these by themselves. `Sec-Fetch-Mode` alone is
/// none of them: Node's `fetch` sends it with every request, and no browser sends it alone.
pub(super) fn is_from_a_browser(visit: &Visit<'_>) -> bool {
    let seen = &visit.seen;
    [seen.origin, seen.fetch_site, seen.fetch_dest].iter().any(|one| !one.is_absent())
}
