//! Why a request or its answer ends at a credential.

use crate::reason::Words;
use http::StatusCode;

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The client sends a parameter of the name under which the gate adds its own.
    OwnParameter,
    /// The admission proof cannot be written as a header.
    Unprovable,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[Self::OwnParameter, Self::Unprovable];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        match self {
            Self::OwnParameter => Words {
                code: "credential/own-parameter",
                status: StatusCode::BAD_REQUEST,
                title: "Refused: the query has a parameter that the gate adds by itself",
                advice: "Leave the key out of the address: this route gets its own from the gate.",
            },
            Self::Unprovable => Words {
                code: "credential/unprovable",
                status: StatusCode::INTERNAL_SERVER_ERROR,
                title: "Refused: the gate could not write its proof of admission",
                advice: "This is a fault of the gate: report it with the request's id.",
            },
        }
    }
}
