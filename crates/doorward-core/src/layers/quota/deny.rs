//! The deny-list: addresses, callers and tokens that are refused outright. The configuration's own,
//! and beside it what was denied since the gate runs.

use super::Policy;
use crate::address::Prefix;
use crate::denial::{Denial, Denied};
use crate::layers::identity::{Identity, Known, pass_digest};
use crate::layers::pass::Held;
use crate::moment::{Moment, Now};
use crate::pass::id_text;
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

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

    fn of(denials: &[Denial]) -> Self {
        let (mut networks, mut known) = (Vec::new(), Vec::new());
        for Denial { who, until_unix_s, why } in denials {
            let (until_unix_s, why) = (Some(*until_unix_s), why.clone());
            match who {
                Denied::Network(network) => {
                    networks.push(Deny { network: *network, until_unix_s, why });
                }
                Denied::Known { digest, .. } => {
                    known.push(DenyKnown { digest: *digest, until_unix_s, why });
                }
            }
        }
        Self::new(&networks, &known)
    }

    /// The same list of others, for good.
    pub(super) fn endless(networks: &[IpNet], known: &[[u8; 16]]) -> Self {
        let (until_unix_s, why) = (None, String::new());
        let networks: Vec<Deny> = networks
            .iter()
            .map(|network| Deny { network: *network, until_unix_s, why: why.clone() })
            .collect();
        let known: Vec<DenyKnown> = known
            .iter()
            .map(|digest| DenyKnown { digest: *digest, until_unix_s, why: why.clone() })
            .collect();
        Self::new(&networks, &known)
    }

    pub(super) fn has(&self, client: Prefix, now: Now) -> bool {
        self.lengths.iter().any(|length| holds(self.networks.get(&client.cut(*length)), now))
    }

    fn has_known(&self, identity: &Identity, now: Now) -> bool {
        if self.known.is_empty() {
            return false;
        }
        let digests = [Some(identity.user()), identity.token()];
        digests.iter().flatten().any(|digest| holds(self.known.get(digest), now))
    }
}

impl DenyList {
    /// Whether a pass, or who asked for a ticket, is denied.
    fn has_held(&self, held: &Held, now: Now) -> bool {
        if self.known.is_empty() {
            return false;
        }
        self.has_digest(&digests(held), now)
    }

    /// Whether one of these is denied.
    pub(super) fn has_digest(&self, digests: &[Option<[u8; 16]>], now: Now) -> bool {
        digests.iter().flatten().any(|digest| holds(self.known.get(digest), now))
    }
}

/// Who is denied since the gate runs. While nobody is, looking costs one load.
#[derive(Debug, Default)]
pub struct Denials {
    /// Of the list that is in place; 0: none was ever.
    version: AtomicU64,
    has_any: AtomicBool,
    list: RwLock<DenyList>,
}

impl Denials {
    /// Which list is in place.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Puts this list in place of the one before.
    pub fn replace(&self, version: u64, denials: &[Denial]) {
        let list = DenyList::of(denials);
        *self.list.write().unwrap_or_else(PoisonError::into_inner) = list;
        self.has_any.store(!denials.is_empty(), Ordering::Release);
        self.version.store(version, Ordering::Release);
    }
}

/// Whether the configuration's list, or the one of this run, says so.
fn either(policy: &Policy, at: Moment<'_>, says: impl Fn(&DenyList) -> bool) -> bool {
    let denials = &at.memory.denials;
    says(&policy.deny)
        || (denials.has_any.load(Ordering::Acquire)
            && says(&denials.list.read().unwrap_or_else(PoisonError::into_inner)))
}

/// Whether an address is on the deny-list.
pub(super) fn denies_address(policy: &Policy, client: IpAddr, at: Moment<'_>) -> bool {
    let client = Prefix::whole(client);
    either(policy, at, |list| list.has(client, at.now))
}

/// Whether a known caller, its token, or the visitor that it acts for is on the deny-list.
pub(crate) fn denies(policy: &Policy, known: &Known, at: Moment<'_>) -> bool {
    either(policy, at, |list| {
        let is_denied = |visitor| list.has(Prefix::whole(visitor), at.now);
        list.has_known(&known.identity, at.now) || known.visitor.is_some_and(is_denied)
    })
}

/// Whether the pass of a request, or who asked for its ticket, is on the deny-list.
pub(crate) fn denies_held(policy: &Policy, held: &Held, at: Moment<'_>) -> bool {
    either(policy, at, |list| list.has_held(held, at.now))
}

/// Whether whoever opened a stream is on the deny-list by now: its address, and what it was known
/// by.
pub(crate) fn denies_stream(
    policy: &Policy,
    addresses: impl Iterator<Item = IpAddr> + Clone,
    (identity, held): (Option<&Identity>, &[Option<[u8; 16]>]),
    at: Moment<'_>,
) -> bool {
    either(policy, at, |list| {
        let mut addresses = addresses.clone().map(Prefix::whole);
        addresses.any(|address| list.has(address, at.now))
            || identity.is_some_and(|identity| list.has_known(identity, at.now))
            || list.has_digest(held, at.now)
    })
}

/// What the deny-list can name of a pass, and of who asked for a ticket.
pub(crate) fn digests(held: &Held) -> [Option<[u8; 16]>; 2] {
    [held.pass.map(|id| pass_digest(&id_text(&id))), held.user]
}

/// Whether an entry is there, and has not ended.
fn holds(until: Option<&Option<u64>>, now: Now) -> bool {
    until.is_some_and(|until| until.is_none_or(|until| now.unix_s <= until))
}
