//! The credentials, ready to be added.

use super::Settings;
use crate::crypto::MacKey;
use crate::form::{self, Name};
use crate::path;
use crate::scrub::{self, Spellings};
use http::{HeaderName, HeaderValue};
use std::fmt;

/// How a parameter's name may be read at the most.
const READINGS_MAX: usize = 3;

/// Where a credential is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// Into this header.
    Header(HeaderName),
    /// Into the query's parameter of this name.
    Query(String),
}

/// Checked settings.
pub struct Policy {
    pub(super) added: Vec<Added>,
    pub(super) proof_key: MacKey,
    pub(super) gate_id: String,
    /// What must be in no answer of a route that adds anything: the credentials of all routes.
    spellings: Spellings,
}

/// A credential as it is added: where, and what is put there.
pub(super) enum Added {
    Header(HeaderName, HeaderValue),
    /// `name=value`, percent-encoded; and the name, to know the client's own by.
    Query(String, Name),
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("added", &self.added.len()).finish_non_exhaustive()
    }
}

impl Policy {
    /// Prepares what is added, and the key.
    ///
    /// # Errors
    /// The places of all credentials whose secret could not be told from the other words of an
    /// answer, or stands in no header.
    pub fn new(settings: &Settings, gate_id: &str) -> Result<Self, Vec<usize>> {
        let (mut added, mut wrong) = (Vec::new(), Vec::new());
        for (place, credential) in settings.credentials.iter().enumerate() {
            let secret = &credential.secret;
            let mut bytes = credential.before.clone().into_bytes();
            bytes.extend_from_slice(secret.expose());
            let put = match &credential.put {
                Put::Header(name) => HeaderValue::from_bytes(&bytes).ok().map(|mut value| {
                    value.set_sensitive(true);
                    Added::Header(name.clone(), value)
                }),
                Put::Query(name) => {
                    let value = scrub::percent_encoded(&bytes);
                    let encoded = scrub::percent_encoded(name.as_bytes());
                    Some(Added::Query(format!("{encoded}={value}"), Name::of(name)))
                }
            };
            match put {
                Some(put) if scrub::is_tellable(secret.expose()) => added.push(put),
                Some(_) | None => wrong.push(place),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let secrets = settings.credentials.iter().map(|credential| &credential.secret);
        Ok(Self {
            added,
            proof_key: MacKey::new(&settings.admission_key),
            gate_id: gate_id.to_owned(),
            spellings: Spellings::of(secrets),
        })
    }

    /// The credentials of a route, by their places.
    pub(super) fn of<'p>(&'p self, places: &'p [usize]) -> impl Iterator<Item = &'p Added> {
        places.iter().filter_map(|place| self.added.get(*place))
    }

    /// What must not be in a route's answers; none where it adds nothing.
    pub(crate) fn spellings(&self, places: &[usize]) -> Option<Spellings> {
        (!places.is_empty()).then(|| self.spellings.clone())
    }

    /// The parameters that are added to a route's queries.
    pub(crate) fn parameters<'p>(&'p self, places: &'p [usize]) -> impl Iterator<Item = &'p str> {
        self.of(places).filter_map(|added| match added {
            Added::Query(pair, _) => Some(pair.as_str()),
            Added::Header(..) => None,
        })
    }

    /// Whether a query has a parameter that a backend could take for one that is added to it.
    pub(super) fn is_taken(&self, places: &[usize], query: &str) -> bool {
        let is_alike = |written: &str| {
            let name = Name::of(written);
            self.of(places).any(|added| match added {
                Added::Query(_, own) => own.is_like(&name),
                Added::Header(..) => false,
            })
        };
        let adds = self.parameters(places).next().is_some();
        adds && form::is_in_query(query, |name| readings(name).any(|name| is_alike(&name)))
    }
}

/// A decoded name, and what it reads like decoded once and twice more: some backends stand behind
/// others that have decoded already.
fn readings(name: &str) -> impl Iterator<Item = String> {
    let again = |name: &String| String::from_utf8(path::decode(name.as_bytes())?).ok();
    std::iter::successors(Some(name.to_owned()), again).take(READINGS_MAX)
}
