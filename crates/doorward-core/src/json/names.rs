//! The names of all open objects, as hashes: equal names always have equal ones, however they are
//! written. Two names that are not equal share one by chance alone (2^-64); whoever looks for such
//! a pair gets himself refused.

use super::fault::Why;
use super::guard::Limits;
use super::swar;

const FIRST: u64 = 0x243f_6a88_85a3_08d3;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Names of an object up to which each is compared with each.
const FEW: usize = 12;

/// Hashes of the names of open objects, the outermost first.
#[derive(Default)]
pub(super) struct Names {
    hashes: Vec<u64>,
    /// The innermost object.
    inner: Open,
    /// Those around it.
    outer: Vec<Open>,
}

/// An open object.
#[derive(Clone, Copy, Default)]
struct Open {
    /// Where its names begin.
    begin: usize,
    /// Up to where there is room.
    end: usize,
    /// Six bits of each hash, as a set: a bit that is not set yet belongs to a new name.
    seen: u64,
    /// Two had the same bits: they may be one name.
    is_doubtful: bool,
}

impl Names {
    #[inline]
    pub(super) fn open(&mut self, limits: &Limits) {
        self.outer.push(self.inner);
        let begin = self.hashes.len();
        let end = begin.saturating_add(limits.names).min(limits.names_open);
        self.inner = Open { begin, end, ..Open::default() };
    }

    #[inline]
    pub(super) fn add(&mut self, hash: u64) -> Result<(), Why> {
        if self.hashes.len() >= self.inner.end {
            return Err(Why::ManyNames);
        }
        if hash == PROTOTYPE {
            return Err(Why::Prototype);
        }
        let bit = 1 << (hash >> 58);
        self.inner.is_doubtful |= self.inner.seen & bit != 0;
        self.inner.seen |= bit;
        self.hashes.push(hash);
        Ok(())
    }

    /// Closes the innermost object.
    #[inline]
    pub(super) fn close(&mut self) -> Result<(), Why> {
        let Open { begin, is_doubtful, .. } = self.inner;
        if is_doubtful && has_equal(&mut self.hashes[begin..]) {
            return Err(Why::NameTwice);
        }
        self.hashes.truncate(begin);
        self.inner = self.outer.pop().unwrap_or_default();
        Ok(())
    }
}

#[inline(never)]
fn has_equal(hashes: &mut [u64]) -> bool {
    if hashes.len() <= FEW {
        return hashes.iter().enumerate().any(|(place, hash)| hashes[..place].contains(hash));
    }
    hashes.sort_unstable();
    hashes.windows(2).any(|pair| pair[0] == pair[1])
}

/// A name that comes in parts.
#[derive(Default)]
pub(super) struct Name {
    hash: Option<u64>,
    /// Bytes that are no whole word yet, the first one lowest.
    word: u64,
    length: usize,
}

impl Name {
    pub(super) fn push(&mut self, part: &[u8]) {
        for byte in part {
            self.word |= u64::from(*byte) << (self.length % 8 * 8);
            self.length += 1;
            if self.length.is_multiple_of(8) {
                self.hash = Some(step(self.hash.unwrap_or(FIRST), self.word));
                self.word = 0;
            }
        }
    }

    pub(super) fn hash(&self) -> u64 {
        last(self.hash.unwrap_or(FIRST), self.word, self.length)
    }
}

/// The hash of a name without escapes, which stands from `at` to `end`.
#[inline]
pub(super) fn hash(bytes: &[u8], mut at: usize, end: usize) -> u64 {
    let length = end - at;
    let mut hash = FIRST;
    while end - at >= 8 {
        hash = step(hash, swar::word(bytes, at).unwrap_or(0));
        at += 8;
    }
    let left = end - at;
    let rest = match swar::word(bytes, at) {
        Some(word) => word & ((1 << (left * 8)) - 1),
        None => bytes[at..end].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    last(hash, rest, length)
}

#[inline]
const fn step(hash: u64, word: u64) -> u64 {
    let wide = (hash ^ word) as u128 * FACTOR as u128;
    fold(wide)
}

#[inline]
const fn last(hash: u64, rest: u64, length: usize) -> u64 {
    let hash = step(hash, rest);
    fold((hash ^ length as u64) as u128 * FACTOR as u128)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
const fn fold(wide: u128) -> u64 {
    wide as u64 ^ (wide >> 64) as u64
}

/// The hash of `__proto__`: eight of its letters, and the last one.
const PROTOTYPE: u64 = last(step(FIRST, u64::from_le_bytes(*b"__proto_")), b'_' as u64, 9);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_hash_however_it_comes() {
        let text = b"a longer name than any word has letters\"}      ";
        for end in 0..39 {
            let whole = hash(text, 0, end);
            assert_eq!(hash(&text[..end], 0, end), whole, "at the end of all there is");
            for cut in 0..=end {
                let mut name = Name::default();
                name.push(&text[..cut]);
                name.push(&text[cut..end]);
                assert_eq!(name.hash(), whole, "{end} {cut}");
            }
        }
        assert_eq!(hash(b"__proto__\"", 0, 9), PROTOTYPE);
        assert_ne!(hash(b"a\0", 0, 2), hash(b"a", 0, 1));
    }
}
