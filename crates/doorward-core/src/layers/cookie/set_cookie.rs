//! What a backend sets, rewritten: never weaker than it was (RFC 6265bis 5.6).

use super::date;
use super::jar::trimmed;
use super::names::{self, HOST};
use super::policy::{Policy, Site};
use crate::moment::Now;

/// Bytes of a cookie that browsers take at the most; older ones count its attributes too.
const BYTES_MAX: usize = 4096;

/// What became of a line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// The lines in its place; none: it stays as it was.
    pub(super) lines: Vec<Vec<u8>>,
    /// Not all of it fitted.
    pub(super) is_too_large: bool,
}

/// What a line says.
#[derive(Clone, Copy)]
struct SetCookie<'l> {
    line: &'l [u8],
    /// Name and value.
    pair: &'l [u8],
    name: &'l [u8],
}

/// How a browser may send a cookie along, from the weakest to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Travels {
    /// It says `None`, or nothing that browsers know: engines differ about that.
    Anywhere,
    Lax,
    Strict,
}

impl<'l> SetCookie<'l> {
    fn read(line: &'l [u8]) -> Self {
        let pair = line.split(|byte| *byte == b';').next().unwrap_or_default();
        // Without a `=` it is all value (RFC 6265bis 5.6).
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(0);
        Self { line, pair, name: trimmed(&pair[..end]) }
    }

    /// Each attribute's name and value, with the text that it stands in.
    fn attributes(self) -> impl Iterator<Item = (&'l [u8], &'l [u8], &'l [u8])> {
        self.line.split(|byte| *byte == b';').skip(1).map(|text| {
            let end = text.iter().position(|byte| *byte == b'=').unwrap_or(text.len());
            let value = text.get(end + 1..).unwrap_or_default();
            (trimmed(&text[..end]), trimmed(value), text)
        })
    }

    fn has(self, name: &str) -> bool {
        self.attributes().any(|(known, ..)| known.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The strictest that it says: what else it says may be taken for the last word.
    fn travels(self) -> Travels {
        let said = self.attributes().filter(|(name, ..)| name.eq_ignore_ascii_case(b"samesite"));
        let said = said.map(|(_, value, _)| match value {
            value if value.eq_ignore_ascii_case(b"strict") => Travels::Strict,
            value if value.eq_ignore_ascii_case(b"lax") => Travels::Lax,
            _ => Travels::Anywhere,
        });
        said.max().unwrap_or(Travels::Anywhere)
    }

    /// Whether it deletes its cookie: `Max-Age` goes before `Expires`, and the last of each counts.
    fn deletes(self, now: Now) -> bool {
        let (mut age, mut expires) = (None, None);
        for (name, value, _) in self.attributes() {
            if name.eq_ignore_ascii_case(b"max-age") {
                age = is_spent(value).or(age);
            } else if name.eq_ignore_ascii_case(b"expires") {
                expires = date::unix_s(value).map(|at| at <= now.unix_s).or(expires);
            }
        }
        age.or(expires).unwrap_or(false)
    }
}

/// Whether a `Max-Age` is zero or less; none where it is no number.
fn is_spent(value: &[u8]) -> Option<bool> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.len() < value.len() || digits.iter().all(|byte| *byte == b'0'))
}

/// A line in the making, which must not outgrow what browsers take.
struct Line {
    bytes: Vec<u8>,
    bytes_max: usize,
    is_too_large: bool,
}

impl Line {
    fn add(&mut self, attribute: &[u8]) {
        if self.bytes.len() + 2 + attribute.len() > self.bytes_max {
            self.is_too_large = true;
            return;
        }
        self.bytes.extend_from_slice(b"; ");
        self.bytes.extend_from_slice(attribute);
    }
}

