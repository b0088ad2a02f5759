//! zlib's compressed form (RFC 1950, 1951), read up to a bound. Frameworks compress what they sign
//! into a session's cookie; a gate reads a few kilobytes of it, and only behind a good signature.

/// Bits of a code at the most (RFC 1951 3.2.2).
const CODE_BITS_MAX: usize = 15;
/// Literals, the end of a block, and lengths (RFC 1951 3.2.5); two more have codes and no meaning.
const LITERALS: usize = 288;
/// Distances.
const DISTANCES: usize = 30;
/// The symbol behind the last of a block's.
const END: usize = 256;
/// In which order the lengths of the codes for lengths stand (RFC 1951 3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The shortest length of each symbol from 257 on, and its extra bits.
const LENGTHS: [(usize, u32); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The bytes of a whole zlib stream. None: it is none, has something behind its end, or comes to
/// more than `most` bytes.
pub(crate) fn zlib(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let (rest, sum) = rest.split_last_chunk::<4>()?;
    // RFC 1950 2.2: deflate, a window of 32 KiB at the most, no dictionary that both sides know.
    let is_deflate = head[0] & 15 == 8 && head[0] >> 4 <= 7;
    if !is_deflate || u16::from_be_bytes(*head) % 31 != 0 || head[1] & 32 != 0 {
        return None;
    }
    let mut reader = Reader { bytes: rest, bits: 0, count: 0 };
    let mut out = Vec::new();
    loop {
        let is_last = reader.take(1)? == 1;
        match reader.take(2)? {
            0 => stored(&mut reader, &mut out, most)?,
            1 => {
                let (literals, distances) = fixed()?;
                block(&mut reader, &literals, &distances, &mut out, most)?;
            }
            2 => {
                let (literals, distances) = dynamic(&mut reader)?;
                block(&mut reader, &literals, &distances, &mut out, most)?;
            }
            _ => return None,
        }
        if is_last {
            break;
        }
    }
    let is_whole = reader.bytes.is_empty() && adler(&out) == u32::from_be_bytes(*sum);
    is_whole.then_some(out)
}

/// Bits, the lowest of each byte first.
struct Reader<'b> {
    bytes: &'b [u8],
    bits: u32,
    count: u32,
}

impl Reader<'_> {
    /// The next bits as a number; 16 at the most.
    fn take(&mut self, count: u32) -> Option<u32> {
        while self.count < count {
            let (first, rest) = self.bytes.split_first()?;
            self.bits |= u32::from(*first) << self.count;
            self.count += 8;
            self.bytes = rest;
        }
        let value = self.bits & ((1 << count) - 1);
        self.bits >>= count;
        self.count -= count;
        Some(value)
    }

    /// The next symbol of a code, whose bits come highest first.
    fn symbol(&mut self, code: &Code) -> Option<usize> {
        let (mut value, mut first, mut index) = (0_usize, 0_usize, 0_usize);
        for count in &code.counts {
            value |= self.take(1)? as usize;
            let count = usize::from(*count);
            if let Some(offset) = value.checked_sub(first).filter(|offset| *offset < count) {
                return code.symbols.get(index + offset).map(|symbol| usize::from(*symbol));
            }
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        None
    }
}

/// A code of Huffman's: how many symbols have each length from one bit on, and the symbols in the
/// order of their codes (RFC 1951 3.2.2).
struct Code {
    counts: [u16; CODE_BITS_MAX],
    symbols: Vec<u16>,
}

impl Code {
    /// The code that these lengths describe. None: some bits would mean two symbols.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0; CODE_BITS_MAX];
        for length in lengths.iter().filter(|length| **length > 0) {
            *counts.get_mut(usize::from(*length) - 1)? += 1;
        }
        let mut room = 1_i32;
        for count in counts {
            room = (room << 1) - i32::from(count);
            if room < 0 {
                return None;
            }
        }
        let mut symbols = Vec::with_capacity(lengths.len());
        for length in 1..=CODE_BITS_MAX {
            for (symbol, other) in lengths.iter().enumerate() {
                if usize::from(*other) == length {
                    symbols.push(u16::try_from(symbol).ok()?);
                }
            }
        }
        Some(Self { counts, symbols })
    }
}

