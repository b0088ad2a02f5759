//! `require`: what a caller must have, in plain lists.

use serde_json::Value;

/// What a route requires of its callers, as the file says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Require {
    /// Scopes, all of which are needed.
    pub scopes: Vec<String>,
    /// Scopes, one of which is needed.
    pub any_scope: Vec<String>,
    /// Roles, all of which are needed.
    pub roles: Vec<String>,
    /// Roles, one of which is needed.
    pub any_role: Vec<String>,
    /// Claims, each with the values of which it must have one.
    pub claims: Vec<(String, Vec<Value>)>,
    /// The parameter of the path that must be the caller's subject: `{id}`.
    pub subject: Option<String>,
    /// Whose subjects these are.
    pub issuer: Option<String>,
}

impl Require {
    /// Whether it requires anything at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether a text is a scope (RFC 6749 3.3): others could not be named in `WWW-Authenticate`.
pub(super) fn is_scope(text: &str) -> bool {
    let plain = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.bytes().all(plain)
}
