//! A scheme with its secrets.

use super::delivery::Delivery;
use super::recipe::{Kind, Recipe, Time};
use super::template::Template;
use super::{Fault, HEADER_BYTES_MAX, ID_BYTES_MAX, marks};
use crate::header::{self, One};
use crate::secret::Secret;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use std::fmt;

/// Secrets of a scheme at the most: the old, the new, and room for a mistake.
pub const SECRETS_MAX: usize = 4;
/// Bytes of a secret at the least: 112 bits (NIST SP 800-131A 10).
pub const SECRET_BYTES_MIN: usize = 14;
/// Digits of a time at the most: enough for 31,000 years.
const TIME_DIGITS_MAX: usize = 12;
/// What secrets of Standard Webhooks begin with.
const STANDARD_SECRET_PREFIX: &str = "whsec_";

/// Why there is no scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// No secret, or more than [`SECRETS_MAX`].
    #[error("a webhook's scheme has one to {SECRETS_MAX} secrets")]
    Secrets,
    /// A secret is shorter than [`SECRET_BYTES_MIN`].
    #[error("a webhook's secret has at least {SECRET_BYTES_MIN} bytes")]
    SecretTooShort,
    /// A secret of Standard Webhooks is no base64.
    #[error("a secret of Standard Webhooks is whsec_ and base64")]
    SecretMalformed,
    /// A header's name is none.
    #[error("this is no name of a header")]
    Header,
    /// The template is none.
    #[error("the template has {{body}} once, and text such as a dot between its values")]
    Template,
    /// A time is signed and not sent, or sent and not signed.
    #[error("a time needs both: a header, and {{timestamp}} in the template")]
    Time,
    /// An id is signed and not sent.
    #[error("the template has {{id}}, but no header is named for it")]
    Id,
    /// The window is nought or too wide.
    #[error("the window is a second to an hour")]
    Window,
}

/// How the deliveries of one sender are signed, and by which secrets.
pub struct Scheme {
    pub(super) recipe: Recipe,
    /// One for each secret that counts now.
    pub(super) keys: Vec<hmac::Key>,
}

impl Scheme {
    /// A scheme. There may be several `secrets` while they are changed.
    ///
    /// # Errors
    /// When the secrets or a custom scheme cannot work.
    pub fn new(kind: &Kind, secrets: &[Secret]) -> Result<Self, SchemeError> {
        if secrets.is_empty() || secrets.len() > SECRETS_MAX {
            return Err(SchemeError::Secrets);
        }
        let recipe = Recipe::new(kind)?;
        let mut keys = Vec::with_capacity(secrets.len());
        for secret in secrets {
            let decoded;
            let secret = if matches!(kind, Kind::StandardWebhooks) {
                decoded = standard_secret(secret).ok_or(SchemeError::SecretMalformed)?;
                &decoded
            } else {
                secret
            };
            if secret.expose().len() < SECRET_BYTES_MIN {
                return Err(SchemeError::SecretTooShort);
            }
            keys.push(recipe.digest.key(secret.expose()));
        }
        Ok(Self { recipe, keys })
    }

    /// All that can be judged before there is a body: whether the headers are there, once and
    /// readable, and whether the time is within the window.
    ///
    /// # Errors
    /// All but [`Fault::Forged`].
    pub fn head(&self, headers: &HeaderMap, now_unix_s: u64) -> Result<Delivery, Fault> {
        let recipe = &self.recipe;
        let marks = marks::read(recipe, single(headers, &recipe.signature)?)?;
        let timestamp = match &recipe.time {
            Time::Unsigned => None,
            Time::Header(name) => Some(single(headers, name)?),
            Time::InSignature => Some(marks.time.ok_or(Fault::Missing)?),
        };
        let signed_at = timestamp.map(|text| self.time(text, now_unix_s)).transpose()?;
        let id = match &recipe.id {
            None => None,
            Some(name) => Some(id(single(headers, name)?, &recipe.template)?.to_owned()),
        };
        Ok(Delivery {
            signatures: marks.signatures,
            timestamp: timestamp.map(str::to_owned),
            signed_at_unix_s: signed_at,
            id,
            now_unix_s,
        })
    }

    /// The time, if it is within the window.
    fn time(&self, text: &str, now_unix_s: u64) -> Result<u64, Fault> {
        let is_read = text.len() <= TIME_DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
        if !is_read {
            return Err(Fault::Malformed);
        }
        let signed_at: u64 = text.parse().map_err(|_| Fault::Malformed)?;
        let window_s = self.recipe.window_s;
        if signed_at > now_unix_s.saturating_add(window_s) {
            return Err(Fault::FromTheFuture);
        }
        let is_stale = now_unix_s > signed_at.saturating_add(window_s);
        if is_stale { Err(Fault::Stale) } else { Ok(signed_at) }
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheme({}, …)", self.recipe.name)
    }
}

/// The one value of a header that the scheme needs.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<&'h str, Fault> {
    match header::single(headers, name) {
        One::Absent => Err(Fault::Missing),
        One::Repeated => Err(Fault::Repeated),
        One::Value(text) if text.len() <= HEADER_BYTES_MAX => Ok(text),
        One::Value(_) | One::Unreadable => Err(Fault::Malformed),
    }
}

/// An id: visible ASCII, without what ends it in the template.
fn id<'h>(text: &'h str, template: &Template) -> Result<&'h str, Fault> {
    let is_clear = |c: char| c.is_ascii_graphic() && !template.separators.contains(&c);
    let is_id = !text.is_empty() && text.len() <= ID_BYTES_MAX && text.chars().all(is_clear);
    if is_id { Ok(text) } else { Err(Fault::Malformed) }
}

/// The bytes of `whsec_` and base64; the prefix may be left out.
fn standard_secret(secret: &Secret) -> Option<Secret> {
    let text = std::str::from_utf8(secret.expose()).ok()?;
    let text = text.strip_prefix(STANDARD_SECRET_PREFIX).unwrap_or(text);
    STANDARD.decode(text).ok().map(Secret::new)
}
