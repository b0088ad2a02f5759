//! Why a caller is not believed.

use super::words::WORDS;
use crate::reason::Words;

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
    /// Too many wait for an issuer's keys, or for what somebody says of a caller.
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
    /// A session that the backend does not know.
    SessionUnknown,
    /// A session that no framework has written so.
    SessionMalformed,
    /// Its signature does not fit.
    SessionForged,
    /// It was signed too long ago.
    SessionExpired,
    /// A token that its issuer does not call active.
    TokenInactive,
    /// Who knows the caller could not be asked.
    CheckAway,
    /// Too many that nobody knows come from one address.
    TooManyUnknown,
    /// A proof of possession that is repeated, or is none.
    ProofMalformed,
    /// Its signature does not fit.
    ProofForged,
    /// It is too old, or from the future.
    ProofExpired,
    /// It has no nonce of the gate's, or one that has ended.
    ProofNonce,
    /// It is for another request, another token, or by another key.
    ProofOfOther,
    /// It was used before.
    ProofUsed,
    /// A token that belongs to nobody's key is shown as if it did.
    ProofForNothing,
    /// A token belongs to a certificate, and none is shown.
    CertificateMissing,
    /// A token belongs to another certificate.
    CertificateOfOther,
    /// A certificate has ended, or nobody vouches for it any more.
    CertificateEnded,
    /// A certificate has no name of the kind that callers are known by.
    CertificateNameless,
    /// It has several, or one that could be taken for another.
    CertificateAmbiguous,
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
        Self::SessionUnknown,
        Self::SessionMalformed,
        Self::SessionForged,
        Self::SessionExpired,
        Self::TokenInactive,
        Self::CheckAway,
        Self::TooManyUnknown,
        Self::ProofMalformed,
        Self::ProofForged,
        Self::ProofExpired,
        Self::ProofNonce,
        Self::ProofOfOther,
        Self::ProofUsed,
        Self::ProofForNothing,
        Self::CertificateMissing,
        Self::CertificateOfOther,
        Self::CertificateEnded,
        Self::CertificateNameless,
        Self::CertificateAmbiguous,
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
    /// yesterday's key, behind a rotation; whoever makes keys up waits for their look-up. Nor must
    /// yesterday's sessions, which browsers keep; to check one costs next to nothing.
    #[must_use]
    pub const fn is_strike(self) -> bool {
        match self {
            Self::Algorithm
            | Self::Critical
            | Self::Forged
            | Self::KeyUnknown
            | Self::ProofForged => true,
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
            | Self::Visitor
            | Self::SessionUnknown
            | Self::SessionMalformed
            | Self::SessionForged
            | Self::SessionExpired
            | Self::TokenInactive
            | Self::CheckAway
            | Self::TooManyUnknown
            | Self::ProofMalformed
            | Self::ProofExpired
            | Self::ProofNonce
            | Self::ProofOfOther
            | Self::ProofUsed
            | Self::ProofForNothing
            | Self::CertificateMissing
            | Self::CertificateOfOther
            | Self::CertificateEnded
            | Self::CertificateNameless
            | Self::CertificateAmbiguous => false,
        }
    }
}

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
