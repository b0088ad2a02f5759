//! Integrations that sign each request with a key of their own (RFC 9421).

use super::signature_reason::SignatureReason;
use super::who::{Facts, Identity, Kind};
use super::{Bound, Known, Who};
use crate::http_signature::{self, Key, Signed, Target, content_digest};
use crate::layers::pass::{self, Claimed, Held, Of, canonical_authority, mounts};
use crate::moment::Moment;
use crate::view::BodyHint;
use crate::visit::Visit;
use http::HeaderName;
use std::sync::Arc;

/// Who vouches for integrations that sign: the gate's operator, by this word.
pub const SIGNATURE_ISSUER: &str = "doorward-signature";
/// Seconds for which a signature is taken.
pub const SIGNATURE_AGE_S: u64 = 300;
/// Seconds by which clocks may differ.
const SKEW_S: u64 = 30;
/// Other names of the gate that a signature is tried for.
const OTHERS_MAX: usize = 3;
/// Parts of a request that a signature must cover, always.
const COVERS: [&str; 4] = ["@method", "@authority", "@path", "@query"];
/// What it must cover where there is a body.
const DIGEST: &str = "content-digest";

static SIGNATURE: HeaderName = HeaderName::from_static("signature");
static SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");

/// An integration that signs.
#[derive(Clone, Debug)]
pub struct SignerSettings {
    /// The `keyid` of its signatures.
    pub key_id: String,
    /// Its key, for one algorithm.
    pub key: Key,
    /// What it is called: whose share is charged.
    pub subject: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Headers that its signatures must cover, beside what all must.
    pub covers: Vec<String>,
}

/// An integration that is believed.
#[derive(Debug)]
pub(super) struct Signer {
    key_id: String,
    key: Key,
    covers: Vec<String>,
    identity: Arc<Identity>,
}

impl Signer {
    pub(super) fn new(settings: &SignerSettings) -> Self {
        let identity = Identity::new(Facts {
            kind: Kind::Signature,
            issuer: SIGNATURE_ISSUER,
            subject: &settings.subject,
            scopes: &settings.scopes.join(" "),
            token_id: None,
            begins_unix_s: 0,
            ends_unix_s: None,
            by: None,
            bound: Bound::default(),
            claims: None,
        });
        Self {
            key_id: settings.key_id.clone(),
            key: settings.key.clone(),
            covers: settings.covers.clone(),
            identity: Arc::new(identity),
        }
    }

    /// What it is called.
    pub(super) fn subject(&self) -> &str {
        self.identity.subject()
    }
}

/// Whether a request carries a signature that is not a page's.
pub(super) fn is_signed(visit: &Visit<'_>) -> bool {
    let headers = visit.view.headers;
    let has = |name: &HeaderName| headers.contains_key(name);
    (has(&SIGNATURE_INPUT) || has(&SIGNATURE)) && !pass::is_carried(visit)
}

/// Who has signed a request.
pub(super) fn who(signers: &[Signer], visit: &Visit<'_>, at: Moment<'_>) -> Who {
    match judge(signers, visit, at) {
        Ok((identity, held)) => {
            let known = Known {
                identity,
                // It stands in no place of its own: every other credential is taken away.
                place: usize::MAX,
                visitor: None,
                is_remembered: false,
                is_ambient: false,
            };
            Who::Signed(known, Box::new(held))
        }
        Err(reason) => Who::Unsigned(reason),
    }
}

/// Judges a signed request: who signed it, and what is still to be claimed.
fn judge(
    signers: &[Signer],
    visit: &Visit<'_>,
    at: Moment<'_>,
) -> Result<(Arc<Identity>, Held), SignatureReason> {
    let signed = http_signature::find(visit.view.headers, None)?;
    let signed = signed.ok_or(SignatureReason::Missing)?;
    let key_id = signed.key_id().ok_or(SignatureReason::Incomplete)?;
    let known = signers.iter().find(|signer| signer.key_id == key_id);
    let signer = known.ok_or(SignatureReason::UnknownKey)?;
    let has_body = !matches!(visit.view.body, BodyHint::Empty | BodyHint::Length(0));
    covers(&signed, signer, has_body)?;
    // The cheap ones first; the key last.
    signed.fresh(at.now.unix_s, SIGNATURE_AGE_S, SKEW_S)?;
    let created = signed.created().unwrap_or_default();
    if created < at.memory.lives.begun_s(at.now) {
        // An earlier process may have taken it.
        return Err(SignatureReason::StoreAway);
    }
    let digest = match has_body || visit.view.headers.contains_key(DIGEST) {
        true => content_digest(visit.view.headers)?,
        false => None,
    };
    if has_body && digest.is_none() {
        return Err(SignatureReason::Incomplete);
    }
    let base = fitting(&signed, &signer.key, visit)?;
    if !has_body && digest.as_ref().is_some_and(|digest| !digest.matches(b"")) {
        return Err(SignatureReason::BodyDiffers);
    }
    // Some algorithms have many signatures for one text: what is claimed is the nonce, or the text.
    let unique = signed.nonce().map_or(base.as_slice(), str::as_bytes);
    let held = Held::new(&Claimed {
        of: Of::Signature,
        pass: None,
        user: None,
        once: Some(&[b"signature", key_id.as_bytes(), b"\n", unique]),
        until_unix_s: created.saturating_add(SIGNATURE_AGE_S + 2 * SKEW_S),
        digest: digest.filter(|_| has_body),
        traveller: None,
        is_signed: true,
        life: at.memory.lives.boot(at.now),
    });
    Ok((Arc::clone(&signer.identity), held))
}

/// The text that the signature fits, under the name and path by which the request came in.
fn fitting(signed: &Signed, key: &Key, visit: &Visit<'_>) -> Result<Vec<u8>, SignatureReason> {
    let check = |scheme: &str, authority: &str, mount: &str| {
        let path = format!("{mount}{}", visit.view.target.path);
        let target = Target {
            method: visit.view.method.as_str(),
            scheme,
            authority,
            path: &path,
            query: visit.view.target.query,
        };
        let base = signed.base(&target, visit.view.headers)?;
        signed.check_base(key, &base).map(|()| base)
    };
    let own = canonical_authority(visit);
    let mut refused = http_signature::Fault::Forged;
    for mount in mounts(visit) {
        match check(scheme(visit), &own, mount) {
            Ok(base) => return Ok(base),
            Err(fault) => refused = fault,
        }
    }
    // One that fits another of the gate's names is nobody's forgery: a proxy between changes Host.
    let listed = visit.gate.names.listed().iter().take(OTHERS_MAX);
    let mut others = listed.filter_map(|name| {
        let authority = name.authority().to_str().ok()?;
        check(name.origin().scheme(), authority, name.prefix()).ok()
    });
    match others.next() {
        Some(_) => Err(SignatureReason::OtherHost),
        None => Err(refused.into()),
    }
}

fn covers(signed: &Signed, signer: &Signer, has_body: bool) -> Result<(), SignatureReason> {
    let own = signer.covers.iter().map(String::as_str);
    let digest = has_body.then_some(DIGEST);
    let wanted: Vec<&str> = COVERS.into_iter().chain(digest).chain(own).collect();
    signed.covers(&wanted).map_err(|_| SignatureReason::Incomplete)
}

/// By which scheme the client called.
pub(super) fn scheme<'a>(visit: &'a Visit<'_>) -> &'a str {
    let place = visit.named.and_then(|named| named.external);
    let external = place.and_then(|place| visit.gate.names.listed().get(place));
    external.map_or("http", |external| external.origin().scheme())
}
