//! A secret in an answer on its way to the client: found and covered, in whatever pieces it comes.
//!
//! A byte is covered when it stands in any occurrence of any spelling of the secret. That does not
//! depend on the pieces, so that the answer reads the same however the network cuts it. Covered
//! bytes stay as many as they were: no length that was announced becomes wrong.

use crate::secret::Secret;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use memchr::memchr;
use memchr::memmem::Finder;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a secret's word at the least. A shorter one would be found in words that are none.
pub const WORD_BYTES_MIN: usize = 8;
/// Bytes of a secret at the most: so many may be held back of a stream.
pub const SECRET_BYTES_MAX: usize = 4 * 1024;

/// What covered bytes become, the first that no spelling has in it: then what is covered and what
/// is not can never read as a secret together. No secret has a tab.
const MASKS: &[u8] = b"*#!~^|\t";

/// The spellings of secrets that must not be in an answer.
#[derive(Clone)]
pub struct Spellings {
    finders: Arc<[Finder<'static>]>,
    mask: u8,
}

impl fmt::Debug for Spellings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The finders have the secrets in them.
        f.debug_struct("Spellings").field("count", &self.finders.len()).finish_non_exhaustive()
    }
}

/// Whether a secret can be told from the other words of an answer: of printable ASCII, neither long
/// nor short. A scheme in front (`Bearer …`) is no part of what is short.
#[must_use]
pub fn is_tellable(secret: &[u8]) -> bool {
    let is_printable = |byte: &u8| (b' '..=b'~').contains(byte);
    let has_ends = secret.first() != Some(&b' ') && secret.last() != Some(&b' ');
    secret.len() <= SECRET_BYTES_MAX
        && has_ends
        && secret.iter().all(is_printable)
        && words(secret).next().is_some()
}

/// What of a secret is looked for by itself: behind a scheme, each word.
fn words(secret: &[u8]) -> impl Iterator<Item = &[u8]> {
    let has_scheme = usize::from(secret.contains(&b' '));
    let words = secret.split(|byte| *byte == b' ').skip(has_scheme);
    words.filter(|word| word.len() >= WORD_BYTES_MIN)
}

impl Spellings {
    /// The spellings of these secrets: each of their words verbatim, percent-encoded (RFC 3986 2.1)
    /// and as a JSON string has it.
    pub fn of<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Self {
        let mut all: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            for word in words(secret.expose()).chain([secret.expose()]) {
                all.extend(spelled(word));
            }
        }
        all.retain(|spelling| spelling.len() >= WORD_BYTES_MIN);
        all.sort();
        all.dedup();
        let is_free = |mask: &&u8| !all.iter().any(|spelling| spelling.contains(mask));
        let mask = MASKS.iter().find(is_free).copied().unwrap_or(b'\t');
        let finders = all.iter().map(|spelling| Finder::new(spelling).into_owned());
        Self { finders: finders.collect(), mask }
    }

    /// Covers every occurrence in a whole text; whether there was one.
    pub fn cover(&self, text: &mut [u8]) -> bool {
        let found = self.find(text);
        for range in &found {
            fill(text, range.clone(), self.mask);
        }
        !found.is_empty()
    }

    /// Covers every occurrence in the values of a head, or of trailers.
    pub fn cover_values(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let mut text = value.as_bytes().to_vec();
            if self.cover(&mut text)
                && let Ok(covered) = HeaderValue::from_bytes(&text)
            {
                *value = covered;
            }
        }
    }

    /// Where the spellings stand.
    fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        for finder in &*self.finders {
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| finder.find(rest)) {
                let begin = from + at;
                out.push(begin..begin + finder.needle().len());
                // The next one may overlap with it.
                from = begin + 1;
            }
        }
        out
    }

    /// How many bytes at the end of a text could become an occurrence by what follows: its last
    /// word, whatever it is, up to the length of the longest spelling. Were only the beginning of a
    /// secret held back, whoever has his guesses repeated would see which ones are.
    fn unsure(&self, text: &[u8]) -> usize {
        let spellings = || self.finders.iter().map(Finder::needle);
        let most = spellings().map(<[u8]>::len).max().unwrap_or(0).saturating_sub(1);
        let word = text.iter().rev().take(most).take_while(|byte| is_of_word(**byte)).count();
        // A secret with something between its words may have begun before.
        spellings().map(|spelling| begun(spelling, text)).max().unwrap_or(0).max(word)
    }
}

