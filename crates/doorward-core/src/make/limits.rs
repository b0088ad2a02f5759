//! Limits: their names, their keys, and what they ask of the store together.

use crate::layers::quota::{Cost, Limit, WhoseError, inspect_key};
use crate::question::QUESTIONS_MAX;
use crate::route::Settings as Route;
use crate::settings::{Settings, SettingsError};

/// Checks all limits, the file's and the routes', and the budgets beside them.
pub(super) fn check(settings: &Settings, errors: &mut Vec<SettingsError>) {
    let of_file = settings.quota.limits.iter().enumerate();
    let of_file = of_file.map(|(place, limit)| (format!("layers.quota.limits[{place}]"), limit));
    let of_routes = settings.routes.iter().enumerate().flat_map(|(route, settings)| {
        let list = settings.limits.iter().enumerate();
        list.map(move |(place, limit)| (format!("route[{route}].limits[{place}]"), limit))
    });
    let mut seen: Vec<&str> = Vec::new();
    for (place, limit) in of_file.chain(of_routes) {
        name(&place, limit, &mut seen, errors);
        if let Err(error) = inspect_key(&limit.by) {
            let hint = WhoseError::hint(error);
            errors.push(SettingsError::new(format!("{place}.by"), error, hint));
        }
        cost(&place, limit, errors);
        penalty(&place, limit, errors);
    }
    super::ai::check(settings, errors);
    let asked = |route: &Route| route.limits.len() + route.budgets.len();
    let most = settings.quota.limits.len() + settings.routes.iter().map(asked).max().unwrap_or(0);
    // The claim and the count of passes that are asked for need a place each.
    if most + 2 > QUESTIONS_MAX {
        errors.push(SettingsError::new(
            "layers.quota.limits".to_owned(),
            format!("{most} limits would apply to one request"),
            "at most 14 may: the file's and a route's together, with its budgets",
        ));
    }
}

fn name<'l>(
    place: &str,
    limit: &'l Limit,
    seen: &mut Vec<&'l str>,
    errors: &mut Vec<SettingsError>,
) {
    let place = format!("{place}.name");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if limit.name.is_empty() || !limit.name.bytes().all(plain) {
        let hint = "use a-z, 0-9, `-`, `_` and `.`: it stands in headers";
        errors.push(SettingsError::new(place, "a limit has a plain name", hint));
    } else if seen.contains(&limit.name.as_str()) {
        let hint = "give each limit a name of its own: shares are kept by it";
        errors.push(SettingsError::new(place, "another limit has this name", hint));
    } else {
        seen.push(&limit.name);
    }
}

/// What costs more than a share ever holds would never be granted.
fn cost(place: &str, limit: &Limit, errors: &mut Vec<SettingsError>) {
    let (most, holds) = (limit.cost.most(), limit.most_at_once());
    let is_free = match &limit.cost {
        Cost::Each(cost) => *cost == 0,
        Cost::ByMethod { .. } | Cost::ByBody { .. } | Cost::ByAnswer { .. } => most == 0,
    };
    let place = format!("{place}.cost");
    if is_free {
        let what = "this limit counts nothing";
        errors.push(SettingsError::new(place, what, "write cost = 1, or leave it out"));
    } else if most > holds {
        let what =
            format!("one request may cost {most}, and this share never holds more than {holds}");
        errors.push(SettingsError::new(place, what, "raise the `burst`, or the window's `limit`"));
    }
}

/// A penalty that is over before the share is back would only be followed by the next one.
fn penalty(place: &str, limit: &Limit, errors: &mut Vec<SettingsError>) {
    let Some(penalty) = limit.penalty else { return };
    let whole_s = limit.whole_again_s();
    if u64::from(penalty.first_s) < whole_s {
        errors.push(SettingsError::new(
            format!("{place}.penalty.first"),
            format!("this share is whole again after {whole_s} s, and the penalty ends before"),
            "raise `first`, or lower the `burst`: after the penalty the share is whole",
        ));
    }
    if penalty.most_s < penalty.first_s {
        errors.push(SettingsError::new(
            format!("{place}.penalty.most"),
            "the longest penalty is shorter than the first",
            "raise `most`",
        ));
    }
}
