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
    /// None of the operations of its document.
    Operation,
    /// A parameter of its path, query, headers or cookies.
    Parameters,
    /// It has no body, and must have one.
    Missing,
    /// It has a body where none is declared.
    Unexpected,
    /// Its type is not declared.
    MediaType,
    /// It is not of its type, or could be read in two ways.
    Unclear,
    /// It does not fit its schema.
    Schema,
    /// Its schema cannot be read.
    CannotTell,
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
        Self::Operation,
        Self::Parameters,
        Self::Missing,
        Self::Unexpected,
        Self::MediaType,
        Self::Unclear,
        Self::Schema,
        Self::CannotTell,
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
            Self::Operation
            | Self::Parameters
            | Self::Missing
            | Self::Unexpected
            | Self::MediaType
            | Self::Unclear
            | Self::Schema
            | Self::CannotTell => return self.words_of_shapes(),
        };
        Words { code, status, title, advice }
    }

    /// The words of what is declared by schemas and documents.
    const fn words_of_shapes(self) -> Words {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        match self {
            Self::Operation => Words::row(
                "body/unknown-operation",
                StatusCode::NOT_FOUND,
                "Refused: there is no such operation here",
                "The document of this API has no such path, or not with this method. The \
                 operator: add it there, or say unknown = \"pass\".",
            ),
            Self::Parameters => Words::row(
                "body/parameters",
                BAD,
                "Refused: a part of this request beside its body is not as it is declared",
                "See `errors`: path, query, headers and cookies, each by its name.",
            ),
            Self::Missing => Words::row(
                "body/missing",
                BAD,
                "Refused: this request has no body, and must have one",
                "Send the body that is declared here.",
            ),
            Self::Unexpected => Words::row(
                "body/unexpected",
                BAD,
                "Refused: this request has a body, and none is declared here",
                "Send it without a body.",
            ),
            Self::MediaType => Words::row(
                "body/media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Refused: this body has a type that is not declared here",
                "Send one Content-Type that is declared here, in UTF-8, and no Content-Encoding.",
            ),
            Self::Unclear => Words::row(
                "body/unclear",
                BAD,
                "Refused: this body is not what its type says, or could be read in two ways",
                "Write it strictly: each name once, in UTF-8, nothing before or behind it.",
            ),
            Self::Schema => Words::row(
                "body/schema",
                StatusCode::UNPROCESSABLE_ENTITY,
                "Refused: this body does not have the shape that is declared here",
                "See `errors`: each says where in the body, and what was declared.",
            ),
            // The others have their words above; what is left cannot be told.
            Self::CannotTell
            | Self::ContentType
            | Self::Encoding
            | Self::NotJson
            | Self::Parameter
            | Self::Value
            | Self::Model
            | Self::Tokens
            | Self::Address => Words::row(
                "body/cannot-tell",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Refused: what is declared here cannot be read",
                "The operator: `doorward check` says what is wrong with the document.",
            ),
        }
    }
}