/// Whether a byte may stand within a word: what ends lines, events, texts and lists does not.
const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'\'' | b',' | b';' | b'{'..=b'}' | b'<' | b'>')
}

/// How long the longest end of a text is with which a spelling begins, short of all of it.
fn begun(spelling: &[u8], text: &[u8]) -> usize {
    let Some(first) = spelling.first() else { return 0 };
    let mut from = text.len().saturating_sub(spelling.len() - 1);
    while let Some(at) = text.get(from..).and_then(|rest| memchr(*first, rest)) {
        let end = text.get(from + at..).unwrap_or_default();
        if spelling.starts_with(end) {
            return end.len();
        }
        from += at + 1;
    }
    0
}

fn fill(text: &mut [u8], range: Range<usize>, mask: u8) {
    let end = range.end.min(text.len());
    if let Some(covered) = text.get_mut(range.start.min(end)..end) {
        covered.fill(mask);
    }
}

fn spelled(word: &[u8]) -> [Vec<u8>; 5] {
    let lower = |text: &str| text.to_ascii_lowercase();
    let encoded = percent_encoded(word);
    // Some write the digits of an escape in lower case.
    let mut in_lower = String::with_capacity(encoded.len());
    let mut rest = encoded.as_str();
    while let Some((before, behind)) = rest.split_once('%') {
        let (digits, behind) = behind.split_at(2);
        in_lower.extend([before, "%", &lower(digits)]);
        rest = behind;
    }
    in_lower.push_str(rest);
    [
        word.to_vec(),
        encoded.into_bytes(),
        in_lower.into_bytes(),
        json_escaped(word, b"\"\\"),
        // Some escape the slash too (RFC 8259 7).
        json_escaped(word, b"\"\\/"),
    ]
}

