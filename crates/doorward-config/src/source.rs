//! Where a value was written: a file's text, a list's, or the command line's; and the bytes in it.

use std::ops::Range;

/// A text that values were read from. Literal secrets in it are masked before it is ever shown.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file's name; none for the command line.
    pub(crate) name: Option<String>,
    /// Its text.
    pub(crate) text: String,
}

/// Some bytes of a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Which source, by its index.
    pub(crate) source: usize,
    /// First byte.
    pub(crate) start: usize,
    /// After the last byte.
    pub(crate) end: usize,
}

impl Place {
    pub(crate) fn new(source: usize, span: Range<usize>) -> Self {
        Self { source, start: span.start, end: span.end }
    }

    /// Whether one of the two lies in the other.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let within =
            |inner: &Self, outer: &Self| outer.start <= inner.start && inner.end <= outer.end;
        self.source == other.source && (within(self, other) || within(other, self))
    }
}

impl Source {
    /// Replaces the bytes of literal secrets; the others stay where they are.
    pub(crate) fn mask<'p>(&mut self, places: impl Iterator<Item = &'p Place>) {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        for place in places {
            for byte in bytes.get_mut(place.start..place.end).unwrap_or_default() {
                // A line break stays one, so that the lines keep their numbers.
                if !matches!(byte, b'\n' | b'\r' | b'"' | b'\'') {
                    *byte = b'*';
                }
            }
        }
        // Places end where characters end, so this is UTF-8; were it not, nothing is shown.
        self.text = String::from_utf8(bytes).unwrap_or_default();
    }

    /// `name:line`, or the command line's own text.
    pub(crate) fn line_of(&self, place: &Place) -> String {
        let Some(name) = &self.name else { return self.text.clone() };
        let before = self.text.get(..place.start).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        format!("{name}:{line}")
    }
}
