//! OpenAPI's schemas in the words of JSON Schema 2020-12, written over the document's own. 3.1 has
//! that dialect (OpenAPI 3.1.1, 4.8.24); 3.0 has words of its own.

use super::super::part;
use crate::json::member;
use serde_json::{Map, Value, json};

/// What a document has that says nothing about requests; it takes most of its room.
const UNUSED: &[&str] = &["responses", "examples", "links", "callbacks", "securitySchemes"];
/// The words whose value is one schema.
const ONE: &[&str] = &[
    "not",
    "items",
    "additionalProperties",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const MANY: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: &[&str] =
    &["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];
/// Words of people's, in which anything may stand.
const TALK: &[&str] =
    &["example", "examples", "externalDocs", "xml", "default", "description", "title"];

/// Which words a document has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 3.0.
    Own,
    /// 3.1 and later: JSON Schema's.
    JsonSchema,
}

/// Takes out of an object what says nothing about requests.
pub(super) fn prune(object: &mut Map<String, Value>) {
    for name in UNUSED {
        object.remove(*name);
    }
}

/// Writes a schema, and all that stand in it, in the words of 2020-12.
pub(super) fn schema(value: &mut Value, version: Version) {
    let Some(words) = value.as_object_mut() else { return };
    if version == Version::Own && words.contains_key("$ref") {
        // OpenAPI 3.0.3, 4.7.23: what stands beside it is ignored.
        words.retain(|name, _| name == "$ref");
        return;
    }
    words.retain(|name, _| !TALK.contains(&name.as_str()) && !name.starts_with("x-"));
    if version == Version::Own {
        own_words(words);
    }
    discriminator(words);
    bounds(words);
    for name in ONE {
        if let Some(one) = words.get_mut(*name) {
            schema(one, version);
        }
    }
    for name in MANY {
        let list = words.get_mut(*name).and_then(Value::as_array_mut).into_iter().flatten();
        list.for_each(|one| schema(one, version));
    }
    for name in NAMED {
        let named = words.get_mut(*name).and_then(Value::as_object_mut).into_iter().flatten();
        named.for_each(|(_, one)| schema(one, version));
    }
}

/// The words that 3.0 has otherwise.
fn own_words(words: &mut Map<String, Value>) {
    // 3.0.3, 4.7.24: only where a type is said beside it.
    if words.remove("nullable") == Some(Value::Bool(true))
        && let Some(kind @ Value::String(_)) = words.get_mut("type")
    {
        *kind = json!([kind.clone(), "null"]);
    }
    for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match member(words, exclusive) {
            Some(Value::Bool(true)) => {
                words.remove(exclusive);
                if let Some(number) = words.remove(limit) {
                    words.insert(exclusive.to_owned(), number);
                }
            }
            Some(Value::Bool(false)) => {
                words.remove(exclusive);
            }
            Some(_) | None => {}
        }
    }
}

/// The member that tells shapes apart is there, and names one of them (3.0.3, 4.7.25).
fn discriminator(words: &mut Map<String, Value>) {
    let Some(said) = words.remove("discriminator") else { return };
    let Some(name) = part(&said, "propertyName").and_then(Value::as_str) else { return };
    let mapping = part(&said, "mapping").and_then(Value::as_object);
    let choice = ["oneOf", "anyOf"].into_iter().find_map(|word| words.get(word)?.as_array());
    let Some(choice) = choice else { return };
    let mut tags: Vec<Value> = mapping.into_iter().flatten().map(|(tag, _)| json!(tag)).collect();
    for one in choice {
        let reference = part(one, "$ref").and_then(Value::as_str);
        // A shape without a name has none that could be said.
        let Some(reference) = reference else { return };
        tags.extend(reference.rsplit('/').next().map(|tag| json!(tag)));
    }
    let tagged = json!({"required": [name], "properties": {name: {"enum": tags}}});
    match words.get_mut("allOf").and_then(Value::as_array_mut) {
        Some(all) => all.push(tagged),
        None => drop(words.insert("allOf".to_owned(), json!([tagged]))),
    }
}

/// What a format says of a number's size; a file has no letters.
fn bounds(words: &mut Map<String, Value>) {
    match member(words, "format").and_then(Value::as_str) {
        Some("int32") => {
            for (word, limit) in [("minimum", i32::MIN), ("maximum", i32::MAX)] {
                if !words.contains_key(word) {
                    words.insert(word.to_owned(), json!(limit));
                }
            }
        }
        Some("binary") => {
            for word in ["minLength", "maxLength", "pattern"] {
                words.remove(word);
            }
        }
        Some(_) | None => {}
    }
}
