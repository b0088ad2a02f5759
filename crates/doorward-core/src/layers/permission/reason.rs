//! Why this layer refuses.

use crate::reason::Words;
use http::StatusCode;

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A parameter of the path has another form than the route declares.
    Parameter,
    /// A scope is missing.
    Scope,
    /// A role is missing.
    Role,
    /// A claim is missing, or says something else.
    Claim,
    /// The path names somebody else.
    Subject,
    /// The route's expression is false.
    When,
    /// It cannot be told.
    CannotTell,
}

impl Reason {
    /// All of them.
    #[rustfmt::skip]
    pub const ALL: &[Self] = &[
        Self::Parameter, Self::Scope, Self::Role, Self::Claim, Self::Subject, Self::When,
        Self::CannotTell,
    ];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        let (code, title, advice) = match self {
            Self::Parameter => (
                "permission/parameter",
                "Refused: a part of this address does not have the form that it must have",
                "Write ids as the route declares them: a whole number without leading zeros, a \
                 UUID with its hyphens, a name in lower case; never percent-encoded.",
            ),
            Self::Scope => (
                "permission/scope",
                "Refused: the caller lacks a scope",
                "Ask the issuer for a token with the scope that WWW-Authenticate names, or for a \
                 key that has it.",
            ),
            Self::Role => (
                "permission/role",
                "Refused: the caller lacks a role",
                "The role must be given to the caller, and stand in the claim that \
                 `layers.permission.roles` names; API keys have none.",
            ),
            Self::Claim => (
                "permission/claim",
                "Refused: a claim of the caller's token is missing or says something else",
                "The route's `require` names the claim; its value is compared in type and bytes.",
            ),
            Self::Subject => (
                "permission/subject",
                "Refused: this address belongs to another caller",
                "A caller's own subject must stand in the path; the route's `require` says where.",
            ),
            Self::When => (
                "permission/when",
                "Refused: the caller may not do this here",
                "The route's `when` is false for this request.",
            ),
            Self::CannotTell => (
                "permission/cannot-tell",
                "Refused: it cannot be told whether the caller may do this",
                "Something that the route asks for is absent, doubled, of another type, too long, \
                 or could be read in two ways; in `when`, ask has(…) before an absent claim.",
            ),
        };
        Words { code, status: StatusCode::FORBIDDEN, title, advice }
    }
}
