//! Sessions that a framework keeps in a signed cookie: whoever has its secret reads them without
//! asking anybody.

mod framework;

pub use framework::Framework;

use super::jwt::COMMAS_MAX;
use super::place::{Carried, Place};
use super::who::{self, By, Facts, Identity, Kind};
use super::whoami::{self, SESSION_ISSUER};
use super::{Bound, Known, Policy, Reason, Who};
use crate::json::{self, Object};
use crate::moment::{Moment, Now};
use crate::secret::Secret;
use crate::visit::Visit;
use aws_lc_rs::hmac;
use framework::Shown;
use std::sync::Arc;

/// Secrets that may count at once, while one is changed.
pub const SIGNED_SECRETS_MAX: usize = 4;
/// Bytes of a secret at the least: whoever has one cookie can try out secrets by himself.
pub const SIGNED_SECRET_BYTES_MIN: usize = 16;
/// Bytes of a cookie at the most: what browsers keep (RFC 6265 6.1).
const COOKIE_BYTES_MAX: usize = 4 * 1024;
/// Seconds by which the backend's clock may be ahead.
const AHEAD_S: u64 = 30;
/// Times from here on are milliseconds: in seconds it is the year 5138.
const MILLISECONDS_FROM: u64 = 100_000_000_000;

/// What the configuration says of a framework's sessions.
#[derive(Clone, Debug)]
pub struct SignedSettings {
    /// The cookie.
    pub cookie: String,
    /// Who writes it.
    pub framework: Framework,
    /// The secrets that count, several while they are changed.
    pub secrets: Vec<Secret>,
    /// Where the caller's id stands: the names on the way to it.
    pub subject: Vec<String>,
    /// Where its scopes stand; none: it has none.
    pub scopes: Option<Vec<String>>,
    /// Where it says when it was signed in, for a framework that does not say so itself.
    pub issued: Option<Vec<String>>,
    /// Seconds for which a cookie is believed; none: it does not end.
    pub max_age_s: Option<u64>,
}

/// Checked settings.
#[derive(Debug)]
pub(super) struct Signed {
    settings: SignedSettings,
    /// Where the session stands.
    place: Place,
    /// Where its signature does, if elsewhere.
    beside: Option<Place>,
    keys: Vec<hmac::Key>,
}

impl Signed {
    pub(super) fn new(settings: &SignedSettings) -> Self {
        let framework = settings.framework;
        let beside = framework.signature_cookie(&settings.cookie).map(Place::Cookie);
        let keys = settings.secrets.iter().map(|secret| framework.key(secret)).collect();
        let place = Place::Cookie(settings.cookie.clone());
        Self { settings: settings.clone(), place, beside, keys }
    }

