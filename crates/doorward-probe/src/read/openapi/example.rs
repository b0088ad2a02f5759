//! Values by a schema: the author's example, else a value of the right type. Bounded in depth, in
//! each value and in the whole file.

use super::refer::Document;
use serde_json::{Map, Value, json};

/// How deep schemas are followed.
const DEPTH_MAX: usize = 8;
/// Schemas that are looked at for one value.
const VALUE_STEPS_MAX: usize = 1_000;
/// Schemas that are looked at for a whole file.
const FILE_STEPS_MAX: usize = 5_000_000;
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
    has_pattern: bool,
    has_missing: bool,
}

impl<'d> Maker<'d> {
    pub(super) const fn new(document: Document<'d>) -> Self {
        Self { document, file_steps: 0, value_steps: 0, has_pattern: false, has_missing: false }
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
        if self.file_steps >= FILE_STEPS_MAX {
            out.push(("examples", "the file's schemas are very large: later values are empty"));
        }
        out
    }

    /// The author's own example beside a schema, as parameters and media types have it.
    pub(super) fn given(&self, owner: &'d Map<String, Value>) -> Option<Value> {
        if let Some(example) = owner.get("example") {
            return Some(example.clone());
        }
        let first = owner.get("examples")?.as_object()?.values().next()?;
        self.document.resolve(first)?.get("value").cloned()
    }

    /// A value of a schema.
    pub(super) fn value(&mut self, schema: &'d Value) -> Value {
        self.value_steps = 0;
        self.made(schema, 0)
    }

    fn made(&mut self, schema: &'d Value, depth: usize) -> Value {
        self.value_steps += 1;
        self.file_steps += 1;
        let is_spent = self.value_steps > VALUE_STEPS_MAX || self.file_steps > FILE_STEPS_MAX;
        if depth > DEPTH_MAX || is_spent {
            return Value::Null;
        }
        let Some(schema) = self.document.resolve(schema) else {
            self.has_missing = true;
            return Value::Null;
        };
        // OpenAPI 3.1: `true` and `false` are schemas too.
        let Some(schema) = schema.as_object() else { return json!({}) };
        if let Some(said) = said(schema) {
            return said.clone();
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
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        for (name, property) in properties {
            if self.value_steps > VALUE_STEPS_MAX {
                break;
            }
            let is_wanted = required.is_empty() || required.contains(&name.as_str());
            let is_answers = property.get("readOnly") == Some(&Value::Bool(true));
            if is_wanted && !is_answers {
                out.insert(name.clone(), self.made(property, depth + 1));
            }
        }
        out
    }

    fn array(&mut self, schema: &'d Map<String, Value>, depth: usize) -> Value {
        let Some(items) = schema.get("items") else { return json!([]) };
        let count = bound(schema, "minItems").unwrap_or(1).clamp(1, MEMBERS_MAX);
        (0..count).map(|_| self.made(items, depth + 1)).collect()
    }
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
