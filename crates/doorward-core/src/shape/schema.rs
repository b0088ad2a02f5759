//! JSON Schema (2020-12; older drafts where a schema says so), read once and held against bodies.
//!
//! Whether a body fits is asked first, and costs no memory. Only then is it asked where it does not
//! fit: choices within choices have more answers than a body has bytes, so that is asked of bodies
//! for which it stays small, and of others it is said that they do not fit.

use super::breach::{Breach, Breaches};
use super::close::{self, Root};
use super::fault::ShapeError;
use super::graph::{Graph, Library, SPREAD_MAX};
use super::sentence::{self, READ_ONLY};
use super::{BREACHES_MAX, Choices, Document, Formats};
use jsonschema::{
    Keyword, PatternOptions, Registry, ValidationError, ValidationOptions, Validator,
};
use serde_json::Value;
use std::fmt;

/// The address of what refers to a part of a document.
const PART: &str = "doorward:/part";
/// Bytes of memory that one pattern may take, read. Its time is linear in the text.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;
/// Schemas that are held against parts of one body, until it is not asked any more where it breaks
/// them.
const TOLD_MAX: u64 = 50_000;

/// A schema that was read.
pub struct Schema {
    validator: Validator,
    /// Against how many schemas one value is held, at each level of a body.
    spread: Vec<u64>,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("spread", &self.spread).finish_non_exhaustive()
    }
}

impl Schema {
    /// Reads a schema; `beside` are the documents that it may refer to. Nothing else is looked for.
    ///
    /// # Errors
    /// What is wrong with it, where, and how to mend it.
    pub fn new(
        document: Document,
        beside: Vec<Document>,
        choices: Choices,
    ) -> Result<Self, ShapeError> {
        let root = |place| (place, Root { pointer: String::new(), is_whole: place == 0 });
        let documents: Vec<Document> = std::iter::once(document).chain(beside).collect();
        let roots: Vec<_> = (0..documents.len()).map(root).collect();
        let mut library = Library::new(documents);
        let changes = close::changes(&library, &roots, choices.additional)?;
        close::apply(library.documents_mut(), changes);
        let registry = registry(&library)?;
        let main = library.documents().first();
        let main = main.ok_or_else(|| ShapeError::new("", "there is no schema", "give one"))?;
        Self::read(&library, &registry, ("", &main.uri), &main.value, choices)
    }

    /// Reads the schema at a pointer of a library's first document.
    pub(super) fn at(
        library: &Library,
        registry: &Registry<'_>,
        pointer: &str,
        choices: Choices,
    ) -> Result<Self, ShapeError> {
        let fragment: String = pointer.bytes().map(in_fragment).collect();
        let uri = library.documents().first().map_or("", |one| one.uri.as_str());
        let wrapped = serde_json::json!({ "$ref": format!("{uri}#{fragment}") });
        Self::read(library, registry, (pointer, PART), &wrapped, choices)
    }

    fn read(
        library: &Library,
        registry: &Registry<'_>,
        (pointer, base): (&str, &str),
        schema: &Value,
        choices: Choices,
    ) -> Result<Self, ShapeError> {
        let graph = Graph::new(library);
        let node = graph.node(pointer).ok_or_else(|| {
            ShapeError::new(pointer, "there is no schema here", "see what refers to it")
        })?;
        graph.circles(node)?;
        let options = options(choices).with_registry(registry).with_base_uri(base);
        let validator =
            options.build(schema).map_err(|error| sentence::unreadable(pointer, &error))?;
        Ok(Self { validator, spread: graph.spread(node) })
    }

    /// Holds a body against the schema. It has passed [`crate::json::guard`]: no name stands twice
    /// in it.
    ///
    /// # Errors
    /// What does not fit; at most ten breaches.
    pub fn judge(&self, body: &[u8]) -> Result<(), Breaches> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|_| Breach::new("", "json", "this is not JSON"))?;
        self.judge_value(&value)
    }

    /// Holds a value against the schema.
    ///
    /// # Errors
    /// What does not fit; at most ten breaches.
    pub fn judge_value(&self, value: &Value) -> Result<(), Breaches> {
        if self.validator.is_valid(value) {
            return Ok(());
        }
        let mut list = Vec::new();
        if self.cost(value) <= TOLD_MAX {
            for error in self.validator.iter_errors(value) {
                sentence::tell(&error, &mut list);
                if list.len() >= BREACHES_MAX {
                    break;
                }
            }
        }
        if list.is_empty() {
            let detail = "it does not have the declared shape, in more ways than are told";
            return Err(Breach::new("", "schema", detail).into());
        }
        Breaches::of(list)
    }

    /// How many schemas are held against parts of a value, at the most; each error within a choice
    /// holds a copy of its part.
    fn cost(&self, value: &Value) -> u64 {
        let mut level: Vec<&Value> = vec![value];
        let (mut most, mut cost, mut depth) = (1, 0_u64, 0);
        while !level.is_empty() {
            let here = self.spread.get(depth).or(self.spread.last()).copied().unwrap_or(SPREAD_MAX);
            most = here.max(most);
            depth += 1;
            let copies = most.saturating_mul(depth as u64);
            cost = cost.saturating_add(copies.saturating_mul(level.len() as u64));
            if cost > TOLD_MAX {
                break;
            }
            level = level.into_iter().flat_map(inner).collect();
        }
        cost
    }
}

fn inner(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(list) => list.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// A byte of a pointer, in a URI's fragment (RFC 6901 6).
fn in_fragment(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'~' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}

fn options<'r>(choices: Choices) -> ValidationOptions<'r> {
    jsonschema::options()
        .offline()
        .should_validate_formats(choices.formats == Formats::Assert)
        .should_ignore_unknown_formats(true)
        .with_pattern_options(
            PatternOptions::regex().size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX),
        )
        .with_keyword("readOnly", |_, word, _| Ok(Box::new(ReadOnly(word == &Value::Bool(true)))))
}

/// The documents, for whatever refers to them.
pub(super) fn registry(library: &Library) -> Result<Registry<'_>, ShapeError> {
    let mut builder = Registry::new().retriever(Nowhere);
    for one in library.documents() {
        let added = builder.add(&one.uri, &one.value);
        builder = added.map_err(|error| sentence::unresolved("", &error))?;
    }
    builder.prepare().map_err(|error| sentence::unresolved("", &error))
}

/// Fetches nothing.
struct Nowhere;

impl jsonschema::Retrieve for Nowhere {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("{uri} is not among the given documents").into())
    }
}

/// `readOnly` (JSON Schema 2020-12, Validation 9.4): nobody writes it.
struct ReadOnly(bool);

impl<'i> Keyword<'i> for ReadOnly {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.0 { Err(ValidationError::custom(READ_ONLY)) } else { Ok(()) }
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        !self.0
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
