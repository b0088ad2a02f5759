//! What tokens are made with, checked.

use super::forms::Forms;
use super::token::Keys;
use crate::mode::Mode;
use crate::names::External;
use crate::route::{self, Csrf, Kind};
use crate::secret::Secret;
use crate::settings::{self, SettingsError};

/// What tokens are made with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The signing secrets: the first makes tokens, all verify them.
    pub secrets: Vec<Secret>,
    /// A token may stand in the body, on every route.
    pub fields: bool,
    /// What is done to the forms of pages, where a route says nothing.
    pub forms: Forms,
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

/// Whether the forms of a route's pages get a token. Where the application has tokens of its own,
/// only if the route itself says so.
pub(crate) fn injects(route: &route::Settings, settings: &settings::Settings) -> bool {
    let of_layer = match route.csrf {
        Csrf::Cookie | Csrf::Body | Csrf::Required => settings.csrf.forms,
        Csrf::App | Csrf::Off => Forms::Leave,
    };
    route.forms.unwrap_or(of_layer) == Forms::Inject && knows_callers(route.kind, settings)
}

/// Whether the caller of such a route is known as well as whoever sends its form: a token belongs
/// to one.
fn knows_callers(kind: Kind, settings: &settings::Settings) -> bool {
    match kind {
        Kind::Api => true,
        Kind::Page => !settings.identity.reads_what_browsers_send(),
        Kind::Return | Kind::Webhook | Kind::Health => false,
    }
}

/// What keeps tokens in forms from being of use.
fn check_forms(settings: &settings::Settings, errors: &mut Vec<SettingsError>) {
    for (place, route) in settings.routes.iter().enumerate() {
        if route.forms == Some(Forms::Inject) && !knows_callers(route.kind, settings) {
            errors.push(SettingsError::new(
                format!("route[{place}].forms"),
                "a token belongs to its caller, and on a route of this kind nobody asks who it is",
                "say kind = \"api\" on this route, or leave out `forms`",
            ));
        }
    }
    let of_layer = settings.csrf.forms == Forms::Inject;
    let of_route = settings.routes.iter().position(|route| injects(route, settings));
    let reads = |route: &route::Settings| match route.csrf {
        Csrf::Body => true,
        Csrf::Required => route.sign_in.is_some() || injects(route, settings),
        Csrf::Cookie | Csrf::App | Csrf::Off => false,
    };
    let is_read = settings.csrf.fields || settings.routes.iter().any(reads);
    let place = match of_route {
        _ if of_layer => "layers.csrf.forms".to_owned(),
        Some(place) => format!("route[{place}].forms"),
        None => return,
    };
    if !is_read {
        errors.push(SettingsError::new(
            place,
            "tokens are written into forms, and none is read from a form's field",
            "say fields = true in [layers.csrf], or csrf = \"body\" on the routes that forms go to",
        ));
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
    check_forms(settings, errors);
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
