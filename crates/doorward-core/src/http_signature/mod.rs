//! # HTTP message signatures
//!
//! Checks signatures over requests by RFC 9421, for integrations that have a key of their own.
//!
//! ## What it is
//! A program signs the parts of its request that matter and says in `Signature-Input` which. This
//! module reads that, builds the same text from the request that arrived, and checks it.
//!
//! ## How it decides
//! 1. [`find`] reads both headers: at most 8 KiB and four labels, each line a dictionary of its
//!    own, nothing twice. One label is chosen, by `tag` where there is one; two are ambiguous.
//! 2. [`Signed::covers`] says whether the signature is over all that the caller requires.
//! 3. [`Signed::fresh`] compares `created` and `expires` with the time it is given.
//! 4. [`Signed::check`] compares `alg` with the key's algorithm, builds the signature base (at most
//!    32 KiB) and verifies it.
//! 5. [`content_digest`] and [`ContentDigest::matches`] bind the body, if `content-digest` is
//!    covered.
//!
//! ## What it does not stop
//! * A repeat within the window: the caller claims the nonce, once per key.
//! * What the signature does not cover can be changed. Only `covers` makes a part required.
//! * Two lines of a header and one line with a comma sign alike (RFC 9421 7.5.6); where that
//!   matters, signers add `bs`.
//! * An absolute `@request-target` of HTTP/1.1: it is taken for the origin form, and such a
//!   signature fails.
//! * Whoever holds an HMAC secret can also sign (RFC 9421 7.3.3).
//!
//! ## References
//! RFC 9421 sections 2 (components), 2.5 (base), 3.2 (verifying), 3.3 (algorithms), 4 (headers), 7
//! (security); RFC 9651 (structured fields); RFC 9530 sections 2 and 5 (`Content-Digest`); RFC 9110
//! sections 4.2.3 (normal forms) and 5.3 (joining lines).

mod base;
mod component;
mod digest;
mod fields;
mod key;
mod query;
mod signed;
mod target;

#[cfg(test)]
mod tests;

pub use base::BASE_BYTES_MAX;
pub use digest::{ContentDigest, content_digest};
pub use key::{Algorithm, Key, KeyError, SHARED_SECRET_BYTES_MIN};
pub use signed::{COMPONENTS_MAX, FIELD_BYTES_MAX, LABELS_MAX, Signed, find};
pub use target::Target;

/// Why a signature is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// `Signature` or `Signature-Input` is there without the other, or a label is.
    #[error("the signature or what it covers is missing")]
    Missing,
    /// A label, a parameter or a component stands twice.
    #[error("a name stands twice in the signature's headers")]
    Repeated,
    /// More than one signature could be meant, or more than one value of what it covers.
    #[error("it is not clear which signature or which value is meant")]
    Ambiguous,
    /// A header, a parameter or a component has a form that it may not have.
    #[error("the signature's headers cannot be read")]
    Malformed,
    /// More bytes, labels or components than are read.
    #[error("the signature's headers or what they cover are too long")]
    TooLong,
    /// It covers something that this gate does not build, or a digest that it does not compute.
    #[error("the signature or digest uses something that is not supported here")]
    Unsupported,
    /// It covers a header or a query parameter that the request does not have.
    #[error("the signature covers something that the request does not have")]
    Absent,
    /// It does not say when it was made.
    #[error("the signature does not say when it was made")]
    Undated,
    /// It is too old, or has expired.
    #[error("the signature is too old")]
    Stale,
    /// It was made later than now.
    #[error("the signature is from the future")]
    FromTheFuture,
    /// Its `alg` is not the key's.
    #[error("the signature names another algorithm than its key has")]
    Algorithm,
    /// It does not fit the request and the key.
    #[error("the signature does not fit the request")]
    Forged,
}

/// What is required, and no component of the signature covers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not cover {0}")]
pub struct Missing(pub String);

/// Whether a signature that says it was `created` then and `expires` then is still, and already,
/// good at `now_unix_s`. Clocks may differ by `skew_s`, both ways.
///
/// # Errors
/// [`Fault::Undated`], [`Fault::FromTheFuture`] or [`Fault::Stale`].
pub fn fresh(
    created: Option<u64>,
    expires: Option<u64>,
    now_unix_s: u64,
    max_age_s: u64,
    skew_s: u64,
) -> Result<(), Fault> {
    let created = created.ok_or(Fault::Undated)?;
    if created > now_unix_s.saturating_add(skew_s) {
        return Err(Fault::FromTheFuture);
    }
    let is_old = now_unix_s > created.saturating_add(max_age_s).saturating_add(skew_s);
    // What expires before it begins never held.
    let is_over = |expires: u64| expires < created || now_unix_s > expires.saturating_add(skew_s);
    if is_old || expires.is_some_and(is_over) { Err(Fault::Stale) } else { Ok(()) }
}
