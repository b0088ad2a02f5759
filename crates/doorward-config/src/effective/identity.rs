//! `[layers.identity]`, written out.

use super::{Page, list, quote};
use crate::section::identity::KINDS;
use crate::section::issuer::{KeysWritten, place_text, seconds_text};
use crate::section::webhook::{DIGESTS, ENCODINGS, SCHEMES, Word};
use doorward_core::certificate::NameKind;
use doorward_core::layers::identity::{
    Algorithm, CertificateSettings, IssuerSettings, KeySettings, KeysFrom, Place, Settings,
    SignerSettings,
};
use doorward_core::route::Settings as Route;
use doorward_core::webhook;

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
    let signers = settings.signers.iter().zip(&page.said.signature_keys);
    let signers: Vec<String> = signers.map(|(one, key)| signer_text(one, key)).collect();
    page.lines("signatures", &signers);
    match &page.said.session {
        Some(session) => page.key("session", &session.clone()),
        None => page.absent("session", "none"),
    }
    page.lines("introspection", &page.said.introspection.clone());
    match &settings.certificate {
        Some(certificate) => page.key("certificate", &certificate_text(certificate)),
        None => page.absent("certificate", "none"),
    }
    match settings.nonce.stretch_s {
        Some(stretch_s) => {
            page.key("proof", &format!("{{ nonce = {} }}", quote(&seconds_text(stretch_s))));
        }
        None => page.absent("proof", "no nonces"),
    }
    let word = |kind| KINDS.iter().find(|(_, meaning)| *meaning == kind).map(|(word, _)| *word);
    let prefer: Vec<String> =
        settings.prefer.iter().filter_map(|kind| word(*kind)).map(str::to_owned).collect();
    page.key("prefer", &list(&prefer));
}

fn certificate_text(settings: &CertificateSettings) -> String {
    let word = NameKind::WORDS.iter().find(|(_, kind)| *kind == settings.subject);
    let subject = quote(word.map_or("", |(word, _)| *word));
    format!("{{ subject = {subject}, scopes = {} }}", list(&settings.scopes))
}

fn signer_text(signer: &SignerSettings, key: &str) -> String {
    format!(
        "{{ keyid = {}, algorithm = {}, {key}, subject = {}, scopes = {}, covers = {} }}",
        quote(&signer.key_id),
        quote(signer.key.algorithm().name()),
        quote(&signer.subject),
        list(&signer.scopes),
        list(&signer.covers),
    )
}

/// `route.webhook`, where there is one.
pub(super) fn webhook(route: &Route, place: usize, page: &mut Page<'_>) {
    let Some(settings) = &route.webhook else { return };
    let mut secrets = page.said.webhook_secrets.iter();
    let written = secrets.find(|(of, _)| *of == place).map(|(_, written)| written.clone());
    let word = match &settings.kind {
        webhook::Kind::GitHub => Word::GitHub,
        webhook::Kind::Stripe => Word::Stripe,
        webhook::Kind::Slack => Word::Slack,
        webhook::Kind::Shopify => Word::Shopify,
        webhook::Kind::StandardWebhooks => Word::StandardWebhooks,
        webhook::Kind::Custom(_) => Word::Custom,
    };
    let scheme = SCHEMES.iter().find(|(_, other)| *other == word).map_or("", |(word, _)| *word);
    let secret = list(&written.unwrap_or_default());
    let mut out = format!("{{ scheme = {}, secret = {secret}", quote(scheme));
    if let webhook::Kind::Custom(custom) = &settings.kind {
        let encoding = ENCODINGS.iter().find(|(_, one)| *one == custom.encoding);
        let digest = DIGESTS.iter().find(|(_, one)| *one == custom.digest);
        out.push_str(&format!(
            ", header = {}, prefix = {}, encoding = {}, digest = {}, signed = {}, window = {}",
            quote(&custom.header),
            quote(&custom.prefix),
            quote(encoding.map_or("", |(word, _)| *word)),
            quote(digest.map_or("", |(word, _)| *word)),
            quote(&custom.signed),
            quote(&seconds_text(custom.window_s)),
        ));
        for (name, header) in [("timestamp", &custom.timestamp), ("id", &custom.id)] {
            let Some(header) = header else { continue };
            out.push_str(&format!(", {name} = {}", quote(header)));
        }
    }
    out.push_str(" }");
    page.key("webhook", &out);
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