/// Bytes as they are (RFC 1951 3.2.4).
fn stored(reader: &mut Reader<'_>, out: &mut Vec<u8>, most: usize) -> Option<()> {
    // What is left of the last byte says nothing; whole bytes that were taken ahead there are none.
    reader.take(reader.count % 8)?;
    let (length, inverse) = (reader.take(16)?, reader.take(16)?);
    if length ^ inverse != 0xffff || out.len() + length as usize > most {
        return None;
    }
    let (plain, rest) = reader.bytes.split_at_checked(length as usize)?;
    out.extend_from_slice(plain);
    reader.bytes = rest;
    Some(())
}

/// The codes that need no description (RFC 1951 3.2.6).
fn fixed() -> Option<(Code, Code)> {
    let mut lengths = [8; LITERALS];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    Some((Code::new(&lengths)?, Code::new(&[5; DISTANCES])?))
}

/// The codes that stand before their block (RFC 1951 3.2.7).
fn dynamic(reader: &mut Reader<'_>) -> Option<(Code, Code)> {
    let literals = reader.take(5)? as usize + 257;
    let distances = reader.take(5)? as usize + 1;
    let listed = reader.take(4)? as usize + 4;
    if literals > LITERALS || distances > DISTANCES {
        return None;
    }
    let mut of_lengths = [0; 19];
    for place in ORDER.iter().take(listed) {
        of_lengths[*place] = u8::try_from(reader.take(3)?).ok()?;
    }
    let of_lengths = Code::new(&of_lengths)?;
    let mut lengths = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let (length, times) = match reader.symbol(&of_lengths)? {
            16 => (*lengths.last()?, reader.take(2)? + 3),
            17 => (0, reader.take(3)? + 3),
            18 => (0, reader.take(7)? + 11),
            plain => (u8::try_from(plain).ok()?, 1),
        };
        lengths.extend(std::iter::repeat_n(length, times as usize));
    }
    // A run may not go past the end, and a block without an end has none.
    if lengths.len() != literals + distances || lengths[END] == 0 {
        return None;
    }
    let (literals, distances) = lengths.split_at(literals);
    Some((Code::new(literals)?, Code::new(distances)?))
}

/// A block of literals and of what stood before (RFC 1951 3.2.3).
fn block(
    reader: &mut Reader<'_>,
    literals: &Code,
    distances: &Code,
    out: &mut Vec<u8>,
    most: usize,
) -> Option<()> {
    loop {
        let symbol = reader.symbol(literals)?;
        if symbol == END {
            return Some(());
        }
        if let Ok(literal) = u8::try_from(symbol) {
            if out.len() >= most {
                return None;
            }
            out.push(literal);
            continue;
        }
        let (least, extra) = *LENGTHS.get(symbol - END - 1)?;
        let length = least + reader.take(extra)? as usize;
        let distance = distance(reader.symbol(distances)?, reader)?;
        let from = out.len().checked_sub(distance)?;
        if out.len() + length > most {
            return None;
        }
        for place in from..from + length {
            out.push(*out.get(place)?);
        }
    }
}

/// How far back it stood: the first four distances are their own, then each pair has one bit more.
fn distance(symbol: usize, reader: &mut Reader<'_>) -> Option<usize> {
    if symbol < 4 {
        return Some(symbol + 1);
    }
    if symbol >= DISTANCES {
        return None;
    }
    let extra = u32::try_from(symbol / 2 - 1).ok()?;
    let least = ((2 + symbol % 2) << extra) + 1;
    Some(least + reader.take(extra)? as usize)
}

