//! Why a caller is not believed.

use crate::reason::Words;
use http::StatusCode;

/// Why this layer refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No credential where one is required.
    Missing,
    /// Repeated, empty or unreadable.
    Unclear,
    /// More than one.
    TwoCredentials,
    /// In the query.
    InQuery,
    /// Longer than any honest token.
    TooLong,
    /// No JWT.
    Malformed,
    /// An algorithm that its issuer does not use.
    Algorithm,
    /// It has what must be understood, and is not.
    Critical,
    /// Another kind of token.
    Type,
    /// Of nobody who is believed.
    Issuer,
    /// For somebody else.
    Audience,
    /// A required claim is missing or of the wrong type.
    Claims,
    /// It has ended.
    Expired,
    /// It has not begun.
    FromTheFuture,
    /// It must come with a proof of possession, and comes without.
    SenderBound,
    /// Signed by a key that nobody knows.
    UnknownKey,
    /// Its signature does not fit.
    Forged,
    /// The issuer's keys cannot be had.
    KeysAway,
    /// Too many wait for an issuer's keys.
    Busy,
    /// A cookie is all that speaks for a write.
    CookieAlone,
    /// No API key.
    KeyMalformed,
    /// No key that was created here.
    KeyUnknown,
    /// A revoked key.
    KeyRevoked,
    /// A program's key in a browser.
    KeyInBrowser,
    /// The visitor that a key acts for is no address.
    Visitor,
}

impl Reason {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Missing,
        Self::Unclear,
        Self::TwoCredentials,
        Self::InQuery,
        Self::TooLong,
        Self::Malformed,
        Self::Algorithm,
        Self::Critical,
        Self::Type,
        Self::Issuer,
        Self::Audience,
        Self::Claims,
        Self::Expired,
        Self::FromTheFuture,
        Self::SenderBound,
        Self::UnknownKey,
        Self::Forged,
        Self::KeysAway,
        Self::Busy,
        Self::CookieAlone,
        Self::KeyMalformed,
        Self::KeyUnknown,
        Self::KeyRevoked,
        Self::KeyInBrowser,
        Self::Visitor,
    ];

    /// Its code, status and words.
    #[must_use]
    pub const fn words(self) -> Words {
        WORDS[self as usize]
    }

    /// Whether no honest caller sends it: it counts as a strike against the sender's address. A
    /// token that has ended, or is for somebody else, is an honest mistake, and costs nothing. So
    /// is what is no token at all: a page that nobody has signed in to sends `Bearer null` with
    /// every request, and must not lock out all who share its address. Nor must the tokens of
    /// yesterday's key, behind a rotation; whoever makes keys up waits for their look-up.
    #[must_use]
    pub const fn is_strike(self) -> bool {
        match self {
            Self::Algorithm | Self::Critical | Self::Forged | Self::KeyUnknown => true,
            Self::Missing
            | Self::Unclear
            | Self::TwoCredentials
            | Self::InQuery
            | Self::TooLong
            | Self::Malformed
            | Self::Type
            | Self::Issuer
            | Self::Audience
            | Self::Claims
            | Self::Expired
            | Self::FromTheFuture
            | Self::SenderBound
            | Self::UnknownKey
            | Self::KeysAway
            | Self::Busy
            | Self::CookieAlone
            | Self::KeyMalformed
            | Self::KeyRevoked
            | Self::KeyInBrowser
            | Self::Visitor => false,
        }
    }
}

const SIGN_IN: &str = "Sign in again, and send the new token.";

const fn row(
    code: &'static str,
    status: StatusCode,
    title: &'static str,
    advice: &'static str,
) -> Words {
    Words { code, status, title, advice }
}

const WHO: StatusCode = StatusCode::UNAUTHORIZED;

