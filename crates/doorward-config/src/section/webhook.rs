//! `route.webhook`: who sends a route's deliveries, and how they are signed.

use super::secrets;
use crate::document::{Table, Value};
use crate::reading::Reading;
use doorward_core::layers::identity::WebhookSettings;
use doorward_core::secret::Secret;
use doorward_core::webhook::{Custom, Digest, Encoding, Kind, WINDOW_S};

/// The words of `scheme`.
pub(crate) const SCHEMES: &[(&str, Word)] = &[
    ("github", Word::GitHub),
    ("stripe", Word::Stripe),
    ("slack", Word::Slack),
    ("shopify", Word::Shopify),
    ("standard-webhooks", Word::StandardWebhooks),
    ("custom", Word::Custom),
];

/// A scheme, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    GitHub,
    Stripe,
    Slack,
    Shopify,
    StandardWebhooks,
    Custom,
}

/// The words of `encoding`.
pub(crate) const ENCODINGS: &[(&str, Encoding)] =
    &[("hex", Encoding::Hex), ("base64", Encoding::Base64)];
/// The words of `digest`.
pub(crate) const DIGESTS: &[(&str, Digest)] =
    &[("sha256", Digest::Sha256), ("sha512", Digest::Sha512)];

/// Keys that hold no secret.
const PUBLIC: &[&str] =
    &["scheme", "header", "prefix", "encoding", "digest", "signed", "timestamp", "id", "window"];

/// Reads it. With it, how its secrets were referred to.
pub(super) fn read(
    value: &Value<'_>,
    reading: &mut Reading<'_>,
) -> Option<(WebhookSettings, Vec<String>)> {
    let table = value.table(reading)?;
    table.mask_literals(PUBLIC, reading);
    let word = match table.value("scheme") {
        Some(said) => said.choose(SCHEMES, reading),
        None => {
            let hint = "add scheme = \"stripe\", or another of: github, slack, shopify, \
                        standard-webhooks, custom";
            value.error("this does not say how its sender signs", hint, reading)
        }
    };
    let (secrets, written) = secrets_of(value, &table, reading);
    let kind = match word? {
        Word::GitHub => Kind::GitHub,
        Word::Stripe => Kind::Stripe,
        Word::Slack => Kind::Slack,
        Word::Shopify => Kind::Shopify,
        Word::StandardWebhooks => Kind::StandardWebhooks,
        Word::Custom => Kind::Custom(custom(value, &table, reading)?),
    };
    if !matches!(kind, Kind::Custom(_)) {
        let known = ["scheme", "secret"];
        for name in PUBLIC.iter().filter(|name| !known.contains(name)) {
            let Some(said) = table.value(name) else { continue };
            let what = "only a custom scheme is spelled out";
            let _: Option<()> = said.error(what, "leave it out, or scheme = \"custom\"", reading);
        }
    }
    Some((WebhookSettings { kind, secrets }, written))
}

fn secrets_of(
    value: &Value<'_>,
    table: &Table<'_>,
    reading: &mut Reading<'_>,
) -> (Vec<Secret>, Vec<String>) {
    let Some(said) = table.value("secret") else {
        let hint = "add secret = \"env:NAME\"; a list of two while it is changed";
        let _: Option<()> = value.error("this webhook has no secret", hint, reading);
        return Default::default();
    };
    secrets::read_each(said.list(reading), reading, |_, _, _| true)
}

fn custom(value: &Value<'_>, table: &Table<'_>, reading: &mut Reading<'_>) -> Option<Custom> {
    let text = |name: &str, reading: &mut Reading<'_>| {
        table.value(name).and_then(|value| value.text(reading)).map(str::to_owned)
    };
    let Some(header) = text("header", reading) else {
        let hint = "add header = \"x-signature\": the header with the signature";
        return value.error("a custom scheme has no `header`", hint, reading);
    };
    let window = table.value("window").and_then(|value| value.duration(reading));
    Some(Custom {
        header,
        prefix: text("prefix", reading).unwrap_or_default(),
        encoding: table.choose("encoding", ENCODINGS, reading).unwrap_or(Encoding::Hex),
        digest: table.choose("digest", DIGESTS, reading).unwrap_or(Digest::Sha256),
        signed: text("signed", reading).unwrap_or_else(|| "{body}".to_owned()),
        timestamp: text("timestamp", reading),
        id: text("id", reading),
        window_s: window.map_or(WINDOW_S, |window| window.as_secs()),
    })
}
