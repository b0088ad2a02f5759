//! In which order and case a client names its headers: our own fingerprint of a head.
//!
//! Only names that clients' engines write by themselves are looked at, so that what an application
//! adds changes nothing; and of these, only those that come with every request count in the digest.
//! A client has a few of them all the same: browsers order a navigation otherwise than a `fetch`.
//! It is no part of JA4's family and has nothing in common with JA4H.
//!
//! An order is taken where the names are seen anyway: it keeps a byte a name and allocates nothing.

#[cfg(test)]
mod tests;

use super::{DIGEST_DIGITS, digest};
use arrayvec::ArrayString;
use http::HeaderMap;
use std::fmt;

/// Names that one order keeps; what comes behind them is not looked at.
pub const NAMES_MAX: usize = 32;
/// Bytes of the text at the most: as many of the longest name, each behind a comma.
const TEXT_BYTES_MAX: usize = NAMES_MAX * 34;
/// Bits of a kept byte that tell how a name is spelled.
const SPELLING_BITS: u32 = 2;

/// Whether a name comes with every request of a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// By itself, or with all requests of one kind: counts in the digest.
    Always,
    /// By what is asked for, or what the client knows by then: kept in the order alone.
    Sometimes,
}

/// A name in the two spellings that are common.
type Row = (&'static str, &'static str, Comes);

/// The names that engines write.
const ROWS: &[Row] = &[
    ("te", "TE", Comes::Always),
    ("dnt", "DNT", Comes::Always),
    ("host", "Host", Comes::Always),
    ("accept", "Accept", Comes::Always),
    ("cookie", "Cookie", Comes::Sometimes),
    ("expect", "Expect", Comes::Sometimes),
    ("origin", "Origin", Comes::Sometimes),
    ("pragma", "Pragma", Comes::Sometimes),
    ("sec-gpc", "Sec-GPC", Comes::Always),
    ("referer", "Referer", Comes::Sometimes),
    ("upgrade", "Upgrade", Comes::Sometimes),
    ("if-range", "If-Range", Comes::Sometimes),
    ("priority", "Priority", Comes::Always),
    ("sec-ch-ua", "Sec-CH-UA", Comes::Always),
    ("connection", "Connection", Comes::Always),
    ("keep-alive", "Keep-Alive", Comes::Always),
    ("user-agent", "User-Agent", Comes::Always),
    ("content-type", "Content-Type", Comes::Sometimes),
    ("cache-control", "Cache-Control", Comes::Sometimes),
    ("if-none-match", "If-None-Match", Comes::Sometimes),
    ("accept-charset", "Accept-Charset", Comes::Always),
    ("content-length", "Content-Length", Comes::Sometimes),
    ("sec-fetch-dest", "Sec-Fetch-Dest", Comes::Always),
    ("sec-fetch-mode", "Sec-Fetch-Mode", Comes::Always),
    ("sec-fetch-site", "Sec-Fetch-Site", Comes::Always),
    ("sec-fetch-user", "Sec-Fetch-User", Comes::Sometimes),
    ("accept-encoding", "Accept-Encoding", Comes::Always),
    ("accept-language", "Accept-Language", Comes::Always),
    ("sec-ch-ua-mobile", "Sec-CH-UA-Mobile", Comes::Always),
    ("if-modified-since", "If-Modified-Since", Comes::Sometimes),
    ("transfer-encoding", "Transfer-Encoding", Comes::Sometimes),
    ("sec-websocket-key", "Sec-WebSocket-Key", Comes::Sometimes),
    ("sec-ch-ua-platform", "Sec-CH-UA-Platform", Comes::Always),
    ("sec-websocket-version", "Sec-WebSocket-Version", Comes::Sometimes),
    ("sec-websocket-protocol", "Sec-WebSocket-Protocol", Comes::Sometimes),
    ("sec-fetch-storage-access", "Sec-Fetch-Storage-Access", Comes::Sometimes),
    ("sec-websocket-extensions", "Sec-WebSocket-Extensions", Comes::Sometimes),
    ("upgrade-insecure-requests", "Upgrade-Insecure-Requests", Comes::Sometimes),
];

