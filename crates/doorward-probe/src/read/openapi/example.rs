//! Values by a schema: the author's example, else a value of the right type. Bounded in depth, in
//! each value and in the whole file.

use super::refer::Document;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// How deep schemas are followed.
const DEPTH_MAX: usize = 8;
/// Schemas and members that are looked at for one value.
const VALUE_STEPS_MAX: usize = 2_000;
/// The same for a whole file.
const FILE_STEPS_MAX: usize = 2_000_000;
/// Bytes of examples that are taken over for one value: a body is not longer.
const VALUE_BYTES_MAX: usize = 256 * 1024;
/// Bytes of examples that are taken over for a whole file: many operations may refer to one.
const FILE_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Names of required members that are looked at.
const REQUIRED_MAX: usize = 1_000;
/// Letters that are made, at most, where a schema asks for very many.
const LETTERS_MAX: u64 = 1_000;
/// Members of a list that are made, at most.
const MEMBERS_MAX: u64 = 8;

/// Makes values.
#[derive(Debug)]
pub(super) struct Maker<'d> {
    document: Document<'d>,
    file_steps: usize,
    value_steps: usize,
    file_bytes: usize,
    value_bytes: usize,
    has_pattern: bool,
    has_large: bool,
    has_missing: bool,
}

impl<'d> Maker<'d> {
    pub(super) const fn new(document: Document<'d>) -> Self {
        Self {
            document,
            file_steps: 0,
            value_steps: 0,
            file_bytes: 0,
            value_bytes: 0,
            has_pattern: false,
            has_large: false,
            has_missing: false,
        }
    }

    /// What of schemas was not followed.
    pub(super) fn left_out(&self) -> Vec<(&'static str, &'static str)> {
        let mut out = Vec::new();
        if self.has_pattern {
            out.push(("`pattern`", "texts are not made by it: give an `example`"));
        }
        if self.has_missing {
            out.push(("a schema", "what it refers to is not in the file, or a circle"));
        }
        if self.has_large {
            out.push(("an example", "it is longer than 256 KiB, or all of them are too large"));
        }
        if self.file_steps >= FILE_STEPS_MAX {
            out.push(("examples", "the file's schemas are very large: later values are empty"));
        }
        out
    }

    /// The author's own example beside a schema, as parameters and media types have it.
    pub(super) fn given(&mut self, owner: &'d Map<String, Value>) -> Option<Value> {
        self.value_bytes = 0;
        let example = self.example(owner)?;
        Some(self.taken(example))
    }

    /// Whether there is one.
    pub(super) fn has_given(&self, owner: &'d Map<String, Value>) -> bool {
        self.example(owner).is_some()
    }

    fn example(&self, owner: &'d Map<String, Value>) -> Option<&'d Value> {
        if let Some(example) = owner.get("example") {
            return Some(example);
        }
        let first = owner.get("examples")?.as_object()?.values().next()?;
        self.document.resolve(first)?.get("value")
    }

    /// The author's own value, where there is room for it.
    fn taken(&mut self, value: &Value) -> Value {
        let room = VALUE_BYTES_MAX.saturating_sub(self.value_bytes);
        let room = room.min(FILE_BYTES_MAX.saturating_sub(self.file_bytes));
        let bytes = weight(value, room);
        // What was weighed and is too much has taken its time as well.
        self.value_bytes += bytes;
        self.file_bytes += bytes;
        if bytes > room {
            self.has_large = true;
            return Value::Null;
        }
        value.clone()
    }

    /// A value of a schema.
    pub(super) fn value(&mut self, schema: &'d Value) -> Value {
        self.value_steps = 0;
        self.value_bytes = 0;
        self.made(schema, 0)
    }

    fn made(&mut self, schema: &'d Value, depth: usize) -> Value {
        self.value_steps += 1;
        self.file_steps += 1;
        if depth > DEPTH_MAX || self.is_spent() {
            return Value::Null;
        }
        let Some(schema) = self.document.resolve(schema) else {
            self.has_missing = true;
            return Value::Null;
        };
        // OpenAPI 3.1: `true` and `false` are schemas too.
        let Some(schema) = schema.as_object() else { return json!({}) };
        if let Some(said) = said(schema) {
            return self.taken(said);
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.all(schema, parts, depth);
        }
        let choices = schema.get("oneOf").or_else(|| schema.get("anyOf"));
        if let Some(first) = choices.and_then(Value::as_array).and_then(|choices| choices.first()) {
            return self.made(first, depth + 1);
        }
        match kind(schema) {
            "object" => Value::Object(self.object(schema, depth)),
            "array" => self.array(schema, depth),
            "boolean" => Value::Bool(true),
            "integer" => written(number(schema, true)),
            "number" => written(number(schema, false)),
            "null" => Value::Null,
            _ => {
                self.has_pattern |= schema.contains_key("pattern");
                Value::from(text(schema))
            }
        }
    }

    /// All parts at once, and what stands beside them.
    fn all(&mut self, schema: &'d Map<String, Value>, parts: &'d [Value], depth: usize) -> Value {
        let mut whole = self.object(schema, depth);
        for part in parts {
            if self.is_spent() {
                break;
            }
            match self.made(part, depth + 1) {
                Value::Object(members) => whole.extend(members),
                other if whole.is_empty() && parts.len() == 1 => return other,
                _ => {}
            }
        }
        Value::Object(whole)
    }

    /// An object: what must be there; all of it where nothing must.
    fn object(&mut self, schema: &'d Map<String, Value>, depth: usize) -> Map<String, Value> {
        let mut out = Map::new();
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return out;
        };
        if self.is_spent() {
            return out;
        }
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().take(REQUIRED_MAX);
        let required: HashSet<&str> = required.filter_map(Value::as_str).collect();
        for (name, property) in properties {
            // Those that are not wanted are looked at too.
            self.value_steps += 1;
            self.file_steps += 1;
            if self.is_spent() {
                break;
            }
            let is_wanted = required.is_empty() || required.contains(name.as_str());
            let is_answers = property.get("readOnly") == Some(&Value::Bool(true));
            if is_wanted && !is_answers {
                out.insert(name.clone(), self.made(property, depth + 1));
            }
        }
        out
    }