/// Rewrites one line of the backend's.
pub(super) fn rewrite(policy: &Policy, site: Site, now: Now, line: &[u8]) -> Rewritten {
    let cookie = SetCookie::read(line);
    let hardened = harden(policy, site, cookie);
    if !site.is_secure || !policy.renames(cookie.name) {
        return hardened.into_rewritten(line);
    }
    let renamed = rename(policy, site, cookie);
    if renamed.is_too_large {
        let kept = hardened.into_rewritten(line);
        return Rewritten { is_too_large: true, ..kept };
    }
    let mut lines = vec![renamed.bytes];
    if cookie.deletes(now) {
        // The bare one may have been set before the name was changed.
        lines.push(hardened.bytes);
    }
    Rewritten { lines, is_too_large: false }
}

impl Line {
    fn into_rewritten(self, was: &[u8]) -> Rewritten {
        let lines = if self.bytes == was { Vec::new() } else { vec![self.bytes] };
        Rewritten { lines, is_too_large: self.is_too_large }
    }
}

/// The line with what it lacks.
fn harden(policy: &Policy, site: Site, cookie: SetCookie<'_>) -> Line {
    let mut bytes = cookie.line;
    while let [rest @ .., b';' | b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    // Browsers that count attributes refuse it anyway, others take it with more of them.
    let bytes_max = if cookie.line.len() > BYTES_MAX { usize::MAX } else { BYTES_MAX };
    let mut line = Line { bytes: bytes.to_vec(), bytes_max, is_too_large: false };
    let lacks = add(policy, site, cookie, &mut line);
    if !lacks {
        line.bytes = cookie.line.to_vec();
    }
    line
}

/// Adds what a cookie lacks; whether it lacked anything.
fn add(policy: &Policy, site: Site, cookie: SetCookie<'_>, line: &mut Line) -> bool {
    let is_session = names::is_session(policy, cookie.name);
    let wants_secure = site.is_secure && !cookie.has("secure");
    let wants_hidden = policy.hides(cookie.name) && !cookie.has("httponly");
    let wants_lax = is_session && site.is_alone && cookie.travels() < Travels::Lax;
    if wants_secure {
        line.add(b"Secure");
    }
    if wants_hidden {
        line.add(b"HttpOnly");
    }
    if wants_lax {
        let was = std::mem::take(&mut line.bytes);
        line.bytes = without(&was, &["samesite"]);
        let grown = line.is_too_large;
        line.is_too_large = false;
        line.add(b"SameSite=Lax");
        if line.is_too_large {
            line.bytes = was;
        }
        line.is_too_large |= grown;
    }
    wants_secure || wants_hidden || wants_lax
}

/// The line under the name that no sibling can set.
fn rename(policy: &Policy, site: Site, cookie: SetCookie<'_>) -> Line {
    let mut bytes = HOST.to_vec();
    let stays = without(cookie.line, &["domain", "path"]);
    let mut stays = &stays[..];
    while let [b' ' | b'\t', rest @ ..] = stays {
        stays = rest;
    }
    while let [rest @ .., b';' | b' ' | b'\t'] = stays {
        stays = rest;
    }
    bytes.extend_from_slice(stays);
    let is_over = trimmed(cookie.pair).len() + HOST.len() > BYTES_MAX;
    let bytes_max = if cookie.line.len() > BYTES_MAX { usize::MAX } else { BYTES_MAX };
    let is_too_large = is_over || bytes.len() > bytes_max;
    let mut line = Line { bytes, bytes_max, is_too_large };
    line.add(b"Path=/");
    add(policy, site, cookie, &mut line);
    line
}

/// A line without the attributes of these names.
fn without(line: &[u8], names: &[&str]) -> Vec<u8> {
    let cookie = SetCookie::read(line);
    let mut out = cookie.pair.to_vec();
    for (name, _, text) in cookie.attributes() {
        if !names.iter().any(|gone| name.eq_ignore_ascii_case(gone.as_bytes())) {
            out.push(b';');
            out.extend_from_slice(text);
        }
    }
    out
}

/// What a line promises, for tests: `Secure`, `HttpOnly`, and where it travels.
#[cfg(test)]
pub(super) fn promises(line: &[u8]) -> (bool, bool, Travels) {
    let cookie = SetCookie::read(line);
    (cookie.has("secure"), cookie.has("httponly"), cookie.travels())
}
