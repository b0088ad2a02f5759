//! The layer, and what it is made of.

use crate::mount::{Gated, Mount};
use crate::observe::{Observe, Observed};
use crate::peer::{self, PeerSource};
use crate::view::FIDELITY;
use doorward_core::gate::{Gate, Misfit};
use doorward_core::layers::Need;
use doorward_core::memory::Memory;
use doorward_core::moment::Chance;
use doorward_porter::Outside;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, SystemClock};
use doorward_store::Store;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tower::Layer;

/// Bytes of a head at the most, as far as a parsed one shows them.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Bytes of bodies that are held at once, of all requests together.
const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long the whole of a held body may take to come.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// Puts a gate before an application. Its copies share all that they remember.
#[derive(Clone)]
pub struct GateLayer {
    mount: Arc<Mount>,
}

/// Limits that are the mounting's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) head_bytes_max: usize,
    pub(crate) held_bytes_max: usize,
    pub(crate) body_wait: Duration,
}

/// The gate enforces layers that this mounting cannot carry, and nobody said that it may go
/// without.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tower layer cannot carry {}: see `Builder::insecure_partial`", listed(.misfits))]
pub struct NotCarried {
    /// The layers, and what each would need.
    pub misfits: Vec<Misfit>,
}

fn listed(misfits: &[Misfit]) -> String {
    let told = misfits.iter().map(|misfit| {
        let need = match misfit.need {
            Need::RawHead => "the head's own bytes",
            Need::Dress => "changing answers' headers",
            Need::Edits => "changing requests' headers",
            Need::Pages => "writing into answers' bodies",
        };
        format!("`{}` (it needs {need})", misfit.layer)
    });
    told.collect::<Vec<String>>().join(", ")
}

impl GateLayer {
    /// Begins a layer of a gate, of the store that its limits count in, and of the process's memory
    /// of strikes. Several layers may share the latter two.
    pub fn builder(gate: Arc<Gate>, store: Arc<Store>, memory: Arc<Memory>) -> Builder {
        Builder {
            mount: Mount {
                gate,
                store,
                memory,
                outside: Arc::new(Outside::unreachable()),
                clock: Arc::new(SystemClock::new()),
                chance: Arc::new(SystemChance),
                peer: peer::of_extension,
                observe: None,
                bounds: Bounds {
                    head_bytes_max: HEAD_BYTES_MAX,
                    held_bytes_max: HELD_BYTES_MAX,
                    body_wait: BODY_WAIT,
                },
                held_bytes: AtomicUsize::new(0),
            },
            partial: Vec::new(),
        }
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Gated<S> {
        Gated::new(inner, Arc::clone(&self.mount))
    }
}

impl fmt::Debug for GateLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateLayer").field("bounds", &self.mount.bounds).finish_non_exhaustive()
    }
}

/// A layer that is being made. Every word has a default but [`Builder::insecure_partial`].
#[must_use = "`build` makes the layer"]
pub struct Builder {
    mount: Mount,
    partial: Vec<String>,
}

impl Builder {
    /// Layers of the gate that may be carried in part, by their ids. `message` always has to be
    /// among them: the server has read the head before the gate sees it, and what it made one of
    /// two readings of cannot be told any more.
    pub fn insecure_partial<N: Into<String>>(
        mut self,
        layers: impl IntoIterator<Item = N>,
    ) -> Self {
        self.partial.extend(layers.into_iter().map(Into::into));
        self
    }

    /// Where a request's peer is found; by default in the extension [`Peer`](crate::Peer).
    pub const fn peer_from(mut self, source: PeerSource) -> Self {
        self.mount.peer = source;
        self
    }

    /// Has somebody told of each request when its answer has ended. Called on the request's own
    /// task: it must not wait.
    pub fn observe(mut self, observe: impl Fn(&Observed<'_>) + Send + Sync + 'static) -> Self {
        let observe: Observe = Arc::new(observe);
        self.mount.observe = Some(observe);
        self
    }

    /// Where issuers of tokens are asked for their keys; by default nowhere: keys that the gate has
    /// not read by then are not known.
    pub fn outside(mut self, outside: Arc<Outside>) -> Self {
        self.mount.outside = outside;
        self
    }

    /// The clock that requests are judged by; by default the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.mount.clock = clock;
        self
    }

    /// Where random bytes come from; by default the machine.
    pub fn chance(mut self, chance: Arc<dyn Chance>) -> Self {
        self.mount.chance = chance;
        self
    }

    /// Bytes of a head at the most: of its target, its names and its values; by default 64 KiB.
    pub const fn head_bytes_max(mut self, bytes: usize) -> Self {
        self.mount.bounds.head_bytes_max = bytes;
        self
    }

    /// Bytes of bodies that are held for their verdicts at once, of all requests together; by
    /// default 64 MiB.
    pub const fn held_bytes_max(mut self, bytes: usize) -> Self {
        self.mount.bounds.held_bytes_max = bytes;
        self
    }

    /// How long the whole of a held body may take to come; by default 30 seconds, by tokio's timer.
    pub const fn body_wait(mut self, wait: Duration) -> Self {
        self.mount.bounds.body_wait = wait;
        self
    }

    /// The layer.
    ///
    /// # Errors
    /// When the gate enforces or monitors a layer that cannot be carried whole here, and that
    /// [`Builder::insecure_partial`] does not name.
    pub fn build(self) -> Result<GateLayer, NotCarried> {
        let mut misfits = self.mount.gate.misfits(FIDELITY);
        misfits.retain(|misfit| !self.partial.iter().any(|layer| layer == misfit.layer));
        if !misfits.is_empty() {
            return Err(NotCarried { misfits });
        }
        self.mount.memory.begin(self.mount.clock.now());
        Ok(GateLayer { mount: Arc::new(self.mount) })
    }
}
