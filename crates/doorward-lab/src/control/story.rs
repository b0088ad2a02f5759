//! What a page asks to be run: a story by its id, or a request that somebody built.

use super::Control;
use crate::gate::Layers;
use crate::run::Spec;
use crate::scenario::{
    About, Ask, Caller, CorsWord, Credentials, Enctype, Expected, GateSetup, Mode, Payload, Place,
    Room, Said, Scenario, Setup, Side, Step, TrustWord, Way,
};
use doorward_browser::Engine;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of one text that somebody built.
const TEXT_BYTES_MAX: usize = 2_048;
/// Headers that somebody built.
const HEADERS_MAX: usize = 20;

/// A wish to run something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Wish {
    /// Whose page shows it.
    pub(super) screen: String,
    /// The story; none for a request that was built.
    #[serde(default)]
    scenario: Option<String>,
    #[serde(default)]
    built: Option<Built>,
    gate: Side,
    #[serde(default)]
    cors: Option<CorsWord>,
    #[serde(default)]
    layers: Layers,
    #[serde(default)]
    only: Option<usize>,
}

/// A request that somebody built.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Built {
    caller: Caller,
    #[serde(default)]
    way: Way,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<Payload>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    credentials: Option<Credentials>,
    #[serde(default)]
    enctype: Option<Enctype>,
}

impl Wish {
    /// The run that is meant.
    pub(super) fn spec(self, control: &Control, engine: Engine) -> Result<Spec, String> {
        let scenario = match (&self.scenario, &self.built) {
            (Some(id), None) => {
                let found = control.scenario(id).cloned();
                found.ok_or_else(|| format!("there is no scenario `{id}`"))?
            }
            (None, Some(built)) => Arc::new(built.scenario()?),
            (None, None) | (Some(_), Some(_)) => {
                return Err("say which scenario, or what request".to_owned());
            }
        };
        let spec = Spec::new(scenario, self.gate, engine);
        Ok(Spec { cors: self.cors, layers: self.layers, only: self.only, ..spec })
    }
}

impl Built {
    /// What a page of that caller asks for.
    pub(super) fn said(&self) -> Result<Said, String> {
        let texts = self.headers.iter().flat_map(|(name, value)| [name, value]);
        let long = texts.chain([&self.method, &self.path]).any(|text| text.len() > TEXT_BYTES_MAX);
        if long || self.headers.len() > HEADERS_MAX {
            return Err(format!(
                "at most {HEADERS_MAX} headers, each text of {TEXT_BYTES_MAX} bytes"
            ));
        }
        if !self.path.starts_with('/') || self.path.starts_with("//") {
            return Err("a path begins with one slash, as in /api/data".to_owned());
        }
        let body = match (&self.body, self.enctype) {
            (Some(Payload::Fields(fields)), Some(enctype)) => {
                Some(Payload::Encoded { enctype, fields: fields.clone() })
            }
            (body, _) => body.clone(),
        };
        Ok(Said {
            method: Some(self.method.clone()),
            path: self.path.clone(),
            headers: self.headers.clone(),
            body,
            mode: self.mode,
            credentials: self.credentials,
            ..Said::default()
        })
    }

    /// The way of it.
    pub(super) const fn way(&self) -> Way {
        self.way
    }

    /// Whose page it is.
    pub(super) const fn caller(&self) -> Caller {
        self.caller
    }

    fn scenario(&self) -> Result<Scenario, String> {
        if !self.caller.is_page() {
            return Err("programs type their requests at the attacker's desk".to_owned());
        }
        let step = Step {
            says: "the request that was built".to_owned(),
            caller: self.caller,
            way: self.way,
            to: Place::Api,
            request: self.said()?,
            table: None,
            attack: false,
            cors: None,
            times: 1,
            addresses: 1,
            visitors: 1,
            over: 0,
            later: 0,
            copy_of: None,
            with_gate: None,
            off: Some(Expected::default()),
            on: Some(Expected::default()),
        };
        Ok(Scenario {
            id: "built".to_owned(),
            row: None,
            letter: None,
            room: Room::Own,
            title: "The request that was built".to_owned(),
            story: String::new(),
            ask: Ask {
                question: String::new(),
                yes: String::new(),
                no: String::new(),
                about: About::Executed,
                step: 1,
                cookie: None,
            },
            lesson: String::new(),
            not_stopped: String::new(),
            waits_for: Vec::new(),
            gate_only: false,
            backend: Setup { trust: TrustWord::Network, ..Setup::default() },
            gate: GateSetup::default(),
            not_on_http: BTreeMap::new(),
            sign_in: None,
            steps: vec![step],
        })
    }
}
