//! A client of a worker that serves nobody, for tests from within.

use crate::client::Client;
use crate::counts::Counts;
use crate::hints::Hints;
use crate::log::LogBuffer;
use crate::metrics::Metrics;
use crate::settings::{Bounds, Forwarding, LogForm, Upstream};
use crate::setup::Setup;
use crate::shared::Shared;
use crate::worker::Worker;
use arc_swap::ArcSwap;
use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_core::moment::Now;
use doorward_core::settings::Settings;
use doorward_porter::chance::SeededChance;
use doorward_porter::clock::FixedClock;
use doorward_store::{MemoryStore, Sizes, Store};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// That second since 1970.
pub(crate) fn at(unix_s: u64) -> Now {
    Now { steady_ns: 0, unix_s }
}

/// A client of a gate whose clock is in the test's hands.
pub(crate) fn client(clock: &Arc<FixedClock>) -> Client {
    let here = SocketAddr::from(([127, 0, 0, 1], 1));
    let gate = Gate::new(&Settings::public()).expect("the settings are right");
    let setup = Setup::new(gate, vec![Upstream::from(here)], Forwarding::default(), None);
    let setup = setup.expect("one upstream");
    let metrics = Arc::new(Metrics::new(&setup));
    let cells = metrics.cells(0);
    let sizes = Sizes { strangers_max: 10, known_max: 10, claims_max: 10 };
    let shared = Shared {
        setup: ArcSwap::from_pointee(setup),
        exchange: Mutex::new(()),
        store: Arc::new(Store::Memory(MemoryStore::new(sizes, [1; 16]))),
        memory: Arc::new(Memory::new(10, [1; 16])),
        clock: Arc::clone(clock) as _,
        chance: Arc::new(SeededChance::insecure(1)),
        bounds: Bounds { sweep: Duration::from_millis(1), ..Bounds::default() },
        hints: Hints::new(Box::new(|_| {})),
        outside: Arc::default(),
        metrics,
        tls: None,
        http2: true,
        proxy_protocol: Vec::new(),
        counts: Counts::default(),
        held_bytes: 0.into(),
    };
    let log = Arc::new(LogBuffer::new(LogForm::Off, None));
    Client::new(Arc::new(Worker::new(Arc::new(shared), log, cells)), here)
}