/// The words of each reason, in the order of the enum.
const WORDS: [Words; Reason::ALL.len()] = [
    row(
        "identity/missing",
        WHO,
        "Refused: this address is for known callers, and the request says nothing of who calls",
        "Send a token as Authorization: Bearer, or an API key, as the gate is configured.",
    ),
    row(
        "identity/unclear",
        StatusCode::BAD_REQUEST,
        "Refused: the request's token or key is repeated, empty or unreadable",
        "Send it once, as plain text.",
    ),
    row(
        "identity/two-credentials",
        StatusCode::BAD_REQUEST,
        "Refused: the request has two credentials, and only one could be judged",
        "Send one. If callers must send both, name the one that counts: layers.identity.prefer.",
    ),
    row(
        "identity/in-query",
        StatusCode::BAD_REQUEST,
        "Refused: a token stands in the address, where logs and histories keep it",
        "Send it as Authorization: Bearer (RFC 9700 4.3.2).",
    ),
    row(
        "identity/too-long",
        WHO,
        "Refused: the token is longer than 8 KiB",
        "Have the issuer put less into it.",
    ),
    row("identity/malformed", WHO, "Refused: the token is no JWT", SIGN_IN),
    row(
        "identity/algorithm",
        WHO,
        "Refused: the token is signed in a way that its issuer does not use",
        "If the issuer has changed, add the algorithm to its `algorithms`.",
    ),
    row(
        "identity/critical",
        WHO,
        "Refused: the token demands an extension that the gate does not know",
        "Have the issuer leave out `crit` and `b64` (RFC 7515 4.1.11).",
    ),
    row(
        "identity/type",
        WHO,
        "Refused: this is another kind of token",
        "Send the access token, not the ID token; or add its `typ` to the issuer's.",
    ),
    row(
        "identity/issuer",
        WHO,
        "Refused: the token's issuer is not one that is believed here",
        "Compare the token's `iss` with layers.identity.jwt, letter by letter.",
    ),
    row(
        "identity/audience",
        WHO,
        "Refused: the token is meant for somebody else",
        "Ask the issuer for a token with this gate's audience.",
    ),
    row(
        "identity/claims",
        WHO,
        "Refused: a claim of the token is missing or of the wrong type",
        "It needs `exp` in whole seconds and a subject of at most 256 bytes.",
    ),
    row("identity/expired", WHO, "Refused: the token or key has ended", SIGN_IN),
    row(
        "identity/from-the-future",
        WHO,
        "Refused: the token is not valid yet",
        "Set the clocks of the issuer and of this gate: they may differ by its `leeway`.",
    ),
    row(
        "identity/sender-bound",
        WHO,
        "Refused: the token belongs to a key, and comes without proof of it",
        "Ask for a bearer token; proofs of possession are not in this version.",
    ),
    row(
        "identity/unknown-key",
        WHO,
        "Refused: nobody knows the key that signed the token",
        SIGN_IN,
    ),
    row("identity/forged", WHO, "Refused: the token's signature does not fit", SIGN_IN),
    row(
        "identity/keys-away",
        StatusCode::SERVICE_UNAVAILABLE,
        "Refused: the keys of the token's issuer cannot be had at the moment",
        "Send the request again in a moment. If it stays so, look at the gate's log.",
    ),
    row(
        "identity/busy",
        StatusCode::SERVICE_UNAVAILABLE,
        "Refused: too many requests wait for the keys of the token's issuer",
        "Send the request again in a moment.",
    ),
    row(
        "identity/cookie-alone",
        StatusCode::FORBIDDEN,
        "Refused: a cookie alone may not change anything",
        "Browsers say where a request comes from, and this one says nothing. Programs send the \
         token as Authorization: Bearer.",
    ),
    row(
        "identity/key-malformed",
        WHO,
        "Refused: the API key is not whole",
        "Copy it again: it begins with dwk1_ and has 77 letters and digits.",
    ),
    row(
        "identity/key-unknown",
        WHO,
        "Refused: nobody knows this API key",
        "Create one: doorward key create.",
    ),
    row(
        "identity/key-revoked",
        WHO,
        "Refused: this API key was revoked",
        "Create another: doorward key create.",
    ),
    row(
        "identity/key-in-browser",
        StatusCode::FORBIDDEN,
        "Refused: this API key is a program's, and a browser sent it",
        "Everybody who opens the page can copy it. Keep it on a server, or create one with \
         --as-page for a test's browser.",
    ),
    row(
        "identity/visitor",
        StatusCode::BAD_REQUEST,
        "Refused: Doorward-Visitor is not one address",
        "Send the visitor's address once, without a port.",
    ),
];

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn the_table_of_words_is_in_the_order_of_the_enum() {
        for (place, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, place, "{reason:?}");
        }
        assert_eq!(Reason::Forged.words().code, "identity/forged");
        assert_eq!(Reason::Visitor.words().code, "identity/visitor");
    }
}
