//! `[store]`: where shares are kept.

use super::shared_store;
use crate::config::{StoreAt, WhenGone};
use crate::document::{Table, Value};
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::question::WhenAway;

const HINT: &str = "write url = \"memory:\", \"file:store.redb\" for a file beside this one, or \
                    \"valkey://127.0.0.1:6379\" for what gates share";

/// What is to happen while a store is away.
#[derive(Clone, Copy)]
enum Said {
    Refuse,
    Memory,
    Local,
}

impl Said {
    const WORDS: &[(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("memory", Self::Memory), ("local", Self::Local)];
}

pub(super) fn read(table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let value = table.value("url");
    let text = value.as_ref().and_then(|value| value.text(reading));
    draft.store_instances = shared_store::instances(table, reading);
    match (value, text) {
        (Some(_), None) => {}
        (Some(value), Some(text)) if shared_store::is_meant(text) => {
            shared(&value, table, draft, reading);
        }
        (value, text) => {
            not_shared(table, reading);
            own(value.as_ref().zip(text), table, draft, reading);
        }
    }
}

/// One that gates share.
fn shared(url: &Value<'_>, table: &Table<'_>, draft: &mut Draft, reading: &mut Reading<'_>) {
    let said = table.value("when_away");
    let when_gone = match said.as_ref().and_then(|said| said.choose(Said::WORDS, reading)) {
        None | Some(Said::Refuse) => Some(WhenGone::Refuse),
        Some(Said::Local) => match draft.store_instances {
            Some(instances) => Some(WhenGone::Local { instances }),
            None => {
                let what = "this does not say how many gates would go on alone";
                let hint = "add instances = 3, or as many as there are: each goes on with its part";
                said.as_ref().and_then(|said| said.error(what, hint, reading))
            }
        },
        Some(Said::Memory) => {
            let what = "a store that is shared has no memory of its own to go on with";
            let hint = "write when_away = \"local\": each gate goes on with its part of a share";
            said.as_ref().and_then(|said| said.error(what, hint, reading))
        }
    };
    let store = shared_store::read(url, table, when_gone.unwrap_or_default(), reading);
    if let (Some(store), Some(_)) = (store, when_gone) {
        draft.store = store;
    }
}

/// Says of words that belong to a store that is shared where there is none.
fn not_shared(table: &Table<'_>, reading: &mut Reading<'_>) {
    for name in shared_store::WORDS.iter().chain(&["private"]) {
        let Some(said) = table.value(name) else { continue };
        let what = format!("`{name}` is for a store that gates share");
        let hint = "leave it out, or say url = \"valkey://127.0.0.1:6379\"";
        let _: Option<()> = said.error(what, hint, reading);
    }
}

/// One of this gate alone.
fn own(
    url: Option<(&Value<'_>, &str)>,
    table: &Table<'_>,
    draft: &mut Draft,
    reading: &mut Reading<'_>,
) {
    let said = table.value("when_away");
    let when_away = said.as_ref().and_then(|said| match said.choose(Said::WORDS, reading)? {
        Said::Refuse => Some(WhenAway::Refuse),
        Said::Memory => Some(WhenAway::Memory),
        Said::Local => {
            let what = "this store is this gate's alone";
            said.error(what, "write when_away = \"memory\", or leave it out", reading)
        }
    });
    if let Some((value, text)) = url {
        let found = match text.strip_prefix("file:") {
            Some(path) => file(path, text, reading),
            None if text == "memory:" => Ok(StoreAt::Memory),
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
        (StoreAt::Memory | StoreAt::Shared(_), _) => {}
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
