//! What all workers share.

use crate::counts::Counts;
use crate::hints::Hints;
use crate::metrics::Metrics;
use crate::settings::Bounds;
use crate::setup::Setup;
use crate::tls::Tls;
use arc_swap::ArcSwap;
use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_core::moment::{Chance, Now};
use doorward_porter::Outside;
use doorward_porter::clock::Clock;
use doorward_porter::leave::World;
use doorward_store::Store;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

/// What all workers share. The setup can be exchanged; the rest stays for the process's life.
pub(crate) struct Shared {
    pub(crate) setup: ArcSwap<Setup>,
    /// Held while the setup is exchanged, so that each exchange builds on the one before.
    pub(crate) exchange: Mutex<()>,
    pub(crate) store: Arc<Store>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) outside: Arc<Outside>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Arc<dyn Chance>,
    pub(crate) bounds: Bounds,
    pub(crate) hints: Hints,
    pub(crate) metrics: Arc<Metrics>,
    /// None where clients speak plain HTTP.
    pub(crate) tls: Option<Tls>,
    pub(crate) http2: bool,
    /// Peers that send a PROXY line.
    pub(crate) proxy_protocol: Vec<IpNet>,
    pub(crate) counts: Counts,
    /// Bytes of bodies that are being held.
    pub(crate) held_bytes: AtomicUsize,
}

impl World for Shared {
    fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.setup.load().gate)
    }

    fn outside(&self) -> &Outside {
        &self.outside
    }

    fn now(&self) -> Now {
        self.clock.now()
    }

    fn chance(&self) -> &dyn Chance {
        &*self.chance
    }

    fn memory(&self) -> &Memory {
        &self.memory
    }

    fn store(&self) -> &Store {
        &self.store
    }
}

impl Shared {
    /// Whether a peer tells by a PROXY line whom it speaks for.
    pub(crate) fn is_told_by(&self, peer: IpAddr) -> bool {
        if self.proxy_protocol.is_empty() {
            return false;
        }
        let peer = doorward_core::address::unwrap(peer);
        self.proxy_protocol.iter().any(|net| net.contains(&peer))
    }
}
