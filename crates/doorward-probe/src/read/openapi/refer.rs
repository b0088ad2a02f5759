//! What a file refers to: places in itself, and nowhere else.

use crate::read::percent_decoded;
use serde_json::Value;

/// References that follow each other, at most.
const CHAIN_MAX: usize = 16;

/// Bytes of a reference, at most: a long one is walked each time.
const POINTER_BYTES_MAX: usize = 2 * 1024;

/// A file, whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document<'d> {
    root: &'d Value,
}

impl<'d> Document<'d> {
    pub(super) const fn new(root: &'d Value) -> Self {
        Self { root }
    }

    /// What a value stands for: itself, or what its `$ref` leads to; none where that is outside of
    /// the file, missing, or a circle.
    pub(super) fn resolve(self, value: &'d Value) -> Option<&'d Value> {
        let mut value = value;
        for _ in 0..CHAIN_MAX {
            let Some(reference) = value.get("$ref") else { return Some(value) };
            // RFC 6901: a pointer behind the sign of a fragment.
            let pointer = reference.as_str()?.strip_prefix('#')?;
            if pointer.len() > POINTER_BYTES_MAX {
                return None;
            }
            // A pointer in a fragment may be percent-encoded (RFC 6901, 6).
            value = self.root.pointer(&percent_decoded(pointer.as_bytes())?)?;
        }
        None
    }
}