    /// Whether what one of them reads the other reads too: a reload makes new ones.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let (own, others) = (&self.settings, &other.settings);
        let mut secrets = own.secrets.iter().zip(&others.secrets);
        own.cookie == others.cookie
            && own.framework == others.framework
            && own.subject == others.subject
            && own.secrets.len() == others.secrets.len()
            && secrets.all(|(own, other)| own.expose() == other.expose())
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    /// Its cookies.
    pub(super) fn cookies(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.place).chain(&self.beside).filter_map(|place| match place {
            Place::Cookie(name) => Some(name.as_str()),
            Place::Bearer | Place::Header(_) => None,
        })
    }

    /// Judges whose session it is.
    pub(super) fn judge(
        self: &Arc<Self>,
        policy: &Policy,
        visit: &Visit<'_>,
        at: Moment<'_>,
        (place, text): (usize, &str),
    ) -> Who {
        let (read, is_remembered) = match self.remembered(text, at) {
            Some(known) => (known, true),
            None => (self.read(visit, text, &policy.kept_claims, at.now).map(Arc::new), false),
        };
        let identity = match read {
            Ok(identity) => identity,
            Err(reason) if visit.route().requires_identity || reason == Reason::Unclear => {
                return Who::Refuse(reason);
            }
            // Many applications give everybody a session, before anybody signs in: that is nobody.
            Err(Reason::SessionUnknown) => return Who::Nobody,
            // Whoever signs in anew must not be refused for an old one. But the backend might
            // believe it longer than the gate does, so it does not go on.
            Err(_) => return Who::Disbelieved,
        };
        if is_packed(text) && !is_remembered {
            at.memory.tokens.remember(text, &identity);
        }
        Who::Known(Known { identity, place, visitor: None, is_remembered, is_ambient: true })
    }

    /// What was read of a cookie before. Only one that is compressed costs more to read than to
    /// remember: about 5 microseconds, and any other one about 1.
    fn remembered(
        self: &Arc<Self>,
        text: &str,
        at: Moment<'_>,
    ) -> Option<Result<Arc<Identity>, Reason>> {
        if !is_packed(text) || text.len() > COOKIE_BYTES_MAX {
            return None;
        }
        let identity = at.memory.tokens.find(text)?;
        // A reload makes another one: its secrets may be others.
        let is_ours = matches!(&identity.by, Some(By::Signed(by)) if Arc::ptr_eq(by, self));
        if !is_ours {
            return None;
        }
        if at.now.unix_s < identity.begins_unix_s {
            return Some(Err(Reason::FromTheFuture));
        }
        let is_over = identity.ends_unix_s.is_some_and(|ends| ends <= at.now.unix_s);
        Some(if is_over { Err(Reason::SessionExpired) } else { Ok(identity) })
    }

    /// Whose it is. Its signature comes before all that it says.
    fn read(
        self: &Arc<Self>,
        visit: &Visit<'_>,
        text: &str,
        kept: &[Box<str>],
        now: Now,
    ) -> Result<Identity, Reason> {
        let signature = match &self.beside {
            None => None,
            Some(place) => match place.look(visit) {
                Carried::Nothing => return Err(Reason::SessionForged),
                Carried::Text(text) => Some(text),
                Carried::Unclear => return Err(Reason::Unclear),
            },
        };
        if text.len() > COOKIE_BYTES_MAX {
            return Err(Reason::SessionMalformed);
        }
        let name = &self.settings.cookie;
        let opened = self.settings.framework.open(&self.keys, Shown { name, text, signature })?;
        if let Some(issued_s) = opened.issued_s {
            self.inspect_age(issued_s, now)?;
        }
        let said = opened.payload.ok_or(Reason::SessionMalformed)?;
        // Many small values cost as much to read as a signature to check.
        if said.iter().filter(|byte| **byte == b',').count() > COMMAS_MAX {
            return Err(Reason::SessionMalformed);
        }
        let said = json::object(&said).map_err(|_| Reason::SessionMalformed)?;
        self.whose(text, &said, opened.issued_s, kept, now)
    }

    fn whose(
        self: &Arc<Self>,
        text: &str,
        said: &Object,
        issued_s: Option<u64>,
        kept: &[Box<str>],
        now: Now,
    ) -> Result<Identity, Reason> {
        let settings = &self.settings;
        let subject = whoami::subject(whoami::find(said, &settings.subject));
        let subject = subject.ok_or(Reason::SessionUnknown)?;
        let issued_s = match &settings.issued {
            None => issued_s,
            Some(path) => {
                let issued = whoami::find(said, path).and_then(serde_json::Value::as_u64);
                let issued = issued.ok_or(Reason::SessionMalformed)?;
                let is_ms = issued >= MILLISECONDS_FROM;
                let issued_s = if is_ms { issued / 1000 } else { issued };
                self.inspect_age(issued_s, now)?;
                Some(issued_s)
            }
        };
        let scopes = settings.scopes.as_ref().map_or(Ok(String::new()), |path| {
            whoami::scopes(whoami::find(said, path)).map_err(|_| Reason::SessionMalformed)
        })?;
        let ends = issued_s.zip(settings.max_age_s);
        Ok(Identity::new(Facts {
            kind: Kind::Session,
            issuer: SESSION_ISSUER,
            subject: &subject,
            scopes: &scopes,
            token_id: Some(&who::session_id(text)),
            begins_unix_s: issued_s.map_or(0, |issued_s| issued_s.saturating_sub(AHEAD_S)),
            // Its last second is a part of it, as with the frameworks.
            ends_unix_s: ends.map(|(issued_s, age_s)| issued_s.saturating_add(age_s + 1)),
            by: Some(By::Signed(Arc::clone(self))),
            bound: Bound::default(),
            claims: who::keep(said, kept),
        }))
    }

    fn inspect_age(&self, issued_s: u64, now: Now) -> Result<(), Reason> {
        if issued_s > now.unix_s.saturating_add(AHEAD_S) {
            return Err(Reason::FromTheFuture);
        }
        let age_s = now.unix_s.saturating_sub(issued_s);
        let is_over = self.settings.max_age_s.is_some_and(|most_s| age_s > most_s);
        if is_over { Err(Reason::SessionExpired) } else { Ok(()) }
    }
}

/// Whether a framework has compressed it.
fn is_packed(text: &str) -> bool {
    text.starts_with('.')
}
