//! The work that a pass costs: eight numbers whose digests begin with zero bits. Eight small
//! puzzles take about the same time for everybody; one large one would be a lottery.

use crate::crypto::{KEY_BYTES, sha256};

/// Puzzles of one pass.
const PARTS: u8 = 8;
/// Bytes of a puzzle's number.
const NUMBER_BYTES: usize = 4;
/// Bytes of all numbers.
pub(super) const WORK_BYTES: usize = PARTS as usize * NUMBER_BYTES;
/// Zero bits of each part at the most: a browser that is throttled six times does them within a
/// second (ADR 15 has the figures).
pub(crate) const BITS_MAX: u8 = 15;

/// What is worked on: bound to the gate's name, the page's origin, the key and the time.
#[must_use]
pub fn seed(authority: &str, origin: &str, key: &str, time: u64) -> [u8; KEY_BYTES] {
    sha256(format!("doorward work v1\n{authority}\n{origin}\n{key}\n{time}").as_bytes())
}

/// Whether all numbers are right.
pub(crate) fn is_done(seed: &[u8; KEY_BYTES], work: &[u8; WORK_BYTES], bits: u8) -> bool {
    let mut block = [0; KEY_BYTES + 1 + NUMBER_BYTES];
    block[..KEY_BYTES].copy_from_slice(seed);
    (0..PARTS).zip(work.chunks_exact(NUMBER_BYTES)).all(|(part, number)| {
        block[KEY_BYTES] = part;
        block[KEY_BYTES + 1..].copy_from_slice(number);
        zero_bits(&sha256(&block)) >= u32::from(bits)
    })
}

/// Zero bits in front.
fn zero_bits(digest: &[u8; KEY_BYTES]) -> u32 {
    let zeros = digest.iter().take_while(|byte| **byte == 0).count();
    let next = digest.get(zeros).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(zeros).unwrap_or(0) * 8 + next
}

/// The numbers of a puzzle, for tests and `doorward explain`.
#[must_use]
pub fn solve(seed: &[u8; KEY_BYTES], bits: u8) -> [u8; WORK_BYTES] {
    let mut out = [0; WORK_BYTES];
    let mut block = [0; KEY_BYTES + 1 + NUMBER_BYTES];
    block[..KEY_BYTES].copy_from_slice(seed);
    for (part, number) in (0..PARTS).zip(out.chunks_exact_mut(NUMBER_BYTES)) {
        block[KEY_BYTES] = part;
        for candidate in 0..=u32::MAX {
            block[KEY_BYTES + 1..].copy_from_slice(&candidate.to_be_bytes());
            if zero_bits(&sha256(&block)) >= u32::from(bits) {
                number.copy_from_slice(&candidate.to_be_bytes());
                break;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_must_be_right_and_for_this_seed() {
        let seed_of = |time| seed("api.shop.example", "https://shop.example", "BA", time);
        let own = seed_of(1_764_240_000);
        let work = solve(&own, 8);
        assert!(is_done(&own, &work, 8));
        assert!(!is_done(&own, &work, 15));
        assert!(!is_done(&seed_of(1_764_240_001), &work, 8));
        let mut swapped = work;
        swapped.rotate_left(NUMBER_BYTES);
        assert!(!is_done(&own, &swapped, 8));
    }
}