fn json_escaped(word: &[u8], escaped: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    for byte in word {
        if escaped.contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

/// A text as it may stand in a query (RFC 3986 2.3): all but unreserved characters is escaped.
pub(crate) fn percent_encoded(text: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            let digit = |place: u8| char::from(DIGITS[usize::from(place)]);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

/// What covers secrets in a stream.
#[derive(Debug)]
pub struct Scrub {
    spellings: Spellings,
    /// The end of what came so far: a word that may go on.
    held: Vec<u8>,
    /// How many of these first bytes stand in an occurrence that has left in part.
    covered: usize,
}

impl Scrub {
    /// For one stream.
    #[must_use]
    pub const fn new(spellings: Spellings) -> Self {
        Self { spellings, held: Vec::new(), covered: 0 }
    }

    /// Takes in a piece: what goes on now. Of it only its last word is held back, so that whole
    /// lines and events leave at once.
    #[must_use]
    pub fn write(&mut self, mut piece: Bytes) -> Bytes {
        let spellings = &self.spellings;
        if self.held.is_empty() {
            let found = spellings.find(&piece);
            if found.is_empty() {
                let unsure = spellings.unsure(&piece);
                self.held = piece.split_off(piece.len() - unsure).to_vec();
                return piece;
            }
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(&piece);
        let mut found = spellings.find(&all);
        found.push(0..self.covered);
        let end = all.len() - spellings.unsure(&all);
        self.held = all.split_off(end);
        let begun = found.iter().filter(|range| range.start < end || range.start == 0);
        self.covered = begun.map(|range| range.end.saturating_sub(end)).max().unwrap_or(0);
        for range in found {
            fill(&mut all, range, spellings.mask);
        }
        Bytes::from(all)
    }

    /// The stream has ended: what was held back.
    #[must_use]
    pub fn end(&mut self) -> Bytes {
        let mut rest = std::mem::take(&mut self.held);
        let found = self.spellings.find(&rest);
        for range in found.into_iter().chain(std::iter::once(0..self.covered)) {
            fill(&mut rest, range, self.spellings.mask);
        }
        self.covered = 0;
        Bytes::from(rest)
    }

    /// Bytes that are held back now.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Covers the secrets in whole texts.
    #[must_use]
    pub const fn spellings(&self) -> &Spellings {
        &self.spellings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub(secrets: &[&str]) -> Scrub {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        Scrub::new(Spellings::of(secrets.iter()))
    }

    /// What goes on of each piece, and at the end.
    fn check(secrets: &[&str], pieces: &[&str], want: &[&str]) {
        let mut scrub = scrub(secrets);
        let mut out: Vec<String> = Vec::new();
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).expect("ASCII");
        for piece in pieces {
            out.push(text(scrub.write(Bytes::copy_from_slice(piece.as_bytes()))));
        }
        out.push(text(scrub.end()));
        assert_eq!(out, want, "{secrets:?} in {pieces:?}");
    }

    #[test]
    fn occurrences_are_covered_and_only_a_word_is_held_back() {
        let key = &["sk-12345"][..];
        check(key, &["data: hello\n\n"], &["data: hello\n\n", ""]);
        check(key, &["{\"a\":\"sk-12345\"}"], &["{\"a\":\"********\"}", ""]);
        check(key, &["a sk-12345 b\n"], &["a ******** b\n", ""]);
        check(key, &["a sk-1", "2345 b."], &["a ", "******** ", "b."]);
        check(key, &["a sk-1", "3 b,"], &["a ", "sk-13 b,", ""]);
        // What is held back does not tell a guess that begins well from one that does not.
        check(key, &["a sk-x"], &["a ", "sk-x"]);
        check(key, &["yes", "terday"], &["", "ye", "sterday"]);
        check(key, &["sk-1234", "sk-12345"], &["", "sk-1234*", "*******"]);
        check(key, &["sk-12345sk-12345\n"], &["****************\n", ""]);
        check(key, &["SK-12345"], &["S", "K-12345"]);
        let each: Vec<String> = "sk-12345".chars().map(String::from).collect();
        let each: Vec<&str> = each.iter().map(String::as_str).collect();
        check(key, &each, &["", "", "", "", "", "", "", "*", "*******"]);
    }

    #[test]
    fn overlapping_occurrences_are_covered_whole() {
        check(&["abcabcabc"], &["abcabcabcabc"], &["****", "********"]);
        check(&["abcabcabc"], &["abcabcabc", "abc\n"], &["*", "***********\n", ""]);
        check(&["abcabcabc"], &["abcabcabc", "abd\n"], &["*", "********abd\n", ""]);
        check(&["abcabcabc"], &["abcabcabc"], &["*", "********"]);
        check(
            &["12345678", "5678abcdef"],
            &["12345678abc", "def\n"],
            &["**", "************\n", ""],
        );
    }

    #[test]
    fn the_word_behind_a_scheme_is_looked_for_and_every_spelling() {
        check(&["Bearer tok/en+1=="], &["tok/en+1==\n"], &["**********\n", ""]);
        check(&["Bearer tok/en+1=="], &["Bearer x\n"], &["Bearer x\n", ""]);
        check(&["tok/en+1=="], &["tok%2Fen%2B1%3D%3D\n"], &["******************\n", ""]);
        check(&["tok/en+1=="], &["tok%2fen%2b1%3d%3d\n"], &["******************\n", ""]);
        check(&["tok/en+1=="], &["tok\\/en+1==\n"], &["***********\n", ""]);
        check(&["a\"quoted\""], &["a\\\"quoted\\\"\n"], &["***********\n", ""]);
    }

    #[test]
    fn what_is_covered_never_reads_as_a_secret() {
        check(&["********"], &["a********"], &["", "a########"]);
        check(&["abcdefg*"], &["abcdefgabcdefg*\n"], &["abcdefg########\n", ""]);
    }

    #[test]
    fn a_secret_is_tellable_or_refused() {
        let long = "a".repeat(SECRET_BYTES_MAX);
        for (secret, want) in [
            ("sk-12345", true),
            ("Bearer sk-12345", true),
            ("Basic dXNlcjpwYXNz", true),
            (long.as_str(), true),
            ("", false),
            ("short", false),
            ("Bearer short", false),
            ("Negotiate abc", false),
            (" sk-12345", false),
            ("sk-12345 ", false),
            ("sk-1234\n5", false),
            ("sk-1234\t5", false),
            ("schlüssel", false),
            (&format!("{long}a"), false),
        ] {
            assert_eq!(is_tellable(secret.as_bytes()), want, "{secret}");
        }
    }

    #[test]
    fn spellings_do_not_print() {
        let said = format!("{:?}", scrub(&["sk-12345"]));
        assert!(!said.contains("sk-") && !said.contains("115"), "{said}");
    }
}
