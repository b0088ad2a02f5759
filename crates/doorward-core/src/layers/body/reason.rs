//! Why `body` refuses.

use crate::reason::Words;
use http::StatusCode;

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No content type, two of them, or another one.
    ContentType,
    /// It is encoded.
    Encoding,
    /// Not one JSON object, read strictly.
    NotJson,
    /// A member that the route does not name.
    Parameter,
    /// Something of another type than it has.
    Value,
    /// A model that the route does not name.
    Model,
    /// More tokens or choices than the route allows.
    Tokens,
    /// An address, a tool or a part that has something fetched.
    Address,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::ContentType,
        Self::Encoding,
        Self::NotJson,
        Self::Parameter,
        Self::Value,
        Self::Model,
        Self::Tokens,
        Self::Address,
    ];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const TYPE: StatusCode = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        const NO: StatusCode = StatusCode::FORBIDDEN;
        let (code, status, title, advice) = match self {
            Self::ContentType => (
                "body/content-type",
                TYPE,
                "Refused: this body does not say that it is JSON",
                "Send one Content-Type: application/json, with charset=utf-8 at the most.",
            ),
            Self::Encoding => (
                "body/encoding",
                TYPE,
                "Refused: this body is encoded, and could not be judged",
                "Send it without Content-Encoding.",
            ),
            Self::NotJson => (
                "body/not-json",
                BAD,
                "Refused: this body is not one JSON object, read strictly",
                "Send one object in UTF-8, each name once, nothing before or behind it.",
            ),
            Self::Parameter => (
                "body/parameter",
                BAD,
                "Refused: this address does not take this parameter",
                "Leave it out. The operator: add it to the route's `ai.parameters`.",
            ),
            Self::Value => (
                "body/value",
                BAD,
                "Refused: a parameter has another type than it should",
                "Numbers are whole and not in quotes, `stream` is true or false, `model` a text.",
            ),
            Self::Model => (
                "body/model",
                NO,
                "Refused: this model may not be asked here",
                "Name one that the route's `ai.models` has, byte for byte. Where money is \
                 counted, it needs a price too.",
            ),
            Self::Tokens => (
                "body/tokens",
                BAD,
                "Refused: more tokens are asked for than may be here",
                "Lower max_tokens, times n. The operator: the route's `ai.tokens_max`.",
            ),
            Self::Address => (
                "body/address",
                NO,
                "Refused: it would have something fetched that the request has chosen",
                "Send text alone. The operator: `ai.urls = true` allows addresses, files and \
                 other tools than functions.",
            ),
        };
        Words { code, status, title, advice }
    }
}
