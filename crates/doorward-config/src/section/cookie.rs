//! `[layers.cookie]`: which cookies are sessions, and what is done to them.

use super::top::texts;
use crate::document::Table;
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::layers::cookie::SameSite;

/// The words of `same_site`.
pub(crate) const SAME_SITE: &[(&str, SameSite)] =
    &[("auto", SameSite::Auto), ("keep", SameSite::Keep)];

pub(crate) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let cookie = &mut draft.settings.cookie;
    let names = |key: &str, reading: &mut Reading<'_>| {
        let list = table.list(key, reading);
        texts(&list, &format!("layers.cookie.{key}"), reading)
    };
    cookie.sessions = names("sessions", reading);
    cookie.readable = names("readable", reading);
    cookie.protect = names("protect", reading);
    cookie.insecure_duplicates = names("insecure_duplicates", reading);
    if let Some(rename) = table.value("rename").and_then(|value| value.boolean(reading)) {
        cookie.rename = rename;
    }
    if let Some(value) = table.value("migrate_until") {
        cookie.migrate_until_unix_s = value.day(reading);
    }
    if let Some(value) = table.value("same_site") {
        cookie.same_site = value.choose(SAME_SITE, reading).unwrap_or_default();
    }
    if let Some(count) = table.value("count").and_then(|value| value.whole(reading)) {
        cookie.count_max = usize::try_from(count).unwrap_or(usize::MAX);
    }
    if let Some(size) = table.value("size").and_then(|value| value.size(reading)) {
        cookie.bytes_max = usize::try_from(size).unwrap_or(usize::MAX);
    }
}
