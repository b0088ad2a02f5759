//! The one credential that is judged.

use super::checker::Checker;
use super::new_session::Unclear;
use super::place::{Carried, Place};
use super::policy::{PLACES_MAX, Policy};
use super::{Kind, Reason, certificate, key};
use crate::certificate::Certificate;
use crate::form;
use crate::query;
use crate::visit::Visit;
use arrayvec::ArrayVec;
use std::borrow::Cow;
use std::sync::Arc;

/// The one credential that is judged.
pub(super) enum Found<'v> {
    /// There is none.
    Nothing,
    /// One, by its place in the policy's list.
    Text(usize, &'v str),
    /// One beside a certificate, which is another caller's unless the token belongs to it.
    Beside(usize, &'v str),
    /// The connection's certificate.
    Certificate(&'v Certificate),
}

/// Finds the one credential that is judged.
pub(super) fn find<'v>(policy: &Policy, visit: &Visit<'v>) -> Result<Found<'v>, Reason> {
    let mut texts: ArrayVec<(usize, &'v str), PLACES_MAX> = ArrayVec::new();
    for (index, place) in policy.places.iter().enumerate() {
        match place.look(visit) {
            Carried::Nothing => {}
            // Many log-outs leave an empty cookie behind.
            Carried::Text("") if matches!(place, Place::Cookie(_)) => {}
            Carried::Text("") | Carried::Unclear => return Err(Reason::Unclear),
            // There are no more places than room for them.
            Carried::Text(text) => texts.push((index, text)),
        }
    }
    if visit.view.target.query.is_some_and(has_token) {
        return Err(Reason::InQuery);
    }
    let certificate = policy.certificates.as_ref().and_then(|_| certificate::shown(visit));
    match (texts.as_slice(), certificate) {
        ([], None) => Ok(Found::Nothing),
        ([], Some(certificate)) => Ok(Found::Certificate(certificate)),
        ([(place, text)], None) => Ok(Found::Text(*place, text)),
        (several, certificate) => one_of(policy, several, certificate),
    }
}

/// The one that is judged of several credentials.
fn one_of<'v>(
    policy: &Policy,
    texts: &[(usize, &'v str)],
    certificate: Option<&'v Certificate>,
) -> Result<Found<'v>, Reason> {
    let kind = |(index, text): (usize, &str)| match checker(policy, index, text) {
        _ if key::is_key(text) => Kind::Key,
        _ if policy.is_signed_session(index) => Kind::Session,
        Some(checker) if checker.is_of_sessions() => Kind::Session,
        Some(_) => Kind::Opaque,
        None => Kind::Jwt,
    };
    let preferred = policy.prefer.iter().find_map(|wanted| match (wanted, certificate) {
        (Kind::Certificate, Some(certificate)) => Some(Found::Certificate(certificate)),
        (wanted, _) => {
            let found = texts.iter().find(|found| kind(**found) == *wanted);
            found.map(|(place, text)| Found::Text(*place, text))
        }
    });
    match (preferred, texts) {
        (Some(preferred), _) => Ok(preferred),
        // It may belong to the certificate: only what it says of itself tells.
        (None, [one]) if matches!(kind(*one), Kind::Jwt | Kind::Opaque) => {
            Ok(Found::Beside(one.0, one.1))
        }
        (None, _) => Err(Reason::TwoCredentials),
    }
}

/// Who is asked about a credential; none: it is judged here.
pub(super) fn checker<'p>(
    policy: &'p Policy,
    place: usize,
    text: &str,
) -> Option<&'p Arc<Checker>> {
    let here = policy.places.get(place)?;
    let is_of_issuers = policy.issuers.iter().any(|issuer| issuer.settings.place == *here);
    let checker = policy.checkers.iter().find(|checker| checker.settings.place == *here)?;
    (!is_of_issuers || !looks_signed(text)).then_some(checker)
}

/// Whether it has the form of a signed token: three parts, of which the first is a JSON object.
fn looks_signed(text: &str) -> bool {
    text.starts_with("eyJ") && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// What is asked about, and remembered: the credential alone, or all cookies that belong together.
/// None: another of them is unclear.
pub(super) fn whole<'t>(
    checker: &Checker,
    visit: &Visit<'_>,
    text: &'t str,
) -> Option<Cow<'t, str>> {
    whole_of(checker, text, |other| match Place::Cookie(other.to_owned()).look(visit) {
        Carried::Nothing => Ok(None),
        Carried::Text(value) => Ok(Some(value)),
        Carried::Unclear => Err(Unclear),
    })
}

/// The same, of cookies that stand elsewhere.
pub(super) fn whole_of<'t, 'o>(
    checker: &Checker,
    text: &'t str,
    find: impl Fn(&str) -> Result<Option<&'o str>, Unclear>,
) -> Option<Cow<'t, str>> {
    let settings = &checker.settings;
    let Place::Cookie(name) = &settings.place else { return Some(Cow::Borrowed(text)) };
    if settings.with.is_empty() {
        return Some(Cow::Borrowed(text));
    }
    let mut all = format!("{name}={text}");
    for other in &settings.with {
        match find(other) {
            Ok(None) => {}
            Ok(Some(value)) if checker.is_plain(value) => {
                all.push_str("; ");
                all.push_str(other);
                all.push('=');
                all.push_str(value);
            }
            Ok(Some(_)) | Err(Unclear) => return None,
        }
    }
    Some(Cow::Owned(all))
}

/// Whether a query has a token in it (RFC 6750 2.3), where many backends would find it.
fn has_token(query: &str) -> bool {
    query::fields(query).any(|field| form::is_field(query::pair(field).0, b"access_token"))
}
