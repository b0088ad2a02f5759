//! A schema of a document, read when it is first asked for: a large document has thousands.

use super::super::fault::ShapeError;
use super::super::graph::{Graph, Library};
use super::super::schema::{Schema, registry};
use super::super::{Breach, Breaches, Choices};
use super::text::{Form, Reading};
use serde_json::Value;
use std::sync::OnceLock;

/// Where a schema stands, and what it is.
#[derive(Debug, Default)]
pub(super) struct Lazy {
    pub(super) pointer: String,
    cell: OnceLock<Result<Ready, ShapeError>>,
}

/// A schema, and what it takes texts for.
#[derive(Debug)]
pub(super) struct Ready {
    schema: Schema,
    pub(super) form: Form,
}

impl Lazy {
    pub(super) fn new(pointer: String) -> Self {
        Self { pointer, cell: OnceLock::new() }
    }

    pub(super) fn ready(&self, library: &Library, choices: Choices) -> Result<&Ready, ShapeError> {
        let read = || {
            let registry = registry(library)?;
            let schema = Schema::at(library, &registry, &self.pointer, choices)?;
            let graph = Graph::new(library);
            let form = graph.node(&self.pointer).map(|node| Form::of(graph, node));
            Ok(Ready { schema, form: form.unwrap_or_default() })
        };
        self.cell.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

impl Ready {
    pub(super) fn judge_json(&self, body: &[u8]) -> Result<(), Breaches> {
        self.schema.judge(body)
    }

    /// The readings of a text that are tried.
    pub(super) fn readings(&self) -> &'static [Reading] {
        if self.form.is_double() { &[Reading::Typed, Reading::Text] } else { &[Reading::Typed] }
    }

    /// Whether one of several readings fits; else what the first of them breaks.
    pub(super) fn judge_any(&self, readings: Vec<Value>) -> Result<(), Vec<Breach>> {
        let mut first = None;
        for value in &readings {
            match self.schema.judge_value(value) {
                Ok(()) => return Ok(()),
                Err(breaches) => first.get_or_insert(breaches),
            };
        }
        Err(first.iter().flat_map(Breaches::iter).cloned().collect())
    }
}
