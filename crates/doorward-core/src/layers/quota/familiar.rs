//! Networks from which an account has signed in before. Whoever fails for it elsewhere locks it out
//! elsewhere, and not there.

use super::sign_in::place_of;
use crate::address::Prefix;
use crate::crypto;
use quick_cache::sync::Cache;
use std::net::IpAddr;

/// Accounts with a network that are kept; one that was not seen for long is forgotten first.
const FAMILIAR_MAX: usize = 64 * 1024;

/// An account in a network, by a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Here([u8; 32]);

/// Where accounts have signed in. Only what succeeded is kept: nobody fills it with what he makes
/// up.
pub(crate) struct Familiar(Cache<Here, ()>);

impl Here {
    /// An account in the neighbourhood of an address: people's addresses change within it. Its name
    /// is taken as it came: whoever has another account that looks the same is not it.
    pub(super) fn of(account: &str, client: IpAddr) -> Self {
        let network = Prefix::neighbourhood(client).to_string();
        let parts = [b"familiar\n", network.as_bytes(), b"\n", account.as_bytes()];
        Self(crypto::sha256(&parts.concat()))
    }

    /// Where its attempts are counted.
    pub(super) fn place(self) -> Prefix {
        place_of(&self.0)
    }
}

impl Familiar {
    pub(super) fn has(&self, here: Here) -> bool {
        self.0.get(&here).is_some()
    }

    /// It has signed in.
    pub(crate) fn note(&self, here: Here) {
        self.0.insert(here, ());
    }
}

impl Default for Familiar {
    fn default() -> Self {
        Self(Cache::new(FAMILIAR_MAX))
    }
}
