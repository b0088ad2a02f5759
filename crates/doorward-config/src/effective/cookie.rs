//! `[layers.cookie]`, as it is effective.

use super::{Page, list, quote, word};
use crate::measure::{write_moment, write_size};
use crate::section::cookie::SAME_SITE;
use doorward_core::layers::cookie::Settings;

pub(super) fn cookie(settings: &Settings, page: &mut Page<'_>) {
    page.key("sessions", &list(&settings.sessions));
    page.key("readable", &list(&settings.readable));
    page.key("rename", &settings.rename.to_string());
    page.key("protect", &list(&settings.protect));
    match settings.migrate_until_unix_s {
        Some(until) => {
            let moment = write_moment(until);
            let day = moment.split('T').next().unwrap_or_default();
            page.key("migrate_until", &quote(day));
        }
        None => page.absent("migrate_until", "a renamed cookie's bare name is never taken"),
    }
    page.key("same_site", &word(SAME_SITE, settings.same_site));
    page.key("count", &settings.count_max.to_string());
    page.key("size", &quote(&write_size(settings.bytes_max as u64)));
    page.key("insecure_duplicates", &list(&settings.insecure_duplicates));
}
