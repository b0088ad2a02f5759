//! The chunks of a body (RFC 9112 7.1): a size of 1 to 16 hexadecimal digits, CR LF, as many bytes,
//! CR LF. No extensions, no spaces: what they hide is where two readers find different sizes.

/// The most digits of a size: 64 bits.
const SIZE_DIGITS_MAX: u8 = 16;

/// What the next byte of the chunks belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chunk {
    Size {
        digits: u8,
        size: u64,
    },
    SizeLf {
        size: u64,
    },
    Bytes {
        left: u64,
    },
    Cr,
    Lf,
    /// The line of size 0 was read; trailers follow.
    Last,
}

impl Chunk {
    /// Before the first chunk.
    pub(super) const START: Self = Self::Size { digits: 0, size: 0 };

    /// Whether the line of size 0 was read.
    pub(super) fn was_last(&self) -> bool {
        matches!(self, Self::Last)
    }

    /// Reads one piece of what is not empty: how many bytes, or nothing if the first is wrong.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let first = bytes[0];
        let (next, read) = match *self {
            Self::Size { digits, size } => match char::from(first).to_digit(16) {
                Some(digit) if digits < SIZE_DIGITS_MAX => {
                    (Self::Size { digits: digits + 1, size: size << 4 | u64::from(digit) }, 1)
                }
                None if digits > 0 && first == b'\r' => (Self::SizeLf { size }, 1),
                Some(_) | None => return None,
            },
            Self::SizeLf { size } if first == b'\n' => match size {
                0 => (Self::Last, 1),
                left => (Self::Bytes { left }, 1),
            },
            Self::Bytes { left } => {
                let read = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                match left - read as u64 {
                    0 => (Self::Cr, read),
                    left => (Self::Bytes { left }, read),
                }
            }
            Self::Cr if first == b'\r' => (Self::Lf, 1),
            Self::Lf if first == b'\n' => (Self::START, 1),
            Self::SizeLf { .. } | Self::Cr | Self::Lf | Self::Last => return None,
        };
        *self = next;
        Some(read)
    }
}
