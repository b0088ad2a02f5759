//! Keys of permission: the layer's own, and what a route asks of its callers.

use super::key;
use super::layers::mode;
use crate::shape::{Section, Shape};

pub(super) static PERMISSION: Section = Section::new(
    "Known callers who lack what a route asks for.",
    &[
        mode(),
        key(
            "roles",
            Shape::Text,
            "\"roles\"",
            "The claim that roles are read from: \"realm_access.roles\" is a member of a member.",
        ),
    ],
);

/// A route's `require`.
pub(super) static REQUIRE: Section = Section::new(
    "What callers of a route must have: { scopes = [\"transfer\"] }.",
    &[
        key("scopes", Shape::List(&Shape::Text), "[]", "Scopes, all of which are needed."),
        key("any_scope", Shape::List(&Shape::Text), "[]", "Scopes, one of which is needed."),
        key("roles", Shape::List(&Shape::Text), "[]", "Roles, all of which are needed."),
        key("any_role", Shape::List(&Shape::Text), "[]", "Roles, one of which is needed."),
        key(
            "claims",
            Shape::Members(&Shape::OneOrMore(&Shape::Plain)),
            "",
            "Claims by name, each with its value, or a list of which it must have one.",
        ),
        key(
            "subject",
            Shape::Text,
            "",
            "The parameter of the path that must be the caller's subject: \"{id}\".",
        ),
        key(
            "issuer",
            Shape::Text,
            "",
            "Whose subjects these are; needed where tokens of several issuers are believed.",
        ),
    ],
);
