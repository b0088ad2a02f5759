//! What is said of cookies that cannot be renamed.

use super::{is_enforced, listed};
use crate::draft::Draft;
use crate::reading::Reading;

/// What `rename` and `protect` ask for, where it comes to nothing.
pub(super) fn renaming(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    let cookie = &settings.cookie;
    if !is_enforced(settings, "cookie") {
        return;
    }
    let key = if cookie.rename { "rename" } else { "protect" };
    let at = format!("layers.cookie.{key}");
    if !cookie.rename && cookie.protect.is_empty() {
        if cookie.migrate_until_unix_s.is_some() {
            let place = reading.place("layers.cookie.migrate_until");
            let what = "no cookie is renamed, so there is none to move".to_owned();
            reading.warn(place, what, "say which: protect = [\"session\"], or leave it out");
        }
        return;
    }
    let is_named = !cookie.protect.is_empty() || !cookie.sessions.is_empty();
    if cookie.rename && !is_named && !settings.identity.reads_cookies() {
        let place = reading.place(&at);
        let what = "no session is named, and none is renamed whose name is only guessed";
        reading.warn(place, what.to_owned(), "name it: sessions = [\"connect.sid\"]");
    }
    let names = listed(draft);
    let open = names.iter().find(|(_, external)| external.origin().scheme() != "https");
    let who = match open {
        Some((_, external)) => external.origin().to_string(),
        None if names.is_empty() => "a gate without `external`".to_owned(),
        None => return,
    };
    let place = reading.place(&at);
    reading.warn(
        place,
        format!("{who} is not known to be called by https, so cookies keep their names there"),
        "browsers take __Host- by https alone: list the https name in `external`",
    );
}
