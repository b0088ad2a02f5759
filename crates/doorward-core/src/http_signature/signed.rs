//! One signature of a request, as its headers describe it (RFC 9421 4).

use super::component::Component;
use super::key::Key;
use super::target::Target;
use super::{Fault, Missing, base, fields};
use http::{HeaderMap, HeaderName};
use sfv::{Dictionary, InnerList, ListEntry, Parameters, Version};

/// Signatures of a request at the most.
pub const LABELS_MAX: usize = 4;
/// Bytes of `Signature-Input`, of `Signature` and of any other structured field that is read.
pub const FIELD_BYTES_MAX: usize = 8 * 1024;
/// Components of a signature whose headers are parsed (`sf`, `key`), at the most.
const PARSED_MAX: usize = 4;
/// Components of a signature at the most.
pub const COMPONENTS_MAX: usize = 32;
/// Bytes of a signature at the most: RSA with 8192 bits.
const SIGNATURE_BYTES_MAX: usize = 1024;

const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// A signature, and what it says of itself. Nothing of it is checked yet.
#[derive(Clone, Debug)]
pub struct Signed {
    label: String,
    components: Vec<Component>,
    /// The value of `@signature-params` (RFC 9421 2.3), the parameters in their order.
    params: String,
    signature: Vec<u8>,
    created: Option<u64>,
    expires: Option<u64>,
    nonce: Option<String>,
    key_id: Option<String>,
    algorithm: Option<String>,
    tag: Option<String>,
}

/// The signature of a request: the one with this `tag` (RFC 9421 2.3), or, where none is asked for,
/// the only one. None: there is no signature, or none with that tag.
///
/// # Errors
/// When the headers do not say clearly which it is and what it covers.
pub fn find(headers: &HeaderMap, tag: Option<&str>) -> Result<Option<Signed>, Fault> {
    let inputs = dictionary(headers, &SIGNATURE_INPUT)?;
    let signatures = dictionary(headers, &SIGNATURE)?;
    let (inputs, signatures) = match (inputs, signatures) {
        (None, None) => return Ok(None),
        (Some(inputs), Some(signatures)) => (inputs, signatures),
        (Some(_), None) | (None, Some(_)) => return Err(Fault::Missing),
    };
    // RFC 9421 4.2: the labels of both are the same.
    if signatures.keys().any(|label| !inputs.contains_key(label)) {
        return Err(Fault::Missing);
    }
    let mut chosen = None;
    for (label, input) in &inputs {
        let ListEntry::InnerList(list) = input else { return Err(Fault::Malformed) };
        let Some(signature) = signatures.get(label) else { return Err(Fault::Missing) };
        let own_tag = text(&list.params, "tag")?;
        if tag.is_some() && own_tag.as_deref() != tag {
            continue;
        }
        if chosen.replace((label.as_str(), list, signature)).is_some() {
            return Err(Fault::Ambiguous);
        }
    }
    chosen.map(|(label, list, signature)| Signed::parse(label, list, signature)).transpose()
}

