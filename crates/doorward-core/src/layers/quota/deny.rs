//! The deny-list: addresses, callers and tokens that are refused outright.

use crate::address::Prefix;
use crate::layers::identity::{Identity, pass_digest};
use crate::layers::pass::Held;
use crate::moment::Now;
use crate::pass::id_text;
use ipnet::IpNet;
use std::collections::HashMap;

/// An address that is refused outright.
#[derive(Clone, Debug)]
pub struct Deny {
    /// Whom.
    pub network: IpNet,
    /// Until which second; none: for good.
    pub until_unix_s: Option<u64>,
    /// Why, for the operator.
    pub why: String,
}

/// A known caller, one of its tokens, or a pass, that is refused outright.
#[derive(Clone, Debug)]
pub struct DenyKnown {
    /// Whom: [`user_digest`](crate::layers::identity::user_digest),
    /// [`token_digest`](crate::layers::identity::token_digest) or [`pass_digest`].
    pub digest: [u8; 16],
    /// Until which second; none: for good.
    pub until_unix_s: Option<u64>,
    /// Why, for the operator.
    pub why: String,
}

/// Who is refused, each until a second or for good. Networks are looked up once for each length
/// that occurs.
#[derive(Debug, Default)]
pub(super) struct DenyList {
    lengths: Vec<u8>,
    networks: HashMap<Prefix, Option<u64>>,
    known: HashMap<[u8; 16], Option<u64>>,
}

impl DenyList {
    pub(super) fn new(networks: &[Deny], known: &[DenyKnown]) -> Self {
        let mut out = Self::default();
        for entry in networks {
            let prefix = Prefix::of_network(entry.network);
            let length = prefix.parts().1;
            if !out.lengths.contains(&length) {
                out.lengths.push(length);
            }
            out.networks.insert(prefix, entry.until_unix_s);
        }
        out.known = known.iter().map(|entry| (entry.digest, entry.until_unix_s)).collect();
        out
    }

    pub(super) fn has(&self, client: Prefix, now: Now) -> bool {
        self.lengths.iter().any(|length| holds(self.networks.get(&client.cut(*length)), now))
    }

    pub(super) fn has_known(&self, identity: &Identity, now: Now) -> bool {
        if self.known.is_empty() {
            return false;
        }
        let digests = [Some(identity.user()), identity.token()];
        digests.iter().flatten().any(|digest| holds(self.known.get(digest), now))
    }
}

impl DenyList {
    /// Whether a pass, or who asked for a ticket, is denied.
    pub(super) fn has_held(&self, held: &Held, now: Now) -> bool {
        if self.known.is_empty() {
            return false;
        }
        let pass = held.pass.map(|id| pass_digest(&id_text(&id)));
        [pass, held.user].iter().flatten().any(|digest| holds(self.known.get(digest), now))
    }
}

/// Whether an entry is there, and has not ended.
fn holds(until: Option<&Option<u64>>, now: Now) -> bool {
    until.is_some_and(|until| until.is_none_or(|until| now.unix_s <= until))
}
