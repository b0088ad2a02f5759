//! Finds members of a JSON object while it goes by. Nothing of the rest is kept, so an answer may
//! be as long as it likes.

use crate::json;
use serde_json::Value;

/// Bytes of a member's value at the most; a longer one is none.
const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a name that is compared.
const NAME_BYTES_MAX: usize = 64;

/// Looks for members of the outermost object.
#[derive(Debug, Default)]
pub(super) struct Finder {
    wanted: Vec<String>,
    found: Vec<Option<Found>>,
    depth: u32,
    text: Text,
    /// The name of the member, or what may be one.
    name: Vec<u8>,
    /// Behind the colon of a member of the outermost object.
    is_value: bool,
    taking: Option<usize>,
    value: Vec<u8>,
    is_broken: bool,
}

/// What became of a member.
#[derive(Debug)]
enum Found {
    Value(Value),
    /// It stands twice, is too long, or is no JSON.
    Unclear,
}

/// Whether a text is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Text {
    #[default]
    Outside,
    Within,
    /// Behind a backslash.
    Escaped,
}

impl Finder {
    pub(super) fn new(wanted: Vec<String>) -> Self {
        let found = wanted.iter().map(|_| None).collect();
        Self { wanted, found, ..Self::default() }
    }

    /// More of it went by.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if !self.is_broken {
                self.byte(*byte);
            }
        }
    }

    /// What a member is; none: it is not there, is unclear, or the object did not come to its end.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        let is_whole = !self.is_broken && self.depth == 0 && self.text == Text::Outside;
        let place = self.wanted.iter().position(|wanted| wanted == name)?;
        match self.found.get(place)?.as_ref()? {
            Found::Value(value) if is_whole => Some(value),
            Found::Value(_) | Found::Unclear => None,
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.text != Text::Outside {
            return self.within_text(byte);
        }
        match byte {
            b'"' => {
                self.text = Text::Within;
                if self.depth == 1 && !self.is_value {
                    self.name.clear();
                }
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.depth = self.depth.saturating_add(1);
                self.keep(byte);
                // A list has no members.
                self.is_broken |= self.depth == 1 && byte == b'[';
            }
            b'}' | b']' => {
                if self.depth <= 1 {
                    self.end_value();
                } else {
                    self.keep(byte);
                }
                match self.depth.checked_sub(1) {
                    Some(depth) => self.depth = depth,
                    None => self.is_broken = true,
                }
            }
            b':' if self.depth == 1 && !self.is_value => {
                self.is_value = true;
                self.begin_value();
            }
            b',' if self.depth == 1 => self.end_value(),
            _ => self.keep(byte),
        }
    }

    fn within_text(&mut self, byte: u8) {
        self.keep(byte);
        let is_name = self.depth == 1 && !self.is_value;
        self.text = match (self.text, byte) {
            (Text::Within, b'"') => Text::Outside,
            (Text::Within, b'\\') => {
                // A name in escapes could be any, so the whole is unclear.
                self.is_broken |= is_name;
                Text::Escaped
            }
            (Text::Within | Text::Escaped | Text::Outside, _) => {
                if is_name && self.name.len() <= NAME_BYTES_MAX {
                    self.name.push(byte);
                }
                Text::Within
            }
        };
    }

    fn begin_value(&mut self) {
        let name = &self.name;
        self.taking = self.wanted.iter().position(|wanted| wanted.as_bytes() == name);
        self.value.clear();
    }

    fn keep(&mut self, byte: u8) {
        if self.taking.is_some() && self.value.len() <= VALUE_BYTES_MAX {
            self.value.push(byte);
        }
    }

    fn end_value(&mut self) {
        self.is_value = false;
        let Some(slot) = self.taking.take().and_then(|place| self.found.get_mut(place)) else {
            return;
        };
        let value = match self.value.len() <= VALUE_BYTES_MAX {
            true => json::value(&self.value),
            false => None,
        };
        *slot = match (slot.take(), value) {
            (None, Some(value)) => Some(Found::Value(value)),
            (Some(_), _) | (None, None) => Some(Found::Unclear),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &[u8], piece: usize) -> Option<String> {
        let mut finder = Finder::new(vec!["usage".to_owned(), "meta".to_owned()]);
        text.chunks(piece.max(1)).for_each(|piece| finder.see(piece));
        finder.value("usage").map(ToString::to_string)
    }

    #[test]
    fn a_member_of_the_outermost_object_is_found_in_whatever_pieces() {
        let long = format!(r#"{{"usage":"{}"}}"#, "a".repeat(VALUE_BYTES_MAX));
        let behind = format!(r#"{{"data":["{}"],"usage":{{"a":1}}}}"#, "a".repeat(100_000));
        for (text, want) in [
            (r#"{"usage":{"a":1}}"#, Some(r#"{"a":1}"#)),
            (r#" { "usage" : { "a" : [ 1 , { } ] } , "b" : 2 } "#, Some(r#"{"a":[1,{}]}"#)),
            (r#"{"b":{"usage":3},"usage":1}"#, Some("1")),
            (r#"{"usage":null}"#, Some("null")),
            (r#"{"usage":"}\",\"usage\":2"}"#, Some(r#""}\",\"usage\":2""#)),
            (behind.as_str(), Some(r#"{"a":1}"#)),
            // What a model says is a text, whatever it says.
            (r#"{"content":"\",\"usage\":{\"a\":1},\"","b":1}"#, None),
            (r#"{"content":"\\","usage":2}"#, Some("2")),
            (r#"{"content":"\\\",\"usage\":1,\""}"#, None),
            (r#"{"b":[{"usage":1}]}"#, None),
            (r#"{"usage":1,"usage":1}"#, None),
            (r#"{"us\u0061ge":2,"usage":1}"#, None),
            (r#"{"usage":{"a":1,"a":2}}"#, None),
            (r#"{"usage":{"a":1}"#, None),
            (r#"{"usage":1}}"#, None),
            (r#"["usage",1]"#, None),
            (r#"{"usage":}"#, None),
            (r#"{"usage":nonsense}"#, None),
            ("", None),
            (long.as_str(), None),
        ] {
            for piece in [1, 2, 7, 100_000_000] {
                assert_eq!(found(text.as_bytes(), piece).as_deref(), want, "{piece} {text:.80}");
            }
        }
    }
}
