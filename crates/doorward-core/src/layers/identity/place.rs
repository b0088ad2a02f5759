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
pub(in crate::layers) enum Carried<'v> {
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

/// The token behind `Bearer` or `DPoP`, in any case (RFC 9110 11.1). Another scheme is the
/// application's own.
fn bearer(authorization: One<'_>) -> Carried<'_> {
    let found = behind("bearer", authorization);
    if found == Carried::Nothing { behind("dpop", authorization) } else { found }
}

/// Whether the token is shown as one that belongs to a key (RFC 9449 7.1).
pub(super) fn is_shown_with_proof(authorization: One<'_>) -> bool {
    behind("dpop", authorization) != Carried::Nothing
}

fn behind<'v>(name: &str, authorization: One<'v>) -> Carried<'v> {
    let text = match authorization {
        One::Absent => return Carried::Nothing,
        One::Value(text) => text,
        One::Repeated | One::Unreadable => return Carried::Unclear,
    };
    let Some((scheme, rest)) = text.split_at_checked(name.len()) else {
        return Carried::Nothing;
    };
    if !scheme.eq_ignore_ascii_case(name) {
        return Carried::Nothing;
    }
    match rest.strip_prefix(' ') {
        Some(token) => Carried::Text(token.trim_start_matches(' ')),
        // The word alone, or run together with what follows, or behind a tab: some would read it.
        None if rest.is_empty() || rest.starts_with('\t') => Carried::Unclear,
        None => Carried::Nothing,
    }
}

/// The value of a cookie. Names are compared byte for byte; two of one name are unclear, and so is
/// one that stands in quotes or cannot be read. Other cookies may have any bytes: many applications
/// keep UTF-8 in theirs.
pub(in crate::layers) fn cookie<'v>(visit: &Visit<'v>, name: &str) -> Carried<'v> {
    let mut found = Carried::Nothing;
    for line in visit.view.headers.get_all(COOKIE) {
        for pair in line.as_bytes().split(|byte| *byte == b';') {
            // What `cookie` does not hand on is read by nobody.
            let Some(pair) = crate::layers::cookie::read(visit, pair) else { continue };
            let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let key = pair[..end].trim_ascii();
            if bare(key) != name.as_bytes() {
                continue;
            }
            let value = pair.get(end + 1..).unwrap_or_default().trim_ascii();
            let text = std::str::from_utf8(value).ok();
            let text = text.filter(|text| text.is_ascii() && !text.starts_with('"'));
            match text {
                Some(text) if found == Carried::Nothing && key == name.as_bytes() => {
                    found = Carried::Text(text);
                }
                Some(_) | None => return Carried::Unclear,
            }
        }
    }
    found
}

/// A name without what some backends take for blanks at its ends: 0xA0 is one in Latin-1.
fn bare(mut name: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| !byte.is_ascii() || byte.is_ascii_whitespace();
    while let [first, rest @ ..] = name
        && is_blank(first)
    {
        name = rest;
    }
    while let [rest @ .., last] = name
        && is_blank(last)
    {
        name = rest;
    }
    name
}