/// Places of the rows by a hash of their ends, each more by one; zero: none.
const SLOTS: [u8; SLOT_COUNT] = slots();
const SLOT_COUNT: usize = 256;
/// With this factor no two rows share a slot. What another name's hash comes to is compared.
const FACTOR: u64 = 0x63ca_828d_d5f4_b3b3;

const fn slots() -> [u8; SLOT_COUNT] {
    let mut out = [0; SLOT_COUNT];
    let mut place = 0;
    while place < ROWS.len() {
        let slot = &mut out[slot(ENDS[place][0])];
        assert!(*slot == 0, "two names share a slot: choose another factor");
        place += 1;
        // Fewer rows than a byte counts.
        *slot = place as u8;
    }
    out
}

/// The slot of folded ends.
const fn slot((first, last): (u64, u64)) -> usize {
    ((first ^ last.rotate_left(29)).wrapping_mul(FACTOR) >> 56) as usize
}

/// How a name is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// As the table's second column has it.
    Titled,
    Lower,
    /// In any other way.
    Odd,
}

impl Spelling {
    const ALL: [Self; 3] = [Self::Titled, Self::Lower, Self::Odd];
}

/// Which version a head came in: names of HTTP/2 have one case only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadVersion {
    /// HTTP/1.0 or 1.1.
    One,
    /// HTTP/2.
    Two,
}

/// The engine's names in one head, in their order and spelling.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeadOrder {
    kept: [u8; NAMES_MAX],
    count: u8,
    others: u8,
    is_second: bool,
}

impl HeadOrder {
    /// An order without a name yet.
    #[must_use]
    pub const fn new(version: HeadVersion) -> Self {
        let is_second = matches!(version, HeadVersion::Two);
        Self { kept: [0; NAMES_MAX], count: 0, others: 0, is_second }
    }

    /// The order of the lines that a library has read in HTTP/2. It keeps the place in which each
    /// name came first.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut order = Self::new(HeadVersion::Two);
        for name in headers.keys() {
            order.meet(name.as_str().as_bytes());
        }
        order
    }

    /// The head names this header next.
    pub fn meet(&mut self, name: &[u8]) {
        let row = row(name);
        let slot = self.kept.get_mut(usize::from(self.count));
        let (Some((place, spelling)), Some(slot)) = (row, slot) else {
            self.others = self.others.saturating_add(1);
            return;
        };
        *slot = (place as u8) << SPELLING_BITS | spelling as u8;
        self.count += 1;
    }

    /// How many names are not the engine's, or came behind the last that is kept.
    #[must_use]
    pub const fn others(&self) -> u8 {
        self.others
    }

    /// Whether any name is spelled as no engine spells it.
    #[must_use]
    pub fn is_odd(&self) -> bool {
        self.names().any(|(_, spelling)| spelling == Spelling::Odd)
    }

    /// The place of a name, given in lower case, among the engine's names; none: it is not there.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names().position(|((lower, ..), _)| *lower == name)
    }

    /// Its names as they came, those that come sometimes too: `1:Host,Connection,user-agent`. A
    /// name in an odd case stands in lower case behind a `~`.
    #[must_use]
    pub fn text(&self) -> impl fmt::Display {
        Text { order: self, is_counted: |_| true }
    }

    /// Our own digest of the names that come with every request.
    #[must_use]
    pub fn digest(&self) -> HeadDigest {
        let mut text: ArrayString<{ TEXT_BYTES_MAX + 2 }> = ArrayString::new();
        let counted = Text { order: self, is_counted: |comes| comes == Comes::Always };
        let written = fmt::write(&mut text, format_args!("{counted}"));
        debug_assert!(written.is_ok(), "an order longer than its bounds");
        HeadDigest(digest(text.as_bytes()))
    }

    fn names(&self) -> impl Iterator<Item = (&'static Row, Spelling)> {
        let kept = self.kept.iter().take(self.count.into());
        kept.filter_map(|byte| {
            let spelling = usize::from(byte & ((1 << SPELLING_BITS) - 1));
            let row = ROWS.get(usize::from(byte >> SPELLING_BITS))?;
            Some((row, Spelling::ALL.get(spelling).copied()?))
        })
    }
}

