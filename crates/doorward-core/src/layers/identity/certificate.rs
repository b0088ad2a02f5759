//! Callers by the certificate of their connection, and tokens that belong to one (RFC 8705 3).

use super::bound::Thumbprint;
use super::who::{By, Facts};
use super::{Bound, Identity, Kind, Known, Policy, Reason, Who, key};
use crate::certificate::{Certificate, NameKind, Named};
use crate::moment::{Moment, Now};
use crate::visit::Visit;
use std::sync::Arc;

/// What the issuer of callers is called that are known by a certificate: the authorities that the
/// listener trusts, together.
pub const CERTIFICATE_ISSUER: &str = "certificate";

/// How a certificate names its caller.
#[derive(Clone, Debug)]
pub struct CertificateSettings {
    /// The name that is the subject.
    pub subject: NameKind,
    /// What each of them may do.
    pub scopes: Vec<String>,
}

/// The same, checked.
#[derive(Debug)]
pub(super) struct Certificates {
    subject: NameKind,
    /// Separated by single spaces.
    scopes: Box<str>,
}

impl Certificates {
    pub(super) fn new(settings: &CertificateSettings) -> Self {
        Self { subject: settings.subject, scopes: settings.scopes.join(" ").into() }
    }

    /// Who has shown a certificate.
    pub(super) fn who(&self, certificate: &Certificate, visit: &Visit<'_>, at: Moment<'_>) -> Who {
        if !certificate.holds(at.now) {
            return Who::Refuse(Reason::CertificateEnded);
        }
        let remembered = at.memory.tokens.find_of(certificate.sha256());
        let remembered = remembered.filter(|identity| self.has_made(identity));
        let is_remembered = remembered.is_some();
        let identity = match remembered.map_or_else(|| self.identity(certificate), Ok) {
            Ok(identity) => identity,
            Err(reason) => return Who::Refuse(reason),
        };
        if !is_remembered {
            at.memory.tokens.remember_of(*certificate.sha256(), &identity);
        }
        Who::Known(Known {
            identity,
            // It stands in no place of its own: every other credential is taken away.
            place: usize::MAX,
            visitor: None,
            is_remembered,
            // A browser shows it with whatever a page sends; a program means what it sends.
            is_ambient: key::is_from_a_browser(visit),
        })
    }

    /// Whether an identity was made by these words; a reload may have changed them.
    pub(super) fn has_made(&self, identity: &Identity) -> bool {
        matches!(identity.by, Some(By::Certificate(kind)) if kind == self.subject)
            && identity.scopes == self.scopes
    }

    fn identity(&self, certificate: &Certificate) -> Result<Arc<Identity>, Reason> {
        let subject = match certificate.named(self.subject) {
            Named::One(subject) => subject,
            Named::Absent => return Err(Reason::CertificateNameless),
            Named::Several | Named::Unclear => return Err(Reason::CertificateAmbiguous),
        };
        Ok(Arc::new(Identity::new(Facts {
            kind: Kind::Certificate,
            issuer: CERTIFICATE_ISSUER,
            subject,
            scopes: &self.scopes,
            token_id: None,
            begins_unix_s: 0,
            ends_unix_s: Some(certificate.ends_unix_s()),
            by: Some(By::Certificate(self.subject)),
            bound: Bound::default(),
            claims: None,
        })))
    }
}

/// The certificate that the client itself has shown. That of a proxy of one's own says who the
/// proxy is, and not who calls.
pub(super) fn shown<'v>(visit: &Visit<'v>) -> Option<&'v Certificate> {
    let certificate = visit.view.certificate?;
    (!visit.gate.client_ip.trusts(visit.view.peer)).then_some(certificate)
}

/// Who has shown a certificate, and nothing else.
pub(super) fn who(
    policy: &Policy,
    certificate: &Certificate,
    visit: &Visit<'_>,
    at: Moment<'_>,
) -> Who {
    let Some(certificates) = &policy.certificates else { return Who::Nobody };
    match certificates.who(certificate, visit, at) {
        // Its connection shows it on every route, as a browser its cookie, also where nobody asked
        // for it: a company's or a device's, that names nobody here.
        Who::Refuse(
            Reason::CertificateEnded | Reason::CertificateNameless | Reason::CertificateAmbiguous,
        ) if !visit.route().requires_identity => Who::Nobody,
        who => who,
    }
}

/// Judges the certificate that a token needs which belongs to one. `is_beside`: a certificate comes
/// beside it that would name a caller by itself.
pub(super) fn with(visit: &Visit<'_>, at: Moment<'_>, who: Who, is_beside: bool) -> Who {
    let Who::Known(known) = who else { return who };
    match &known.identity.bound.certificate {
        Some(wanted) => match comes_by(visit, wanted, at.now) {
            Ok(()) => Who::Known(known),
            Err(reason) => Who::Refuse(reason),
        },
        // The caller of one, and the certificate of another.
        None if is_beside => Who::Refuse(Reason::TwoCredentials),
        None => Who::Known(known),
    }
}

/// Whether a request comes by the certificate that its token belongs to.
fn comes_by(visit: &Visit<'_>, wanted: &Thumbprint, now: Now) -> Result<(), Reason> {
    let certificate = shown(visit).ok_or(Reason::CertificateMissing)?;
    if certificate.sha256() != wanted {
        return Err(Reason::CertificateOfOther);
    }
    if certificate.holds(now) { Ok(()) } else { Err(Reason::CertificateEnded) }
}
