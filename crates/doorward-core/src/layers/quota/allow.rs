//! The allow-list: addresses and callers that no limit counts and no strike touches. They are
//! judged like any other, and denied where they are on the other list too.

use super::deny::DenyList;
use super::limit::Counted;
use crate::address::Prefix;
use crate::moment::Now;
use ipnet::IpNet;
use std::net::IpAddr;

/// Whom no limit counts.
#[derive(Clone, Debug, Default)]
pub struct Allow {
    /// Networks.
    pub networks: Vec<IpNet>,
    /// Known callers: [`user_digest`](crate::layers::identity::user_digest).
    pub known: Vec<[u8; 16]>,
}

/// The same, made ready.
#[derive(Debug)]
pub(super) struct AllowList(Option<DenyList>);

/// The list has no ends, so that any time does.
const ANY: Now = Now { steady_ns: 0, unix_s: 0 };

impl AllowList {
    pub(super) fn new(allow: &Allow) -> Self {
        let is_empty = allow.networks.is_empty() && allow.known.is_empty();
        Self((!is_empty).then(|| DenyList::endless(&allow.networks, &allow.known)))
    }

    /// Whether nobody is on it.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether an address is on it.
    pub(super) fn has(&self, client: IpAddr) -> bool {
        self.0.as_ref().is_some_and(|list| list.has(Prefix::whole(client), ANY))
    }

    /// Whether a caller is on it, by its name or by its address, unless that is a proxy's. Whoever
    /// acts for a visitor is counted as that visitor.
    pub(super) fn has_counted(&self, counted: Counted<'_>, is_proxy: bool) -> bool {
        let Some(list) = &self.0 else { return false };
        let is_address = !is_proxy && list.has(Prefix::whole(counted.client), ANY);
        is_address || list.has_digest(&[counted.user], ANY)
    }
}
