//! Gates with layers left out or put in, and a page's request that all of them admit.
//!
//! A layer cannot be called by itself, and is not made public for the sake of figures: it costs
//! what a gate with it costs more than a gate without.

use crate::credentials::{AUDIENCE, ISSUER, Key};
use doorward_core::fingerprint::shown::Shown;
use doorward_core::gate::Gate;
use doorward_core::layers::identity::{Algorithm, IssuerSettings, KeysFrom};
use doorward_core::memory::Memory;
use doorward_core::mode::Mode;
use doorward_core::moment::{Chance, Moment, Now, RequestId};
use doorward_core::question::Rate;
use doorward_core::secret::Secret;
use doorward_core::settings::Settings;
use doorward_core::turn::Turn;
use doorward_core::verdict::{Admitted, Verdict};
use doorward_core::view::{BodyHint, Fidelity, Target, View};
use doorward_store::{MemoryStore, Sizes};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::net::IpAddr;
use std::sync::Arc;

const ORIGIN: &str = "https://app.example.com";
const PATH: &str = "/api/data";

/// What Chromium sends with a page's `fetch` to another origin; the same as the bench's load.
const HEADERS: [(&str, &str); 13] = [
    ("host", "api.example.com"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/140.0.0.0 Safari/537.36",
    ),
    ("accept", "application/json, text/plain, */*"),
    ("accept-language", "en-US,en;q=0.9"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("sec-ch-ua", "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\""),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("origin", ORIGIN),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", "https://app.example.com/"),
];

/// The second in which all of it happens; tokens are made for it.
pub const UNIX_S: u64 = 1_767_225_600;
/// From one request to the next: as long as one token of the shares takes to come back.
const BETWEEN_NS: u64 = 1_000;
const PLENTY: Rate = Rate { every_ns: BETWEEN_NS, burst: 1_000 };

/// The layers that a gate can do without, in their order.
const LAYERS: [&str; 4] = ["cors", "site", "method", "quota"];

/// What a gate does, each one more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// `message`, and what every visit costs.
    Message,
    /// And `cors`.
    Cors,
    /// And `site`.
    Site,
    /// And `method`.
    Method,
    /// And `quota`, as far as it asks nobody: deny-lists and strikes.
    Quota,
    /// And the shares of an address, counted in the memory store.
    Shares,
    /// `Quota`, and `identity` with a token of this algorithm; no shares.
    Identity(&'static str),
    /// Everything: the token, and the share of its subject.
    Whole(&'static str),
}

impl Does {
    fn layers(self) -> usize {
        match self {
            Does::Message => 0,
            Does::Cors => 1,
            Does::Site => 2,
            Does::Method => 3,
            Does::Quota | Does::Shares | Does::Identity(_) | Does::Whole(_) => LAYERS.len(),
        }
    }

    fn algorithm(self) -> Option<&'static str> {
        match self {
            Does::Message | Does::Cors | Does::Site | Does::Method => None,
            Does::Quota | Does::Shares => None,
            Does::Identity(algorithm) | Does::Whole(algorithm) => Some(algorithm),
        }
    }

    fn settings(self, key: Option<&Key>) -> Settings {
        let mut settings = Settings::public();
        settings.origins = vec![ORIGIN.to_owned()];
        settings.external = vec!["https://api.example.com".to_owned()];
        settings.trying_out = false;
        settings.credential.admission_key = Secret::new([7; 32]);
        let out = LAYERS.iter().skip(self.layers());
        settings.layer_modes = out.map(|layer| (*layer, Mode::Off)).collect();
        match self {
            Does::Shares | Does::Whole(_) => {
                for limit in &mut settings.quota.limits {
                    limit.measure = doorward_core::layers::quota::Measure::Rate(PLENTY);
                }
            }
            _ => settings.quota.limits.clear(),
        }
        settings.requires_identity = key.is_some();
        settings.identity.issuers = key.map(issuer).into_iter().collect();
        settings
    }
}

fn issuer(key: &Key) -> IssuerSettings {
    let algorithm = Algorithm::find(key.algorithm()).expect("an algorithm that the gate knows");
    let keys = match algorithm {
        Algorithm::Hs256 => {
            KeysFrom::Shared(Secret::new(key.plain().expect("a secret").into_bytes()))
        }
        _ => KeysFrom::Set(key.key_set().into_bytes()),
    };
    IssuerSettings::new(ISSUER, AUDIENCE, keys, &[algorithm])
}

/// Chance that is none: nothing that is measured depends on what is drawn.
struct NoChance;

impl Chance for NoChance {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

/// A gate with all that it is given from outside, and the request.
pub struct Stand {
    /// Two gates of the same settings: what one has remembered of a token the other does not
    /// believe, so that turning from one to the other makes every sight the first.
    gates: [Arc<Gate>; 2],
    store: MemoryStore,
    memory: Memory,
    method: Method,
    headers: HeaderMap,
    now: Now,
}

impl Stand {
    /// A gate that does this.
    ///
    /// # Panics
    /// When it cannot be made, or refuses the request.
    #[must_use]
    pub fn new(does: Does) -> Self {
        let key = does.algorithm().map(|algorithm| Key::fresh(algorithm, UNIX_S));
        let settings = does.settings(key.as_ref());
        let gate =
            || Gate::new(&settings).unwrap_or_else(|errors| panic!("wrong settings: {errors:?}"));
        let mut headers = HeaderMap::new();
        for (name, value) in HEADERS {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some(key) = key {
            let value = HeaderValue::try_from(format!("Bearer {}", key.token(0)));
            headers.append(http::header::AUTHORIZATION, value.expect("a token's header"));
        }
        Self {
            gates: [gate(), gate()],
            store: MemoryStore::new(
                Sizes { strangers_max: 10_000, known_max: 10_000, claims_max: 100 },
                [3; 16],
            ),
            memory: Memory::new(1_000, [5; 16]),
            method: Method::GET,
            headers,
            now: Now { steady_ns: 1_000_000_000, unix_s: UNIX_S },
        }
    }

    /// The same, after some requests: what can be remembered is.
    #[must_use]
    pub fn warm(does: Does) -> Self {
        let mut stand = Self::new(does);
        for _ in 0..4 {
            stand.judge();
        }
        stand
    }

    /// From the request to its admission.
    ///
    /// # Panics
    /// When it is not admitted.
    pub fn judge(&mut self) -> Admitted {
        self.now = self.now.later_ns(BETWEEN_NS);
        let chance = &NoChance;
        let at =
            Moment { now: self.now, id: RequestId::draw(chance), chance, memory: &self.memory };
        let mut turn = self.gates[0].open(self.view(), at);
        loop {
            turn = match turn {
                Turn::Done(Verdict::Admit(admitted)) => return admitted,
                Turn::Ask(pending) => {
                    let answers = self.store.answer(&pending.questions(), self.now);
                    pending.answer(&answers, at)
                }
                Turn::Done(Verdict::Refuse(refused)) => {
                    panic!("refused: {}", refused.reason().code())
                }
                _ => panic!("the request is admitted without anything more"),
            };
        }
    }

    /// The same by a gate that has not seen the token, or not lately.
    pub fn judge_at_first_sight(&mut self) -> Admitted {
        self.gates.swap(0, 1);
        self.judge()
    }

    /// What changes on the way to the backend, and how many headers that adds.
    ///
    /// # Panics
    /// When the admission cannot be proved.
    pub fn edits(&self, admitted: &Admitted) {
        let edits = admitted.upstream_edits(&self.method, PATH);
        assert!(std::hint::black_box(edits).is_ok(), "the admission is proved");
    }

    fn view(&self) -> View<'_> {
        View {
            method: &self.method,
            target: Target { authority: None, path: PATH, query: None },
            headers: &self.headers,
            peer: IpAddr::from([203, 0, 113, 7]),
            certificate: None,
            shown: Shown::NOTHING,
            body: BodyHint::Empty,
            fidelity: Fidelity::PROXY,
        }
    }
}

/// The head of the backend's answer, to be dressed.
#[must_use]
pub fn answer() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    for (name, value) in [("content-type", "application/json"), ("content-length", "37")] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers
}
