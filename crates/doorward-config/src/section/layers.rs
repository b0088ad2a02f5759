//! `[layers.*]`: modes, and the tables of the layers that have one.

use super::{cookie, credential, identity, permission, quota};
use crate::document::Table;
use crate::draft::Draft;
use crate::keys::LATER_LAYERS;
use crate::reading::Reading;
use crate::section::routes::FORMS;

/// The layers with a mode.
pub(crate) const WITH_MODE: &[&str] = &[
    "cors",
    "site",
    "method",
    "quota",
    "identity",
    "permission",
    "csrf",
    "pass",
    "body",
    "cookie",
];

pub(crate) fn read(layers: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    for id in LATER_LAYERS {
        let Some(value) = layers.value(id) else { continue };
        let Some(table) = value.table(reading) else { continue };
        match table.choose("mode", &[("off", ())], reading) {
            Some(()) => draft.later_off.push(id),
            // Whatever is written in it was reported already.
            None if !table.is_empty() => {}
            None => {
                let what = format!("the layer `{id}` is not in this version");
                let hint = "write mode = \"off\" to say that you know, or leave it out";
                let _: Option<()> = value.error(what, hint, reading);
            }
        }
    }
    // `message` has no keys of its own: opening it reports what is written there all the same.
    let _ = layers.table("message", reading);
    if let Some(table) = layers.table("credential", reading) {
        credential::read(&table, draft, reading);
    }
    for id in WITH_MODE {
        let Some(table) = layers.table(id, reading) else { continue };
        if let Some(mode) = table.value("mode").and_then(|value| value.mode(reading)) {
            draft.settings.layer_modes.push((id, mode));
        }
        match *id {
            "cors" => cors(&table, draft, reading),
            "quota" => quota::read(&table, draft, reading),
            "identity" => identity::read(&table, draft, reading),
            "permission" => permission::read(&table, draft, reading),
            "csrf" => csrf(&table, draft, reading),
            "cookie" => cookie::read(&table, draft, reading),
            "pass" => {
                let bits = table.value("work").and_then(|value| value.whole(reading));
                if let Some(bits) = bits.and_then(|bits| u8::try_from(bits).ok()) {
                    draft.settings.pass.work_bits = bits;
                }
            }
            _ => {}
        }
    }
}

fn csrf(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    draft.csrf_fields = table.value("fields").and_then(|value| value.boolean(reading));
    if let Some(forms) = table.choose("forms", FORMS, reading) {
        draft.settings.csrf.forms = forms;
    }
}

fn cors(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    if let Some(value) = table.value("credentials") {
        draft.cors_credentials = value.boolean(reading);
    }
    if let Some(age) = table.value("max_age").and_then(|value| value.duration(reading)) {
        draft.settings.cors.max_age_s = u32::try_from(age.as_secs()).unwrap_or(u32::MAX);
    }
}
