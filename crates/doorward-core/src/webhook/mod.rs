//! # Webhooks
//!
//! Checks the signatures by which senders sign what they deliver: each by its own scheme.
//!
//! ## What it is
//! GitHub, Stripe, Slack, Shopify and whoever follows Standard Webhooks send an HMAC over the exact
//! bytes of the body, most of them with a time and an id. The schemes differ only in names, so each
//! is one entry of a table (`recipe.rs`); a `custom` one is such an entry from the configuration.
//!
//! ## How it decides
//! 1. [`Scheme::head`] reads the scheme's headers: each once, at most 4 KiB, at most eight
//!    signatures of the digest's length. A signed time must be within the window, both ways.
//! 2. [`Delivery::body`] computes the HMAC over the template under each secret, and compares each
//!    with each signature in constant time. All are compared, whichever fits.
//! 3. The [`Claim`] names the delivery: the caller claims its key once. A signed id names it; else
//!    a signed time makes the signed bytes unique, and their digest names it; else they do together
//!    with an id that is not signed ([`Claim::is_signed`] says so). Never the signature's text:
//!    while secrets rotate there are two for one delivery, and a repeat could show the other one.
//!
//! ## What it does not stop
//! * GitHub and Shopify sign neither time nor id. Who has seen a delivery can send it again under
//!   another id, and after [`REMEMBERED_S`], an hour, under its own. An application that minds
//!   looks at times and ids in the body.
//! * Headers that are not in the template (`X-GitHub-Event`, `X-Shopify-Topic`) can be changed.
//! * A sender whose secret is known. HMACs are symmetric: this gate could sign, too.
//! * The asymmetric signatures of Standard Webhooks (`v1a`) are passed over.
//!
//! ## References
//! RFC 2104 (HMAC);
//! <https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries>;
//! <https://docs.stripe.com/webhooks#verify-manually>;
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>;
//! <https://shopify.dev/docs/apps/build/webhooks/subscribe/https>;
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

mod delivery;
mod encoding;
mod marks;
mod recipe;
mod scheme;
mod template;

#[cfg(test)]
mod tests;

pub use delivery::{Claim, Delivery, REMEMBERED_S};
pub use encoding::{Digest, Encoding};
pub use recipe::{Custom, Kind, WINDOW_S, WINDOW_S_MAX};
pub use scheme::{SECRET_BYTES_MIN, SECRETS_MAX, Scheme, SchemeError};

/// Bytes of a header that a scheme reads, at the most.
pub const HEADER_BYTES_MAX: usize = 4 * 1024;
/// Signatures of one delivery at the most.
pub const SIGNATURES_MAX: usize = 8;
/// Bytes of a delivery's id at the most.
pub const ID_BYTES_MAX: usize = 256;

/// Why a delivery is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A header of the scheme, or a part of it, is not there.
    #[error("a header that the webhook's scheme needs is missing")]
    Missing,
    /// A header of the scheme stands twice.
    #[error("a header of the webhook's scheme stands twice")]
    Repeated,
    /// A header of the scheme cannot be read as the scheme has it, or is too long.
    #[error("a header of the webhook's scheme cannot be read")]
    Malformed,
    /// It was signed too long ago.
    #[error("the webhook was signed too long ago")]
    Stale,
    /// It was signed later than now.
    #[error("the webhook was signed in the future")]
    FromTheFuture,
    /// No signature fits the body and a secret.
    #[error("the webhook's signature does not fit its body")]
    Forged,
}
