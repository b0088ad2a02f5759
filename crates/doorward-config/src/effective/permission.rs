//! What a route asks of its callers, written out.

use super::{Page, list, quote};
use doorward_core::layers::permission::Require;
use doorward_core::route::Settings as Route;

/// `route.require` and `route.when`.
pub(super) fn permission(route: &Route, page: &mut Page<'_>) {
    match &route.require {
        Some(require) => page.key("require", &require_text(require)),
        None => page.absent("require", "nothing beyond being known, where callers must be"),
    }
    if let Some(when) = &route.when {
        page.key("when", &quote(when));
    }
}

fn require_text(require: &Require) -> String {
    let mut out: Vec<String> = Vec::new();
    for (name, texts) in [
        ("scopes", &require.scopes),
        ("any_scope", &require.any_scope),
        ("roles", &require.roles),
        ("any_role", &require.any_role),
    ] {
        if !texts.is_empty() {
            out.push(format!("{name} = {}", list(texts)));
        }
    }
    if !require.claims.is_empty() {
        let claims = require.claims.iter().map(|(name, values)| {
            let values: Vec<String> = values.iter().map(value_text).collect();
            format!("{} = [{}]", quote(name), values.join(", "))
        });
        out.push(format!("claims = {{ {} }}", claims.collect::<Vec<_>>().join(", ")));
    }
    for (name, text) in [("subject", &require.subject), ("issuer", &require.issuer)] {
        out.extend(text.iter().map(|text| format!("{name} = {}", quote(text))));
    }
    format!("{{ {} }}", out.join(", "))
}

fn value_text(value: &serde_json::Value) -> String {
    match value.as_str() {
        Some(text) => quote(text),
        // Numbers and truths are written alike in JSON and in TOML.
        None => value.to_string(),
    }
}
