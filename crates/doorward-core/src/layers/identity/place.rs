//! Where credentials stand in a request: only where the configuration says.

use crate::header::{self, One};
use crate::visit::Visit;
use http::HeaderName;
use http::header::{AUTHORIZATION, COOKIE};

/// Where a credential stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `Authorization: Bearer …` (RFC 6750 2.1).
    Bearer,
    /// A header of its own, alone.
    Header(HeaderName),
    /// A cookie of this name.
    Cookie(String),
}

/// A credential in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried<'v> {
    /// None at this place.
    Nothing,
    /// One.
    Text(&'v str),
    /// Several, or one that cannot be read.
    Unclear,
}

impl Place {
    /// What stands here.
    pub(super) fn look<'v>(&self, visit: &Visit<'v>) -> Carried<'v> {
        match self {
            Place::Bearer => bearer(visit.seen.authorization),
            Place::Header(name) => match header::single(visit.view.headers, name) {
                One::Absent => Carried::Nothing,
                One::Value(text) => Carried::Text(text),
                One::Repeated | One::Unreadable => Carried::Unclear,
            },
            Place::Cookie(name) if visit.seen.cookie => cookie(visit, name),
            Place::Cookie(_) => Carried::Nothing,
        }
    }

    /// The header that holds it.
    pub(super) fn header(&self) -> &HeaderName {
        match self {
            Place::Bearer => &AUTHORIZATION,
            Place::Header(name) => name,
            Place::Cookie(_) => &COOKIE,
        }
    }
}

/// The token behind `Bearer`, in any case (RFC 9110 11.1). Another scheme is the application's own.
fn bearer(authorization: One<'_>) -> Carried<'_> {
    const SCHEME: &str = "bearer";
    let text = match authorization {
        One::Absent => return Carried::Nothing,
        One::Value(text) => text,
        One::Repeated | One::Unreadable => return Carried::Unclear,
    };
    let Some((scheme, rest)) = text.split_at_checked(SCHEME.len()) else {
        return Carried::Nothing;
    };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Carried::Nothing;
    }
    match rest.strip_prefix(' ') {
        Some(token) => Carried::Text(token.trim_start_matches(' ')),
        // `Bearer` alone, or run together with what follows, or behind a tab: some would read it.
        None if rest.is_empty() || rest.starts_with('\t') => Carried::Unclear,
        None => Carried::Nothing,
    }
}

/// The value of a cookie. Names are compared byte for byte; two of one name are unclear, and so is
/// one that stands in quotes or in a line that cannot be read.
fn cookie<'v>(visit: &Visit<'v>, name: &str) -> Carried<'v> {
    let mut found = Carried::Nothing;
    for line in visit.view.headers.get_all(COOKIE) {
        let Ok(text) = line.to_str() else { return Carried::Unclear };
        for pair in text.split(';') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if key.trim_matches([' ', '\t']) != name {
                continue;
            }
            let value = value.trim_matches([' ', '\t']);
            if found != Carried::Nothing || value.starts_with('"') {
                return Carried::Unclear;
            }
            found = Carried::Text(value);
        }
    }
    found
}
