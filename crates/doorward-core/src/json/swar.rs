//! Eight bytes at a time in one word, without any instruction of a special machine.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The eight bytes from `at`; none where there are fewer.
#[inline]
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// The first place from `at` that is not plain within a text: a quote, a backslash, a control
/// character or a byte beyond ASCII; the end where there is none.
#[inline]
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    let first = at;
    while let Some(word) = word(bytes, at) {
        let found = (zero(word ^ (LOW * b'"' as u64)) | zero(word ^ (LOW * b'\\' as u64)))
            | (word.wrapping_sub(LOW * 0x20) & !word & HIGH)
            | (word & HIGH);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
        if at - first >= BLOCK {
            while is_plain_block(bytes, at) {
                at += BLOCK;
            }
        }
    }
    let is_plain = |byte: &u8| !matches!(*byte, b'"' | b'\\' | 0..0x20 | 0x80..);
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| is_plain(byte)).count()
}

/// The first place from `at` that ends a run of letters of any kind within a text: a quote, a
/// backslash or a control character.
#[inline]
pub(super) fn run_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        let found = zero(word ^ (LOW * b'"' as u64))
            | zero(word ^ (LOW * b'\\' as u64))
            | (word.wrapping_sub(LOW * 0x20) & !word & HIGH);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let is_run = |byte: &u8| !matches!(*byte, b'"' | b'\\' | 0..0x20);
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| is_run(byte)).count()
}

/// Bytes of a block: a loop over them becomes a few instructions on all of them at once.
const BLOCK: usize = 32;

/// Whether the block at `at` is plain within a text, as a whole.
#[inline]
fn is_plain_block(bytes: &[u8], at: usize) -> bool {
    let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) else {
        return false;
    };
    let mut is_odd = false;
    for byte in block {
        is_odd |= (*byte == b'"') | (*byte == b'\\') | (byte.wrapping_sub(0x20) >= 0x60);
    }
    !is_odd
}

/// The first place from `at` that is none of the four kinds of space between tokens.
#[inline]
pub(super) fn spaces_end(bytes: &[u8], mut at: usize) -> usize {
    // Behind the end of a line stand blanks, if anything.
    while let Some(word) = word(bytes, at) {
        let other = word ^ (LOW * b' ' as u64);
        if other != 0 {
            return at + (other.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at
}

/// Marks the zero bytes of a word. Above the lowest one a mark may be false.
#[inline]
const fn zero(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_odd_byte_is_found_wherever_it_stands() {
        for byte in 0..=255_u8 {
            for length in 0..40 {
                for place in 0..length {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    let plain = !matches!(byte, b'"' | b'\\' | 0..0x20 | 0x80..);
                    let run = plain || byte >= 0x80;
                    let want = |is: bool| if is { length } else { place };
                    assert_eq!(plain_end(&bytes, 0), want(plain), "{byte:#x} {length} {place}");
                    assert_eq!(run_end(&bytes, 0), want(run), "{byte:#x} {length} {place}");
                    let after = plain_end(&bytes, place + 1);
                    assert_eq!(after, length);
                }
            }
        }
    }
}
