//! A gate that believes one issuer, and requests at it.

use bytes::Bytes;
use doorward_core::address::Prefix;
use doorward_core::fault::Fault;
use doorward_core::fingerprint::shown::Shown;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{Algorithm, Issuer, IssuerSettings, KeysFrom, KeysUrl};
use doorward_core::memory::Memory;
use doorward_core::moment::{Moment, Now, RequestId};
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::verdict::Verdict;
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_porter::chance::SystemChance;
use doorward_porter::clock::{Clock, FixedClock};
use doorward_porter::outside::{Note, Outside, OutsideSettings};
use doorward_porter::{Hold, Reach, converse};
use doorward_store::{MemoryStore, Sizes, Store};
use http::{HeaderMap, HeaderValue, Method};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

pub(crate) const ISSUER: &str = "https://id.test";
const REFRESH_S: u64 = 300;
const STALE_S: u64 = 3_600;

/// A gate with all that it needs.
pub(crate) struct Gatehouse {
    pub(crate) gate: Arc<Gate>,
    pub(crate) outside: Arc<Outside>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) notes: Arc<Mutex<Vec<String>>>,
    store: Store,
    memory: Memory,
}

/// What looking outside is started with, and a clock that stands still.
pub(crate) fn settings() -> (OutsideSettings, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::new(Now { steady_ns: 1_000_000_000, unix_s: 1_767_225_600 }));
    (OutsideSettings::new(Arc::<FixedClock>::clone(&clock), Arc::new(SystemChance)), clock)
}

impl Gatehouse {
    /// One that fetches from `url`.
    pub(crate) fn new(url: &str) -> Self {
        Self::with(&keys_url(url, false), |_| {})
    }

    pub(crate) fn with(url: &KeysUrl, change: impl Fn(&mut OutsideSettings)) -> Self {
        let (mut settings, clock) = settings();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let said = Arc::clone(&notes);
        settings.note = Box::new(move |note: &Note| {
            said.lock().expect("no panic").push(note.to_string());
        });
        change(&mut settings);
        let outside = Outside::start(settings).expect("it starts");
        let gate = gate(url);
        outside.attend(&gate);
        let store = Store::Memory(MemoryStore::new(Sizes::default(), [1; 16]));
        Self { gate, outside, clock, notes, store, memory: Memory::new(1_000, [2; 16]) }
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &Arc<Issuer> {
        &self.gate.issuers()[0]
    }

    /// A reload.
    pub(crate) fn reload(&mut self, url: &KeysUrl) {
        let next = gate(url);
        next.adopt(&self.gate);
        self.outside.attend(&next);
        self.gate = next;
    }

    /// What a request with that token comes to: `admit`, or the refusal's code.
    pub(crate) async fn visit(&self, visitor: Visitor, token: &str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("api.test"));
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header's value");
        headers.insert("authorization", bearer);
        let view = View {
            method: &Method::GET,
            target: Target { authority: None, path: "/", query: None },
            headers: &headers,
            peer: visitor.address(),
            certificate: None,
            shown: Shown::NOTHING,
            body: BodyHint::Empty,
            fidelity: Fidelity::PROXY,
        };
        let at = Moment {
            now: self.clock.now(),
            id: RequestId::draw(&SystemChance),
            chance: &SystemChance,
            memory: &self.memory,
        };
        let reach = Reach { store: &self.store, outside: &self.outside, clock: &*self.clock };
        match converse(&self.gate, view, at, reach, &mut NoBody).await {
            Verdict::Admit(_) => "admit",
            Verdict::Refuse(refused) => refused.reason().code(),
            Verdict::Reply(_) => "reply",
        }
    }

    /// Moves the clock.
    pub(crate) fn later_s(&self, seconds: u64) {
        self.clock.set(self.clock.now().later_ns(seconds * 1_000_000_000));
    }
}

/// Somebody at an address of 198.51.0.0/16.
#[derive(Clone, Copy)]
pub(crate) struct Visitor(pub(crate) u16);

impl Visitor {
    fn address(self) -> IpAddr {
        let [high, low] = self.0.to_be_bytes();
        Ipv4Addr::new(198, 51, high, low).into()
    }

    pub(crate) fn prefix(self) -> Prefix {
        Prefix::subscriber(self.address())
    }
}

pub(crate) fn keys_url(url: &str, is_private: bool) -> KeysUrl {
    KeysUrl { url: url.to_owned(), is_private, refresh_s: REFRESH_S, stale_s: STALE_S }
}

fn gate(url: &KeysUrl) -> Arc<Gate> {
    let mut settings = Settings::public();
    settings.external = vec!["https://api.test".to_owned()];
    settings.trying_out = false;
    settings.requires_identity = true;
    settings.credential.admission_key = Secret::new([7; 32]);
    let keys = KeysFrom::Url(url.clone());
    settings.identity.issuers = vec![IssuerSettings::new(ISSUER, "api", keys, &[Algorithm::Es256])];
    Gate::new(&settings).expect("a gate")
}

struct NoBody;

impl Hold for NoBody {
    async fn hold(&mut self, _bytes_max: usize) -> Result<Bytes, Fault> {
        Err(Fault::BodyCutOff)
    }
}
