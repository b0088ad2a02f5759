//! What routes ask of their callers.

use super::requires_identity;
use crate::layers::permission;
use crate::mode::Mode;
use crate::parameter::Parameter;
use crate::route::{Kind, Settings as RouteSettings};
use crate::settings::{Settings, SettingsError};

/// The claim that roles are read from.
pub(super) fn roles(
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Option<permission::Policy> {
    let policy = permission::Policy::new(&settings.permission);
    if policy.is_none() {
        errors.push(SettingsError::new(
            "layers.permission.roles".to_owned(),
            format!("{:?} is no name of a claim", settings.permission.roles),
            "write roles = \"roles\", or \"realm_access.roles\" for a member of a member",
        ));
    }
    policy
}

/// What a route asks of its callers, who must be known.
pub(super) fn of_route(
    route: &RouteSettings,
    place: usize,
    parameters: &[Parameter],
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Option<Box<permission::Rule>> {
    if route.require.is_none() && route.when.is_none() {
        return None;
    }
    let key = if route.require.is_some() { "require" } else { "when" };
    let mut error = |what: &str, hint: &str| {
        errors.push(SettingsError::new(format!("route[{place}].{key}"), what, hint));
    };
    if route.kind != Kind::Api {
        error(
            "pages, returns, webhooks and health checks ask nobody who they are",
            "leave it out, or say kind = \"api\" on this route",
        );
    } else if !requires_identity(route, settings) {
        error(
            "strangers may call this route, and would not be asked for this",
            "say profile = \"authenticated\" on the route",
        );
    } else if settings.layer_modes.contains(&("identity", Mode::Off)) {
        error(
            "`identity` is off, so nobody is known who could have this",
            "leave out [layers.identity] mode = \"off\"",
        );
    }
    let issuers = settings.identity.issuer_names();
    let (require, when) = (route.require.as_ref(), route.when.as_deref());
    match permission::Rule::new(require, when, parameters, &issuers) {
        Ok(rule) => Some(Box::new(rule)),
        Err(found) => {
            errors.extend(found.into_iter().map(|wrong| SettingsError {
                place: format!("route[{place}].{}", wrong.key),
                what: wrong.what,
                hint: wrong.hint,
            }));
            None
        }
    }
}
