//! The bounded table of shares and claims: fixed in size, so that no flood of names can fill the
//! process, and no offender is forgotten because others came after him.
//!
//! ## How it decides
//!
//! 1. A slot is two words: a tag (62 bits of a keyed hash, and its kind) and a value: a bucket's
//!    theoretical arrival time, a window's end and count, a claim's last second. Four slots are a
//!    line of 64 bytes. A key has two candidate lines.
//! 2. An entry whose time has passed equals an absent one, so its slot is free. A live entry of a
//!    stranger or a claim is never given away.
//! 3. A stranger who finds both lines full of live entries is judged with his neighbourhood, then
//!    with the next wider prefix ([`Prefix::wider`]). Wider prefixes have lines of their own, so
//!    that the sprayer's neighbourhood pays and not everybody.
//! 4. Above the widest prefix is a reserve: one slot for many, without tags. It never refuses to
//!    count; who falls on the same slot shares its fate.
//! 5. Verified callers have lines of their own, which strangers cannot push. Where these are full,
//!    the entry that would be free soonest goes.
//! 6. A claim that finds both lines full is not made.
//!
//! ## What it does not stop
//!
//! While the table is full a stranger may be judged with his neighbourhood; one who moves from
//! there to a slot of his own begins with a whole share, once.

mod copy;
mod layout;
mod locked;
mod share;

pub use copy::{Slot, Window};
pub use layout::{Digest, SHARDS_MAX};
pub use locked::Locked;
pub use share::WINDOW_S_MAX;

use crate::address::Prefix;
use crate::question::{Key, Subject};
use layout::{LINE_SLOTS, Layout, Part, SLOT_WORDS, Spot};
use std::sync::Mutex;

/// Strangers' keys by default: 27 MB when every page of them is touched, and 4 MB for wider
/// prefixes and the reserve.
pub const KEYS_MAX: usize = 1_000_000;
/// Verified callers' keys by default: 7 MB when every page of them is touched.
pub const KNOWN_MAX: usize = 250_000;
/// Live claims by default: 27 MB when every page of them is touched.
pub const CLAIMS_MAX: usize = 1_000_000;

/// How many keys a table holds without anybody sharing a slot. Untouched pages cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Live keys of strangers (a key is a limit and an address).
    pub strangers_max: usize,
    /// Live keys of verified callers.
    pub known_max: usize,
    /// Live claims.
    pub claims_max: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { strangers_max: KEYS_MAX, known_max: KNOWN_MAX, claims_max: CLAIMS_MAX }
    }
}

/// What a key's entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bucket of tokens (GCRA).
    Bucket,
    /// A fixed window of `window_s` seconds.
    Window {
        /// Length in seconds; at most [`WINDOW_S_MAX`].
        window_s: u32,
    },
    /// A claim.
    Claim,
}

/// The table. Shards are locked by [`Locked::lock`], in their order.
pub struct Table {
    layout: Layout,
    shards: Box<[Shard]>,
    seed: [u8; 16],
}

/// One lock and what it guards, away from its neighbours' cache lines.
#[repr(align(64))]
struct Shard {
    words: Mutex<Box<[u64]>>,
    /// The word at which the first line begins, so that lines are cache lines.
    first: usize,
}

/// A set of shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shards(u64);

/// A key with its place in the table worked out.
#[derive(Clone, Copy, Debug)]
pub struct Named<'k> {
    key: &'k Key,
    kind: Kind,
    spot: Spot,
}

/// The answer needs a shard that is not locked: lock those of [`Table::chain`] too, and ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLocked;

impl Table {
    /// A table for so many keys; `seed` keys its hash and differs in each process.
    #[must_use]
    pub fn new(sizes: Sizes, seed: [u8; 16]) -> Self {
        let layout = Layout::new(sizes);
        let shards = (0..layout.shards()).map(|_| Shard::new(layout.words())).collect();
        Self { layout, shards, seed }
    }

    /// Bytes of address space that the table has, and never more: those of untouched pages too.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.layout.shards() * (self.layout.words() + LINE_SLOTS * SLOT_WORDS) * 8
    }

    /// The subject's keyed hash. Worth keeping while the next key is of the same subject.
    #[must_use]
    pub fn digest(&self, subject: &Subject) -> Digest {
        Digest::new(subject, &self.seed)
    }

    /// Works out where `key` is; `digest` is that of its subject.
    #[must_use]
    pub fn name<'k>(&self, key: &'k Key, kind: Kind, digest: Digest) -> Named<'k> {
        let part = layout::part_of(key, kind);
        Named { key, kind, spot: self.layout.spot(digest, key.limit, kind, part) }
    }

    /// The shards that a key may need when its own lines are full: those of its wider prefixes.
    #[must_use]
    pub fn chain(&self, named: &Named<'_>) -> Shards {
        let mut shards = Shards::default().with(named);
        for spot in self.wider(named) {
            shards.0 |= 1 << spot.shard;
        }
        shards
    }

    /// The tag under which a key is entered when it was widened `level` times.
    fn tag(&self, named: &Named<'_>, level: u8) -> u64 {
        let Some(above) = level.checked_sub(1) else { return named.spot.tag };
        self.wider(named).nth(usize::from(above)).unwrap_or(named.spot).tag
    }

    /// The spots of a stranger's wider prefixes, from narrow to wide; none for anybody else.
    fn wider(&self, named: &Named<'_>) -> impl Iterator<Item = Spot> {
        let first = match (named.kind, named.key.subject) {
            (Kind::Bucket | Kind::Window { .. }, Subject::Address(prefix)) => prefix.wider(),
            (Kind::Claim, _) | (_, Subject::Known(_)) => None,
        };
        let (limit, kind) = (named.key.limit, named.kind);
        std::iter::successors(first, |prefix| prefix.wider()).map(move |prefix: Prefix| {
            let digest = self.digest(&Subject::Address(prefix));
            self.layout.spot(digest, limit, kind, Part::Wider)
        })
    }
}

impl Shard {
    fn new(words: usize) -> Self {
        // Zeroed by the allocator, so that a page exists only once it is written.
        let words = vec![0_u64; words + LINE_SLOTS * SLOT_WORDS].into_boxed_slice();
        // A hint for the cache only: any offset below one line is right.
        let first = words.as_ptr().align_offset(64) % (LINE_SLOTS * SLOT_WORDS);
        Self { words: Mutex::new(words), first }
    }
}

impl Shards {
    /// This set and the shard of `named`.
    #[must_use]
    pub const fn with(self, named: &Named<'_>) -> Self {
        Self(self.0 | 1 << named.spot.shard)
    }

    /// How many shards of the set come before `shard`; none when it is not in the set.
    const fn rank(self, shard: u8) -> Option<usize> {
        let bit = 1 << shard;
        if self.0 & bit == 0 {
            return None;
        }
        Some((self.0 & (bit - 1)).count_ones() as usize)
    }

    /// What is in either set.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
