//! What may be wrong with where shares are kept.

use crate::config::StoreAt;
use crate::draft::Draft;
use crate::reading::Reading;
use doorward_core::mode::Mode;

pub(super) fn look(draft: &Draft, reading: &mut Reading<'_>) {
    let is_shared = matches!(draft.store, StoreAt::Shared(_));
    if !is_shared && draft.store_instances.is_some_and(|instances| instances.get() > 1) {
        gates_apart(draft, reading);
    }
    if let StoreAt::Shared(store) = &draft.store
        && store.secret.is_none()
        && draft.signing.len() > 1
    {
        let place = reading.place("secrets.signing");
        reading.warn(
            place,
            "names in the shared store are made with the first of these secrets: when another one \
             is first, all shares begin anew, and pages ask for new passes"
                .to_owned(),
            "give it one of its own, which stays: [store] secret = \"env:DOORWARD_STORE_SECRET\"",
        );
    }
}

/// Several gates, each of which remembers for itself.
fn gates_apart(draft: &Draft, reading: &mut Reading<'_>) {
    let has_passes = draft.settings.layer_modes.contains(&("pass", Mode::Enforce));
    let place = reading.place("store.instances");
    let what = match has_passes {
        true => {
            "each of these gates remembers for itself: a pass of one is refused by the others \
             (pass/other-instance), and every share is as many times as large"
        }
        false => "each of these gates counts for itself: every share is as many times as large",
    };
    let hint = "let them share a store: [store] url = \"valkey://HOST\"";
    reading.warn(place, what.to_owned(), hint);
}
