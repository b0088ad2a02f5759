//! What is wrong with a declaration.

/// What is wrong with a declaration, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at {}: {what}", if pointer.is_empty() { "its root" } else { pointer })]
pub struct ShapeError {
    /// Where in the document (RFC 6901).
    pub pointer: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub hint: String,
}

impl ShapeError {
    pub(super) fn new(
        pointer: impl Into<String>,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { pointer: pointer.into(), what: what.into(), hint: hint.into() }
    }
}

/// One name of a pointer (RFC 6901 3).
#[cfg(feature = "schema")]
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
