//! A request's cookies, by octets (RFC 6265bis 5.6.3, read from the server's side).

use super::names::{self, HOST};
use super::policy::{Policy, Site};
use crate::header;
use crate::moment::Now;
use crate::visit::Visit;
use http::HeaderMap;
use http::header::COOKIE;

/// What is done to a jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cleaning {
    /// Prefixed cookies are handed on under their own names.
    renames: bool,
    /// A bare one is taken where no prefixed one came.
    migrates: bool,
}

/// What becomes of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing stands there.
    Blank,
    /// It goes on as it came.
    Keep,
    /// It goes on without its prefix.
    Bare,
    /// It does not go on.
    Drop,
}

pub(super) fn cleaning(policy: &Policy, site: Site, now: Now) -> Cleaning {
    let renames = site.is_secure && !policy.renamed.is_empty();
    let until = policy.migrate_until_unix_s;
    Cleaning { renames, migrates: until.is_some_and(|until| now.unix_s < until) }
}

/// Each cookie of all lines, without blanks around it.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(COOKIE).into_iter();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';')).map(trimmed)
}

/// Without the blanks that every parser drops.
pub(super) fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// The name before the first `=`, as it stands.
fn name(pair: &[u8]) -> &[u8] {
    pair.split(|byte| *byte == b'=').next().unwrap_or_default()
}

/// Whether there are more cookies, or more bytes of them, than the policy takes.
pub(super) fn is_over(policy: &Policy, headers: &HeaderMap) -> bool {
    let lines = headers.get_all(COOKIE).into_iter();
    let bytes: usize = lines.map(|line| line.len()).sum();
    bytes > policy.bytes_max || pairs(headers).filter(|p| !p.is_empty()).count() > policy.count_max
}

/// Whether anything of the jar does not go on as it came.
pub(super) fn changes(policy: &Policy, cleaning: Cleaning, headers: &HeaderMap) -> bool {
    let fate = |pair| fate(policy, cleaning, headers, pair);
    pairs(headers).any(|pair| matches!(fate(pair), Fate::Bare | Fate::Drop))
}

/// Whether a session's name stands twice in what goes on; in any case, where the other is no
/// session of its own.
pub(super) fn has_duplicate(policy: &Policy, cleaning: Cleaning, headers: &HeaderMap) -> bool {
    let goes_on = |pair| of_fate(fate(policy, cleaning, headers, pair), pair).map(name);
    let is_session = |name| names::is_session(policy, name);
    pairs(headers).filter(|pair| is_session(name(pair))).any(|pair| {
        let Some(session) = goes_on(pair).filter(|name| !policy.may_repeat(name)) else {
            return false;
        };
        // Most are told apart by this, which costs little: there may be many of both.
        let ends_alike = |other: &&[u8]| {
            let other = name(other);
            let end = other.len().checked_sub(session.len()).and_then(|at| other.get(at..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(session))
        };
        let others = pairs(headers).filter(|other| !std::ptr::eq(*other, pair));
        others.filter(ends_alike).filter_map(goes_on).any(|other| {
            other == session || other.eq_ignore_ascii_case(session) && !is_session(other)
        })
    })
}

/// A cookie as everybody reads it: none where it does not go on. `pair` is what stands between two
/// semicolons of one of the visit's lines.
pub(crate) fn read<'p>(visit: &Visit<'_>, pair: &'p [u8]) -> Option<&'p [u8]> {
    match visit.cleaning {
        None => Some(pair),
        Some(cleaning) => cleaning.read(&visit.gate.cookie, visit.view.headers, pair),
    }
}

impl Cleaning {
    /// A cookie as it goes on, from `pair` as it came in `headers`.
    pub(crate) fn read<'p>(
        self,
        policy: &Policy,
        headers: &HeaderMap,
        pair: &'p [u8],
    ) -> Option<&'p [u8]> {
        let pair = trimmed(pair);
        of_fate(fate(policy, self, headers, pair), pair)
    }
}

fn of_fate(fate: Fate, pair: &[u8]) -> Option<&[u8]> {
    match fate {
        Fate::Keep => Some(pair),
        Fate::Bare => pair.strip_prefix(HOST),
        Fate::Blank | Fate::Drop => None,
    }
}

fn fate(policy: &Policy, cleaning: Cleaning, headers: &HeaderMap, pair: &[u8]) -> Fate {
    if pair.is_empty() {
        return Fate::Blank;
    }
    let name = name(pair);
    // Without a `=` it has no name: browsers write nameless cookies so.
    let Some(value) = pair.get(name.len() + 1..) else { return Fate::Drop };
    let is_clear = header::is_token(name) && !name.starts_with(b"$") && quotes_close(value);
    if !is_clear || names::is_disguised(policy, name) {
        return Fate::Drop;
    }
    if !cleaning.renames {
        return Fate::Keep;
    }
    if let Some(bare) = name.strip_prefix(HOST)
        && policy.renames(bare)
    {
        return Fate::Bare;
    }
    let Some(renamed) = policy.renamed_that_reads_as(name) else { return Fate::Keep };
    // Anybody on a sibling domain may have set it. Spelled otherwise, it is nobody's.
    let may_stay = cleaning.migrates && renamed == name && !has_prefixed(headers, renamed);
    if may_stay { Fate::Keep } else { Fate::Drop }
}

fn has_prefixed(headers: &HeaderMap, renamed: &[u8]) -> bool {
    pairs(headers).any(|pair| name(pair).strip_prefix(HOST) == Some(renamed))
}

/// Whether a value that opens a quote closes it with its last byte, and not before: parsers of
/// RFC 2109 read on over semicolons until it closes.
fn quotes_close(value: &[u8]) -> bool {
    let value = trimmed(value);
    let Some(quoted) = value.strip_prefix(b"\"") else { return true };
    let mut bytes = quoted.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return bytes.next().is_none(),
            _ => {}
        }
    }
    false
}