impl fmt::Debug for HeadOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {} others", self.text(), self.others)
    }
}

/// Whether engines write a header of this name, in lower case.
pub(super) fn is_engines(name: &str) -> bool {
    row(name.as_bytes()).is_some()
}

/// The place of a name's row, and how it is spelled. The ends of names are compared as numbers:
/// this is done for each line of each head.
fn row(name: &[u8]) -> Option<(usize, Spelling)> {
    let ends = ends(name)?;
    let folded = (ends.0 | FOLD, ends.1 | FOLD);
    let place = usize::from(*SLOTS.get(slot(folded))?).checked_sub(1)?;
    let (lower, titled, _) = ROWS.get(place)?;
    let [lower_ends, titled_ends] = ENDS.get(place)?;
    if *lower_ends != folded || lower.len() != name.len() {
        return None;
    }
    // Of longer names the ends are not all.
    let is_all = name.len() <= 16;
    let is = |other: &str, other_ends: &(u64, u64)| {
        ends == *other_ends && (is_all || name == other.as_bytes())
    };
    let spelling = if is(titled, titled_ends) {
        Spelling::Titled
    } else if is(lower, lower_ends) {
        Spelling::Lower
    } else if name.eq_ignore_ascii_case(lower.as_bytes()) {
        Spelling::Odd
    } else {
        return None;
    };
    Some((place, spelling))
}

/// Sets the bit in which small letters differ from capitals.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// The ends of each row's names: in lower case, where that bit is set in every byte, and in the
/// second spelling.
const ENDS: [[(u64, u64); 2]; ROWS.len()] = row_ends();

const fn row_ends() -> [[(u64, u64); 2]; ROWS.len()] {
    let mut out = [[(0, 0); 2]; ROWS.len()];
    let mut place = 0;
    while place < ROWS.len() {
        if let (Some(lower), Some(titled)) =
            (ends(ROWS[place].0.as_bytes()), ends(ROWS[place].1.as_bytes()))
        {
            out[place] = [lower, titled];
        }
        place += 1;
    }
    out
}

/// A name's first and last bytes: eight of each, or as many as there are twice in a short one.
const fn ends(name: &[u8]) -> Option<(u64, u64)> {
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        return Some((u64::from_le_bytes(*first), u64::from_le_bytes(*last)));
    }
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return Some((first as u64 | FILL, last as u64 | FILL));
    }
    if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
        let (first, last) = (u16::from_le_bytes(*first), u16::from_le_bytes(*last));
        return Some((first as u64 | FILL_MORE, last as u64 | FILL_MORE));
    }
    None
}

/// Stand where a short name has no bytes; folding does not change them.
const FILL: u64 = 0x2020_2020_0000_0000;
const FILL_MORE: u64 = 0x2020_2020_2020_0000;

struct Text<'o> {
    order: &'o HeadOrder,
    is_counted: fn(Comes) -> bool,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.order.is_second { "2:" } else { "1:" })?;
        let counted = self.order.names().filter(|((.., comes), _)| (self.is_counted)(*comes));
        for (place, ((lower, titled, _), spelling)) in counted.enumerate() {
            f.write_str(if place == 0 { "" } else { "," })?;
            match spelling {
                Spelling::Titled => f.write_str(titled)?,
                Spelling::Lower => f.write_str(lower)?,
                Spelling::Odd => write!(f, "~{lower}")?,
            }
        }
        Ok(())
    }
}

/// Our own digest of an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HeadDigest([u8; DIGEST_DIGITS]);

impl HeadDigest {
    /// Its twelve hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for HeadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
