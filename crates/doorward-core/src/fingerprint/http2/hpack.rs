//! As much of HPACK (RFC 7541) as the order of pseudo-headers needs: names, and no values.
//!
//! Pseudo-headers come before all others (RFC 9113 8.3), and all but one of their names stand in
//! the static table. A connection's first head finds an empty dynamic table, and an entry that it
//! has made itself would repeat a name.

use super::super::cursor::Cursor;
use super::{OpeningError, PSEUDO_MAX, Pseudo};
use arrayvec::ArrayVec;

/// Entries of the static table (RFC 7541 A).
const STATIC_ENTRIES: u32 = 61;
/// Bytes of a number at the most, behind its first: more than any length that fits here.
const NUMBER_BYTES_MAX: u32 = 4;

/// The names, as they are sent when they are sent as text.
const NAMES: [(Pseudo, &[u8]); 5] = [
    (Pseudo::Method, b":method"),
    (Pseudo::Authority, b":authority"),
    (Pseudo::Scheme, b":scheme"),
    (Pseudo::Path, b":path"),
    (Pseudo::Protocol, b":protocol"),
];

/// The codes of the letters of these names, with their bits (RFC 7541 B).
const CODES: [(u8, u16, u8); 16] = [
    (b':', 0x5c, 7),
    (b'a', 0x3, 5),
    (b'c', 0x4, 5),
    (b'd', 0x24, 6),
    (b'e', 0x5, 5),
    (b'h', 0x27, 6),
    (b'i', 0x6, 5),
    (b'l', 0x28, 6),
    (b'm', 0x29, 6),
    (b'o', 0x7, 5),
    (b'p', 0x2b, 6),
    (b'r', 0x2c, 6),
    (b's', 0x8, 5),
    (b't', 0x9, 5),
    (b'u', 0x2d, 6),
    (b'y', 0x7a, 7),
];

/// The order of a first head's pseudo-headers.
pub(super) fn pseudo_headers(block: &[u8]) -> Result<ArrayVec<Pseudo, PSEUDO_MAX>, OpeningError> {
    let mut cursor = Cursor::new(block);
    let mut out = ArrayVec::new();
    while let Some(first) = cursor.byte() {
        let (bits, has_value) = match first {
            0x80.. => (7, false),
            0x40..0x80 => (6, true),
            // Another size for the dynamic table, before all fields (RFC 7541 4.2).
            0x20..0x40 => {
                number(first, 5, &mut cursor)?;
                continue;
            }
            0x00..0x20 => (4, true),
        };
        let index = number(first, bits, &mut cursor)?;
        let name = match index {
            0 if !has_value => return Err(OpeningError::Hpack),
            0 => spelled(&mut cursor)?,
            1 => Some(Pseudo::Authority),
            2 | 3 => Some(Pseudo::Method),
            4 | 5 => Some(Pseudo::Path),
            6 | 7 => Some(Pseudo::Scheme),
            // `:status` is an answer's.
            8..=14 => return Err(OpeningError::Pseudo),
            15..=STATIC_ENTRIES => None,
            // Only what this head has put there: a name that it had before.
            _ => None,
        };
        // Behind the first header that is none, there are none.
        let Some(name) = name else { return Ok(out) };
        if out.contains(&name) {
            return Err(OpeningError::Pseudo);
        }
        out.try_push(name).map_err(|_| OpeningError::TooMany)?;
        if has_value {
            let (_, length) = text_length(&mut cursor)?;
            cursor.take(length).ok_or(OpeningError::Hpack)?;
        }
    }
    Ok(out)
}

/// A number whose first bits stand in `first` (RFC 7541 5.1).
fn number(first: u8, bits: u32, cursor: &mut Cursor<'_>) -> Result<u32, OpeningError> {
    let most = (1_u32 << bits) - 1;
    let mut value = u32::from(first) & most;
    if value < most {
        return Ok(value);
    }
    for place in 0..NUMBER_BYTES_MAX {
        let byte = cursor.byte().ok_or(OpeningError::Hpack)?;
        // At most 28 bits more.
        value += u32::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(OpeningError::Hpack)
}

/// Whether a text is in Huffman's code, and how many bytes it has (RFC 7541 5.2).
fn text_length(cursor: &mut Cursor<'_>) -> Result<(bool, usize), OpeningError> {
    let first = cursor.byte().ok_or(OpeningError::Hpack)?;
    let length = number(first, 7, cursor)?;
    Ok((first & 0x80 != 0, length as usize))
}

/// A name that is spelled out: which pseudo-header it is, if one.
fn spelled(cursor: &mut Cursor<'_>) -> Result<Option<Pseudo>, OpeningError> {
    let (is_coded, length) = text_length(cursor)?;
    let name = cursor.take(length).ok_or(OpeningError::Hpack)?;
    let is_pseudo = match name.first() {
        None => return Err(OpeningError::Hpack),
        Some(first) if is_coded => u16::from(first >> 1) == CODES[0].1,
        Some(first) => *first == b':',
    };
    if !is_pseudo {
        return Ok(None);
    }
    let is_it = |text: &[u8]| if is_coded { coded(text)[..] == *name } else { text == name };
    let found = NAMES.iter().find(|(_, text)| is_it(text)).map(|(pseudo, _)| *pseudo);
    found.map(Some).ok_or(OpeningError::Pseudo)
}

/// One of the names in Huffman's code, filled up with ones.
fn coded(text: &[u8]) -> ArrayVec<u8, 16> {
    let mut out = ArrayVec::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text {
        let code = CODES.iter().find(|(other, ..)| other == letter);
        let Some((_, code, length)) = code.copied() else { continue };
        held = held << length | u32::from(code);
        bits += u32::from(length);
        while bits >= 8 {
            bits -= 8;
            // Sixteen bytes hold the longest name twice.
            let _ = out.try_push((held >> bits) as u8);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        let _ = out.try_push((held << (8 - bits)) as u8 | 0xff >> bits);
    }
    out
}
