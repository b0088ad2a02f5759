//! What a gate is made of, before it is checked, and what can be wrong with it.

use crate::client_ip;
use crate::fingerprint::shown;
use crate::layers::{cookie, cors, credential, csrf, identity, message, pass, permission, quota};
use crate::mode::Mode;
use crate::question::Rate;
use crate::route;

/// What a gate is made of. Texts come from the configuration; secrets are already read.
#[derive(Clone, Debug)]
pub struct Settings {
    /// In every label and seal: what one gate signs is forged at another.
    pub gate_id: String,
    /// How browsers reach the gate. Empty only while trying out.
    pub external: Vec<String>,
    /// Listening on loopback or private addresses only.
    pub trying_out: bool,
    /// Addresses that stand for the gate while trying out without `external`.
    pub addresses: Vec<String>,
    /// Origins of the pages that may call.
    pub origins: Vec<String>,
    /// The file's mode.
    pub mode: Mode,
    /// Modes of single layers, by id.
    pub layer_modes: Vec<(&'static str, Mode)>,
    /// Where the gate's own addresses begin.
    pub endpoints: String,
    /// Networks of one's own proxies.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The header that they write.
    pub forwarded_by: client_ip::From,
    /// Who looks at what clients show, and whose word counts.
    pub fingerprint: shown::Settings,
    /// `message`.
    pub message: message::Settings,
    /// `cors`.
    pub cors: cors::Settings,
    /// `quota`.
    pub quota: quota::Settings,
    /// `identity`.
    pub identity: identity::Settings,
    /// Whether callers must be known: the profile `authenticated`.
    pub requires_identity: bool,
    /// `permission`.
    pub permission: permission::Settings,
    /// `csrf`. Off unless `layer_modes` says otherwise.
    pub csrf: csrf::Settings,
    /// `pass`. Off unless `layer_modes` says otherwise.
    pub pass: pass::Settings,
    /// Budgets, and what tokens cost.
    pub budget: quota::budget::Settings,
    /// `credential`.
    pub credential: credential::Settings,
    /// `cookie`.
    pub cookie: cookie::Settings,
    /// The file's routes.
    pub routes: Vec<route::Settings>,
}

/// The default of `endpoints`.
pub const ENDPOINTS: &str = "/.doorward";

impl Settings {
    /// The public profile's settings, while trying out.
    #[must_use]
    pub fn public() -> Self {
        Self {
            gate_id: "doorward".to_owned(),
            external: Vec::new(),
            trying_out: true,
            addresses: Vec::new(),
            origins: Vec::new(),
            mode: Mode::Enforce,
            layer_modes: Vec::new(),
            endpoints: ENDPOINTS.to_owned(),
            trusted_proxies: Vec::new(),
            forwarded_by: client_ip::From::default(),
            fingerprint: shown::Settings::default(),
            message: message::Settings::default(),
            cors: cors::Settings::default(),
            quota: quota::Settings::public(),
            identity: identity::Settings::default(),
            requires_identity: false,
            permission: permission::Settings::default(),
            csrf: csrf::Settings::default(),
            pass: pass::Settings::default(),
            budget: quota::budget::Settings::default(),
            credential: credential::Settings::default(),
            cookie: cookie::Settings::default(),
            routes: Vec::new(),
        }
    }
}

impl quota::Settings {
    /// Both profiles' shares. Pages and programs of one address have one each; known callers have
    /// their own, wherever they are.
    #[must_use]
    pub fn public() -> Self {
        let limit = |name: &str, by, who, per_minute: u64, burst| {
            let measure = quota::Measure::Rate(Rate::per_minute(per_minute, burst));
            quota::Limit { who, ..quota::Limit::new(name, &[by], measure) }
        };
        Self {
            strikes: Rate::per_minute(60, 60),
            limits: vec![
                limit("address", quota::By::Address, quota::Who::Pages, 1200, 400),
                limit("programs", quota::By::Address, quota::Who::Programs, 1200, 400),
                limit("network", quota::By::Network, quota::Who::Strangers, 6000, 2000),
                limit("user", quota::By::User, quota::Who::Known, 600, 200),
                limit("pass", quota::By::Pass, quota::Who::Passes, 120, 60),
            ],
            tells_answers: false,
            streams: quota::StreamsMax::default(),
            allow: quota::Allow::default(),
            deny: Vec::new(),
            deny_known: Vec::new(),
        }
    }
}

/// Something that keeps a gate from being made, at a place that a configuration can point to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct SettingsError {
    /// Where: `origins[1]`, `route[0].methods`, `layers.quota.limits[2].by`.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: String,
}

impl SettingsError {
    pub(crate) fn new(place: String, what: impl ToString, hint: &str) -> Self {
        Self { place, what: what.to_string(), hint: hint.to_owned() }
    }
}
