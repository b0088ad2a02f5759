//! JSON objects, read strictly: a name that stands twice is an error, wherever it stands; and the
//! guard before any parser.

mod fault;
pub mod guard;
#[cfg(test)]
mod guard_tests;
mod names;
mod number;
mod swar;
mod text;

pub use fault::{Fault, Why};
pub use number::LETTERS_MAX;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// An object's members.
pub(crate) type Object = Map<String, Value>;

/// Why bytes are not taken for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no JSON object, or one of its names stands twice")]
pub(crate) struct NoObject;

/// Reads one JSON object (RFC 8259) and nothing behind it. Parsers differ in which of two equal
/// names they believe (RFC 8725 2.4), so two are none; numbers that fit no number type, and nesting
/// beyond 128, are errors too.
pub(crate) fn object(bytes: &[u8]) -> Result<Object, NoObject> {
    match serde_json::from_slice(bytes) {
        Ok(Strict(Value::Object(members))) => Ok(members),
        Ok(Strict(_)) | Err(_) => Err(NoObject),
    }
}

/// Reads one JSON value and nothing behind it, as strictly; none: it is none.
pub(crate) fn value(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok().map(|Strict(value)| value)
}

/// A member of an object, of which there is one at the most.
pub(crate) fn member<'o>(object: &'o Object, name: &str) -> Option<&'o Value> {
    object.get(name)
}

/// A value without doubled names.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader).map(Strict)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without doubled names")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("no finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut out = Object::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if out.insert(name, value).is_some() {
                return Err(de::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_object_without_doubled_names_is_read() {
        let deep =
            |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels));
        for (text, is_object) in [
            ("{}", true),
            (r#"{"a":1,"b":{"a":[{"a":null}]}}"#, true),
            (r#" {"a":1.5,"b":true,"c":-3} "#, true),
            (r#"{"a":1,"a":1}"#, false),
            (r#"{"a":1,"\u0061":2}"#, false),
            (r#"{"b":{"a":1,"a":2}}"#, false),
            (r#"{"b":[{"a":1,"a":2}]}"#, false),
            (r#"{"a":1e400}"#, false),
            (r#"{"a":NaN}"#, false),
            (r#"{"a":1} x"#, false),
            (r#"{"a":1}{}"#, false),
            (r#"{'a':1}"#, false),
            ("\u{feff}{}", false),
            ("[1]", false),
            ("1", false),
            ("", false),
            ("{\"a\":\"\n\"}", false),
            (r#"{"a":"\ud800"}"#, false),
        ] {
            assert_eq!(object(text.as_bytes()).is_ok(), is_object, "{text}");
        }
        assert!(object(deep(100).as_bytes()).is_ok());
        assert!(object(deep(100_000).as_bytes()).is_err());
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
    }
}
