//! Small writes of several pieces as one: a head with a short body goes out by `send`, which costs
//! the system less than `writev`. Long pieces are not copied.

use arrayvec::ArrayVec;
use std::io::IoSlice;

/// Bytes up to which pieces are copied together.
const GATHERED_BYTES_MAX: usize = 2_048;

/// What is written of `pieces`.
#[expect(clippy::large_enum_variant, reason = "matched where it is made, never kept")]
pub(crate) enum Gathered<'p> {
    /// One piece, as it is.
    One(&'p [u8]),
    /// All of them, copied.
    All(ArrayVec<u8, GATHERED_BYTES_MAX>),
    /// They are better written as they are.
    Many,
}

/// Gathers `pieces`.
pub(crate) fn gather<'p>(pieces: &'p [IoSlice<'_>]) -> Gathered<'p> {
    if let [piece] = pieces {
        return Gathered::One(piece);
    }
    let mut all = ArrayVec::new();
    for piece in pieces {
        if all.try_extend_from_slice(piece).is_err() {
            return Gathered::Many;
        }
    }
    Gathered::All(all)
}
