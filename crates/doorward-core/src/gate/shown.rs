//! What clients show without being asked, and whose it is.

use super::Gate;
use crate::fingerprint::shown::OfClient;
use crate::view::View;

impl Gate {
    /// Whether mountings shall look at what clients show. Where not, they need not pay for it.
    #[must_use]
    pub const fn looks(&self) -> bool {
        self.fingerprint.is_wanted
    }

    /// What is known of the client itself: by its own connection, or by the word of a trusted
    /// proxy.
    #[must_use]
    pub fn of_client<'v>(&self, view: &View<'v>) -> OfClient<'v> {
        self.fingerprint.of_client(view, &self.client_ip)
    }

    /// Whether a client has written the header in which trusted proxies tell fingerprints. It is
    /// not believed and goes no further; whoever mounts the gate counts it.
    #[must_use]
    pub fn is_fingerprint_claimed(&self, view: &View<'_>) -> bool {
        self.fingerprint.is_claimed(view, &self.client_ip)
    }
}
