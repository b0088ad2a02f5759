//! What tokens are made with, checked.

use super::token::Keys;
use crate::mode::Mode;
use crate::names::External;
use crate::route::{Csrf, Kind};
use crate::secret::Secret;
use crate::settings::{self, SettingsError};

/// What tokens are made with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The signing secrets: the first makes tokens, all verify them.
    pub secrets: Vec<Secret>,
    /// A token may stand in the body, on every route.
    pub fields: bool,
}

/// Checked settings.
pub struct Policy {
    pub(super) keys: Keys,
    pub(super) fields: bool,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("fields", &self.fields).finish_non_exhaustive()
    }
}

impl Policy {
    /// Derives the keys.
    #[must_use]
    pub fn new(settings: &Settings, gate_id: &str) -> Self {
        Self { keys: Keys::new(&settings.secrets, gate_id), fields: settings.fields }
    }
}

/// What keeps the layer from starting.
pub(crate) fn check(settings: &settings::Settings, mode: Mode, errors: &mut Vec<SettingsError>) {
    for (place, route) in settings.routes.iter().enumerate() {
        if route.csrf != Csrf::Cookie && route.kind != Kind::Api {
            errors.push(SettingsError::new(
                format!("route[{place}].csrf"),
                "only routes of the kind `api` are asked for a token",
                "leave out `csrf`, or say kind = \"api\" on this route",
            ));
        }
    }
    if mode == Mode::Off {
        return;
    }
    if settings.csrf.secrets.is_empty() {
        errors.push(SettingsError::new(
            "layers.csrf.mode".to_owned(),
            "tokens are made with a signing secret, and there is none",
            "add [secrets] signing = [\"env:DOORWARD_SECRET\"]",
        ));
    }
    for (place, text) in settings.external.iter().enumerate() {
        // What is no address at all was said already.
        if External::parse(text).is_ok_and(|external| !external.origin().is_trustworthy()) {
            errors.push(SettingsError::new(
                format!("external[{place}]"),
                "a CSRF token is bound to a cookie, and on plain http others can plant one",
                "serve the gate over https, or leave tokens to the application: [layers.csrf] \
                 mode = \"off\"",
            ));
        }
    }
}
