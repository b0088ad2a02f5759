//! A gate of the lab's: from the text of a configuration, as a user would write it, to a running
//! proxy before the backend.

mod clock;
mod file;

pub(crate) use clock::{LabClock, turned_on};
pub use file::{Layer, Layers, config_text};

use crate::backend::Admission;
use crate::webhooks;
use doorward_config::key_file::{self, KEY_ID_PREFIX, KeyRecord};
use doorward_config::{Given, Outside as Files, Upstream as Configured, UpstreamAddress, load};
use doorward_core::crypto::{MacKey, from_base64url};
use doorward_core::gate::Gate as Core;
use doorward_core::layers::identity::{ApiKey, draw, hash};
use doorward_core::memory::Memory;
use doorward_core::moment::Chance;
use doorward_core::secret::Secret;
use doorward_porter::Outside as World;
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::Clock;
use doorward_porter::outside::OutsideSettings;
use doorward_proxy::settings::{Bounds, Forwarding, LogForm, ProxySettings, Upstream};
use doorward_proxy::{Proxy, StartError};
use doorward_store::{MemoryStore, Sizes, Store};
use http::request::Parts;
use ipnet::IpNet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;

/// Why a gate does not start.
#[derive(Debug, Error)]
pub enum GateError {
    /// Its configuration is wrong: everything that is, with places and hints.
    #[error("the gate's configuration is wrong\n{0}")]
    Config(String),
    /// It cannot listen.
    #[error("the gate does not start")]
    Start(#[from] StartError),
    /// It cannot look outside.
    #[error("the gate has no thread for what is outside")]
    World(#[source] io::Error),
    /// It is to send requests where the lab has nobody.
    #[error("an upstream of the lab is http:// with an address and a port")]
    Upstream,
}

/// A running gate. Dropped, it drains on a thread of its own.
pub(crate) struct Gate {
    /// Behind a lock only so that the scene can be lent between threads.
    proxy: Mutex<Option<Proxy>>,
    address: SocketAddr,
    clock: Arc<LabClock>,
    core: Arc<Core>,
    admission: MacKey,
    gate_id: String,
}

/// The integration's key: what a program presents, and what the gate knows of it.
pub(crate) struct Key {
    /// The key itself.
    pub(crate) text: String,
    file: Vec<u8>,
}

impl Key {
    pub(crate) fn new(now_unix_s: u64) -> Self {
        let text = draw(&SystemChance);
        let key = ApiKey {
            id: format!("{KEY_ID_PREFIX}0000001a"),
            sha256: hash(&text),
            scopes: Vec::new(),
            ends_unix_s: None,
            is_revoked: false,
            acts_for_visitors: false,
            as_page: false,
        };
        let name = "integration".to_owned();
        let record = KeyRecord { name, created_unix_s: now_unix_s, revoked_unix_s: None, key };
        Self { text, file: key_file::write(&[record]).into_bytes() }
    }
}

/// What the lab's own environment has: the paid service's key, as it is sent.
const PAID_AI: &str = "PAID_AI_AUTHORIZATION";

/// And what the payment provider and the code host sign with.
const WEBHOOK_SECRET: &str = "WEBHOOK_SECRET";

/// The keys that a gate of the lab's has.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    /// The integration's.
    pub(crate) integration: &'a Key,
    /// The paid service's.
    pub(crate) paid_ai: &'a str,
}

/// The lab's own file and its keys, in place of the machine's.
struct Lent<'a> {
    config: &'a str,
    keys: Keys<'a>,
}

impl Files for Lent<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            PAID_AI => Some(format!("Bearer {}", self.keys.paid_ai)),
            WEBHOOK_SECRET => Some(webhooks::SECRET.to_owned()),
            _ => None,
        }
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let is_keys = path.file_name().is_some_and(|name| name == key_file::KEY_FILE_NAME);
        Ok(if is_keys {
            self.keys.integration.file.clone()
        } else {
            self.config.as_bytes().to_vec()
        })
    }
}

