//! The credentials that a route adds.

use super::{is_enforced, requires_identity, requires_pass};
use crate::layers::credential;
use crate::mode::Mode;
use crate::route::Settings as RouteSettings;
use crate::settings::{Settings, SettingsError};

/// Credentials that one route may name; the last places are the admission proof's, and what a
/// page is asked for with.
const ROUTE_CREDENTIALS_MAX: usize = credential::ADDED_MAX - 2 - credential::IDENTITY_HEADERS;

/// The credentials of a route, by their places in the file's list.
pub(super) fn of_route(
    route: &RouteSettings,
    place: usize,
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Vec<usize> {
    let at = format!("route[{place}].credential");
    if route.credentials.is_empty() {
        return Vec::new();
    }
    let mut error = |what: &str, hint: &str| {
        errors.push(SettingsError::new(at.clone(), what, hint));
    };
    let is_guarded = requires_identity(route, settings) && is_enforced(settings, "identity");
    if !route.insecure_open_credential && !is_guarded && !requires_pass(route, settings) {
        error(
            "strangers may call this route, and the credential would work for them",
            "enforce passes ([layers.pass]), say profile = \"authenticated\" on the route, or \
             insecure_open_credential = true to accept that",
        );
    }
    if route.methods.is_empty() || route.path.contains("**") || route.mode != Mode::Enforce {
        error(
            "a route with a credential names its methods and its path, and is enforced",
            "write methods = [\"POST\"] and a path without **, and no `mode`",
        );
    }
    if route.credentials.len() > ROUTE_CREDENTIALS_MAX {
        error("a route adds at most seven credentials", "name fewer");
    }
    let mut out = Vec::new();
    for name in &route.credentials {
        let found = settings.credential.credentials.iter().position(|known| known.name == *name);
        match found {
            Some(index) => out.push(index),
            None => error(&format!("there is no credential {name:?}"), "see layers.credential.add"),
        }
    }
    out
}
