//! Tokens in forms, where the rest of the file is against them.

use super::is_enforced;
use crate::draft::Draft;
use crate::load::injects;
use crate::reading::Reading;
use doorward_core::layers::csrf::Forms;
use doorward_core::mode::Mode;
use doorward_core::route::{Csrf, Kind};

/// What to know of tokens that are written into forms.
pub(super) fn written(draft: &Draft, reading: &mut Reading<'_>) {
    let settings = &draft.settings;
    if !injects(settings) {
        return;
    }
    let of_layer = settings.csrf.forms == Forms::Inject;
    let of_route = settings.routes.iter().position(|route| route.forms == Some(Forms::Inject));
    let at = match of_route {
        Some(place) if !of_layer => format!("route[{place}].forms"),
        Some(_) | None => "layers.csrf.forms".to_owned(),
    };
    let place = reading.place(&at);
    if settings.layer_modes.contains(&("csrf", Mode::Off)) {
        let what = "`csrf` is off: no form gets a token, and none is asked for one";
        let hint = "enforce it, [layers.csrf] mode = \"enforce\", or leave out `forms`";
        reading.warn(place, what.to_owned(), hint);
        return;
    }
    if !is_enforced(settings, "site") {
        let what = "a token that leaks out of a page works for any page of the same site, and \
                    `site` does not refuse those";
        reading.warn(place.clone(), what.to_owned(), "enforce `site` beside it");
    }
    reading.note(
        place,
        "where forms get tokens, HTML leaves uncompressed, without ETag and with Cache-Control: \
         private, no-store"
            .to_owned(),
        "say `forms` on the routes that have forms, so that the others stay as they are",
    );
    for (place, route) in settings.routes.iter().enumerate() {
        let is_own = matches!(route.csrf, Csrf::App | Csrf::Off);
        if route.forms == Some(Forms::Inject) && is_own {
            let place = reading.place(&format!("route[{place}].forms"));
            let what = "its pages get tokens, and nobody asks for one on this route";
            let hint = "leave out `csrf`, unless its forms go to other routes";
            reading.warn(place, what.to_owned(), hint);
        }
        if of_layer && route.forms.is_none() && route.kind == Kind::Page {
            unknown(place, draft, reading);
        }
    }
}

/// A page on which nobody asks who is calling.
fn unknown(place: usize, draft: &Draft, reading: &mut Reading<'_>) {
    if !draft.settings.identity.reads_what_browsers_send() {
        return;
    }
    let place = reading.place(&format!("route[{place}].kind"));
    let what = "its forms get no token: on a page nobody asks who is calling, and a token belongs \
                to its caller";
    let hint = "say kind = \"api\" where it has forms, or forms = \"leave\" to say that you know";
    reading.warn(place, what.to_owned(), hint);
}
