//! Where a key's slots are: parts of a shard, lines of a part, and the keyed hash that picks them.

use super::{Kind, Sizes};
use crate::question::{Key, Subject};
use siphasher::sip128::SipHasher13;

/// Shards at the most: their numbers fit a 64-bit set.
pub const SHARDS_MAX: usize = 64;
/// 64-bit words of a slot: a tag, and its value.
pub(super) const SLOT_WORDS: usize = 2;
/// Slots of a line: 64 bytes, what one cache line holds.
pub(super) const LINE_SLOTS: usize = 4;
/// Keys of one shard, about: fewer would make the shards uneven.
const SHARD_KEYS: usize = 4_096;
/// Of a hundred slots, those that are taken when a part holds as many keys as it was made for. With
/// two candidate lines a key, less than one key in a thousand then finds no slot of its own.
const LOAD_PERCENT: usize = 60;
/// The part for wider prefixes holds one in this many of the strangers' keys.
const WIDER_SHARE: usize = 8;
/// One reserve slot for this many of the strangers' keys, for buckets and for windows.
const RESERVE_SHARE: usize = 64;
/// Reserve slots of a shard at the least.
const RESERVE_MIN: usize = 16;

/// A part of each shard: its keys are never pushed by those of another part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Strangers, by the prefix that was asked for.
    Strangers,
    /// The wider prefixes along which strangers degrade.
    Wider,
    /// Verified callers.
    Known,
    /// Claims.
    Claims,
}

/// The lines of one part, in each shard.
#[derive(Clone, Copy)]
struct Lines {
    first: usize,
    count: usize,
}

/// Where everything is in a shard; the same for all shards of a table.
pub(super) struct Layout {
    parts: [Lines; 4],
    /// Reserve slots of one kind; those for windows follow those for buckets.
    reserve: usize,
    /// The first reserve slot.
    reserve_first: usize,
    /// Shards of the table, less one: a power of two less one.
    shard_mask: u64,
}

/// A subject's keyed hash: all of its keys are in one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    first: u64,
    second: u64,
}

/// Where a key is: its shard, its two candidate lines, and the tag that it has there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) shard: u8,
    pub(super) part: Part,
    pub(super) tag: u64,
    lines: u64,
}

impl Layout {
    pub(super) fn new(sizes: Sizes) -> Self {
        let keys = sizes.strangers_max.max(sizes.known_max).max(sizes.claims_max);
        let shards = (keys / SHARD_KEYS).clamp(1, SHARDS_MAX);
        // The largest power of two that is not above it.
        let shards = 1_usize << shards.ilog2();
        let lines = |keys: usize| (keys * 100).div_ceil(LOAD_PERCENT * LINE_SLOTS * shards);
        let counts = [
            lines(sizes.strangers_max),
            lines(sizes.strangers_max.div_ceil(WIDER_SHARE)),
            lines(sizes.known_max),
            lines(sizes.claims_max),
        ];
        let mut next = 0;
        let parts = counts.map(|count| {
            let first = next;
            next += count;
            Lines { first, count }
        });
        let reserve = (sizes.strangers_max / RESERVE_SHARE / shards).max(RESERVE_MIN);
        Self { parts, reserve, reserve_first: next * LINE_SLOTS, shard_mask: shards as u64 - 1 }
    }

    pub(super) const fn shards(&self) -> usize {
        self.shard_mask as usize + 1
    }

    /// Words of one shard.
    pub(super) const fn words(&self) -> usize {
        self.slots() * SLOT_WORDS
    }

    /// Slots of one shard, those of the reserve last.
    pub(super) const fn slots(&self) -> usize {
        self.reserve_first + 2 * self.reserve
    }

    pub(super) fn spot(&self, digest: Digest, limit: u64, kind: Kind, part: Part) -> Spot {
        let limit = match kind {
            // A window of another length is another window, whatever its limit is called.
            Kind::Window { window_s } => limit ^ mix(u64::from(window_s) + 1),
            Kind::Bucket | Kind::Claim => limit,
        };
        let named = mix(digest.first.wrapping_add(limit.wrapping_mul(ODD)));
        let shard = (digest.second & self.shard_mask) as u8;
        let lines = mix(digest.second ^ named);
        Spot { shard, part, tag: tag(named, kind), lines }
    }

    /// The first slots of a spot's two lines; none where the part has no lines.
    pub(super) fn lines(&self, spot: Spot) -> Option<[usize; 2]> {
        let Lines { first, count } = self.parts[spot.part as usize];
        if count == 0 {
            return None;
        }
        let one = scale(spot.lines & 0xffff_ffff, count);
        let other = scale(spot.lines >> 32, count);
        let other = if other == one { (one + 1) % count } else { other };
        Some([one, other].map(|line| (first + line) * LINE_SLOTS))
    }

    /// The reserve slot that a spot shares with whoever else falls on it.
    pub(super) fn reserve_slot(&self, spot: Spot, kind: Kind) -> usize {
        let run = if matches!(kind, Kind::Window { .. }) { self.reserve } else { 0 };
        self.reserve_first + run + scale(spot.lines >> 32, self.reserve)
    }
}

impl Digest {
    /// SipHash-1-3 with 128 bits: attackers choose addresses, so the hash must be keyed and its
    /// collisions out of reach.
    pub(super) fn new(subject: &Subject, seed: &[u8; 16]) -> Self {
        let (name, mark) = match subject {
            Subject::Address(prefix) => {
                let (bits, length) = prefix.parts();
                (bits.to_le_bytes(), u64::from(length))
            }
            Subject::Known(digest) => (*digest, KNOWN_MARK),
        };
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&name);
        bytes[16..].copy_from_slice(&mark.to_le_bytes());
        let hash = SipHasher13::new_with_key(seed).hash(&bytes);
        Self { first: hash.h1, second: hash.h2 }
    }
}

/// Stands where an address has its length (at most 128).
const KNOWN_MARK: u64 = 1 << 8;
/// 2^64 over the golden ratio, odd.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
/// Set in every tag, so that no tag is that of an empty slot.
const TAKEN: u64 = 2;
/// Set in the tags of windows, whose values mean something else.
const WINDOW: u64 = 1;

fn tag(named: u64, kind: Kind) -> u64 {
    let kind = if matches!(kind, Kind::Window { .. }) { WINDOW } else { 0 };
    (named & !(WINDOW | TAKEN)) | TAKEN | kind
}

pub(super) const fn is_window(tag: u64) -> bool {
    tag & WINDOW != 0
}

/// Whether a window's entry can bear this tag.
pub(super) const fn is_tag_of_window(tag: u64) -> bool {
    tag & (WINDOW | TAKEN) == WINDOW | TAKEN
}

/// The part in which a key lives.
pub(super) const fn part_of(key: &Key, kind: Kind) -> Part {
    match (kind, &key.subject) {
        (Kind::Claim, _) => Part::Claims,
        (Kind::Bucket | Kind::Window { .. }, Subject::Address(_)) => Part::Strangers,
        (Kind::Bucket | Kind::Window { .. }, Subject::Known(_)) => Part::Known,
    }
}

/// A bijection that spreads every bit (the finalizer of MurmurHash3). Limits are ours, not an
/// attacker's, so what joins them to a secret digest needs no cryptography.
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

/// One of `count`, by 32 random bits.
const fn scale(random: u64, count: usize) -> usize {
    ((random * count as u64) >> 32) as usize
}
