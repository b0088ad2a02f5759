//! How a page asks for a CSRF token and sends it along: `doorward explain csrf` says it.

/// Where tokens are asked for.
pub(crate) const PATH: &str = "/.doorward/csrf";
/// What a script's request carries one in.
pub(crate) const HEADER: &str = "x-csrf-token";
/// What a form carries one in.
pub(crate) const FIELD: &str = "_csrf";
