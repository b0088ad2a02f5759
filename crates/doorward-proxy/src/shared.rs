//! What all workers share.

use crate::hints::Hints;
use crate::settings::Bounds;
use crate::setup::Setup;
use arc_swap::ArcSwap;
use doorward_core::memory::Memory;
use doorward_core::moment::Chance;
use doorward_porter::clock::Clock;
use doorward_store::Store;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

/// What all workers share. The setup can be exchanged; the rest stays for the process's life.
pub(crate) struct Shared {
    pub(crate) setup: ArcSwap<Setup>,
    /// Held while the setup is exchanged, so that each exchange builds on the one before.
    pub(crate) exchange: Mutex<()>,
    pub(crate) store: Arc<Store>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) chance: Arc<dyn Chance>,
    pub(crate) bounds: Bounds,
    pub(crate) hints: Hints,
    /// Bytes of bodies that are being held.
    pub(crate) held_bytes: AtomicUsize,
}
