//! What an answer allows a page of another origin (Fetch 4.10).

use crate::call::Answered;

/// What `Access-Control-Allow-Origin` says, for one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// It is absent.
    Nobody,
    /// It is this origin, byte for byte.
    Exactly,
    /// It is `*`.
    Everybody,
    /// It is something else, two values included: no page of this origin may read.
    Other,
}

/// What an answer allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whom.
    pub allowed: Allowed,
    /// With credentials: `Access-Control-Allow-Credentials` is `true`, byte for byte.
    pub credentials: bool,
}

impl Grant {
    /// What an answer allows pages of `origin`.
    #[must_use]
    pub fn of(answered: &Answered, origin: &str) -> Self {
        let allowed = match answered.header("access-control-allow-origin").as_deref() {
            None => Allowed::Nobody,
            Some("*") => Allowed::Everybody,
            Some(value) if value == origin => Allowed::Exactly,
            Some(_) => Allowed::Other,
        };
        let said = answered.header("access-control-allow-credentials");
        Self { allowed, credentials: said.as_deref() == Some("true") }
    }

    /// Whether a page may read the answer to a request without credentials.
    #[must_use]
    pub const fn reads(self) -> bool {
        matches!(self.allowed, Allowed::Exactly | Allowed::Everybody)
    }

    /// Whether a page may read the answer to a request with credentials.
    #[must_use]
    pub const fn reads_signed_in(self) -> bool {
        matches!(self.allowed, Allowed::Exactly) && self.credentials
    }
}
