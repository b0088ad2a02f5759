//! Declared shapes, written out.

use super::{Page, quote, word};
use crate::config::Config;
use crate::measure::write_size;
use crate::section::shapes::{ADDITIONAL, FORMATS, QUERIES, UNKNOWN};
use doorward_core::route::Settings as Route;

/// `route.body`.
pub(super) fn body(route: &Route) -> String {
    let mut out = Vec::new();
    let max = route.body_bytes_max.map(|bytes| format!("max = {}", quote(&write_size(bytes))));
    out.extend(max);
    out.push(format!("bind = {}", route.bind_body));
    if let Some(declared) = &route.schema {
        out.push(format!("schema = {}", quote(&declared.file)));
        out.push(format!("additional = {}", word(ADDITIONAL, declared.choices.additional)));
        out.push(format!("formats = {}", word(FORMATS, declared.choices.formats)));
    }
    format!("{{ {} }}", out.join(", "))
}

/// Each `[[openapi]]`.
pub(super) fn openapi(config: &Config, page: &mut Page<'_>) {
    for (place, one) in config.settings.openapi.iter().enumerate() {
        page.out.push_str("\n[[openapi]]\n");
        page.table = format!("openapi[{place}]");
        page.key("file", &quote(&one.file));
        match &one.settings.prefix {
            Some(prefix) => page.key("prefix", &quote(prefix)),
            None => page.absent("prefix", "the paths of its servers"),
        }
        page.key("unknown", &word(UNKNOWN, one.unknown));
        page.key("parameters", &word(QUERIES, one.settings.queries));
        page.key("additional", &word(ADDITIONAL, one.settings.choices.additional));
        page.key("formats", &word(FORMATS, one.settings.choices.formats));
    }
}
