//! What stands behind the taps while one story runs: a backend, a gate or none, an empty cache.

use super::Lab;
use crate::backend::{Backend, BackendOptions, CorsPolicy, SameSite, Trust};
use crate::gate::{Gate, GateError, Layers, config_text};
use crate::scenario::{Caller, CorsWord, SameSiteWord, Scenario, Side, TrustWord};
use crate::wire::{Behind, Node};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use thiserror::Error;

/// Why a scene cannot be set.
#[derive(Debug, Error)]
pub enum SceneError {
    /// There is no backend.
    #[error("the backend does not start")]
    Backend(#[source] io::Error),
    /// There is no gate.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The scenario's part of the gate's configuration is no TOML.
    #[error("the scenario's [gate] config cannot be read\n{0}")]
    Config(#[from] toml::de::Error),
}

/// How a scene is set.
#[derive(Clone, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) side: Side,
    /// Another CORS than the scenario's.
    pub(crate) cors: Option<CorsWord>,
    pub(crate) layers: Layers,
}

/// A scene that is set. Dropped, what it started is gone.
pub(crate) struct Scene {
    pub(crate) backend: Backend,
    pub(crate) gate: Option<Gate>,
    /// The gate's configuration, as a user would write it.
    pub(crate) config: Option<String>,
    /// A session of the attacker's own: he has an account as everybody may.
    pub(crate) evil_session: String,
    pub(crate) policy: CorsPolicy,
    pub(crate) same_site: SameSite,
    /// The backend refuses what has no proof of admission.
    pub(crate) demands_proof: bool,
}

impl Setting<'_> {
    /// The backend's CORS when the story begins.
    pub(crate) fn cors(&self) -> CorsWord {
        let own = match self.side {
            Side::Off => self.scenario.backend.cors,
            Side::On => self.scenario.gate.cors.unwrap_or(self.scenario.backend.cors),
        };
        self.cors.unwrap_or(own)
    }
}

impl Lab {
    /// Sets a scene. What stood behind the taps before is replaced.
    pub(crate) async fn set(&self, setting: &Setting<'_>) -> Result<Scene, SceneError> {
        let (gate, config) = match setting.side {
            Side::Off => (None, None),
            Side::On => {
                let text = self.gate_text(setting)?;
                let gate = Gate::start(&text, self.keys())?;
                (Some(gate), Some(self.shown_text(setting)?))
            }
        };
        let own = &setting.scenario.backend;
        let policy = self.policy(setting.cors(), &own.allows);
        let same_site = same_site(own.same_site);
        let admission = gate.as_ref().filter(|_| own.demands_proof).map(Gate::admission);
        let demands_proof = admission.is_some();
        let backend = Backend::start(BackendOptions {
            cors: policy.clone(),
            same_site,
            trust: match own.trust {
                TrustWord::Cookie => Trust::Cookie,
                TrustWord::Network => Trust::Network,
            },
            bank: Arc::clone(&self.bank),
            admission,
            ..BackendOptions::default()
        });
        let backend = backend.await.map_err(SceneError::Backend)?;
        let plain = |node, address| Some(Behind { node, address, is_told_peers: false });
        let before_backend = plain(Node::Backend, backend.address());
        self.taps.api.put(before_backend);
        self.taps.inner.put(before_backend);
        let before_gate = gate.as_ref().map(|gate| Behind {
            node: Node::Gate,
            address: gate.address(),
            is_told_peers: true,
        });
        self.taps.gate.put(before_gate);
        self.taps.fetched.put(before_gate.or(before_backend));
        self.cache.clear();
        self.sets.fetch_add(1, Ordering::Relaxed);
        let evil_session = backend.sign_in("evil").unwrap_or_default();
        Ok(Scene { backend, gate, config, evil_session, policy, same_site, demands_proof })
    }

    /// The configuration that the gate is started with.
    fn gate_text(&self, setting: &Setting<'_>) -> Result<String, toml::de::Error> {
        let paid_ai = format!("http://{}", self.inner_paid_ai);
        let said = setting.scenario.gate.config.replace("{paid-ai}", &paid_ai);
        let upstream = format!("http://{}", self.inner_address);
        // The gate asks the backend who is signed in, by the way that it sends requests.
        let said = self.fill(&said.replace("{backend}", &upstream), Side::On);
        config_text(&self.allowed(Caller::Shop), &upstream, &said, &setting.layers)
    }

    /// The same as people are shown it: before the backend's own address.
    fn shown_text(&self, setting: &Setting<'_>) -> Result<String, toml::de::Error> {
        let upstream = format!("http://127.0.0.1:{}", self.sites().ports.api);
        let said = setting.scenario.gate.config.replace("{backend}", &upstream);
        let said = self.fill(&said, Side::On);
        config_text(&self.allowed(Caller::Shop), &upstream, &said, &setting.layers)
    }

    /// The backend's CORS of that word.
    pub(crate) fn policy(&self, word: CorsWord, allows: &[Caller]) -> CorsPolicy {
        let origins: Vec<String> = allows.iter().map(|caller| self.allowed(*caller)).collect();
        let first = origins.first().cloned().unwrap_or_default();
        match word {
            CorsWord::None => CorsPolicy::Off,
            CorsWord::Exact => CorsPolicy::Allow { origins, credentials: true },
            CorsWord::Static => CorsPolicy::Fixed(first),
            CorsWord::Mirrored => CorsPolicy::Mirror,
            CorsWord::Star => CorsPolicy::Wildcard,
            CorsWord::StarListed => CorsPolicy::WildcardListed,
            CorsWord::StarCredentials => CorsPolicy::WildcardCredentials,
            CorsWord::Blanket => CorsPolicy::BlanketPreflight,
            CorsWord::NoVary => CorsPolicy::NoVary { origins },
            CorsWord::RequireOrigin => CorsPolicy::Checking { origin: first, required: true },
            CorsWord::CheckOrigin => CorsPolicy::Checking { origin: first, required: false },
        }
    }
}

const fn same_site(word: SameSiteWord) -> SameSite {
    match word {
        SameSiteWord::Strict => SameSite::Strict,
        SameSiteWord::Lax => SameSite::Lax,
        SameSiteWord::None => SameSite::None,
        SameSiteWord::Unset => SameSite::Unset,
    }
}
