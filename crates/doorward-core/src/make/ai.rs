//! What an AI may be asked, and what may be spent for it.

use crate::layers::body::Ai;
use crate::layers::quota::budget::{Budget, ROUTE_BUDGETS_MAX, Unit};
use crate::route::{HELD_BODY_BYTES_MAX, Kind, Settings as RouteSettings};
use crate::settings::{Settings, SettingsError};

/// Checks the budgets of the file by themselves.
pub(super) fn check(settings: &Settings, errors: &mut Vec<SettingsError>) {
    let mut seen: Vec<&str> = Vec::new();
    for (place, budget) in settings.budget.budgets.iter().enumerate() {
        let mut error = |key: &str, what: &str, hint: &str| {
            let at = format!("layers.quota.budgets[{place}].{key}");
            errors.push(SettingsError::new(at, what, hint));
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if budget.name.is_empty() || !budget.name.bytes().all(plain) {
            let hint = "use a-z, 0-9, `-`, `_` and `.`: it stands in headers";
            error("name", "a budget has a plain name", hint);
        } else if seen.contains(&budget.name.as_str()) {
            let hint = "give each a name of its own: what was spent is kept by it";
            error("name", "another budget has this name", hint);
        }
        seen.push(&budget.name);
        if let Unit::Said { reserve, .. } = budget.unit
            && reserve > budget.limit
        {
            let hint = "lower `reserve`, or raise `limit`";
            error("reserve", "one request would need more than there is", hint);
        }
        if budget.unit == Unit::Money && settings.budget.prices.is_empty() {
            error(
                "limit",
                "money is counted, and nobody has said what a token costs",
                "add [prices.\"MODEL\"] input = \"0.15usd/1M\", output = \"0.60usd/1M\" for each \
                 model",
            );
        }
    }
}

/// The budgets of a route, by their places in the file's list.
pub(super) fn budgets_of_route(
    route: &RouteSettings,
    place: usize,
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Vec<usize> {
    let mut out = Vec::new();
    let mut error = |what: &str, hint: &str| {
        errors.push(SettingsError::new(format!("route[{place}].budget"), what, hint));
    };
    for name in &route.budgets {
        match settings.budget.budgets.iter().position(|budget| budget.name == *name) {
            Some(found) if out.contains(&found) => {
                error(&format!("{name:?} stands twice"), "name it once");
            }
            Some(found) => out.push(found),
            None => error(&format!("there is no budget {name:?}"), "see layers.quota.budgets"),
        }
    }
    if out.len() > ROUTE_BUDGETS_MAX {
        error("a route spends of four budgets at the most", "name fewer");
    }
    let is_said = |budget: &Budget| matches!(budget.unit, Unit::Said { .. });
    let mut named = out.iter().filter_map(|found| settings.budget.budgets.get(*found));
    if route.ai.is_none() && named.any(|budget| !is_said(budget)) {
        error(
            "what a request may cost is told by what it asks for, which nobody reads here",
            "add ai = {} to the route, or `usage` and `reserve` to the budget",
        );
    }
    if !out.is_empty() && route.kind != Kind::Api {
        error("only programs spend: this route is of another kind", "say kind = \"api\"");
    }
    out
}

/// What an AI may be asked on a route.
pub(super) fn of_route(
    route: &RouteSettings,
    place: usize,
    settings: &Settings,
    errors: &mut Vec<SettingsError>,
) -> Option<Box<Ai>> {
    let ai = route.ai.as_ref()?;
    let mut error = |key: &str, what: String, hint: &str| {
        errors.push(SettingsError::new(format!("route[{place}].{key}"), what, hint));
    };
    if route.kind != Kind::Api || route.methods != ["POST"] {
        let hint = "write methods = [\"POST\"], and no `kind`";
        error("ai", "an AI is asked by POST, on a route for programs".to_owned(), hint);
    }
    if ai.prompt_bytes_max > HELD_BODY_BYTES_MAX as u64 {
        let hint = "lower it to 1MiB: the whole of it is held and read";
        error("ai.prompt_max", "so much of a body cannot be held".to_owned(), hint);
    }
    let budgets = settings.budget.budgets.iter();
    let is_money = |budget: &Budget| budget.unit == Unit::Money;
    let mut named = budgets.filter(|budget| route.budgets.contains(&budget.name));
    if !named.any(is_money) {
        return Some(Box::new(Ai::new(ai, None)));
    }
    let priced: Vec<&str> = settings.budget.prices.iter().map(|(name, _)| name.as_str()).collect();
    for (index, model) in ai.models.iter().enumerate() {
        if !priced.contains(&model.as_str()) {
            let what = format!("money is counted here, and {model:?} has no price");
            let hint = "add [prices.\"MODEL\"] with `input` and `output`, or leave the model out";
            error(&format!("ai.models[{index}]"), what, hint);
        }
    }
    Some(Box::new(Ai::new(ai, Some(&priced))))
}

/// Bytes of a route's body at the most: as `body` and `ai` say.
pub(super) fn body_bytes_max(route: &RouteSettings) -> Option<u64> {
    let of_ai = route.ai.as_ref().map(|ai| ai.prompt_bytes_max);
    match (route.body_bytes_max, of_ai) {
        (Some(own), Some(of_ai)) => Some(own.min(of_ai)),
        (own, of_ai) => own.or(of_ai),
    }
}
