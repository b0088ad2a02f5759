//! `[store]`: where shares are kept.

use crate::config::StoreAt;
use crate::document::Table;
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::question::WhenAway;

const HINT: &str = "write url = \"memory:\", or \"file:store.redb\" for a file beside this one";

/// Stores of later versions.
const LATER: &[&str] = &["valkey:", "valkeys:", "redis:", "rediss:"];

pub(super) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let said = table.value("when_away");
    let when_away = said.as_ref().and_then(|said| said.choose(WhenAway::WORDS, reading));
    if let Some(value) = table.value("url")
        && let Some(text) = value.text(reading)
    {
        let found = match text.strip_prefix("file:") {
            Some(path) => file(path, text, reading),
            None if text == "memory:" => Ok(StoreAt::Memory),
            None if LATER.iter().any(|known| text.starts_with(known)) => {
                Err(("this store is not in this version", HINT))
            }
            None => Err(("there is no such store", HINT)),
        };
        match found {
            Ok(at) => draft.store = at,
            Err((what, hint)) => {
                let _: Option<()> = value.error(what, hint, reading);
                return;
            }
        }
    }
    match (&mut draft.store, said) {
        (StoreAt::File { when_away: kept, .. }, _) => *kept = when_away.unwrap_or_default(),
        (StoreAt::Memory, Some(said)) => {
            let what = "the process's own memory is never away";
            let _: Option<()> = said.error(what, "leave `when_away` out", reading);
        }
        (StoreAt::Memory, None) => {}
    }
}

/// The file that a URL names; relative to the configuration's folder.
fn file(
    path: &str,
    written: &str,
    reading: &Reading<'_>,
) -> Result<StoreAt, (&'static str, &'static str)> {
    if path.starts_with("//") {
        return Err((
            "this is no path",
            "write it behind `file:`, as in \"file:/var/lib/store.redb\"",
        ));
    }
    if path.is_empty() || path.ends_with('/') || path.contains('\0') {
        return Err(("this names no file", HINT));
    }
    Ok(StoreAt::File {
        path: reading.resolve(path),
        written: written.to_owned(),
        when_away: WhenAway::default(),
    })
}