/// Adler-32 (RFC 1950 8.2).
fn adler(bytes: &[u8]) -> u32 {
    const BASE: u32 = 65_521;
    let (first, second) = bytes.iter().fold((1, 0), |(first, second), byte| {
        let first = (first + u32::from(*byte)) % BASE;
        (first, (second + first) % BASE)
    });
    second << 16 | first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{from_base64url, sha256};
    use std::fmt::Write;

    /// What Python's zlib makes of some texts: the stream, the length of the text, and how its
    /// SHA-256 begins.
    const STREAMS: [(&str, usize, &str); 5] = [
        ("eNoDAAAAAAE", 0, "e3b0c442"),
        // A fixed code, and no code at all.
        ("eNpLTMQEChmpOTn5EBIAxagL_Q", 32, "50b57b87"),
        ("eAEBEgDt_2FzIGl0IGlzLCBhcyBpdCBpczfKBec", 18, "381c7454"),
        // Codes of their own, without what stood before and with it.
        (
            concat!(
                "eAEFwdkNxDAIBcBWXgkG3-VggqX8xBJ4-9-ZsIj3fHngF-aTkYhzqa2PKUsf240QFvGejwi_MGck4lxq",
                "62PK0sd2T1DxOzt-Yc4DKn5zRVjEez7KUPHLHb8wHwwVv7kgLOI9HxNU_OYOFb9EUPE7KhJxLrX1MWXp",
                "Y7sVhEW852NGWMR7vpag4pcIKn4TVPz2DBW_syMs4j1fZSTiXGrrY8rSx3ZvUPFbKxJxLrX1MWXpY5sT",
                "wiLe8-UJFb8VvzCvSMS51NbHlKWP7ZGg4rc1JOJcautjytLH9phQ8UsDYRHv-QYScS619TFl6WObKxJx",
                "LrX1MWXpYztXhEX8AaQdeUU",
            ),
            400,
            "3bf08221",
        ),
        (
            concat!(
                "GNNtj9ENwyAMRFdhBGxjY8ZJUyr1p5VCu38lOySR3C847p19jD7G8_0iTd_Rt4YpA1JhqdqW23rvD4E0",
                "nAEwJiI1p3XZPq26r6aIjxzZA7qt6HaZNoI_VDvAlXIsciZw3iRfQy4qzTY7xH8aizEct2CeMWrOWOsI",
                "qm8TiY4HQeckjVviPOKJl2g2tpEKBwNW6_jjmQZHEb297vUt3kzQDzI-mZI",
            ),
            500,
            "1f2990912b37d90b",
        ),
    ];

    fn begins(bytes: &[u8], digits: &str) -> bool {
        let mut text = String::new();
        for byte in sha256(bytes) {
            write!(text, "{byte:02x}").expect("a text");
        }
        text.starts_with(digits)
    }

    #[test]
    fn what_zlib_writes_is_read_to_its_bound() {
        for (stream, length, digest) in STREAMS {
            let stream = from_base64url(stream).expect("base64url");
            let out = zlib(&stream, length).expect("a stream");
            assert!(out.len() == length && begins(&out, digest), "{length}");
            if let Some(less) = length.checked_sub(1) {
                assert_eq!(zlib(&stream, less), None, "{length}");
            }
        }
    }

    #[test]
    fn a_stream_that_is_not_whole_is_none() {
        for (stream, length, _) in STREAMS {
            let stream = from_base64url(stream).expect("base64url");
            for end in 0..stream.len() {
                assert_eq!(zlib(&stream[..end], 1_000), None, "{length} to {end}");
            }
            assert_eq!(zlib(&[&stream[..], b"0"].concat(), 1_000), None, "{length}");
        }
    }

    #[test]
    fn a_stream_with_another_bit_comes_to_nothing_else() {
        for (stream, length, digest) in STREAMS {
            let stream = from_base64url(stream).expect("base64url");
            for bit in 0..8 * stream.len() {
                let mut other = stream.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                // Some bits say nothing: how much room a reader needs, what fills the last byte.
                let is_same = |out: Vec<u8>| out.len() == length && begins(&out, digest);
                assert!(zlib(&other, 1_000).is_none_or(is_same), "{length} at {bit}");
            }
        }
    }
}
