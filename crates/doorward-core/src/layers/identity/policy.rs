//! Who is believed, checked.

use super::certificate::{CERTIFICATE_ISSUER, CertificateSettings, Certificates};
use super::checker::{Checker, CheckerSettings};
use super::issuer::{Issuer, IssuerSettings, KeysFrom, SHARED_SECRET_BYTES_MIN};
use super::key::{KeySettings, Keys};
use super::key_set::KeySetError;
use super::nonce::{NonceSettings, Nonces};
use super::place::Place;
use super::signature::{SIGNATURE_ISSUER, Signer, SignerSettings};
use super::signed::{Signed, SignedSettings};
use super::who::{KEY_ISSUER, Kind};
use super::whoami::SESSION_ISSUER;
use http::HeaderName;
use std::sync::Arc;

/// Places where credentials are looked for, at the most.
pub const PLACES_MAX: usize = 8;

/// Who is believed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Issuers of tokens.
    pub issuers: Vec<IssuerSettings>,
    /// API keys.
    pub keys: Option<KeySettings>,
    /// Integrations that sign their requests.
    pub signers: Vec<SignerSettings>,
    /// Who is asked about sessions and opaque tokens.
    pub checkers: Vec<CheckerSettings>,
    /// How a connection's certificate names its caller; none: it is nobody's name.
    pub certificate: Option<CertificateSettings>,
    /// Sessions in a framework's signed cookie.
    pub signed: Option<SignedSettings>,
    /// Which kind is judged where both come, the first first; empty: both at once are refused.
    pub prefer: Vec<Kind>,
    /// The nonces that proofs of possession must have.
    pub nonce: NonceSettings,
}

impl Settings {
    /// Who names people here: subjects of one are not those of another.
    #[must_use]
    pub fn issuer_names(&self) -> Vec<&str> {
        let of_tokens = self.issuers.iter().map(|issuer| issuer.issuer.as_str());
        let of_checkers = self.checkers.iter().map(|checker| checker.issuer());
        let of_certificates = self.certificate.iter().map(|_| CERTIFICATE_ISSUER);
        let of_sessions = self.signed.iter().map(|_| SESSION_ISSUER);
        let names = of_tokens.chain(of_checkers).chain(of_certificates).chain(of_sessions);
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether there is anybody who is believed.
    #[must_use]
    pub fn believes_anybody(&self) -> bool {
        !self.issuers.is_empty()
            || self.keys.is_some()
            || !self.signers.is_empty()
            || !self.checkers.is_empty()
            || self.certificate.is_some()
            || self.signed.is_some()
    }

    /// Whether a caller may be known by a cookie alone, which its browser sends by itself.
    #[must_use]
    pub fn reads_cookies(&self) -> bool {
        let of_issuers = self.issuers.iter().map(|issuer| &issuer.place);
        let of_keys = self.keys.as_ref().map(|keys| &keys.place);
        let of_checkers = self.checkers.iter().map(|checker| &checker.place);
        let mut places = of_issuers.chain(of_keys).chain(of_checkers);
        self.signed.is_some() || places.any(|place| matches!(place, Place::Cookie(_)))
    }

    /// Whether a caller may be known by what its browser sends by itself: a cookie, a certificate.
    #[must_use]
    pub fn reads_what_browsers_send(&self) -> bool {
        self.reads_cookies() || self.certificate.is_some()
    }
}

/// Checked settings.
#[derive(Debug, Default)]
pub struct Policy {
    pub(super) places: Vec<Place>,
    pub(super) issuers: Vec<Arc<Issuer>>,
    pub(super) keys: Option<(Place, Keys)>,
    pub(super) prefer: Vec<Kind>,
    pub(super) signers: Vec<Signer>,
    pub(super) checkers: Vec<Arc<Checker>>,
    pub(super) certificates: Option<Certificates>,
    pub(super) signed: Option<Arc<Signed>>,
    pub(super) nonces: Option<Nonces>,
    /// The claims that some route asks for.
    pub(super) kept_claims: Vec<Box<str>>,
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// An issuer's keys are none.
    #[error("{1}")]
    Keys(usize, KeySetError),
    /// Two issuers have one name, or one has that of API keys: their callers could be mixed up.
    #[error("another issuer has this name")]
    Twice(usize),
    /// A shared secret goes with HS256, and with nothing else.
    #[error("HS256 needs a shared secret of at least 32 bytes, and every other algorithm a JWKS")]
    Algorithms(usize),
    /// Too many places.
    #[error("credentials may stand in at most 8 different places")]
    Places,
}

impl Policy {
    /// Checks what is said about each issuer and key.
    ///
    /// # Errors
    /// The first thing that is wrong, with its issuer's place.
    pub fn new(settings: &Settings) -> Result<Self, PolicyError> {
        let mut policy = Self { prefer: settings.prefer.clone(), ..Self::default() };
        for (index, issuer) in settings.issuers.iter().enumerate() {
            let is_shared = match &issuer.keys {
                KeysFrom::Shared(secret) => {
                    if secret.expose().len() < SHARED_SECRET_BYTES_MIN {
                        return Err(PolicyError::Algorithms(index));
                    }
                    true
                }
                KeysFrom::Set(_) | KeysFrom::Url(_) => false,
            };
            let mut algorithms = issuer.algorithms.iter();
            if issuer.algorithms.is_empty()
                || !algorithms.all(|algorithm| algorithm.is_symmetric() == is_shared)
            {
                return Err(PolicyError::Algorithms(index));
            }
            // API keys have the gate itself for their issuer: neither a share nor the deny-list may
            // take a token for a key.
            let is_taken = [KEY_ISSUER, SIGNATURE_ISSUER, SESSION_ISSUER, CERTIFICATE_ISSUER]
                .contains(&issuer.issuer.as_str())
                || policy.issuers.iter().any(|other| other.name() == issuer.issuer);
            if is_taken {
                return Err(PolicyError::Twice(index));
            }
            policy.add_place(&issuer.place);
            let issuer = Issuer::new(issuer.clone());
            let issuer = issuer.map_err(|error| PolicyError::Keys(index, error))?;
            policy.issuers.push(Arc::new(issuer));
        }
        if let Some(keys) = &settings.keys {
            policy.add_place(&keys.place);
            policy.keys = Some((keys.place.clone(), Keys::new(&keys.keys)));
        }
        for checker in &settings.checkers {
            policy.add_place(&checker.place);
            policy.checkers.push(Arc::new(Checker::new(checker.clone())));
        }
        if let Some(signed) = settings.signed.as_ref().map(Signed::new) {
            policy.add_place(signed.place());
            policy.signed = Some(Arc::new(signed));
        }
        policy.signers = settings.signers.iter().map(Signer::new).collect();
        policy.certificates = settings.certificate.as_ref().map(Certificates::new);
        if policy.places.len() > PLACES_MAX { Err(PolicyError::Places) } else { Ok(policy) }
    }

