//! JA4: a client's hello as a short text, the same for each of its connections (FoxIO, BSD-3; the
//! TLS client fingerprint alone, without the other methods of that family).
//!
//! `t13d1516h2_8daaf6152771_e5627efa2ab1`: the transport, the version, whether a name is called,
//! how many cipher suites and extensions, the first protocol; then a digest of the sorted cipher
//! suites, and one of the sorted extensions with the signature algorithms.

#[cfg(test)]
mod tests;

use super::hello::{ALGORITHMS_MAX, CIPHERS_MAX, EXTENSIONS_MAX, Hello, extension, is_grease};
use super::{DIGEST_DIGITS, HEX};
use arrayvec::{ArrayString, ArrayVec};
use std::fmt;

/// Bytes of the text.
pub const JA4_BYTES: usize = 36;
/// Where its digests begin.
const CIPHERS_AT: usize = 11;
const EXTENSIONS_AT: usize = 24;
/// A digest of nothing.
const NOTHING: &[u8; DIGEST_DIGITS] = b"000000000000";
/// A count has two digits.
const COUNT_MAX: usize = 99;
/// Digits and separators of what one digest is made of.
const LISTED_BYTES_MAX: usize = 5 * (CIPHERS_MAX + 1);

/// What clients send or leave out by whether they have been here before, and by how long the rest
/// of the hello is.
const PASSING: [u16; 4] =
    [extension::PADDING, extension::SESSION_TICKET, extension::PRE_SHARED_KEY, extension::EARLY];

/// Which extensions count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All of them: what others print.
    Whole,
    /// Those that stay the same when a session is resumed: what is compared.
    Lasting,
}

/// The fingerprint of a hello.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ja4([u8; JA4_BYTES]);

impl Ja4 {
    /// The fingerprint of a hello over TCP.
    #[must_use]
    pub fn of(hello: &Hello, form: Form) -> Self {
        let mut text = [b'_'; JA4_BYTES];
        let (head, digests) = text.split_at_mut(CIPHERS_AT);
        head[..CIPHERS_AT - 1].copy_from_slice(&first(hello, form));
        let mut listed = Listed::new();
        listed.add(&ciphers(hello));
        digests[..DIGEST_DIGITS].copy_from_slice(&listed.digest());
        let mut listed = Listed::new();
        listed.add(&extensions(hello, form));
        listed.add_signatures(hello);
        digests[EXTENSIONS_AT - CIPHERS_AT..].copy_from_slice(&listed.digest());
        Self(text)
    }

    /// Reads the text of one, as others write it. None: it is not one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text: [u8; JA4_BYTES] = text.try_into().ok()?;
        let [transport, first, second, named, counts @ .., one, two] = *text.first_chunk::<10>()?;
        let version = [first, second];
        let is_known = VERSIONS.iter().any(|(_, word)| **word == version) || version == *b"00";
        let is_head = matches!(transport, b't' | b'q' | b'd')
            && is_known
            && matches!(named, b'd' | b'i')
            && counts.iter().all(u8::is_ascii_digit)
            && [one, two].iter().all(u8::is_ascii_alphanumeric);
        let [_, ciphers @ ..] = text.get(CIPHERS_AT - 1..EXTENSIONS_AT - 1)? else { return None };
        let [_, extensions @ ..] = text.get(EXTENSIONS_AT - 1..)? else { return None };
        let is_digest = |digits: &[u8]| {
            digits.len() == DIGEST_DIGITS
                && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_split = text[CIPHERS_AT - 1] == b'_' && text[EXTENSIONS_AT - 1] == b'_';
        let is_one = is_head && is_split && is_digest(ciphers) && is_digest(extensions);
        is_one.then_some(Self(text))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Each byte was written or read as ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ja4({self})")
    }
}

/// The same with its lists in place of their digests: what `explain` shows.
#[must_use]
pub fn raw(hello: &Hello, form: Form) -> String {
    let mut out = String::from_utf8_lossy(&first(hello, form)).into_owned();
    let mut listed = Listed::new();
    listed.add(&ciphers(hello));
    out.push('_');
    out.push_str(&listed.0);
    let mut listed = Listed::new();
    listed.add(&extensions(hello, form));
    listed.add_signatures(hello);
    out.push('_');
    out.push_str(&listed.0);
    out
}