impl Gate {
    /// Starts a gate with this configuration before the upstreams that it names.
    pub(crate) fn start(config: &str, keys: Keys<'_>) -> Result<Self, GateError> {
        let given = Given {
            file: Some(PathBuf::from("doorward.toml")),
            listen: Some("127.0.0.1:0".to_owned()),
            ..Given::default()
        };
        let secret = seed::<32>();
        let checked = load(&given, &Lent { config, keys }, secret)
            .map_err(|report| GateError::Config(report.to_string()))?;
        let own_clock = Arc::<LabClock>::default();
        let clock: Arc<dyn Clock> = Arc::<LabClock>::clone(&own_clock);
        let outside = OutsideSettings::new(Arc::clone(&clock), Arc::new(SystemChance));
        let upstreams = checked.upstreams.iter().map(upstream).collect::<Result<_, _>>()?;
        let settings = ProxySettings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            http2: false,
            // Only the tap before it knows where it is, and says whose connection it is.
            proxy_protocol: vec![IpNet::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST))],
            threads: 1,
            upstreams,
            forwarding: Forwarding::default(),
            bounds: Bounds { drain: Duration::from_secs(1), ..Bounds::default() },
            admin: None,
            log: LogForm::Off,
            log_to: Box::new(io::sink()),
            talk: Box::new(|_| {}),
            clock,
            chance: Arc::new(SystemChance),
            outside: World::start(outside).map_err(GateError::World)?,
        };
        let store = Store::Memory(MemoryStore::new(Sizes::default(), seed()));
        let memory = Memory::new(1_000, seed());
        let core = Arc::clone(&checked.gate);
        let admission = MacKey::new(&checked.settings.credential.admission_key);
        let gate_id = checked.settings.gate_id.clone();
        let proxy = Proxy::start(settings, checked.gate, Arc::new(store), Arc::new(memory))?;
        Ok(Self {
            address: proxy.address(),
            proxy: Mutex::new(Some(proxy)),
            clock: own_clock,
            core,
            admission,
            gate_id,
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its clock.
    pub(crate) const fn clock(&self) -> &Arc<LabClock> {
        &self.clock
    }

    /// What decides in it, for predictions.
    pub(crate) const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// What a backend behind it checks: whether this very request came through the gate.
    pub(crate) fn admission(&self) -> Admission {
        let (key, gate_id) = (self.admission.clone(), self.gate_id.clone());
        Box::new(move |head| is_admitted(&key, &gate_id, head))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        // It waits for what is in flight, which nobody here should.
        let proxy = self.proxy.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        std::thread::spawn(move || drop(proxy));
    }
}

/// Where a gate of the lab's sends requests: to this machine alone.
fn upstream(configured: &Configured) -> Result<Upstream, GateError> {
    let UpstreamAddress::Http { host, port } = &configured.address else {
        return Err(GateError::Upstream);
    };
    let address: Ipv4Addr = host.parse().map_err(|_| GateError::Upstream)?;
    Ok(Upstream::from(SocketAddr::from((address, *port))))
}

/// Checks the proof of admission by its published form.
fn is_admitted(key: &MacKey, gate_id: &str, head: &Parts) -> bool {
    let mut proofs = head.headers.get_all("doorward-admitted").iter();
    let (Some(proof), None) = (proofs.next(), proofs.next()) else { return false };
    let fields: Vec<&str> = proof.to_str().unwrap_or_default().split('.').collect();
    let [version, time, id, identity, digest, mac] = fields.as_slice() else { return false };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let signed: String =
        [version, gate_id, time, id, head.method.as_str(), target, identity, digest]
            .iter()
            .map(|field| format!("{}:{field}", field.len()))
            .collect();
    let mac = from_base64url(mac).unwrap_or_default();
    Secret::new(key.sign(signed.as_bytes())).matches(&mac)
}

/// Random bytes of the machine's.
pub(crate) fn seed<const N: usize>() -> [u8; N] {
    let mut seed = [0; N];
    SystemChance.fill(&mut seed);
    seed
}

#[cfg(test)]
mod tests {
    use super::{Gate, Key, Keys, Layer, Layers, config_text};
    use crate::scenario::{Side, all};
    use crate::sites::{Naming, Sites, USUAL_PORTS};

    /// Whatever somebody switches off on the page, there is a gate.
    #[test]
    fn every_story_starts_with_any_layers() {
        let sites = Sites { naming: Naming::Names, ports: USUAL_PORTS, tls: false };
        let key = Key::new(1_000_000_000);
        let keys = Keys { integration: &key, paid_ai: "sk-paid-0123456789" };
        let one = |layer| [Layers::Only(layer), Layers::Without([layer].into())];
        let all_layers =
            || std::iter::once(Layers::All).chain(Layer::ALL.into_iter().flat_map(one));
        for scenario in all().expect("stories").iter().filter(|one| one.has_gate()) {
            let upstream = "http://127.0.0.1:3000";
            let said = scenario.gate.config.replace("{backend}", upstream);
            let said = sites.fill(&said.replace("{paid-ai}", upstream), Side::On);
            for layers in all_layers() {
                let text = config_text("http://shop.localhost:5173", upstream, &said, &layers);
                let started = Gate::start(&text.expect("TOML"), keys);
                if let Err(error) = started {
                    panic!("{} with {layers:?}: {error}", scenario.id);
                }
            }
        }
    }
}