    fn add_place(&mut self, place: &Place) {
        if !self.places.contains(place) {
            self.places.push(place.clone());
        }
    }

    /// Says which claims some route asks for: of verified callers these are kept.
    pub(crate) fn keep_claims(&mut self, mut names: Vec<Box<str>>) {
        names.sort();
        names.dedup();
        self.kept_claims = names;
    }

    /// Whether tokens may stand there, beside keys.
    pub(super) fn has_tokens_at(&self, place: &Place) -> bool {
        self.issuers.iter().any(|issuer| issuer.settings.place == *place)
            || self.checkers.iter().any(|checker| checker.settings.place == *place)
    }

    /// Whether what stands there is a session in a framework's signed cookie.
    pub(super) fn is_signed_session(&self, place: usize) -> bool {
        let here = self.places.get(place);
        self.signed.as_ref().is_some_and(|signed| Some(signed.place()) == here)
    }

    /// The cookies that may not go on: those beside the credential that was judged, and a session
    /// that was not believed.
    pub(crate) fn cut_cookies(
        &self,
        judged: Option<usize>,
        is_disbelieved: bool,
    ) -> impl Iterator<Item = &str> {
        let beside = judged.into_iter().flat_map(|judged| self.unjudged_cookies(judged));
        let signed = self.signed.as_ref().filter(|_| is_disbelieved).into_iter();
        let session = self.sessions().filter(|_| is_disbelieved);
        let session = session.and_then(|checker| match &checker.settings.place {
            Place::Cookie(name) => Some(name.as_str()),
            Place::Bearer | Place::Header(_) => None,
        });
        beside.chain(signed.flat_map(|signed| signed.cookies())).chain(session)
    }

    /// Whether the credential at `judged` is a bearer token's.
    pub(crate) fn is_bearer(&self, judged: usize) -> bool {
        matches!(self.places.get(judged), Some(Place::Bearer))
    }

    /// Whether anybody is believed at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.signers.is_empty() && self.certificates.is_none()
    }

    /// Who names people here, as in [`Settings::issuer_names`].
    pub(crate) fn issuer_names(&self) -> Vec<&str> {
        let of_tokens = self.issuers.iter().map(|issuer| issuer.name());
        let of_checkers = self.checkers.iter().map(|checker| checker.settings.issuer());
        let of_certificates = self.certificates.iter().map(|_| CERTIFICATE_ISSUER);
        let of_sessions = self.signed.iter().map(|_| SESSION_ISSUER);
        let names = of_tokens.chain(of_checkers).chain(of_certificates).chain(of_sessions);
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The issuers of tokens.
    pub(crate) fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// Takes over the keys that issuers of `other` have fetched.
    pub(crate) fn adopt(&self, other: &Self) {
        for issuer in &self.issuers {
            for known in &other.issuers {
                issuer.adopt(known);
            }
        }
    }

    /// Whether a header may not go on beside the credential at `judged`: it holds another one.
    pub(crate) fn is_unjudged(&self, judged: usize, name: &HeaderName) -> bool {
        self.places.iter().enumerate().any(|(index, place)| {
            index != judged
                && !matches!(place, Place::Cookie(_))
                && place.header() == name
                && self.places.get(judged).is_none_or(|judged| judged.header() != name)
        })
    }

    /// The cookies that may not go on beside the credential at `judged`.
    pub(crate) fn unjudged_cookies(&self, judged: usize) -> impl Iterator<Item = &str> {
        let others = self.places.iter().enumerate().filter(move |(index, _)| *index != judged);
        let others = others.filter_map(|(_, place)| match place {
            Place::Cookie(name) => Some(name.as_str()),
            Place::Bearer | Place::Header(_) => None,
        });
        // What belongs to a session is as much of a credential.
        let judged = self.places.get(judged);
        let unjudged = self.checkers.iter().filter(move |one| Some(&one.settings.place) != judged);
        let signed = self.signed.iter().filter(move |one| Some(one.place()) != judged);
        let with = unjudged.flat_map(|one| one.settings.with.iter().map(String::as_str));
        others.chain(with).chain(signed.flat_map(|one| one.cookies().skip(1)))
    }

    /// The cookies that hold credentials.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.unjudged_cookies(usize::MAX)
    }

    /// Whether a header is looked at, by its name in lower case with `-`.
    pub(crate) fn judges(&self, name: &str) -> bool {
        self.places.iter().any(|place| place.header().as_str() == name)
    }
}
