//! Every permissive word of a configuration, to be printed at each start.

use crate::config::{Profile, StoreAt, WhenGone};
use crate::draft::Draft;
use crate::effective::{list, mode_text};
use crate::load::mode_of_tokens;
use crate::reading::Reading;
use doorward_core::mode::Mode;
use doorward_core::question::WhenAway;
use doorward_core::route::{Csrf, Embed, Settings};

/// The words as they would be written, each with its table or route.
pub(crate) fn words(draft: &Draft, reading: &Reading<'_>) -> Vec<String> {
    let settings = &draft.settings;
    let mut out = Vec::new();
    if settings.mode != Mode::Enforce {
        out.push(format!("mode = {}", mode_text(settings.mode)));
    }
    if reading.literal_secrets {
        out.push("secrets.insecure_literal_secret = true".to_owned());
    }
    if matches!(draft.store, StoreAt::File { when_away: WhenAway::Memory, .. }) {
        out.push("store.when_away = \"memory\"".to_owned());
    }
    if let StoreAt::Shared(store) = &draft.store {
        if store.when_gone != WhenGone::Refuse {
            out.push("store.when_away = \"local\"".to_owned());
        }
        if store.insecure_evicting {
            out.push("store.insecure_evicting_store = true".to_owned());
        }
    }
    for id in &draft.later_off {
        out.push(format!("layers.{id}.mode = \"off\""));
    }
    for (id, mode) in &settings.layer_modes {
        // The authenticated profile knows its callers: passes are no part of it.
        let is_of_profile = *id == "pass" && draft.profile == Profile::Authenticated;
        // Where nobody is known by a cookie there is nothing that tokens could protect.
        let is_as_wanted = *id == "csrf" && *mode >= mode_of_tokens(settings);
        if *mode != Mode::Enforce && !is_of_profile && !is_as_wanted {
            out.push(format!("layers.{id}.mode = {}", mode_text(*mode)));
        }
    }
    let twice = &settings.cookie.insecure_duplicates;
    if !twice.is_empty() {
        out.push(format!("layers.cookie.insecure_duplicates = {}", list(twice)));
    }
    for route in &settings.routes {
        let words = of_route(route, settings.requires_identity);
        out.extend(words.into_iter().map(|word| format!("route {:?}: {word}", route.path)));
    }
    out
}

fn of_route(route: &Settings, requires_identity: bool) -> Vec<String> {
    let mut out = Vec::new();
    if route.mode != Mode::Enforce {
        out.push(format!("mode = {}", mode_text(route.mode)));
    }
    match route.embed {
        Embed::Own => {}
        Embed::SameSite => out.push("embed = \"same-site\"".to_owned()),
        Embed::Anyone => out.push("embed = \"anyone\"".to_owned()),
    }
    match route.csrf {
        Csrf::Cookie | Csrf::Body | Csrf::Required => {}
        Csrf::App => out.push("csrf = \"app\"".to_owned()),
        Csrf::Off => out.push("csrf = \"off\"".to_owned()),
    }
    let flags = [
        (requires_identity && route.requires_identity == Some(false), "profile = \"public\""),
        (route.post, "post = true"),
        (route.allow_encoded_slash, "allow = [\"encoded-slash\"]"),
        (route.limits_only, "limits_only = true"),
        (route.insecure_open_credential, "insecure_open_credential = true"),
    ];
    out.extend(flags.iter().filter(|(set, _)| *set).map(|(_, word)| (*word).to_owned()));
    out
}
