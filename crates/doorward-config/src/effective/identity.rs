//! `[layers.identity]`, written out.

use super::{Page, list, quote};
use crate::section::identity::KINDS;
use crate::section::issuer::{KeysWritten, place_text, seconds_text};
use doorward_core::layers::identity::{
    Algorithm, IssuerSettings, KeySettings, KeysFrom, Place, Settings,
};

pub(super) fn identity(settings: &Settings, page: &mut Page<'_>) {
    let issuers = settings.issuers.iter().zip(&page.said.jwt_keys);
    let issuers: Vec<String> =
        issuers.map(|(issuer, written)| issuer_text(issuer, written)).collect();
    page.lines("jwt", &issuers);
    match &settings.keys {
        Some(keys) => {
            let (header, file) = (keys_header(keys), quote(&page.said.key_file));
            page.key("keys", &format!("{{ header = {header}, file = {file} }}"));
        }
        None => page.absent("keys", "none"),
    }
    let word = |kind| KINDS.iter().find(|(_, meaning)| *meaning == kind).map(|(word, _)| *word);
    let prefer: Vec<String> =
        settings.prefer.iter().filter_map(|kind| word(*kind)).map(str::to_owned).collect();
    page.key("prefer", &list(&prefer));
}

fn keys_header(keys: &KeySettings) -> String {
    match &keys.place {
        Place::Bearer => quote("authorization"),
        Place::Header(name) => quote(name.as_str()),
        Place::Cookie(name) => quote(name),
    }
}

fn issuer_text(issuer: &IssuerSettings, written: &KeysWritten) -> String {
    let name = |algorithm| Algorithm::NAMES.iter().find(|(_, meaning)| *meaning == algorithm);
    let algorithms: Vec<String> = issuer
        .algorithms
        .iter()
        .filter_map(|algorithm| name(*algorithm))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let mut out = format!(
        "{{ issuer = {}, audience = {}, {} = {}, algorithms = {}, types = {}, from = {}, \
         subject = {}, scopes = {}, leeway = {}",
        quote(&issuer.issuer),
        list(&issuer.audiences),
        written.key,
        quote(&written.text),
        list(&algorithms),
        list(&issuer.types),
        quote(&place_text(&issuer.place)),
        quote(&issuer.subject),
        quote(&issuer.scopes),
        quote(&seconds_text(issuer.leeway_s)),
    );
    if let KeysFrom::Url(url) = &issuer.keys {
        let (refresh, stale) = (seconds_text(url.refresh_s), seconds_text(url.stale_s));
        out.push_str(&format!(
            ", refresh = {}, stale = {}, private = {}",
            quote(&refresh),
            quote(&stale),
            url.is_private,
        ));
    }
    out.push_str(" }");
    out
}
