//! Declared shapes: what a body, a query, a header may look like, said in JSON Schema or OpenAPI.
//!
//! Nothing here decides about a request: [`schema::Schema`] and [`openapi::OpenApi`] tell what of
//! one does not have its shape, and the layer `body` refuses it. Nothing is fetched, and no text of
//! a request is repeated: a breach says where and what was declared, never what stood there.

mod breach;
#[cfg(feature = "schema")]
mod close;
mod fault;
#[cfg(feature = "schema")]
mod graph;
#[cfg(feature = "schema")]
pub mod openapi;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "schema")]
mod sentence;
#[cfg(feature = "schema")]
pub mod yaml;

pub use breach::{BREACHES_MAX, Breach, Breaches};
pub use fault::ShapeError;

use serde_json::Value;

/// A document in which schemas stand, by the address under which others refer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// An absolute URI without a fragment (RFC 3986 4.3).
    pub uri: String,
    /// What it says.
    pub value: Value,
}

/// What is not said by a schema itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Members that a schema does not name.
    pub additional: Additional,
    /// The word `format`.
    pub formats: Formats,
}

/// What becomes of members that a schema does not name, where it leaves them open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Additional {
    /// As JSON Schema has it: they pass unless the schema says otherwise.
    #[default]
    AsDeclared,
    /// They are refused, wherever a schema names members at all and is silent about others.
    Refuse,
}

/// What the word `format` does (JSON Schema 2020-12, Validation 7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formats {
    /// A text must have its format, where it is one that is known.
    #[default]
    Assert,
    /// It says something to people alone.
    Ignore,
}

/// A member of an object.
#[cfg(feature = "schema")]
fn part<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object().and_then(|members| crate::json::member(members, name))
}
