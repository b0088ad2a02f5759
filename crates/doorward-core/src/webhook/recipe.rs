//! The schemes, as one table of what they name and how they write it.

use super::SchemeError;
use super::encoding::{Digest, Encoding};
use super::template::{Piece, Template};
use http::HeaderName;

/// Seconds by which a signed time may differ from now, as Stripe, Slack and Standard Webhooks say.
pub const WINDOW_S: u64 = 300;
/// The same at the most, where it is configured: each delivery is remembered as long.
pub const WINDOW_S_MAX: u64 = 3_600;

/// Whose webhooks they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `X-Hub-Signature-256` over the body; the id in `X-GitHub-Delivery` is not signed.
    GitHub,
    /// `Stripe-Signature: t=…,v1=…` over time and body; the id is in the body.
    Stripe,
    /// `X-Slack-Signature` over `v0`, time and body.
    Slack,
    /// `X-Shopify-Hmac-Sha256` over the body; the id in `X-Shopify-Webhook-Id` is not signed.
    Shopify,
    /// `webhook-signature: v1,…` over id, time and body.
    StandardWebhooks,
    /// Any other.
    Custom(Custom),
}

/// A scheme from the configuration. Without a time and an id, two deliveries of the same bytes are
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custom {
    /// The header with the signature.
    pub header: String,
    /// What stands before the signature in it: `sha256=`. May be empty.
    pub prefix: String,
    /// How the signature is written.
    pub encoding: Encoding,
    /// The hash of its HMAC.
    pub digest: Digest,
    /// What is signed: text with `{body}`, and `{timestamp}` and `{id}` where there are such.
    pub signed: String,
    /// The header with the time, in seconds since 1970. It must be signed.
    pub timestamp: Option<String>,
    /// The header with the delivery's id.
    pub id: Option<String>,
    /// Seconds by which the time may differ from now, both ways.
    pub window_s: u64,
}

/// How signatures stand in their header.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// One, behind a prefix.
    Prefixed(String),
    /// Stripe's: `t=…,v1=…`, more than one `v1` while secrets rotate, other versions passed over.
    Pairs,
    /// Standard Webhooks': `v1,…` separated by spaces, other versions passed over.
    Versions,
}

/// Where the time stands.
#[derive(Clone, Debug)]
pub(super) enum Time {
    Unsigned,
    Header(HeaderName),
    /// The `t` of [`Shape::Pairs`].
    InSignature,
}

/// All that tells schemes apart.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// Tells claims of different schemes apart.
    pub(super) name: String,
    pub(super) signature: HeaderName,
    pub(super) shape: Shape,
    pub(super) encoding: Encoding,
    pub(super) digest: Digest,
    pub(super) template: Template,
    pub(super) time: Time,
    pub(super) id: Option<HeaderName>,
    pub(super) window_s: u64,
}

impl Recipe {
    pub(super) fn new(kind: &Kind) -> Result<Self, SchemeError> {
        let header = HeaderName::from_static;
        let prefixed = |prefix: &str| Shape::Prefixed(prefix.to_owned());
        // Most are SHA-256 in hexadecimal, over no time and without an id.
        let plain = |name: &str, signature, shape, template| -> Result<Self, SchemeError> {
            Ok(Self {
                name: name.to_owned(),
                signature,
                shape,
                encoding: Encoding::Hex,
                digest: Digest::Sha256,
                template: Template::parse(template)?,
                time: Time::Unsigned,
                id: None,
                window_s: WINDOW_S,
            })
        };
        match kind {
            Kind::GitHub => Ok(Self {
                id: Some(header("x-github-delivery")),
                ..plain("github", header("x-hub-signature-256"), prefixed("sha256="), "{body}")?
            }),
            Kind::Stripe => Ok(Self {
                time: Time::InSignature,
                ..plain("stripe", header("stripe-signature"), Shape::Pairs, "{timestamp}.{body}")?
            }),
            Kind::Slack => Ok(Self {
                time: Time::Header(header("x-slack-request-timestamp")),
                ..plain(
                    "slack",
                    header("x-slack-signature"),
                    prefixed("v0="),
                    "v0:{timestamp}:{body}",
                )?
            }),
            Kind::Shopify => Ok(Self {
                encoding: Encoding::Base64,
                id: Some(header("x-shopify-webhook-id")),
                ..plain("shopify", header("x-shopify-hmac-sha256"), prefixed(""), "{body}")?
            }),
            Kind::StandardWebhooks => Ok(Self {
                encoding: Encoding::Base64,
                time: Time::Header(header("webhook-timestamp")),
                id: Some(header("webhook-id")),
                ..plain(
                    "standard-webhooks",
                    header("webhook-signature"),
                    Shape::Versions,
                    "{id}.{timestamp}.{body}",
                )?
            }),
            Kind::Custom(custom) => Self::custom(custom),
        }
    }

    fn custom(custom: &Custom) -> Result<Self, SchemeError> {
        let signature = header(&custom.header)?;
        let template = Template::parse(&custom.signed)?;
        let time = custom.timestamp.as_deref().map(header).transpose()?;
        let id = custom.id.as_deref().map(header).transpose()?;
        // A time that is not signed proves nothing, and one that is not sent cannot be signed.
        if time.is_some() != template.has(&Piece::Timestamp) {
            return Err(SchemeError::Time);
        }
        if id.is_none() && template.has(&Piece::Id) {
            return Err(SchemeError::Id);
        }
        if time.is_some() && !(1..=WINDOW_S_MAX).contains(&custom.window_s) {
            return Err(SchemeError::Window);
        }
        Ok(Self {
            name: format!("custom {signature}"),
            signature,
            shape: Shape::Prefixed(custom.prefix.clone()),
            encoding: custom.encoding,
            digest: custom.digest,
            template,
            time: time.map_or(Time::Unsigned, Time::Header),
            id,
            window_s: custom.window_s,
        })
    }
}

fn header(name: &str) -> Result<HeaderName, SchemeError> {
    HeaderName::try_from(name).map_err(|_| SchemeError::Header)
}
