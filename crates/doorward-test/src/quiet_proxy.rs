//! A proxy in this process: on a port of its own, one thread, no log, and settings that a test
//! changes where it wants to.

use doorward_core::gate::Gate;
use doorward_core::memory::Memory;
use doorward_core::moment::Now;
use doorward_porter::chance::SeededChance;
use doorward_porter::clock::{FixedClock, SystemClock};
use doorward_proxy::settings::{Bounds, Forwarding, LogForm, ProxySettings, Upstream};
use doorward_proxy::{Proxy, StartError};
use doorward_store::{MemoryStore, Sizes, Store};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// The second at which turned clocks begin.
pub const BEGIN_S: u64 = 1_800_000_000;

/// Starts one before `upstream`.
///
/// # Errors
/// When it does not start.
pub fn start(
    upstream: SocketAddr,
    gate: Arc<Gate>,
    edit: impl FnOnce(&mut ProxySettings),
) -> Result<Proxy, StartError> {
    let mut settings = ProxySettings {
        talk: Box::new(|_| {}),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        tls: None,
        http2: true,
        proxy_protocol: Vec::new(),
        threads: 1,
        upstreams: vec![Upstream::from(upstream)],
        forwarding: Forwarding::default(),
        bounds: Bounds { sweep: Duration::from_millis(5), ..Bounds::default() },
        admin: None,
        log: LogForm::Off,
        log_to: Box::new(std::io::sink()),
        clock: Arc::new(SystemClock::new()),
        chance: Arc::new(SeededChance::insecure(8)),
        outside: Arc::default(),
    };
    edit(&mut settings);
    let sizes = Sizes { strangers_max: 100, known_max: 100, claims_max: 10 };
    let store = Arc::new(Store::Memory(MemoryStore::new(sizes, [9; 16])));
    Proxy::start(settings, gate, store, Arc::new(Memory::new(100, [9; 16])))
}

/// So many seconds behind the beginning, by a clock that a test turns.
#[must_use]
pub const fn at(seconds: u64) -> Now {
    Now { steady_ns: seconds * 1_000_000_000, unix_s: BEGIN_S + seconds }
}

/// A clock that stands at the beginning.
#[must_use]
pub fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(at(0)))
}

/// Reads until what was read ends so.
///
/// # Errors
/// With what was read, when nothing more comes.
pub fn read_until(from: &mut impl Read, end: &str) -> Result<String, String> {
    let mut out = Vec::new();
    let mut byte = [0];
    while !out.ends_with(end.as_bytes()) {
        if let Err(error) = from.read_exact(&mut byte) {
            return Err(format!("{error} behind {}", String::from_utf8_lossy(&out)));
        }
        out.push(byte[0]);
    }
    String::from_utf8(out).map_err(|error| error.to_string())
}
