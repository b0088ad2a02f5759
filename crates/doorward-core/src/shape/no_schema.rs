//! A build without JSON Schema: a declaration is an error of the configuration.

use super::ShapeError;

fn unknown() -> ShapeError {
    let what = "this build knows no declared shapes";
    ShapeError::new("", what, "build it with the feature `schema`, or leave it out")
}

/// Schemas, of which there is none in this build.
pub mod schema {
    use crate::shape::{Choices, Document, ShapeError};

    /// A schema, of which there is none in this build.
    #[derive(Debug)]
    pub enum Schema {}

    impl Schema {
        /// Reads no schema.
        ///
        /// # Errors
        /// Always.
        pub fn new(_: Document, _: Vec<Document>, _: Choices) -> Result<Self, ShapeError> {
            Err(super::unknown())
        }
    }
}

/// OpenAPI, of which there is none in this build.
pub mod openapi {
    use crate::shape::{ApiSettings, Loose, ShapeError};
    use serde_json::Value;

    /// A document, of which there is none in this build.
    #[derive(Debug)]
    pub enum OpenApi {}

    impl OpenApi {
        /// Reads no document.
        ///
        /// # Errors
        /// Always.
        pub fn new(_: Value, _: &ApiSettings) -> Result<Self, Vec<ShapeError>> {
            Err(vec![super::unknown()])
        }

        /// How many operations it has.
        #[must_use]
        pub fn count(&self) -> usize {
            match *self {}
        }

        /// What is wrong with its schemas.
        #[must_use]
        pub fn read_all(&self) -> Vec<ShapeError> {
            match *self {}
        }

        /// What its operations leave open.
        #[must_use]
        pub fn loose(&self) -> Vec<Loose> {
            match *self {}
        }
    }
}

/// YAML, which is not read in this build.
pub mod yaml {
    use serde_json::Value;

    /// Why a text is not taken for a document, and where.
    #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
    #[error("line {line}, column {column}: {what}")]
    pub struct Unreadable {
        /// The line, from 1 on.
        pub line: usize,
        /// The character in that line, from 1 on.
        pub column: usize,
        /// What is wrong.
        pub what: String,
        /// How to mend it.
        pub mend: &'static str,
    }

    /// Reads nothing.
    ///
    /// # Errors
    /// Always.
    pub fn read(_: &str) -> Result<Value, Unreadable> {
        let what = "this build reads no YAML".to_owned();
        Err(Unreadable { line: 1, column: 1, what, mend: "build it with the feature `schema`" })
    }
}