    const fn is_spent(&self) -> bool {
        self.value_steps > VALUE_STEPS_MAX || self.file_steps > FILE_STEPS_MAX
    }

    fn array(&mut self, schema: &'d Map<String, Value>, depth: usize) -> Value {
        let Some(items) = schema.get("items") else { return json!([]) };
        let count = bound(schema, "minItems").unwrap_or(1).clamp(1, MEMBERS_MAX);
        (0..count).map(|_| self.made(items, depth + 1)).collect()
    }
}

/// About how many bytes a value takes; weighed no further than a little beyond `room`.
fn weight(value: &Value, room: usize) -> usize {
    let mut bytes = 8;
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        if bytes > room {
            break;
        }
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => bytes += text.len(),
            Value::Array(values) => {
                bytes += 8 * values.len();
                open.extend(values.iter().take(room));
            }
            Value::Object(members) => {
                bytes += members.keys().take(room).map(|name| 8 + name.len()).sum::<usize>();
                open.extend(members.values().take(room));
            }
        }
    }
    bytes
}

/// What the author says of a schema's value.
fn said(schema: &Map<String, Value>) -> Option<&Value> {
    let first = |name: &str| schema.get(name).and_then(Value::as_array).and_then(|all| all.first());
    let examples = || first("examples");
    schema
        .get("example")
        .or_else(examples)
        .or_else(|| schema.get("default"))
        .or_else(|| schema.get("const"))
        .or_else(|| first("enum"))
}

/// The type, or what it must be by what else is said.
fn kind(schema: &Map<String, Value>) -> &str {
    let named = match schema.get("type") {
        Some(Value::String(one)) => Some(one.as_str()),
        // OpenAPI 3.1: a list; one of them is enough, and `null` the last choice.
        Some(Value::Array(all)) => {
            let mut all = all.iter().filter_map(Value::as_str);
            all.clone().find(|one| *one != "null").or_else(|| all.next())
        }
        _ => None,
    };
    named.unwrap_or(if schema.contains_key("properties") {
        "object"
    } else if schema.contains_key("items") {
        "array"
    } else {
        "string"
    })
}

fn bound(schema: &Map<String, Value>, name: &str) -> Option<u64> {
    schema.get(name).and_then(Value::as_u64)
}

/// A whole number is written as one.
fn written(number: f64) -> Value {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => Value::from(number as i64),
        false => Value::from(number),
    }
}

/// A number within its bounds: 1 where that is within.
fn number(schema: &Map<String, Value>, is_whole: bool) -> f64 {
    let said = |name: &str| schema.get(name).and_then(Value::as_f64);
    let step = if is_whole { 1.0 } else { 0.5 };
    let low = [said("minimum"), said("exclusiveMinimum").map(|low| low + step)];
    let high = [said("maximum"), said("exclusiveMaximum").map(|high| high - step)];
    let number = low.into_iter().flatten().fold(1.0, f64::max);
    let number = high.into_iter().flatten().fold(number, f64::min);
    match said("multipleOf").filter(|step| *step > 0.0) {
        Some(step) => (number / step).ceil() * step,
        None if is_whole => number.ceil(),
        None => number,
    }
}

/// A text of its format.
fn text(schema: &Map<String, Value>) -> String {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let made = match format {
        "uuid" => "00000000-0000-4000-8000-000000000001",
        "date" => "2024-01-01",
        "date-time" => "2024-01-01T00:00:00Z",
        "time" => "00:00:00Z",
        "duration" => "PT1S",
        "email" | "idn-email" => "a@example.com",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "url" | "uri-reference" | "iri" => "https://example.com/",
        "byte" => "YQ==",
        _ => "a",
    };
    let least = bound(schema, "minLength").unwrap_or(0).min(LETTERS_MAX);
    let most = bound(schema, "maxLength").unwrap_or(LETTERS_MAX).max(least);
    let mut made = made.to_owned();
    while (made.len() as u64) < least {
        made.push('a');
    }
    made.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    made
}
