//! The credentials that a route adds.

use super::{is_enforced, requires_identity, requires_pass};
use crate::layers::credential::{self, Put};
use crate::mode::Mode;
use crate::route::{Kind, Settings as RouteSettings};
use crate::settings::{Settings, SettingsError};

/// Credentials that one route may name; the last places are the admission proof's, and what an
/// answer and a page are asked for with.
const ROUTE_CREDENTIALS_MAX: usize = credential::ADDED_MAX - 3 - credential::IDENTITY_HEADERS;

/// What is added, ready for it. None: something is wrong, and was said.
pub(super) fn policy(
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Option<credential::Policy> {
    let made = credential::Policy::new(&settings.credential, &settings.gate_id);
    let wrong = match made {
        Ok(policy) => return Some(policy),
        Err(wrong) => wrong,
    };
    errors.extend(wrong.into_iter().map(|place| {
        SettingsError::new(
            format!("layers.credential.add[{place}].value"),
            "this secret cannot stand in a header, or be told from other words of an answer",
            "it is 8 to 4096 printable ASCII characters, on one line, with no space at its ends",
        )
    }));
    None
}

/// The credentials of a route, by their places in the file's list.
pub(super) fn of_route(
    route: &RouteSettings,
    place: usize,
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Vec<usize> {
    if route.credentials.is_empty() {
        return Vec::new();
    }
    let at = format!("route[{place}].credential");
    let mut error = |what: &str, hint: &str| {
        errors.push(SettingsError::new(at.clone(), what, hint));
    };
    for (what, hint) in wrong_with(route, settings) {
        error(what, hint);
    }
    let known = &settings.credential.credentials;
    let mut out: Vec<usize> = Vec::new();
    for name in &route.credentials {
        let Some(index) = known.iter().position(|known| known.name == *name) else {
            error(&format!("there is no credential {name:?}"), "see layers.credential.add");
            continue;
        };
        if out.iter().any(|other| is_same_place(&known[*other].put, &known[index].put)) {
            let what = format!("{name:?} is put where another credential of this route is");
            error(&what, "name one of them, or give the other a header of its own");
        }
        out.push(index);
    }
    out
}

/// What is wrong with a route that has a credential, and how to mend it.
fn wrong_with(route: &RouteSettings, settings: &Settings) -> Vec<(&'static str, &'static str)> {
    let mut out = Vec::new();
    if !matches!(route.kind, Kind::Api | Kind::Webhook) {
        out.push((
            "a page, a return or a health check is for everybody, and so the credential would be",
            "leave out `credential`, or say kind = \"api\" on this route",
        ));
    } else if !route.insecure_open_credential && !is_guarded(route, settings) {
        out.push((
            "strangers may call this route, and the credential would work for them",
            "enforce passes ([layers.pass]), say profile = \"authenticated\" on the route, or \
             insecure_open_credential = true to accept that",
        ));
    }
    // A webhook's deliveries are posted, whatever is said.
    if route.methods.is_empty() && route.kind != Kind::Webhook {
        out.push((
            "a route with a credential names its methods",
            "write methods = [\"POST\"]: only those that the credential is meant for",
        ));
    }
    if !names_its_path(&route.path) {
        out.push((
            "a route with a credential names its path, and not all that the backend has",
            "write a route for each path, without *; where a part varies, as /v1/threads/{id}",
        ));
    }
    if route.mode != Mode::Enforce {
        out.push((
            "a route with a credential is enforced: while it is tried out, strangers come by",
            "leave out `mode` on this route, or leave out `credential` until it is enforced",
        ));
    }
    if route.credentials.len() > ROUTE_CREDENTIALS_MAX {
        out.push(("a route adds at most seven credentials", "name fewer"));
    }
    out
}

/// Whether each caller is asked who he is, for a pass, or for a signature.
fn is_guarded(route: &RouteSettings, settings: &Settings) -> bool {
    // Deliveries are judged where `identity` is off, too: see `Gate::mode_of_deliveries`.
    let of_identity = settings.layer_modes.iter().find(|(id, _)| *id == "identity");
    let judges_deliveries =
        of_identity.is_none_or(|(_, mode)| matches!(mode, Mode::Off | Mode::Enforce));
    match route.kind {
        Kind::Webhook => judges_deliveries && settings.mode == Mode::Enforce,
        Kind::Api => {
            (requires_identity(route, settings) && is_enforced(settings, "identity"))
                || requires_pass(route, settings)
        }
        Kind::Page | Kind::Return | Kind::Health => false,
    }
}

/// Whether a path has at least one segment that is written out, and none that is any.
fn names_its_path(path: &str) -> bool {
    let is_literal = |segment: &str| !segment.is_empty() && !segment.starts_with('{');
    !path.contains('*') && path.split('/').any(is_literal)
}

/// Whether two credentials would stand in one place.
fn is_same_place(one: &Put, other: &Put) -> bool {
    match (one, other) {
        (Put::Header(one), Put::Header(other)) => one == other,
        (Put::Query(one), Put::Query(other)) => one.eq_ignore_ascii_case(other),
        (Put::Header(_), Put::Query(_)) | (Put::Query(_), Put::Header(_)) => false,
    }
}
