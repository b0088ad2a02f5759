//! `[layers.permission]`, and a route's `require` and `when`.

use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::layers::permission::Require;
use doorward_core::route::Settings;

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(roles) = table.text("roles", reading) {
        roles.clone_into(&mut draft.settings.permission.roles);
    }
}

/// What a route asks of its callers.
pub(super) fn read_route(table: &Table<'_>, route: &mut Settings, reading: &mut Reading<'_>) {
    route.when = table.text("when", reading).map(str::to_owned);
    let Some(value) = table.value("require") else { return };
    let errors_before = reading.error_count();
    let Some(table) = value.table(reading) else { return };
    let require = require(&table, reading);
    // What could not be read is not said to require nothing in addition.
    if reading.error_count() == errors_before {
        route.require = Some(require);
    }
}

fn require(table: &Table<'_>, reading: &mut Reading<'_>) -> Require {
    let mut texts = |name: &str| -> Vec<String> {
        let list = table.list(name, reading);
        list.iter().filter_map(|entry| entry.text(reading)).map(str::to_owned).collect()
    };
    let (scopes, any_scope) = (texts("scopes"), texts("any_scope"));
    let (roles, any_role) = (texts("roles"), texts("any_role"));
    let claims = table.value("claims").map(|claims| claims.members(reading)).unwrap_or_default();
    Require {
        scopes,
        any_scope,
        roles,
        any_role,
        claims: claims.iter().map(|(name, value)| (name.clone(), values(value, reading))).collect(),
        subject: table.text("subject", reading).map(str::to_owned),
        issuer: table.text("issuer", reading).map(str::to_owned),
    }
}

/// The values of which a claim must have one.
fn values(value: &Value<'_>, reading: &mut Reading<'_>) -> Vec<serde_json::Value> {
    let list = value.list(reading);
    if list.is_empty() {
        let hint = "write the value that the claim must have";
        let _: Option<()> = value.error("no claim can have one of no values", hint, reading);
    }
    list.iter().filter_map(|one| one.plain(reading)).collect()
}
