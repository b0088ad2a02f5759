//! The JSON Schema of the file, from the same table of keys that the reader uses.

use crate::keys::{MODE_SHARE, TOP};
use crate::shape::{Key, Section, Shape};
use serde_json::{Map, Value, json};

/// The JSON Schema (2020-12) of `doorward.toml`, with descriptions, for editors.
#[must_use]
pub fn schema() -> String {
    let mut root = section(&TOP);
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("title".into(), json!("doorward.toml"));
    let mut text = format!("{:#}", Value::Object(root));
    text.push('\n');
    text
}

fn section(section: &Section) -> Map<String, Value> {
    let open = section.keys.iter().filter(|key| key.is_open());
    let properties: Map<String, Value> =
        open.map(|key| (key.name.to_owned(), Value::Object(described(key)))).collect();
    let mut out = Map::new();
    out.insert("type".into(), json!("object"));
    out.insert("description".into(), json!(section.about));
    out.insert("additionalProperties".into(), json!(false));
    out.insert("properties".into(), Value::Object(properties));
    out
}

fn described(key: &Key) -> Map<String, Value> {
    let mut out = shape(&key.shape);
    out.insert("description".into(), json!(key.about));
    if let Some(default) = default(key) {
        out.insert("default".into(), default);
    }
    out
}

/// The default, which the table of keys has as TOML; what it uses of TOML is JSON too.
fn default(key: &Key) -> Option<Value> {
    serde_json::from_str(key.default).ok()
}

fn shape(shape_of: &Shape) -> Map<String, Value> {
    let value = match shape_of {
        Shape::Text | Shape::Secret => json!({ "type": "string" }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Whole { least, most } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Words { now, .. } => json!({ "type": "string", "enum": now }),
        Shape::Begun { words, begun } => {
            let begun: Vec<String> = begun.iter().map(|word| format!("{word}.+")).collect();
            pattern(&format!("^({}|{})$", words.join("|"), begun.join("|")))
        }
        Shape::Mode { may_be_off } => mode(*may_be_off),
        Shape::Rate => pattern("^[0-9]+/(sec|min|hour|day)$"),
        Shape::Duration { .. } => pattern("^[0-9]+(ms|s|m|h|d)$"),
        Shape::Size { .. } => pattern("^[0-9]+(B|KiB|MiB|GiB)$"),
        Shape::Day => json!({ "type": "string", "format": "date" }),
        Shape::Moment => json!({ "type": "string", "format": "date-time" }),
        Shape::List(element) => json!({ "type": "array", "items": shape(element) }),
        Shape::OneOrMore(element) => {
            let one = shape(element);
            let list = json!({ "type": "array", "items": one });
            let mut choices = match one.get("anyOf") {
                Some(Value::Array(choices)) => choices.clone(),
                _ => vec![Value::Object(one)],
            };
            choices.push(list);
            json!({ "anyOf": choices })
        }
        Shape::Table(inner) => return section(inner),
        Shape::Plain => {
            json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }, { "type": "boolean" }] })
        }
        Shape::Members(element) => {
            json!({ "type": "object", "additionalProperties": shape(element) })
        }
        Shape::TextOr(inner) => {
            json!({ "anyOf": [{ "type": "string" }, Value::Object(section(inner))] })
        }
        Shape::WholeOr { least, most, section: inner } => {
            let number = json!({ "type": "integer", "minimum": least, "maximum": most });
            json!({ "anyOf": [number, Value::Object(section(inner))] })
        }
        Shape::Later | Shape::Never(_) => json!({ "not": {} }),
    };
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn mode(may_be_off: bool) -> Value {
    let mut words = vec!["enforce", "monitor"];
    if may_be_off {
        words.push("off");
    }
    let mut share = section(&MODE_SHARE);
    share.insert("required".into(), json!(["enforce"]));
    json!({ "anyOf": [{ "type": "string", "enum": words }, share] })
}
