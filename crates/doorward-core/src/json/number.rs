//! Numbers: their grammar (RFC 8259 6), and whether every reader can hold them.

use super::fault::Why;
use super::guard::{Integers, Limits};
use arrayvec::ArrayVec;

/// Letters at the most that can be asked for.
pub const LETTERS_MAX: usize = 128;
/// Digits of a whole number that fits whatever is asked for: 2^53 has sixteen.
const SAFE_DIGITS: usize = 15;
/// The largest whole number up to which every double is exact (RFC 7493 2.2).
const EXACT_MAX: u64 = (1 << 53) - 1;

/// A number of which the end has not come: what came before this piece.
#[derive(Default)]
pub(super) struct Digits(ArrayVec<u8, LETTERS_MAX>);

impl Digits {
    /// Reads on. The letters of this piece that are the number's; none: it may go on in the next
    /// one.
    #[inline]
    pub(super) fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Why> {
        let length = letters(bytes);
        if self.0.len() + length > limits.number_letters {
            return Err(Why::NumberTooLong);
        }
        if length < bytes.len() && self.0.is_empty() {
            judge(&bytes[..length], limits)?;
            return Ok(Some(length));
        }
        // It fits: that was counted.
        self.0.extend(bytes[..length].iter().copied().take(self.0.remaining_capacity()));
        if length == bytes.len() {
            return Ok(None);
        }
        judge(&self.0, limits)?;
        Ok(Some(length))
    }

    /// The text has ended behind it.
    pub(super) fn end(&self, limits: &Limits) -> Result<(), Why> {
        judge(&self.0, limits)
    }
}

/// Where a short number without exponent ends that is whole here: most are such. None: it needs a
/// closer look.
#[inline]
pub(super) fn short(bytes: &[u8], at: usize, limits: &Limits) -> Option<usize> {
    let whole = if bytes.get(at) == Some(&b'-') { at + 1 } else { at };
    let mut end = digits_end(bytes, whole);
    let digits = end - whole;
    let begins_well = digits > 0 && (digits == 1 || bytes[whole] != b'0');
    if !begins_well || digits > SAFE_DIGITS {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits_end(bytes, fraction);
        if end == fraction {
            return None;
        }
    }
    let is_whole = bytes.get(end).is_some_and(|next| !is_letter(*next));
    (is_whole && end - at <= limits.number_letters).then_some(end)
}

#[inline]
fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

#[inline]
const fn is_letter(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E')
}

/// How many letters from the first one on could be a number's.
fn letters(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_letter(**byte)).count()
}

/// Judges a whole number.
#[inline]
fn judge(letters: &[u8], limits: &Limits) -> Result<(), Why> {
    let unsigned = letters.strip_prefix(b"-").unwrap_or(letters);
    let digits = count_digits(unsigned);
    let begins_well = digits > 0 && (unsigned[0] != b'0' || digits == 1);
    if !begins_well {
        return Err(Why::Syntax);
    }
    if digits == unsigned.len() {
        if digits <= SAFE_DIGITS || limits.integers == Integers::Any && digits < 300 {
            return Ok(());
        }
        return judge_large(letters, limits);
    }
    judge_rest(letters, &unsigned[digits..])
}

#[inline]
fn count_digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A whole number of many digits.
fn judge_large(letters: &[u8], limits: &Limits) -> Result<(), Why> {
    let text = std::str::from_utf8(letters).map_err(|_| Why::Syntax)?;
    let holds = match limits.integers {
        Integers::Any => text.parse().is_ok_and(f64::is_finite),
        Integers::SixtyFourBits => text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok(),
        Integers::Exact => text.parse::<i64>().is_ok_and(|n| n.unsigned_abs() <= EXACT_MAX),
    };
    if holds { Ok(()) } else { Err(Why::NumberTooLarge) }
}

/// What stands behind a number's whole part.
fn judge_rest(letters: &[u8], rest: &[u8]) -> Result<(), Why> {
    let mut rest = rest;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = count_digits(fraction);
        if digits == 0 {
            return Err(Why::Syntax);
        }
        rest = &fraction[digits..];
    }
    if rest.is_empty() {
        return Ok(());
    }
    let exponent = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E"));
    let Some(exponent) = exponent else { return Err(Why::Syntax) };
    let unsigned = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+"));
    let digits = unsigned.unwrap_or(exponent);
    if digits.is_empty() || count_digits(digits) != digits.len() {
        return Err(Why::Syntax);
    }
    let text = std::str::from_utf8(letters).map_err(|_| Why::Syntax)?;
    // Its grammar is right: what does not parse, or not to a number, is none that a reader holds.
    if text.parse().is_ok_and(f64::is_finite) { Ok(()) } else { Err(Why::NumberTooLarge) }
}
