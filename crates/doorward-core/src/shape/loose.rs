//! What an operation leaves open.

/// What one operation leaves open, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loose {
    /// `POST /users/{id}`.
    pub operation: String,
    /// Bodies and parameters without a schema.
    pub without_schema: usize,
    /// Objects that take members which nobody has named.
    pub open_objects: usize,
    /// Texts without a greatest length.
    pub endless_texts: usize,
    /// Lists without a greatest length.
    pub endless_lists: usize,
}

impl Loose {
    /// All of them.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.without_schema + self.open_objects + self.endless_texts + self.endless_lists
    }
}
