//! Declared shapes: what a body, a query, a header may look like, said in JSON Schema or OpenAPI.
//!
//! Nothing here decides about a request: [`schema::Schema`] and [`openapi::OpenApi`] tell what of
//! one does not have its shape, and the layer `body` refuses it. Nothing is fetched, and no text of
//! a request is repeated: a breach says where and what was declared, never what stood there.

mod breach;
mod choice;
#[cfg(feature = "schema")]
mod close;
mod fault;
#[cfg(feature = "schema")]
mod graph;
mod loose;
#[cfg(not(feature = "schema"))]
mod no_schema;
#[cfg(feature = "schema")]
pub mod openapi;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "schema")]
mod sentence;
#[cfg(feature = "schema")]
pub mod yaml;

pub use breach::{BREACHES_MAX, Breach, Breaches};
pub use choice::{Additional, ApiSettings, Choices, Formats, Queries, Unknown};
pub use fault::ShapeError;
pub use loose::Loose;
#[cfg(not(feature = "schema"))]
pub use no_schema::{openapi, schema, yaml};

use openapi::OpenApi;
use schema::Schema;
use serde_json::Value;
use std::sync::Arc;

/// The schema of a route's bodies.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its file, as it was written.
    pub file: String,
    /// What the schema does not say.
    pub choices: Choices,
    /// What was read.
    pub schema: Arc<Schema>,
}

/// A document of OpenAPI, and what it is asked for.
#[derive(Clone, Debug)]
pub struct Specification {
    /// Its file, as it was written.
    pub file: String,
    /// What it was read with.
    pub settings: ApiSettings,
    /// Requests that are none of its operations.
    pub unknown: Unknown,
    /// What was read.
    pub api: Arc<OpenApi>,
}

/// A document in which schemas stand, by the address under which others refer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// An absolute URI without a fragment (RFC 3986 4.3).
    pub uri: String,
    /// What it says.
    pub value: Value,
}

/// A member of an object.
#[cfg(feature = "schema")]
fn part<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object().and_then(|members| crate::json::member(members, name))
}
