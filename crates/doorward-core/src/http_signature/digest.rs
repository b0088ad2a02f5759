//! `Content-Digest` (RFC 9530): what a body must hash to.

use super::fields;
use super::{FIELD_BYTES_MAX, Fault};
use aws_lc_rs::digest;
use http::{HeaderMap, HeaderName};
use sfv::{Dictionary, ListEntry, Version};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// The digests of a body. At least one is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

/// Reads `Content-Digest`. None: there is no such header. Algorithms other than `sha-256` and
/// `sha-512` are passed over (RFC 9530 5: the others are deprecated), but they are not enough.
///
/// # Errors
/// When it cannot be read, or has neither of the two.
pub fn content_digest(headers: &HeaderMap) -> Result<Option<ContentDigest>, Fault> {
    let members = fields::dictionary(headers, &CONTENT_DIGEST, Version::Rfc8941, FIELD_BYTES_MAX)?;
    let Some(members) = members else { return Ok(None) };
    let digest =
        ContentDigest { sha256: entry(&members, "sha-256")?, sha512: entry(&members, "sha-512")? };
    if digest.sha256.is_none() && digest.sha512.is_none() {
        return Err(Fault::Unsupported);
    }
    Ok(Some(digest))
}

fn entry<const N: usize>(members: &Dictionary, name: &str) -> Result<Option<[u8; N]>, Fault> {
    match members.get(name) {
        None => Ok(None),
        Some(ListEntry::InnerList(_)) => Err(Fault::Malformed),
        Some(ListEntry::Item(item)) => {
            let bytes = item.bare_item.as_byte_sequence().ok_or(Fault::Malformed)?;
            bytes.try_into().map(Some).map_err(|_| Fault::Malformed)
        }
    }
}

impl ContentDigest {
    /// The one of SHA-256 alone.
    pub(crate) const fn sha256(digest: [u8; 32]) -> Self {
        Self { sha256: Some(digest), sha512: None }
    }

    /// The same as [`Self::matches`], where the body's SHA-256 is known.
    pub(crate) fn fits(&self, body: &[u8], sha256: &[u8; 32]) -> bool {
        let is_long = |want: [u8; 64]| digest::digest(&digest::SHA512, body).as_ref() == want;
        self.sha256.is_none_or(|want| want == *sha256) && self.sha512.is_none_or(is_long)
    }

    /// Whether `body` hashes to every digest that is there: one that fits does not excuse another.
    #[must_use]
    pub fn matches(&self, body: &[u8]) -> bool {
        let is = |algorithm, want: &[u8]| digest::digest(algorithm, body).as_ref() == want;
        self.sha256.is_none_or(|want| is(&digest::SHA256, &want))
            && self.sha512.is_none_or(|want| is(&digest::SHA512, &want))
    }
}