fn dictionary(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Dictionary>, Fault> {
    // RFC 9421 stands on RFC 8941, which has no dates and no display strings.
    let members = fields::dictionary(headers, name, Version::Rfc8941, FIELD_BYTES_MAX)?;
    if members.as_ref().is_some_and(|members| members.len() > LABELS_MAX) {
        return Err(Fault::TooLong);
    }
    Ok(members)
}

fn text(params: &Parameters, name: &str) -> Result<Option<String>, Fault> {
    match params.get(name) {
        None => Ok(None),
        Some(value) => {
            let value = value.as_string().ok_or(Fault::Malformed)?;
            Ok(Some(value.as_str().to_owned()))
        }
    }
}

/// Seconds since 1970: an integer, and not below nought (RFC 9421 2.3).
fn time(params: &Parameters, name: &str) -> Result<Option<u64>, Fault> {
    match params.get(name) {
        None => Ok(None),
        Some(value) => {
            let value = value.as_integer().ok_or(Fault::Malformed)?;
            u64::try_from(i64::from(value)).map(Some).map_err(|_| Fault::Malformed)
        }
    }
}

impl Signed {
    fn parse(label: &str, list: &InnerList, signature: &ListEntry) -> Result<Self, Fault> {
        let ListEntry::Item(signature) = signature else { return Err(Fault::Malformed) };
        let signature = signature.bare_item.as_byte_sequence().ok_or(Fault::Malformed)?;
        if signature.is_empty() {
            return Err(Fault::Malformed);
        }
        if signature.len() > SIGNATURE_BYTES_MAX || list.items.len() > COMPONENTS_MAX {
            return Err(Fault::TooLong);
        }
        let mut components: Vec<Component> = Vec::with_capacity(list.items.len());
        for item in &list.items {
            let component = Component::parse(item)?;
            // RFC 9421 2.5: each component stands once.
            if components.iter().any(|other| other.part == component.part) {
                return Err(Fault::Repeated);
            }
            components.push(component);
        }
        // Each of these has its header parsed anew.
        if components.iter().filter(|component| component.is_parsed()).count() > PARSED_MAX {
            return Err(Fault::TooLong);
        }
        Ok(Self {
            label: label.to_owned(),
            components,
            params: fields::inner_list(list),
            signature: signature.to_vec(),
            created: time(&list.params, "created")?,
            expires: time(&list.params, "expires")?,
            nonce: text(&list.params, "nonce")?,
            key_id: text(&list.params, "keyid")?,
            algorithm: text(&list.params, "alg")?,
            tag: text(&list.params, "tag")?,
        })
    }

    /// Whether all of `wanted` is covered: names of headers and derived parts (`@method`,
    /// `content-digest`), or identifiers as signers write them (`"@query-param";name="a"`).
    ///
    /// # Errors
    /// The first that is not.
    pub fn covers(&self, wanted: &[&str]) -> Result<(), Missing> {
        let is_covered =
            |name: &str| self.components.iter().any(|component| component.covers(name));
        match wanted.iter().find(|name| !is_covered(name)) {
            None => Ok(()),
            Some(name) => Err(Missing((*name).to_owned())),
        }
    }

    /// The text that must have been signed (RFC 9421 2.5).
    ///
    /// # Errors
    /// When the request does not have what is covered, or it is too long.
    pub fn base(&self, target: &Target<'_>, headers: &HeaderMap) -> Result<Vec<u8>, Fault> {
        base::build(&self.components, &self.params, target, headers)
    }

    /// Checks it by `key` over the request (RFC 9421 3.2, steps 6 to 9).
    ///
    /// # Errors
    /// When it names another algorithm than the key's, or does not fit.
    pub fn check(&self, key: &Key, target: &Target<'_>, headers: &HeaderMap) -> Result<(), Fault> {
        self.check_base(key, &self.base(target, headers)?)
    }

    /// Checks it by `key` over a text that [`Self::base`] has built.
    ///
    /// # Errors
    /// When it names another algorithm than the key's, or does not fit.
    pub fn check_base(&self, key: &Key, base: &[u8]) -> Result<(), Fault> {
        // The key says which algorithm it is for; the request may only agree.
        if self.algorithm.as_deref().is_some_and(|name| name != key.algorithm().name()) {
            return Err(Fault::Algorithm);
        }
        if key.verify(base, &self.signature) { Ok(()) } else { Err(Fault::Forged) }
    }

    /// Whether it is neither too old nor from the future; see [`super::fresh`].
    ///
    /// # Errors
    /// [`Fault::Undated`], [`Fault::FromTheFuture`] or [`Fault::Stale`].
    pub fn fresh(&self, now_unix_s: u64, max_age_s: u64, skew_s: u64) -> Result<(), Fault> {
        super::fresh(self.created, self.expires, now_unix_s, max_age_s, skew_s)
    }

    /// Its label in both headers. Not signed: it tells signatures of one request apart, no more.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// When it was made, in seconds since 1970.
    #[must_use]
    pub const fn created(&self) -> Option<u64> {
        self.created
    }

    /// When it expires, in seconds since 1970.
    #[must_use]
    pub const fn expires(&self) -> Option<u64> {
        self.expires
    }

    /// What makes it unique.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The name of its key.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The algorithm that it names, as it names it.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.algorithm.as_deref()
    }

    /// What it is for.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }
}