/// The versions that have a word, newest first; others are `00`.
const VERSIONS: [(u16, &[u8; 2]); 9] = [
    (0x0304, b"13"),
    (0x0303, b"12"),
    (0x0302, b"11"),
    (0x0301, b"10"),
    (0x0300, b"s3"),
    (0x0002, b"s2"),
    (0xfeff, b"d1"),
    (0xfefd, b"d2"),
    (0xfefc, b"d3"),
];

/// What can be read at a glance.
fn first(hello: &Hello, form: Form) -> [u8; CIPHERS_AT - 1] {
    let said = hello.versions.iter().copied().filter(|version| !is_grease(*version)).max();
    let version = said.unwrap_or(hello.version);
    let word = VERSIONS.iter().find(|(number, _)| *number == version).map(|(_, word)| **word);
    let [one, two] = word.unwrap_or(*b"00");
    let name = if hello.has_name { b'd' } else { b'i' };
    let [c1, c2] = digits(hello.ciphers.iter().filter(|cipher| !is_grease(**cipher)).count());
    let counted = hello.extensions.iter().filter(|kind| counts(**kind, form));
    let [e1, e2] = digits(counted.count());
    let [first, last] = hello.alpn.map_or(*b"00", |alpn| protocol(alpn.ends));
    [b't', one, two, name, c1, c2, e1, e2, first, last]
}

/// The first protocol's two ends; where either is not a letter or digit, those of its hexadecimal
/// digits.
fn protocol((first, last): (u8, u8)) -> [u8; 2] {
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [first, last];
    }
    [HEX[usize::from(first >> 4)], HEX[usize::from(last & 0xf)]]
}

fn digits(count: usize) -> [u8; 2] {
    let count = count.min(COUNT_MAX);
    [HEX[count / 10], HEX[count % 10]]
}

fn counts(kind: u16, form: Form) -> bool {
    !is_grease(kind) && (form == Form::Whole || !PASSING.contains(&kind))
}

fn ciphers(hello: &Hello) -> ArrayVec<u16, CIPHERS_MAX> {
    let mut out: ArrayVec<u16, _> =
        hello.ciphers.iter().copied().filter(|cipher| !is_grease(*cipher)).collect();
    out.sort_unstable();
    out
}

/// Those that say how, and not whom or what for.
fn extensions(hello: &Hello, form: Form) -> ArrayVec<u16, EXTENSIONS_MAX> {
    let is_how = |kind: &u16| !matches!(*kind, extension::SERVER_NAME | extension::ALPN);
    let kinds = hello.extensions.iter().copied();
    let mut out: ArrayVec<u16, _> =
        kinds.filter(|kind| counts(*kind, form)).filter(is_how).collect();
    out.sort_unstable();
    out
}

/// Values of four hexadecimal digits each, between commas.
struct Listed(ArrayString<LISTED_BYTES_MAX>);

impl Listed {
    const fn new() -> Self {
        Self(ArrayString::new_const())
    }

    fn add(&mut self, values: &[u16]) {
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                self.push(b',');
            }
            for shift in [12, 8, 4, 0] {
                self.push(HEX[usize::from(value >> shift & 0xf)]);
            }
        }
    }

    /// Signature algorithms in the client's order, behind whatever there is.
    fn add_signatures(&mut self, hello: &Hello) {
        let known = hello.signatures.iter().copied().filter(|algorithm| !is_grease(*algorithm));
        let known: ArrayVec<u16, ALGORITHMS_MAX> = known.collect();
        if !known.is_empty() {
            self.push(b'_');
            self.add(&known);
        }
    }

    fn push(&mut self, byte: u8) {
        // There is room: each list is bounded, and so is their sum.
        let pushed = self.0.try_push(char::from(byte));
        debug_assert!(pushed.is_ok(), "a list longer than a hello's");
    }

    fn digest(&self) -> [u8; DIGEST_DIGITS] {
        if self.0.is_empty() { *NOTHING } else { super::digest(self.0.as_bytes()) }
    }
}
